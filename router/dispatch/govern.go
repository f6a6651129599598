package dispatch

import (
	"context"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

// AssignAgent gives a waiting or claimed ticket to an agent, whatever he holds.
func (s *Service) AssignAgent(ctx context.Context, by router.AgentID, id router.TicketID, agent router.AgentID) (router.Ticket, error) {
	u, err := store.Users(s.Store).Get(ctx, string(agent))
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return router.Ticket{}, err
	}
	if err != nil || u.Value.Disabled || u.Value.Role == router.RoleMachine || u.Value.Role == router.RoleAuditor {
		return router.Ticket{}, router.FailField("dispatch.assign", "agent", "there is no agent %q", agent)
	}
	t, err := s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		return t.Claim(s.Now(), agent, s.Live.View().Rules.ClaimTTL)
	})
	if err == nil {
		s.life(ctx, t, "assign:"+string(agent), by, "")
	}
	return t, err
}

// AssignQueue puts a waiting or claimed ticket into a queue, with its age.
func (s *Service) AssignQueue(ctx context.Context, by router.AgentID, id router.TicketID, queue router.QueueName) (router.Ticket, error) {
	if s.Live.View().Rules.Queues[queue] == nil {
		return router.Ticket{}, router.FailField("dispatch.assign", "queue", "there is no queue %q", queue)
	}
	t, err := s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		if t.State != router.StateWaiting && t.State != router.StateClaimed {
			return t, router.Fail("dispatch.assign", router.CodeInvalidTransition, "a ticket that is %s cannot be put into a queue", t.State)
		}
		t.FixQueue = queue
		return s.enqueue(ctx, t, "assigned")
	})
	if err == nil {
		s.life(ctx, t, "assign", by, "")
	}
	return t, err
}

// Wake puts a snoozed or pending ticket back into waiting.
func (s *Service) Wake(ctx context.Context, by router.AgentID, id router.TicketID) (router.Ticket, error) {
	t, err := s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		if t.State != router.StateSnoozed && t.State != router.StatePendingCustomer {
			return t, router.Fail("dispatch.wake", router.CodeInvalidTransition, "only a snoozed or pending ticket can be woken; this one is %s", t.State)
		}
		return s.returned(ctx, t, "woken")
	})
	if err == nil {
		s.life(ctx, t, "wake", by, "")
	}
	return t, err
}

// ReleaseHeld lets a held ticket into its queue after all.
func (s *Service) ReleaseHeld(ctx context.Context, by router.AgentID, id router.TicketID) (router.Ticket, error) {
	spam := false
	t, err := s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		if t.State != router.StateHeld {
			return t, router.Fail("dispatch.held", router.CodeInvalidTransition, "only a held ticket can be released; this one is %s", t.State)
		}
		spam = t.Spam
		t.Case.Number++ // a person has said that this is work: it is not held again
		t.Spam = false
		return s.enqueue(ctx, t, "released_by_manager")
	})
	if err == nil {
		s.life(ctx, t, "release_held", by, "")
		if spam {
			s.taughtNoSpam(ctx, t, by)
		}
	}
	return t, err
}

// DismissHeld closes a held ticket.
func (s *Service) DismissHeld(ctx context.Context, by router.AgentID, id router.TicketID) (router.Ticket, error) {
	t, err := s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		if t.State != router.StateHeld {
			return t, router.Fail("dispatch.held", router.CodeInvalidTransition, "only a held ticket can be dismissed; this one is %s", t.State)
		}
		return t.Resolve(s.Now())
	})
	if err == nil {
		s.life(ctx, t, "dismiss_held", by, "")
	}
	return t, err
}

// ResolveMany closes waiting and snoozed tickets; each is answered for by its own error or nil.
func (s *Service) ResolveMany(ctx context.Context, by router.AgentID, ids []router.TicketID, note string) []error {
	errs := make([]error, len(ids))
	for i, id := range ids {
		t, err := s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
			if t.State != router.StateWaiting && t.State != router.StateSnoozed {
				return t, router.Fail("dispatch.resolve", router.CodeInvalidTransition, "the ticket is %s", t.State)
			}
			return t.Resolve(s.Now())
		})
		if errs[i] = err; err == nil {
			s.life(ctx, t, "resolve", by, note)
		}
	}
	return errs
}

// returned puts a ticket that comes back into waiting, kept for its last agent while he is available.
func (s *Service) returned(ctx context.Context, t router.Ticket, why string, extra ...router.Message) (router.Ticket, error) {
	last := t.LastAgent
	next, err := s.enqueue(ctx, t, why, extra...)
	if err == nil && next.State == router.StateWaiting && last != "" && s.available(last) {
		next.KeptFor, next.KeptUntil = last, s.Now().Add(s.Live.View().Rules.KeepLast)
	}
	return next, err
}

