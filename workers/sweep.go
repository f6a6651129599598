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
	nudged map[string]time.Time
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
	due, err := s.Store.DueTickets(ctx, now, sweepLimit)
	if err != nil {
		return err
	}
	for _, id := range due {
		if now.Sub(s.sweep.nudged[string(id)]) > 2*time.Second {
			s.sweep.fresh(string(id), now)
			s.sweep.nudged[string(id)] = now
			s.Nudger.Nudge(ctx, task.KindDue, task.LaneTimers, string(id))
		}
	}
	if err := s.modes(ctx); err != nil {
		return err
	}
	return s.edges(ctx, now)
}

// edgeMark is how far calendar edges and policy changes were worked off.
type edgeMark struct {
	At     time.Time `json:"at"`
	Policy string    `json:"policy"`
}

// edges asks for queues to be decided again whose calendar opened or closed since the last
// look, and for all of them after a change of policy. The mark is in the store: a crash repeats, never skips.
func (s *Server) edges(ctx context.Context, now time.Time) error {
	marks := store.Collection[edgeMark]{Docs: s.Store, Kind: "edge_mark"}
	r, err := marks.Get(ctx, "desk")
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return err
	}
	rules := s.Desk.Live.View().Rules
	first := r.Version == 0
	passed, changed := false, r.Value.Policy != rules.Version
	for _, q := range rules.QueueList {
		edge := q.Hours.NextEdge(r.Value.At)
		at := !first && !edge.IsZero() && !edge.After(now)
		passed = passed || at
		if at || changed && !first {
			s.Nudger.Nudge(ctx, task.KindEdge, task.LaneTimers, string(q.Name))
		}
	}
	if !first && !passed && !changed && now.Sub(r.Value.At) < time.Minute {
		return nil
	}
	r.Value = edgeMark{At: now, Policy: rules.Version}
	_, err = marks.Put(ctx, r)
	return err
}

// modes moves the desk's modes and tells of it.
func (s *Server) modes(ctx context.Context) error { return s.Desk.MoveModes(ctx) }
