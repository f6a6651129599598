package workers

import (
	"context"
	"time"

	"switchyard/router"
	"switchyard/router/store"
	"switchyard/workers/task"
)

const (
	sweepEvery = time.Second
	// sweepLease is how long after its owner's death another process takes the sweep over.
	sweepLease = 15 * time.Second
	// staleAfter is how long a message may be in a stage before the sweep nudges it.
	staleAfter = 5 * time.Second
	// again is how long the sweep waits before it nudges the same thing once more.
	again = 30 * time.Second
	// sweepLimit bounds what one round nudges of each kind.
	sweepLimit = 500
)

// sweeper remembers what it nudged lately, so that a long line is not nudged over and over.
type sweeper struct {
	nudged  map[string]time.Time
	watched time.Time // when surges were last looked for
}

func (w *sweeper) fresh(id string, now time.Time) bool {
	if w.nudged == nil || len(w.nudged) > 100_000 {
		w.nudged = map[string]time.Time{}
	}
	if now.Sub(w.nudged[id]) < again {
		return false
	}
	w.nudged[id] = now
	return true
}

func (s *Server) sweepLoop(ctx context.Context) {
	defer s.done.Done()
	leases := store.Leases{Docs: s.Store}
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			if err := leases.Release(release, "sweep", s.Owner); err != nil {
				s.Log.Warn("the sweep's lease was not released", "error", err)
			}
			cancel()
			return
		case <-t.C:
		}
		_, held, err := leases.Take(ctx, "sweep", s.Owner, s.Now(), sweepLease)
		if err == nil && held {
			err = s.Sweep(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("the sweep could not finish", "error", err)
		}
	}
}

// Sweep finds every message and ticket that stayed too long where it is and nudges it, once.
func (s *Server) Sweep(ctx context.Context) error {
	now := s.Now()
	for _, do := range []func(context.Context, time.Time) error{s.messages, s.tickets, s.calls, s.modes, s.edges, s.incidents, s.assigns} {
		if err := do(ctx, now); err != nil {
			return err
		}
	}
	return nil
}

// messages nudges messages that stayed too long in a stage.
func (s *Server) messages(ctx context.Context, now time.Time) error {
	stale := s.StaleAfter
	if stale == 0 {
		stale = staleAfter
	}
	received, err := s.Store.StagedMessages(ctx, router.StageReceived, now.Add(-stale), sweepLimit)
	if err != nil {
		return err
	}
	for _, m := range received {
		if !m.RetryAt.After(now) && s.sweep.fresh(string(m.ID)+m.StageAt.String(), now) {
			s.Nudger.Nudge(ctx, task.KindTriage, task.LaneOf(m.Channel), string(m.ID))
		}
	}
	for _, stage := range []router.Stage{router.StageQueued, router.StageFailed} {
		ms, err := s.Store.StagedMessages(ctx, stage, now, sweepLimit)
		if err != nil {
			return err
		}
		for _, m := range ms {
			if !m.RetryAt.After(now) && s.sweep.fresh(string(m.ID)+m.RetryAt.String(), now) {
				s.Nudger.Nudge(ctx, task.KindDeliver, task.LaneDelivery, string(m.ID))
			}
		}
	}
	return nil
}

// tickets nudges tickets that time alone changes.
func (s *Server) tickets(ctx context.Context, now time.Time) error {
	due, err := s.Store.DueTickets(ctx, now, sweepLimit)
	for _, id := range due {
		if now.Sub(s.sweep.nudged[string(id)]) > 2*time.Second {
			s.sweep.fresh(string(id), now)
			s.sweep.nudged[string(id)] = now
			s.Nudger.Nudge(ctx, task.KindDue, task.LaneTimers, string(id))
		}
	}
	return err
}

// calls nudges webhook calls that nobody is making.
func (s *Server) calls(ctx context.Context, now time.Time) error {
	if s.Webhooks == nil {
		return nil
	}
	due, err := s.Webhooks.Due(ctx, now)
	for _, id := range due {
		if s.sweep.fresh("call "+id, now) {
			s.Nudger.Nudge(ctx, task.KindWebhook, task.LaneDelivery, id)
		}
	}
	return err
}

// edgeMark is how far calendar edges were worked off.
type edgeMark struct {
	At time.Time `json:"at"`
}

// edges asks for queues to be decided again whose calendar opened or closed since the last look.
// The mark is in the store: a crash repeats, never skips.
func (s *Server) edges(ctx context.Context, now time.Time) error {
	marks := store.Collection[edgeMark]{Docs: s.Store, Kind: "edge_mark"}
	r, err := marks.Get(ctx, "desk")
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return err
	}
	first, again := r.Version == 0, map[router.QueueName]bool{}
	for _, q := range s.Desk.Live.View().Rules.QueueList {
		edge := q.Hours.NextEdge(r.Value.At)
		if first || edge.IsZero() || edge.After(now) {
			continue
		}
		for _, name := range append(q.Cover(), q.Name) { // who stands in gives back
			if !again[name] {
				again[name] = true
				s.Nudger.Nudge(ctx, task.KindEdge, task.LaneTimers, string(name))
			}
		}
	}
	if !first && len(again) == 0 && now.Sub(r.Value.At) < time.Minute {
		return nil
	}
	r.Value = edgeMark{At: now}
	_, err = marks.Put(ctx, r)
	return err
}

// assigns asks for all that waits to be decided again when the policy assigns it differently, and
// again where whoever did it fell silent.
func (s *Server) assigns(ctx context.Context, now time.Time) error {
	rules := s.Desk.Live.View().Rules
	r, err := store.Redecisions(s.Store).Ensure(ctx, "desk", store.Redecision{Assigns: rules.Assigns, Policy: rules.Version, FinishedAt: now})
	if err != nil {
		return err
	}
	stuck := r.Value.FinishedAt.IsZero() && now.Sub(r.Value.SeenAt) > again
	if (r.Value.Assigns != rules.Assigns || stuck) && s.sweep.fresh("again"+rules.Assigns, now) {
		s.Nudger.Nudge(ctx, task.KindAgain, task.LaneTimers, rules.Assigns)
	}
	return nil
}

// modes moves the desk's modes and tells of it.
func (s *Server) modes(ctx context.Context, _ time.Time) error { return s.Desk.MoveModes(ctx) }
