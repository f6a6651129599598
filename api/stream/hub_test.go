package stream

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	"switchyard/router"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a bus of one topic.
type wire struct{ news chan []byte }

func (w *wire) Publish(_ context.Context, _ string, data []byte) error {
	w.news <- data
	return nil
}

func (w *wire) Subscribe(context.Context, string) (<-chan []byte, func()) { return w.news, func() {} }

func hub(t *testing.T) (*Hub, *wire) {
	t.Helper()
	w := &wire{news: make(chan []byte)}
	h := New(w, "desk", slog.New(slog.NewTextHandler(io.Discard, nil)))
	t.Cleanup(h.Close)
	return h, w
}

func TestNewsReachEveryListener(t *testing.T) {
	h, w := hub(t)
	a, stopA, err := h.Listen()
	if err != nil {
		t.Fatal(err)
	}
	b, stopB, err := h.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer stopB()
	for _, news := range []string{`not JSON`, `{"no":"kind"}`, `{"kind":"ticket","ticket_id":"t1"}`} {
		if err := w.Publish(t.Context(), "desk", []byte(news)); err != nil {
			t.Fatal(err)
		}
	}
	for _, ch := range []<-chan Event{a, b} {
		if e := <-ch; e.Name != "ticket" || string(e.Data) != `{"kind":"ticket","ticket_id":"t1"}` {
			t.Fatalf("%+v", e)
		}
	}
	stopA()
	stopA()
	if h.Listeners() != 1 {
		t.Fatal(h.Listeners())
	}
}

// Invariant B.
func TestASlowListenerIsToldThatItMissedSome(t *testing.T) {
	h, _ := hub(t)
	slow, stop, err := h.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for range 3 * buffered {
		h.Tell(Event{Name: "ticket"})
	}
	h.Remind() // still full: nothing to say yet
	if len(slow) != buffered {
		t.Fatal(len(slow))
	}
	for range buffered {
		<-slow
	}
	h.Remind()
	h.Tell(Event{Name: "after"})
	if first, second := <-slow, <-slow; first.Name != Missed || second.Name != "after" {
		t.Fatalf("%+v %+v", first, second)
	}
}

// Invariants C and D.
func TestListenersAreBoundedAndEndWithTheHub(t *testing.T) {
	h, _ := hub(t)
	var last <-chan Event
	for range MaxListeners {
		ch, _, err := h.Listen()
		if err != nil {
			t.Fatal(err)
		}
		last = ch
	}
	if _, _, err := h.Listen(); !router.IsCode(err, router.CodeUnavailable) {
		t.Fatal(err)
	}
	h.Close()
	h.Close()
	if _, open := <-last; open {
		t.Fatal("Close ends listening")
	}
	h.Tell(Event{Name: "late"})
	if _, _, err := h.Listen(); !router.IsCode(err, router.CodeUnavailable) {
		t.Fatal(err)
	}
}
