package channeltest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"switchyard/channels"
	"switchyard/router"
)

// endWithin is how long a Run may take to return once its context has ended.
const endWithin = 3 * time.Second

// quiet is how long the suite watches for something that must not happen.
const quiet = 150 * time.Millisecond

// bench is one source on its test stand.
type bench struct {
	*testing.T
	c    Case
	desk *Desk
	out  Outside
	src  *channels.Source
	ctx  context.Context

	mu   sync.Mutex
	errs []error
}

func newBench(t *testing.T, c Case) *bench {
	b := &bench{T: t, c: c, desk: NewDesk(t)}
	ctx, cancel := context.WithTimeout(context.Background(), 6*c.Within)
	b.ctx = ctx
	t.Cleanup(cancel)
	b.out = c.Setup(t)
	b.open()
	t.Cleanup(b.checkSecrets)
	return b
}

func (b *bench) open() {
	b.Helper()
	src, err := b.c.Kind.Open(b.out.Config, b.desk.Deps())
	if err != nil {
		b.Fatalf("open: %v", err)
	}
	if src.Adapter == nil && src.Hook == nil {
		b.Fatal("the source has neither an adapter nor a hook")
	}
	b.src = src
}

func (b *bench) keep(err error) error {
	if err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.errs = append(b.errs, err)
	}
	return err
}

// start runs the adapter as its runner does: again after an error. The answer stops it.
func (b *bench) start() (stop func()) {
	if b.src.Adapter == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(b.ctx)
	done := make(chan struct{})
	adapter := b.src.Adapter
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if b.keep(adapter.Run(ctx)) != nil {
				select {
				case <-time.After(20 * time.Millisecond):
				case <-ctx.Done():
				}
			}
		}
	}()
	var once sync.Once
	end := func() {
		once.Do(func() {
			cancel()
			select {
			case <-done:
			case <-time.After(endWithin):
				b.Errorf("Run did not return within %v of the end of its context", endWithin)
			}
		})
	}
	b.Cleanup(end)
	return end
}

// deliver makes a message arrive that must be taken.
func (b *bench) deliver(n int) {
	b.Helper()
	if err := b.keep(b.out.Deliver(b.ctx, b.src, n)); err != nil {
		b.Fatalf("message %d was not taken: %v", n, err)
	}
}

func (b *bench) redeliver(n int) error {
	f := b.out.Redeliver
	if f == nil {
		f = b.out.Deliver
	}
	return b.keep(f(b.ctx, b.src, n))
}

// until waits for a condition and moves the clock by Tick meanwhile.
func (b *bench) until(what string, holds func() bool) {
	b.Helper()
	deadline := time.Now().Add(b.c.Within)
	for {
		changed := b.desk.Intake.Changed()
		if holds() {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%s: not within %v (accepted %d, attempts %d)", what, b.c.Within,
				len(b.desk.Intake.Accepted()), len(b.desk.Intake.Attempts()))
		}
		select {
		case <-changed:
		case <-time.After(10 * time.Millisecond):
			b.desk.Clock.Advance(b.c.Tick)
		}
	}
}

// expect waits until n messages and p poisoned ones are stored, and sees that no more come.
func (b *bench) expect(n, p int) {
	b.Helper()
	good, bad := n*b.c.Each, p
	b.until("messages stored", func() bool {
		g, f := b.count()
		return g >= good && f >= bad
	})
	if g, f := b.count(); g != good || f != bad {
		b.Fatalf("stored %d messages and %d failures, want %d and %d", g, f, good, bad)
	}
	for _, in := range b.desk.Intake.Accepted() {
		b.checkShape(in)
	}
}

func (b *bench) count() (good, failed int) {
	for _, in := range b.desk.Intake.Accepted() {
		if in.Failure != "" {
			failed++
			continue
		}
		good++
	}
	return good, failed
}

func (b *bench) checkShape(in router.Inbound) {
	b.Helper()
	cfg := b.out.Config
	switch {
	case in.Source != cfg.Name:
		b.Errorf("source is %q, want %q", in.Source, cfg.Name)
	case in.ExternalID == "":
		b.Error("a message has no external id")
	case !in.Channel.Valid() || !in.Kind.Valid():
		b.Errorf("channel %q or kind %q is not valid", in.Channel, in.Kind)
	case in.Failure != "" && len(in.Raw) == 0:
		b.Error("a failed message has no raw bytes")
	case in.Failure == "" && (in.Handle.Address == "" || in.Handle.Channel != in.Channel):
		b.Errorf("a message has no handle on its channel")
	case !utf8.ValidString(in.Text + in.Subject + in.Name + in.HTML):
		b.Error("a message is not UTF-8")
	}
}

func (b *bench) checkSecrets() {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := []string{b.desk.Logs.String()}
	for _, err := range b.errs {
		said = append(said, err.Error())
	}
	for _, h := range b.desk.Health() {
		said = append(said, h.Detail)
	}
	for i, secret := range b.c.Secrets {
		for _, s := range said {
			if strings.Contains(s, secret) {
				b.Errorf("planted secret %d stands in a log, an error or a health report: %.300s", i, s)
				break
			}
		}
	}
}
