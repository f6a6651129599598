package channeltest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"switchyard/channels"
	"switchyard/router"
	"switchyard/router/privacy"
)

// Desk is everything a source sees of the desk, made of fakes.
type Desk struct {
	Intake  *Intake
	Cursors *Cursors
	Bus     *Bus
	Docs    *Docs
	Streams *Streams
	Clock   *Clock
	Logs    *Logs
	HTTP    *http.Client

	mu     sync.Mutex
	health []channels.Health
}

// Start is what the clock of a new Desk shows.
var Start = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// NewDesk makes a desk whose parts are empty and whose clock shows Start.
func NewDesk(t testing.TB) *Desk {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &Desk{
		Intake: NewIntake(), Cursors: NewCursors(), Bus: NewBus(), Docs: NewDocs(), Streams: NewStreams(),
		Clock: NewClock(Start), Logs: &Logs{},
		HTTP: &http.Client{Transport: transport, Timeout: 10 * time.Second},
	}
}

// Deps makes a new desk and what it lends to a source.
func Deps(t testing.TB) (channels.Deps, *Desk) {
	d := NewDesk(t)
	return d.Deps(), d
}

// Deps is what this desk lends to a source.
func (d *Desk) Deps() channels.Deps {
	return channels.Deps{
		Intake: d.Intake, Cursors: d.Cursors, Streams: d.Streams, Docs: d.Docs, Bus: d.Bus, HTTP: d.HTTP,
		Now: d.Clock.Now, Zone: time.LoadLocation,
		Log:       slog.New(slog.NewJSONHandler(d.Logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Mask:      func(s string) string { masked, _ := privacy.Mask(s); return masked },
		Health:    d.addHealth,
		PublicURL: "https://desk.example",
		Position: func(context.Context, router.SourceName, router.Handle) (channels.Position, bool) {
			return channels.Position{}, false
		},
		Attachment: func(context.Context, router.BlobID) (router.Attachment, []byte, error) {
			return router.Attachment{}, nil, router.Fail("attachment", router.CodeNotFound, "there is no such file")
		},
	}
}

const healthKept = 1000

func (d *Desk) addHealth(h channels.Health) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.health) < healthKept {
		d.health = append(d.health, h)
	}
}

// Health is every health report, in order (the first thousand).
func (d *Desk) Health() []channels.Health {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]channels.Health(nil), d.health...)
}

// Logs keeps everything that was logged, at every level.
type Logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write keeps one record.
func (l *Logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String is everything that was logged.
func (l *Logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
