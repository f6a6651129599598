package dispatch

import (
	"context"

	"switchyard/router"
	"switchyard/router/order"
	"switchyard/router/store"
	"switchyard/router/whatif"
)

// Counterfactual is what would have changed a ticket's fate: the smallest changes of one input, smallest first.
type Counterfactual struct {
	First   router.TicketID // what is first in its queue now, where that was asked; itself, if it is
	Changes []whatif.Change
}

// WhatFirst says what would put a waiting ticket first in its queue's line. invalid_transition: it does not wait.
func (s *Service) WhatFirst(ctx context.Context, t router.Ticket) (Counterfactual, error) {
	if t.State != router.StateWaiting {
		return Counterfactual{}, router.Fail("dispatch.whatif", router.CodeInvalidTransition, "only a waiting ticket stands in a line; this one is %s", t.State)
	}
	line, err := s.Line(ctx, t.Queue, 2, nil)
	if err != nil {
		return Counterfactual{}, err
	}
	view, now := s.Live.View(), line.At
	rule := order.ATC
	if q := view.Rules.Queues[t.Queue]; q != nil {
		rule = q.Order
	}
	me := view.candidate(router.Head{TicketID: t.ID, Run: t.Run(), AgeAt: t.AgeAt, CutoffAt: t.CutoffAt}, now)
	out := Counterfactual{First: t.ID}
	for _, row := range line.Tickets {
		if row.Head.TicketID == t.ID {
			continue
		}
		rival := view.candidate(row.Head, now)
		if out.Changes = whatif.First(rule, me, []order.Candidate{rival}, now); len(out.Changes) > 0 {
			out.First = rival.Head.TicketID
		}
		break
	}
	return out, nil
}

// WhatQueue says what would have put a ticket in another queue when it was last decided. not_found: it was never
// decided. invalid_field: no such queue.
func (s *Service) WhatQueue(ctx context.Context, t router.Ticket, queue router.QueueName) (Counterfactual, error) {
	r, err := store.Decisions(s.Store).Get(ctx, t.Decision)
	if err != nil {
		return Counterfactual{}, err
	}
	in, err := s.recorded(ctx, r.Value)
	if err != nil {
		return Counterfactual{}, err
	}
	changes, err := whatif.Queue(in, queue)
	return Counterfactual{Changes: changes}, err
}
