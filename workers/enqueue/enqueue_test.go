package enqueue

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/workers/task"
)

func TestMain(m *testing.M) {
	// go-redis looks once a second whether a server that is away has come back, and sees a second late that it is closed
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

func client(t *testing.T) (*Client, *asynq.Inspector, *miniredis.Miniredis) {
	t.Helper()
	server := miniredis.RunT(t)
	r := redis.NewClient(&redis.Options{Addr: server.Addr()})
	c := New(r, slog.New(slog.NewTextHandler(io.Discard, nil)))
	t.Cleanup(func() { c.Close(); c.Close(); _ = r.Close() })
	return c, asynq.NewInspectorFromRedisClient(r), server
}

// ids waits until n ids are with Redis and answers how many tasks carry them.
func ids(t *testing.T, in *asynq.Inspector, lane task.Lane, n int) (tasks int) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		list, err := in.ListPendingTasks(string(lane), asynq.PageSize(1000))
		count := 0
		for _, x := range list {
			p, derr := task.Decode(x.Payload)
			if derr != nil || len(p.IDs) > task.MaxIDs {
				t.Fatal(derr, len(p.IDs))
			}
			count += len(p.IDs)
		}
		if err == nil && count == n {
			return len(list)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d ids are with Redis (%v)", count, n, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Invariant B.
func TestNudgesGatherUnderLoad(t *testing.T) {
	c, in, _ := client(t)
	began := time.Now()
	c.Nudge(context.Background(), task.KindTriage, task.LaneChat, "lone")
	if n := ids(t, in, task.LaneChat, 1); n != 1 {
		t.Errorf("%d tasks for one id", n)
	}
	if d := time.Since(began); d > time.Second {
		t.Errorf("a lone nudge took %v", d)
	}
	for i := range 1000 {
		c.Nudge(context.Background(), task.KindTriage, task.LaneEmail, fmt.Sprint(i))
	}
	if n := ids(t, in, task.LaneEmail, 1000); n > 200 {
		t.Errorf("1000 ids went in %d tasks", n)
	}
}

// Invariant A: a Redis that is away is counted, not waited for.
func TestALostRedisBlocksNobody(t *testing.T) {
	c, _, server := client(t)
	server.Close()
	began := time.Now()
	for i := range 2 * buffer {
		c.Nudge(context.Background(), task.KindTriage, task.LaneChat, fmt.Sprint(i))
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("nudging took %v", d)
	}
	if c.Dropped() == 0 {
		t.Error("nothing was counted as lost")
	}
}
