package runner

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/channels"
	"switchyard/channels/channeltest"
	"switchyard/router"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// worker is an adapter that notes when it runs.
type worker struct {
	mu      sync.Mutex
	running int
	most    int
	runs    int
	fail    int // so many runs end at once with an error
}

func (w *worker) Run(ctx context.Context) error {
	w.mu.Lock()
	w.running++
	w.runs++
	w.most = max(w.most, w.running)
	fails := w.runs <= w.fail
	w.mu.Unlock()
	defer func() { w.mu.Lock(); w.running--; w.mu.Unlock() }()
	if fails {
		return router.Fail("test", router.CodeUnavailable, "gives up")
	}
	<-ctx.Done()
	return nil
}

func (w *worker) state() (running, most, runs int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.running, w.most, w.runs
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(8 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not %s", what)
		}
	}
}

func process(t *testing.T, docs *channeltest.Docs, owner string, w *worker) *Runner {
	t.Helper()
	r := &Runner{Docs: docs, Owner: owner, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Adapters: true, Renew: 30 * time.Millisecond}
	r.Set(&channels.Source{Name: "box", Kind: "test", Channel: router.ChannelEmail, Adapter: w})
	t.Cleanup(r.Stop)
	return r
}

// Invariant A: of two processes one runs the adapter; when it stops, the other takes over.
func TestOneProcessAtATime(t *testing.T) {
	docs, w := channeltest.NewDocs(), &worker{}
	a, b := process(t, docs, "a", w), process(t, docs, "b", w)
	for _, r := range []*Runner{a, b} {
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "running", func() bool { n, _, _ := w.state(); return n == 1 })
	time.Sleep(200 * time.Millisecond) // several renewals
	if n, most, _ := w.state(); n != 1 || most != 1 {
		t.Fatalf("%d run, at most %d", n, most)
	}
	a.Stop()
	a.Stop()
	until(t, "taken over, or kept", func() bool { n, _, _ := w.state(); return n == 1 })
	b.Stop()
	if n, most, _ := w.state(); n != 0 || most != 1 {
		t.Fatalf("after both stopped %d run, at most %d", n, most)
	}
}

// Invariant B.
func TestAFailingSourceIsRunAgain(t *testing.T) {
	docs, w := channeltest.NewDocs(), &worker{fail: 1}
	r := process(t, docs, "a", w)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "run a second time", func() bool { n, _, runs := w.state(); return runs == 2 && n == 1 })
	health, err := r.Health(t.Context())
	if err != nil || health["box"].State != channels.HealthDown || health["box"].Detail != "unavailable" {
		t.Errorf("%+v %v", health, err)
	}
	r.Heard("box")
	if health, err = r.Health(t.Context()); err != nil || health["box"].LastInput.IsZero() {
		t.Errorf("%+v %v", health, err)
	}
}

// Invariant C.
func TestSourcesComeAndGo(t *testing.T) {
	docs, w := channeltest.NewDocs(), &worker{}
	r := process(t, docs, "a", w)
	r.Stop() // before Start
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "running", func() bool { n, _, _ := w.state(); return n == 1 })
	second := &worker{}
	r.Set(&channels.Source{Name: "box", Kind: "test", Adapter: second})
	until(t, "replaced", func() bool { n, _, _ := w.state(); m, _, _ := second.state(); return n == 0 && m == 1 })
	r.Remove("box")
	if n, _, _ := second.state(); n != 0 || r.Source("box") != nil {
		t.Error("a removed source runs")
	}
	if err := r.CanReply("box", 0); !router.IsCode(err, router.CodeCannotReply) {
		t.Error(err)
	}
}
