package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"switchyard/cmd/internal/app"
	"switchyard/router"
	"switchyard/router/dispatch"
)

// benchIntake posts messages one by one and times each from its POST to the news that its ticket waits.
func benchIntake(ctx context.Context, s *shell, a *app.App, f benchFlags, r *report) error {
	r.What = fmt.Sprintf("intake: %d messages", f.messages)
	if f.rate > 0 {
		r.What += fmt.Sprintf(" at %.0f/s", f.rate)
	}
	w := &watcher{sent: make([]atomic.Int64, f.messages), ids: map[router.TicketID]int{}}
	for i := range f.messages {
		w.ids[router.NewTicketID(benchMessageID(i))] = i
	}
	stop := w.listen(ctx, a)
	defer stop()
	var answered timings
	began := time.Now()
	if err := w.send(ctx, s, a, f, &answered); err != nil {
		return err
	}
	sent := time.Since(began)
	if err := w.wait(ctx, a, f.messages); err != nil {
		return err
	}
	all := time.Since(began)
	queued, posts := w.queued.sorted(), answered.sorted()
	r.add("posted_per_second", float64(f.messages)/sent.Seconds())
	r.add("queued_per_second", float64(f.messages)/all.Seconds())
	r.add("unqueued_at_last_answer", float64(w.leftAt))
	r.add("seconds_after_last_answer", (all - sent).Seconds())
	r.add("answer_p50_ms", quantile(posts, 0.5))
	r.add("answer_p99_ms", quantile(posts, 0.99))
	r.add("queued_p50_ms", quantile(queued, 0.5))
	r.add("queued_p99_ms", quantile(queued, 0.99))
	return nil
}

type watcher struct {
	sent   []atomic.Int64 // unix nanoseconds of each POST
	ids    map[router.TicketID]int
	seen   sync.Map
	queued timings
	count  atomic.Int64
	leftAt int64
}

// note times a ticket that waits, once.
func (w *watcher) note(id router.TicketID, at time.Time) {
	i, ours := w.ids[id]
	if !ours {
		return
	}
	if _, again := w.seen.LoadOrStore(i, true); again {
		return
	}
	w.queued.add(at.Sub(time.Unix(0, w.sent[i].Load())))
	w.count.Add(1)
}

func (w *watcher) listen(ctx context.Context, a *app.App) func() {
	news, stop := a.Bus.Subscribe(ctx, dispatch.Topic)
	done := make(chan struct{})
	run, cancel := context.WithCancel(ctx)
	go func() {
		defer close(done)
		for {
			select {
			case <-run.Done():
				return
			case data := <-news:
				var n dispatch.News
				if json.Unmarshal(data, &n) == nil && n.State == router.StateWaiting {
					w.note(n.TicketID, time.Now())
				}
			}
		}
	}()
	return func() { stop(); cancel(); <-done }
}

func (w *watcher) send(ctx context.Context, s *shell, a *app.App, f benchFlags, answered *timings) error {
	p := newPoster(a.URL(), f.clients)
	limit := rate.NewLimiter(rate.Inf, 1)
	if f.rate > 0 {
		limit = rate.NewLimiter(rate.Limit(f.rate), max(1, int(f.rate/100)))
	}
	bar := progress(s.err, "posting")
	bar.ChangeMax(f.messages)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(f.clients)
	for i := range f.messages {
		if err := limit.Wait(ctx); err != nil {
			break
		}
		g.Go(func() error {
			began := time.Now()
			w.sent[i].Store(began.UnixNano())
			err := p.post(ctx, i)
			answered.add(time.Since(began))
			_ = bar.Add(1)
			return err
		})
	}
	err := g.Wait()
	_ = bar.Finish()
	return err
}

// wait is until every message waits in a queue; news that the bus dropped is read from the store.
func (w *watcher) wait(ctx context.Context, a *app.App, n int) error {
	counts := func() (int, error) {
		states, err := a.Store.CountStates(ctx)
		return states[router.StateWaiting], err
	}
	there, err := counts()
	if err != nil {
		return err
	}
	w.leftAt = int64(n - there)
	deadline := time.Now().Add(2 * time.Minute)
	for there < n {
		if time.Now().After(deadline) {
			return fmt.Errorf("after two minutes %d of %d messages wait in a queue", there, n)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
		if there, err = counts(); err != nil {
			return err
		}
	}
	if there > n {
		return errors.New("more tickets than messages")
	}
	return nil
}
