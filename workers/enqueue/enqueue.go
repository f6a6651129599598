// Package enqueue is the Nudger over Asynq: it gathers ids for a few milliseconds
// when there are many, and hands them on at once when there are few.
//
// What always holds:
//
//	A. Nudge never blocks for long and never fails; a full buffer drops the nudge and counts it.
//	B. A lone nudge is on its way at once; under load a task carries up to task.MaxIDs ids.
package enqueue

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/workers/task"
)

const (
	// window is how long ids gather when the last hand-over was less than that ago.
	window = 5 * time.Millisecond
	// buffer bounds the nudges waiting to be handed over.
	buffer = 20_000
	// maxRetry bounds how often Asynq runs a task again whose handler failed as a whole.
	maxRetry = 3
	timeout  = time.Minute
)

type nudge struct {
	kind task.Kind
	lane task.Lane
	id   string
}

// Client hands nudges to Asynq.
type Client struct {
	asynq   *asynq.Client
	log     *slog.Logger
	in      chan nudge
	dropped atomic.Int64
	stop    chan struct{}
	once    sync.Once
	done    sync.WaitGroup
}

// New starts a client on a Redis connection that it does not own.
func New(r redis.UniversalClient, log *slog.Logger) *Client {
	c := &Client{asynq: asynq.NewClientFromRedisClient(r), log: log, in: make(chan nudge, buffer), stop: make(chan struct{})}
	c.done.Add(1)
	go c.run()
	return c
}

// Nudge implements task.Nudger.
func (c *Client) Nudge(_ context.Context, kind task.Kind, lane task.Lane, id string) {
	select {
	case c.in <- nudge{kind, lane, id}:
	default:
		c.dropped.Add(1)
	}
}

// Dropped counts nudges that found the buffer full. The sweep makes up for them.
func (c *Client) Dropped() int64 { return c.dropped.Load() }

// Waiting counts nudges that are not handed over yet.
func (c *Client) Waiting() int { return len(c.in) }

// Close hands over what is left and stops; safe twice.
func (c *Client) Close() {
	c.once.Do(func() {
		close(c.stop)
		c.done.Wait()
	})
}

func (c *Client) run() {
	defer c.done.Done()
	var last time.Time
	for {
		select {
		case <-c.stop:
			c.flush(c.gather(nil))
			return
		case n := <-c.in:
			if pause := window - time.Since(last); pause > 0 {
				time.Sleep(pause)
			}
			c.flush(c.gather([]nudge{n}))
			last = time.Now()
		}
	}
}

// gather takes what waits, up to what one round hands over.
func (c *Client) gather(ns []nudge) []nudge {
	for len(ns) < 10*task.MaxIDs {
		select {
		case n := <-c.in:
			ns = append(ns, n)
		default:
			return ns
		}
	}
	return ns
}

func (c *Client) flush(ns []nudge) {
	type line struct {
		kind task.Kind
		lane task.Lane
	}
	ids := map[line][]string{}
	var order []line
	for _, n := range ns {
		l := line{n.kind, n.lane}
		if ids[l] == nil {
			order = append(order, l)
		}
		ids[l] = append(ids[l], n.id)
	}
	away := false
	for _, l := range order {
		for list := ids[l]; len(list) > 0; {
			n := min(len(list), task.MaxIDs)
			if away { // one wait for a Redis that is away is enough
				c.dropped.Add(int64(n))
			} else {
				away = !c.enqueue(l.kind, l.lane, list[:n])
			}
			list = list[n:]
		}
	}
}

// enqueue reports whether Redis took a task.
func (c *Client) enqueue(kind task.Kind, lane task.Lane, ids []string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	t := asynq.NewTask(string(kind), task.Encode(ids))
	_, err := c.asynq.EnqueueContext(ctx, t, asynq.Queue(string(lane)), asynq.MaxRetry(maxRetry), asynq.Timeout(timeout))
	if err != nil {
		c.dropped.Add(int64(len(ids)))
		c.log.Warn("nudges lost; the sweep will find their messages", "kind", kind, "count", len(ids), "error", err)
	}
	return err == nil
}
