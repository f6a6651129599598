package bus

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, addr string) *Bus {
	t.Helper()
	r := redis.NewClient(&redis.Options{Addr: addr})
	b := New(r, slog.New(slog.NewTextHandler(io.Discard, nil)))
	t.Cleanup(func() { b.Close(); b.Close(); _ = r.Close() })
	return b
}

func hear(t *testing.T, news <-chan []byte, want string) {
	t.Helper()
	select {
	case got := <-news:
		if string(got) != want {
			t.Fatalf("heard %q, want %q", got, want)
		}
	case <-time.After(5 * time.Second):
		t.Fatalf("%q was not heard", want)
	}
}

// Invariants A and B.
func TestNewsTravelsOnceBetweenProcesses(t *testing.T) {
	server := miniredis.RunT(t)
	here, there := open(t, server.Addr()), open(t, server.Addr())
	near, stopNear := here.Subscribe(t.Context(), "x")
	far, stopFar := there.Subscribe(t.Context(), "x")
	other, stopOther := there.Subscribe(t.Context(), "y")
	defer stopOther()
	for deadline := time.Now().Add(5 * time.Second); server.PubSubNumPat() < 2 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	if err := here.Publish(t.Context(), "x", []byte("one")); err != nil {
		t.Fatal(err)
	}
	hear(t, near, "one")
	hear(t, far, "one")
	if err := here.Publish(t.Context(), "x", []byte("two")); err != nil {
		t.Fatal(err)
	}
	hear(t, near, "two") // and not "one" again over Redis
	hear(t, far, "two")
	stopNear()
	stopFar()
	if len(other) != 0 {
		t.Error("news of another topic was heard")
	}
	server.Close()
	again, stop := here.Subscribe(t.Context(), "x")
	defer stop()
	_ = here.Publish(context.Background(), "x", []byte("alone")) // Redis is away
	hear(t, again, "alone")
}

func TestASlowListenerMissesAndBlocksNobody(t *testing.T) {
	server := miniredis.RunT(t)
	b := open(t, server.Addr())
	slow, stop := b.Subscribe(t.Context(), "x")
	defer stop()
	for range 10 * listenerBuffer {
		b.hand("x", []byte("n"))
	}
	if len(slow) != listenerBuffer {
		t.Errorf("%d unread", len(slow))
	}
}
