package dispatch

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"switchyard/router"
	"switchyard/router/order"
	"switchyard/router/store"
)

const (
	// redecideChunk is how many tickets of one run are decided again before the most urgent run is looked for anew.
	redecideChunk = 64
	// redecideAtOnce bounds the tickets that are decided again at the same moment.
	redecideAtOnce = 4
	// redecideSave is how often the progress is stored; a crash repeats no more than that.
	redecideSave = 2 * time.Second
)

// again decides a waiting ticket again and moves it if something came out differently. What stays is not written.
func (s *Service) again(ctx context.Context, id router.TicketID) (moved bool, err error) {
	_, err = s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		moved = false
		if t.State != router.StateWaiting {
			return t, unchanged{}
		}
		in, d, err := s.consider(ctx, t)
		if err != nil {
			return t, err
		}
		if stands(t, d) && t.EscalateAt.Equal(s.escalateAt(t)) && s.place(t, d) == t.Incident {
			return t, unchanged{}
		}
		if err := s.keep(ctx, in, d); err != nil {
			return t, err
		}
		next, err := s.Apply(t, d, t.Returned)
		next.KeptFor, next.KeptUntil = t.KeptFor, t.KeptUntil
		moved = next.Queue != t.Queue || next.Class != t.Class
		return next, err
	})
	return moved, err
}

// stands reports whether a decision leaves a waiting ticket where it is.
func stands(t router.Ticket, d router.Decision) bool {
	return d.State == router.StateWaiting && d.Queue == t.Queue && d.Class == t.Class && d.Guest == t.Guest && d.Speaks == t.Speaks &&
		slices.Equal(d.Needs, t.Needs) && (d.CutoffAt.IsZero() || d.CutoffAt.Equal(t.CutoffAt)) && (t.FixTopic || d.Classification.Topic == t.Topic)
}

// EdgeQueue decides the waiting tickets of a queue again, because it or its night queue opened or closed.
// It reports how many moved.
func (s *Service) EdgeQueue(ctx context.Context, q router.QueueName) (moved int, err error) {
	after := router.TicketID("")
	for {
		ts, err := s.Store.QueueTickets(ctx, q, after, store.MaxLimit)
		if err != nil || len(ts) == 0 {
			return moved, err
		}
		for _, t := range ts {
			after = t.ID
			did, err := s.again(ctx, t.ID)
			if err != nil {
				return moved, err
			}
			if did {
				moved++
			}
		}
	}
}

// Redecide decides all waiting work again after the policy assigns it differently, the most urgent first. Its
// progress is stored, so that it goes on after a crash; it returns when done, when ctx ends, or with the first error.
// mine is asked whenever progress is stored: false says that another process does this now.
func (s *Service) Redecide(ctx context.Context, mine func(context.Context) (bool, error)) error {
	rules := s.Live.View().Rules
	records := store.Redecisions(s.Store)
	rec, err := records.Update(ctx, "desk", func(r *store.Redecision) (bool, error) {
		if r.Assigns != rules.Assigns {
			*r = store.Redecision{Assigns: rules.Assigns, Policy: rules.Version, StartedAt: s.Now()}
		}
		r.SeenAt = s.Now()
		return true, nil
	})
	if err != nil || !rec.Value.FinishedAt.IsZero() {
		return err
	}
	w, err := s.redecider(ctx, rec.Value)
	if err != nil {
		return err
	}
	for more := true; more; {
		if s.Live.View().Rules.Assigns != w.rec.Assigns {
			return nil // a newer policy begins anew
		}
		if more, err = w.chunk(ctx); err != nil {
			return err
		}
		if more && s.Now().Sub(w.rec.SeenAt) < redecideSave {
			continue
		}
		if held, err := mine(ctx); err != nil || !held {
			return err
		}
		if err := w.save(ctx, !more); err != nil {
			return err
		}
	}
	s.Log.Info("waiting work was decided again", "policy", w.rec.Policy, "tickets", w.rec.Done, "moved", w.rec.Moved)
	return nil
}

// redecider walks all runs side by side.
type redecider struct {
	s    *Service
	rec  store.Redecision
	next map[router.RunKey][]router.Head // the next tickets of each run that is not done
}

func (s *Service) redecider(ctx context.Context, rec store.Redecision) (*redecider, error) {
	w := &redecider{s: s, rec: rec, next: map[router.RunKey][]router.Head{}}
	loads, err := s.Store.Load(ctx)
	if err != nil {
		return nil, err
	}
	if w.rec.After == nil {
		w.rec.After = map[router.RunKey]router.Head{}
	}
	left := 0
	for _, l := range loads {
		left += l.Waiting
		if err := w.fill(ctx, l.Run.Key); err != nil {
			return nil, err
		}
	}
	w.rec.Total = max(w.rec.Total, w.rec.Done+left)
	return w, nil
}

// fill reads the next tickets of a run.
func (w *redecider) fill(ctx context.Context, key router.RunKey) error {
	hs, err := w.s.Store.RunTickets(ctx, key, w.rec.After[key], redecideChunk)
	if err != nil {
		return err
	}
	if len(hs) == 0 {
		delete(w.next, key)
		return nil
	}
	w.next[key] = hs
	return nil
}

// chunk decides the next tickets of the run whose first is most urgent. false: there are none left.
func (w *redecider) chunk(ctx context.Context) (bool, error) {
	key, ok := w.first()
	if !ok {
		return false, nil
	}
	hs := w.next[key]
	var moved atomic.Int64
	g, work := errgroup.WithContext(ctx)
	g.SetLimit(redecideAtOnce)
	for _, h := range hs {
		g.Go(func() error {
			did, err := w.s.again(work, h.TicketID)
			if did {
				moved.Add(1)
			}
			if router.IsCode(err, router.CodeNotFound) {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return false, err
	}
	w.rec.Done += len(hs)
	w.rec.Moved += int(moved.Load())
	w.rec.Total = max(w.rec.Total, w.rec.Done)
	w.rec.After[key] = hs[len(hs)-1]
	return true, w.fill(ctx, key)
}

// first is the run whose next ticket goes first by the default order.
func (w *redecider) first() (best router.RunKey, ok bool) {
	view, now := w.s.Live.View(), w.s.Now()
	var top order.Ranked
	for key, hs := range w.next {
		r := order.Rank(order.ATC, []order.Candidate{view.candidate(hs[0], now)}, now)[0]
		if !ok || order.Less(r, top) {
			best, top, ok = key, r, true
		}
	}
	return best, ok
}

// save stores the progress and tells pages of it.
func (w *redecider) save(ctx context.Context, done bool) error {
	w.rec.SeenAt = w.s.Now()
	if done {
		w.rec.FinishedAt, w.rec.After = w.rec.SeenAt, nil
	}
	_, err := store.Redecisions(w.s.Store).Update(ctx, "desk", func(r *store.Redecision) (bool, error) {
		if r.Assigns != w.rec.Assigns {
			return false, nil // a newer policy has taken over
		}
		*r = w.rec
		return true, nil
	})
	w.s.publish(ctx, News{Kind: "redecide"})
	return err
}
