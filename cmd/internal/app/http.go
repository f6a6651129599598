package app

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"switchyard/api"
	"switchyard/api/web"
	"switchyard/channels"
	"switchyard/router"
	"switchyard/workers"
)

// drainTime is how long running requests may go on after a stop.
const drainTime = 5 * time.Second

// listen takes the address before anything else starts; callers wait at the door until the desk is open.
// A process without the api role does not listen.
func (a *App) listen(context.Context) (func(context.Context), error) {
	if !a.has(RoleAPI) {
		return nil, nil
	}
	door, err := net.Listen("tcp", a.Config.Listen)
	if err != nil {
		return nil, router.Wrap("app.listen", router.CodeUnavailable, err)
	}
	a.door = door
	if free, ok := strings.CutSuffix(a.Config.PublicURL, ":0"); ok { // the system chose the port
		_, port, err := net.SplitHostPort(a.Addr())
		if err != nil {
			return nil, errors.Join(router.Wrap("app.listen", router.CodeInternal, err), door.Close())
		}
		a.Config.PublicURL = free + ":" + port
	}
	return func(context.Context) { _ = door.Close() }, nil // a second time, if it was served
}

// startHTTP serves.
func (a *App) startHTTP(ctx context.Context) (func(context.Context), error) {
	if !a.has(RoleAPI) {
		return nil, nil
	}
	pages, err := web.New(web.Deps{Store: a.Store, Desk: a.Desk, Live: a.Live, Auth: a.Auth, Runner: a.Runner, Now: Now, Log: a.Log,
		Secure: strings.HasPrefix(a.Config.PublicURL, "https://")})
	if err != nil {
		return nil, err
	}
	server, err := api.New(api.Deps{Store: a.Store, Desk: a.Desk, Live: a.Live, Intake: a.Intake, Auth: a.Auth, Runner: a.Runner, Bus: a.Bus, Teacher: a.Teacher,
		Sources: a.Sources, Tasks: workers.Dashboard(a.Redis.Client, api.TasksRoot), Registry: a.Registry, Log: a.Log, Now: Now,
		PublicURL: a.Config.PublicURL, TrustedProxies: a.Config.TrustedProxies, Pages: pages.Routes(), SignIn: "/signin"})
	if err != nil {
		return nil, err
	}
	serving := &http.Server{Handler: server.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := serving.Serve(a.door); err != nil && !errors.Is(err, http.ErrServerClosed) {
			a.Log.Error("the server ended", "error", err)
		}
	}()
	return func(ctx context.Context) {
		server.Close() // ends streams, so that they do not hold up the drain
		for _, src := range a.Runner.Sources() {
			endSockets(src)
		}
		drain, cancel := context.WithTimeout(ctx, drainTime)
		defer cancel()
		if err := serving.Shutdown(drain); err != nil {
			_ = serving.Close()
		}
		<-done
	}, nil
}

// endSockets tells every visitor of a chat source to connect again.
func endSockets(src *channels.Source) {
	if c, ok := src.Chat.(io.Closer); ok {
		_ = c.Close() // it waits for peers a second, and then they are gone anyway
	}
}
