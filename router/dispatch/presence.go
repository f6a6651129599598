package dispatch

import (
	"context"
	"time"

	"switchyard/router"
	"switchyard/router/load"
	"switchyard/router/store"
)

// seenEvery is how often an agent's sign of life is written at most.
const seenEvery = 30 * time.Second

// appear makes an agent available; one who is, and was seen lately, costs nothing.
func (s *Service) appear(ctx context.Context, id router.AgentID) error {
	now := s.Now()
	if seen, ok := s.seen.Load(id); ok && now.Sub(seen.(time.Time)) < seenEvery && s.available(id) {
		return nil
	}
	s.seen.Store(id, now)
	return s.SetPresence(ctx, id, router.PresenceAvailable)
}

// SetPresence writes an agent's state. One who goes away gives back what was kept for him.
func (s *Service) SetPresence(ctx context.Context, id router.AgentID, state router.PresenceState) error {
	if !state.Valid() {
		return router.FailField("dispatch.presence", "state", "must be available, away or offline")
	}
	now, changed := s.Now(), false
	_, err := store.Presences(s.Store).Update(ctx, string(id), func(p *router.Presence) (bool, error) {
		changed = p.State != state
		if !changed && now.Sub(p.SeenAt) < seenEvery {
			return false, nil
		}
		if changed {
			p.Since = now
		}
		p.Agent, p.State, p.SeenAt = id, state, now
		return true, nil
	})
	if err != nil || !changed {
		return err
	}
	s.Live.present(id, state)
	s.publish(ctx, News{Kind: "presence", Agent: id})
	if state == router.PresenceAvailable {
		return nil
	}
	return s.unkeep(ctx, id)
}

// Presence reads an agent's state; one who never signed in is offline.
func (s *Service) Presence(ctx context.Context, id router.AgentID) (router.Presence, error) {
	r, err := store.Presences(s.Store).Get(ctx, string(id))
	if router.IsCode(err, router.CodeNotFound) {
		return router.Presence{Agent: id, State: router.PresenceOffline}, nil
	}
	return r.Value, err
}

// unkeep gives tickets that were kept for an agent to everybody.
func (s *Service) unkeep(ctx context.Context, id router.AgentID) error {
	for {
		kept, err := s.Store.KeptTickets(ctx, id, 100)
		if err != nil || len(kept) == 0 {
			return err
		}
		for _, t := range kept {
			if _, err := s.change(ctx, t.ID, func(t router.Ticket) (router.Ticket, error) {
				if t.KeptFor != id {
					return t, unchanged{}
				}
				return endKeep(t)
			}); err != nil {
				return err
			}
		}
	}
}

func endKeep(t router.Ticket) (router.Ticket, error) {
	if t.KeptFor == "" || t.State != router.StateWaiting {
		return t, unchanged{}
	}
	t.KeptFor, t.KeptUntil = "", time.Time{}
	return t, nil
}

// present changes an agent's state in the view at once, so that this process does not wait for the next refresh.
func (l *Live) present(id router.AgentID, state router.PresenceState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.view.Load()
	if old == nil {
		return
	}
	next := *old
	next.Agents = append([]load.Agent{}, old.Agents...)
	for i := range next.Agents {
		if next.Agents[i].User.ID == id {
			next.Agents[i].Presence = state
		}
	}
	l.view.Store(&next)
}

// available reports whether an agent is there now, by the view.
func (s *Service) available(id router.AgentID) bool {
	for _, a := range s.Live.View().Agents {
		if a.User.ID == id {
			return a.Presence == router.PresenceAvailable
		}
	}
	return false
}
