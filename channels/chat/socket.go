package chat

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"switchyard/router"
)

const (
	helloWithin  = 10 * time.Second
	writeWithin  = 10 * time.Second
	acceptWithin = 15 * time.Second
	pingEvery    = 25 * time.Second
	pongWithin   = 10 * time.Second
	closeWithin  = time.Second
	typingEvery  = time.Second
	// framesBurst and framesPerSecond bound frames of any type on one socket.
	framesBurst     = 60
	framesPerSecond = 10
)

// ending is why a socket is ended by us.
type ending struct {
	code   websocket.StatusCode
	reason string
}

var (
	endShutdown = ending{websocket.StatusGoingAway, "the desk restarts; connect again"}
	endReplaced = ending{websocket.StatusPolicyViolation, "replaced by a newer connection"}
	endHello    = ending{websocket.StatusPolicyViolation, "hello with a valid token comes first"}
	endFlood    = ending{websocket.StatusPolicyViolation, "too many frames"}
	endRevoked  = ending{websocket.StatusPolicyViolation, "the session is over"}
	endSlow     = ending{websocket.StatusGoingAway, "the connection does not answer"}
)

// socket is one visitor's connection.
type socket struct {
	desk    *desk
	conn    *websocket.Conn
	visit   visit // after hello
	after   int64
	wake    chan struct{} // look at the log now
	endOnce sync.Once
	ended   chan struct{}
	why     ending
	wg      sync.WaitGroup
	typed   time.Time
	frames  *rate.Limiter
	sentAt  time.Time // when the visitor last wrote here; guarded by mu
	mu      sync.Mutex
}

// end closes the socket with a reason, once.
func (s *socket) end(why ending) {
	s.endOnce.Do(func() {
		s.why = why
		close(s.ended)
	})
}

// ServeSocket upgrades and serves one visitor's connection until it ends.
func (d *desk) ServeSocket(w http.ResponseWriter, r *http.Request) {
	if !d.allowed(r.Header.Get("Origin"), r.Host) {
		refuse(w, http.StatusForbidden, router.CodeForbidden, "pages of this origin may not open a chat; list it under origins")
		return
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		w.Header().Set("Upgrade", "websocket")
		refuse(w, http.StatusUpgradeRequired, "upgrade_required", "this address speaks WebSocket")
		return
	}
	s := &socket{desk: d, wake: make(chan struct{}, 1), ended: make(chan struct{}), frames: rate.NewLimiter(framesPerSecond, framesBurst)}
	if err := d.hub.add(s); err != nil {
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, router.CodeUnavailable, "no more connections are taken now; try again soon")
		return
	}
	defer d.hub.remove(s)
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // the origin is checked above
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(maxFrame)
	s.conn = conn
	s.serve(r.Context())
}

func refuse(w http.ResponseWriter, status int, code router.Code, detail string) {
	body, _ := json.Marshal(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "code": code, "detail": detail})
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// serve reads frames until the connection ends; everything it starts has ended when it returns.
func (s *socket) serve(base context.Context) {
	ctx, cancel := context.WithCancel(base)
	defer s.wg.Wait()
	defer cancel()
	s.wg.Go(func() { s.closer(ctx, cancel) })
	if !s.hello(ctx) {
		return
	}
	s.wg.Go(func() { s.pump(ctx) })
	s.wg.Go(func() { s.ping(ctx) })
	for {
		frame, err := s.read(ctx)
		if err != nil {
			return
		}
		if !s.frames.AllowN(s.desk.deps.Now(), 1) {
			s.end(endFlood)
			continue
		}
		s.handle(ctx, frame)
	}
}

// closer says goodbye when we end the socket, and stops waiting for the answer after a while.
func (s *socket) closer(ctx context.Context, cancel context.CancelFunc) {
	select {
	case <-ctx.Done():
	case <-s.ended:
		t := time.AfterFunc(closeWithin, cancel)
		defer t.Stop()
		_ = s.conn.Close(s.why.code, s.why.reason)
		cancel()
	}
}

// read reads a frame. A frame that is no text is read as one that makes no sense.
func (s *socket) read(ctx context.Context) ([]byte, error) {
	kind, b, err := s.conn.Read(ctx)
	if err == nil && kind != websocket.MessageText {
		b = nil
	}
	return b, err
}

// hello waits for the first frame and finds its session.
func (s *socket) hello(ctx context.Context) bool {
	t := time.AfterFunc(helloWithin, func() { s.end(endHello) })
	defer t.Stop()
	b, err := s.read(ctx)
	if err != nil {
		return false
	}
	f, err := parseFrame(b)
	if err == nil && f.Type != frameHello {
		err = router.Fail("chat.hello", router.CodeUnauthorized, "hello comes first")
	}
	if err == nil {
		s.visit, err = s.desk.visit(ctx, f.Token)
	}
	if err != nil {
		s.sendError(ctx, "", err)
		if router.IsCode(err, router.CodeUnavailable) {
			s.end(endShutdown)
		} else {
			s.end(endHello)
		}
		_, _ = s.read(ctx)
		return false
	}
	s.after = max(f.After, 0)
	s.desk.hub.join(s)
	return s.send(ctx, serverFrame{Type: frameReady, SessionID: s.visit.Session})
}

// send writes one frame; false when the connection is gone.
func (s *socket) send(ctx context.Context, f serverFrame) bool {
	body, err := json.Marshal(f)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, body) == nil
}

// sendError tells the visitor's page what was wrong, without what only we should know.
func (s *socket) sendError(ctx context.Context, clientID string, err error) {
	f := serverFrame{Type: frameError, ClientID: clientID, Code: router.CodeOf(err)}
	var own *router.Error
	if errors.As(err, &own) {
		f.Field, f.Detail = own.Field, own.Detail
	}
	s.send(ctx, f)
}

// ping ends a connection that does not answer.
func (s *socket) ping(ctx context.Context) {
	t := time.NewTicker(pingEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		wait, cancel := context.WithTimeout(ctx, pongWithin)
		err := s.conn.Ping(wait)
		cancel()
		if err != nil {
			s.end(endSlow)
			return
		}
	}
}