// Due does what time alone does to a ticket: ends claims, snoozes, waits and keeps, and settles replies.
func (s *Service) Due(ctx context.Context, id router.TicketID) error {
	t, err := s.Store.Ticket(ctx, id)
	if err != nil {
		return err
	}
	if t, err = s.Settle(ctx, t); err != nil {
		return err
	}
	if err = s.tellEscalations(ctx, t); err != nil {
		return err
	}
	act := ""
	t, err = s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		now, rules := s.Now(), s.Live.View().Rules
		act = ""
		switch {
		case t.Expired(now, rules.ClaimMax):
			act = "expire"
			return s.enqueue(ctx, t.Lapse(rules.ClaimTTL), "expired")
		case t.State == router.StateSnoozed && !now.Before(t.WakeAt):
			act = "wake"
			return s.returned(ctx, t, "snooze_over")
		case t.State == router.StatePendingCustomer && !now.Before(t.WakeAt):
			act = "resolve"
			return t.Resolve(now)
		case t.State == router.StateWaiting && t.KeptFor != "" && !now.Before(t.KeptUntil):
			return endKeep(t)
		}
		if due := t.DueAt(rules.ClaimMax); !due.IsZero() && !due.After(now) || !t.EscalateAt.Equal(s.escalateAt(t)) {
			return t, nil // stored anew with its right due moment
		}
		return t, unchanged{}
	})
	if err != nil {
		return err
	}
	if act != "" {
		s.life(ctx, t, act, "", "")
	}
	return s.escalate(ctx, t)
}

// DeliveryFailed returns a ticket to waiting because a reply did not arrive. An automatic question that did not
// is told where the ticket is in work, and changes no state.
func (s *Service) DeliveryFailed(ctx context.Context, m router.Message) error {
	mark := "failed:" + m.ID
	_, err := s.change(ctx, m.TicketID, func(t router.Ticket) (router.Ticket, error) {
		if t.HasApplied(mark) {
			return t, unchanged{}
		}
		t = t.Marking(mark)
		switch t.State {
		case router.StateClaimed, router.StateWaiting, router.StateHeld, router.StateNew:
			t.Returned = "delivery_failed"
			return t, nil
		}
		if m.Automatic {
			return t, nil
		}
		return s.returned(ctx, t, "delivery_failed")
	})
	if err == nil {
		s.Log.Info("a reply could not be delivered", "ticket", m.TicketID, "message", m.ID)
	}
	return err
}

// EdgeQueue decides the waiting tickets of a queue again, because it or its night queue opened or closed,
// or because the policy changed. It reports how many moved.
func (s *Service) EdgeQueue(ctx context.Context, q router.QueueName) (moved int, err error) {
	after := router.TicketID("")
	for {
		ts, err := s.Store.QueueTickets(ctx, q, after, 200)
		if err != nil || len(ts) == 0 {
			return moved, err
		}
		for _, t := range ts {
			after = t.ID
			next, err := s.change(ctx, t.ID, func(t router.Ticket) (router.Ticket, error) {
				if t.State != router.StateWaiting || t.Queue != q {
					return t, unchanged{}
				}
				kept, until := t.KeptFor, t.KeptUntil
				next, err := s.enqueue(ctx, t, t.Returned)
				if err == nil && next.Queue == t.Queue && next.Class == t.Class && t.EscalateAt.Equal(s.escalateAt(t)) {
					return t, unchanged{}
				}
				next.KeptFor, next.KeptUntil = kept, until
				return next, err
			})
			if err != nil {
				return moved, err
			}
			if next.Queue != q {
				moved++
			}
		}
	}
}

// ExpireNow ends an agent's claims at once, because he was removed or signed out for good.
func (s *Service) ExpireNow(ctx context.Context, agent router.AgentID) error {
	held, err := s.Store.ClaimedBy(ctx, agent)
	if err != nil {
		return err
	}
	for _, h := range held {
		_, err := s.change(ctx, h.ID, func(t router.Ticket) (router.Ticket, error) {
			if t.State != router.StateClaimed || t.Agent != agent {
				return t, unchanged{}
			}
			return s.enqueue(ctx, t, "agent_removed")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Position says how many tickets an agent would see before this one, roughly by age, and the expected wait.
func (s *Service) Position(ctx context.Context, t router.Ticket) (ahead int, wait time.Duration, ok bool) {
	if t.State != router.StateWaiting {
		return 0, 0, false
	}
	q, known := s.Live.View().Snapshot.Queues[t.Queue]
	if !known {
		return 0, 0, false
	}
	ahead = max(0, q.Waiting-1)
	if q.Agents == 0 {
		return ahead, 0, true
	}
	return ahead, time.Duration(q.Predicted * float64(time.Minute)), true
}
