package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchyard/api/auth"
	"switchyard/channels/intake"
	"switchyard/channels/runner"
	"switchyard/cmd/internal/config"
	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/learn"
	"switchyard/router/opinion"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/router/store/sqlitestore"
	"switchyard/router/textmodel"
	"switchyard/workers"
	"switchyard/workers/bus"
	"switchyard/workers/enqueue"
)

// Role is a part of the desk that a process can run.
type Role string

// The roles of processes.
const (
	RoleAPI      Role = "api"
	RoleChannels Role = "channels"
	RoleWorkers  Role = "workers"
)

// ParseRoles reads a list like "api,channels"; empty is all of them.
func ParseRoles(s string) ([]Role, error) {
	all := []Role{RoleAPI, RoleChannels, RoleWorkers}
	if s == "" {
		return all, nil
	}
	var out []Role
	for _, part := range strings.Split(s, ",") {
		r := Role(strings.TrimSpace(part))
		if !slices.Contains(all, r) {
			return nil, router.FailField("app.roles", "role", "%q is not api, channels or workers", r)
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out, nil
}

// Options are what a process is started with.
type Options struct {
	Config   *config.Config
	Roles    []Role
	Log      *slog.Logger
	Registry *prometheus.Registry
}

// App is a running desk, or a part of one.
type App struct {
	Options
	Store   store.Store
	Redis   *workers.Redis
	Bus     *bus.Bus
	Nudger  *enqueue.Client
	Live    *dispatch.Live
	Desk    *dispatch.Service
	Intake  *intake.Service
	Auth    *auth.Service
	Runner  *runner.Runner
	Workers *workers.Server
	Sources *Sources
	Teacher *learn.Teacher

	owner string
	door  net.Listener // nil in a process without the api role
	mu    sync.Mutex
	stops []step // what has started, in order
}

type step struct {
	name string
	stop func(context.Context)
}

// Now is the desk's clock: UTC, in whole milliseconds, so that times survive any store.
func Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Start opens and starts everything in order. After an error everything is stopped again.
func Start(ctx context.Context, o Options) (*App, error) {
	a := &App{Options: o, owner: owner()}
	for _, s := range []struct {
		name string
		do   func(context.Context) (func(context.Context), error)
	}{
		{"roles", a.checkRoles}, {"data folder", a.lockData}, {"listen", a.listen}, {"store", a.openStore}, {"policy", a.ensurePolicy}, {"redis", a.openRedis},
		{"nudges", a.openNudges}, {"text model", a.ensureModel}, {"view", a.startView}, {"outside", a.openOutside}, {"teacher", a.openTeacher},
		{"sources", a.openSources}, {"workers", a.startWorkers},
		{"adapters", a.startAdapters}, {"http", a.startHTTP},
	} {
		stop, err := s.do(ctx)
		if err != nil {
			a.Stop(ctx)
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		if stop != nil {
			a.stops = append(a.stops, step{s.name, stop})
		}
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	debug.FreeOSMemory() // reading the text model took three times what it keeps
	return a, nil
}

// gcPercent keeps the program small: what it allocates for each message is soon garbage. GOGC overrides it.
const gcPercent = 50

// Stop stops everything in the opposite order; safe twice.
func (a *App) Stop(ctx context.Context) {
	a.mu.Lock()
	stops := a.stops
	a.stops = nil
	a.mu.Unlock()
	for i := len(stops) - 1; i >= 0; i-- {
		began := time.Now()
		stops[i].stop(ctx)
		a.Log.Debug("stopped", "step", stops[i].name, "took", time.Since(began))
	}
}

// Addr is the address the server listens on.
func (a *App) Addr() string {
	if a.door == nil {
		return ""
	}
	return a.door.Addr().String()
}

// URL is the server's own address.
func (a *App) URL() string { return "http://" + a.Addr() }

func owner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "host"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:6])
}

func (a *App) has(r Role) bool { return slices.Contains(a.Roles, r) }

func (a *App) embedded() bool { return a.Config.Mongo.URI == "" }

// checkRoles refuses a part of the roles on embedded parts that nobody else can share.
func (a *App) checkRoles(context.Context) (func(context.Context), error) {
	r := a.Config.Redis
	shared := !a.embedded() && (r.Addr != "" || len(r.SentinelAddrs) > 0 || len(r.ClusterAddrs) > 0)
	if len(a.Roles) < 3 && !shared {
		return nil, router.FailField("app.roles", "role", "a part of the roles needs mongo.uri and redis.addr, which the other processes share")
	}
	return nil, nil
}

func (a *App) lockData(context.Context) (func(context.Context), error) {
	if !a.embedded() {
		return nil, nil
	}
	release, err := sqlitestore.LockServer(a.Config.Data)
	if router.IsCode(err, router.CodeConflict) {
		return nil, router.FailField("app.data", "data", "another server uses the data folder %s", a.Config.Data)
	}
	if err != nil {
		return nil, err
	}
	return func(context.Context) { release() }, nil
}

func (a *App) openStore(ctx context.Context) (func(context.Context), error) {
	st, err := OpenStore(ctx, a.Config)
	if err != nil {
		return nil, err
	}
	a.Store = st
	if a.embedded() { // whoever held leases is dead: the lock file says so
		if err := (store.Leases{Docs: st}).ReleaseAll(ctx); err != nil {
			_ = st.Close()
			return nil, err
		}
	}
	a.Auth = auth.New(st, Now)
	return func(context.Context) {
		if err := st.Close(); err != nil {
			a.Log.Warn("the store did not close cleanly", "error", err)
		}
	}, nil
}

func (a *App) ensurePolicy(ctx context.Context) (func(context.Context), error) {
	differs, err := EnsurePolicy(ctx, a.Store, a.Config.Policy, Now())
	if err == nil && differs {
		a.Log.Warn("the configured policy file differs from the policy in force; put it in through the admin API", "file", a.Config.Policy)
	}
	return nil, err
}

// ensureModel puts the program's own text model in force where none is, for the policy in force.
func (a *App) ensureModel(ctx context.Context) (func(context.Context), error) {
	rules, err := policyInForce(ctx, a.Store)
	if err != nil {
		return nil, err
	}
	return nil, learn.Ensure(ctx, a.Store, rules.TopicNames(), Now(), a.Log)
}

// openTeacher leaves half of the cores to the desk while it trains.
func (a *App) openTeacher(context.Context) (func(context.Context), error) {
	a.Teacher = NewTeacher(a.Store, a.Live, a.owner, a.Log)
	a.Teacher.Workers = max(1, runtime.GOMAXPROCS(0)/2)
	embeddings := OpenEmbeddings(a.Config, opinion.InStore(a.Store), a.Log) // with a breaker of its own: training does not silence the desk
	if embeddings == nil {
		return func(context.Context) { a.Teacher.Stop() }, nil
	}
	a.Teacher.Vectors = embeddings
	return func(context.Context) { a.Teacher.Stop(); embeddings.Close() }, nil
}

// NewTeacher makes the one who trains the desk's text models.
func NewTeacher(st store.Store, live *dispatch.Live, owner string, log *slog.Logger) *learn.Teacher {
	return &learn.Teacher{Store: st, Owner: owner, Workers: runtime.GOMAXPROCS(0), Now: Now, Log: log,
		View: func() (*policy.Ruleset, *textmodel.Model) { v := live.View(); return v.Rules.Ruleset, v.Model }}
}

func (a *App) openRedis(ctx context.Context) (func(context.Context), error) {
	c := a.Config.Redis
	r, err := workers.OpenRedis(ctx, workers.RedisOptions{Addr: c.Addr, Username: c.Username, Password: c.Password, DB: c.DB, TLS: c.TLS,
		SentinelAddrs: c.SentinelAddrs, SentinelMaster: c.SentinelMaster, SentinelPassword: c.SentinelPassword, ClusterAddrs: c.ClusterAddrs})
	a.Redis = r
	return func(context.Context) { r.Close() }, err
}

func (a *App) openNudges(context.Context) (func(context.Context), error) {
	shared := a.Redis.Client
	if a.Redis.Embedded { // nobody else can listen on it
		shared = nil
	}
	a.Bus = bus.New(shared, a.Log)
	a.Nudger = enqueue.New(a.Redis.Client, a.Log)
	return func(context.Context) { a.Nudger.Close(); a.Bus.Close() }, nil
}

func (a *App) startView(ctx context.Context) (func(context.Context), error) {
	sealer, err := OpenSealer(a.Config)
	if err != nil {
		return nil, err
	}
	a.Live = dispatch.NewLive(a.Store, Now, time.LoadLocation, a.Log)
	if err := a.Live.Start(ctx); err != nil {
		return nil, err
	}
	a.Runner = &runner.Runner{Docs: a.Store, Owner: a.owner, Now: Now, Log: a.Log, Adapters: a.has(RoleChannels)}
	a.Desk = &dispatch.Service{Store: a.Store, Live: a.Live, Bus: a.Bus, Nudger: a.Nudger, Now: Now, Log: a.Log, CanReply: a.Runner.CanReply, Surges: a.Live.Quarter, Alone: a.embedded()}
	a.Intake = &intake.Service{Store: a.Store, Sealer: sealer, Nudger: a.Nudger, Now: Now, Log: a.Log, Also: func() []string { return a.Live.View().Rules.Mask }}
	return func(context.Context) { a.Live.Stop() }, nil
}

func (a *App) openSources(ctx context.Context) (func(context.Context), error) {
	a.Sources = newSources(a)
	if err := a.Sources.openAll(ctx); err != nil {
		return nil, err
	}
	a.Sources.watch(ctx)
	return func(context.Context) { a.Sources.stop() }, nil
}

func (a *App) startWorkers(ctx context.Context) (func(context.Context), error) {
	if !a.has(RoleWorkers) {
		return nil, nil
	}
	a.Workers = &workers.Server{Store: a.Store, Desk: a.Desk, Nudger: a.Nudger, Senders: a.Sources, Redis: a.Redis.Client, Owner: a.owner, Now: Now, Log: a.Log}
	hooks := a.openWebhooks()
	a.Workers.Webhooks = hooks
	return func(context.Context) { a.Workers.Stop(); hooks.Close() }, a.Workers.Start(ctx)
}

func (a *App) startAdapters(ctx context.Context) (func(context.Context), error) {
	return func(context.Context) { a.Runner.Stop() }, a.Runner.Start(ctx)
}
