package dispatch

import (
	"context"

	"switchyard/router"
	"switchyard/router/store"
)

// HeldTicket is a ticket that is kept out of every queue, with what a manager needs to judge it.
type HeldTicket struct {
	Ticket     router.Ticket
	Kind       router.Kind     // of its newest message
	Text       string          // of the same, masked, cut to heldText characters
	Rule       string          // what held it: spam, automatic, marked, or a rule of the policy
	Why        router.Sentence // the same in words
	Confidence float64         // how sure the topic is, 0–1; 0 where the topic did not matter
}

const (
	// heldText is how many characters of a held message are shown in the list.
	heldText = 600
	// heldLook is how many of a held ticket's messages are looked at.
	heldLook = 50
)

// Held lists held tickets page by page, newest first.
func (s *Service) Held(ctx context.Context, after string, limit int) ([]HeldTicket, string, error) {
	ts, next, err := s.Store.ListTickets(ctx, store.TicketFilter{State: router.StateHeld, After: after, Limit: limit})
	if err != nil {
		return nil, "", err
	}
	out := make([]HeldTicket, len(ts))
	for i, t := range ts {
		if out[i], err = s.heldTicket(ctx, t); err != nil {
			return nil, "", err
		}
	}
	return out, next, nil
}

func (s *Service) heldTicket(ctx context.Context, t router.Ticket) (HeldTicket, error) {
	h := HeldTicket{Ticket: t, Rule: "marked", Why: router.Sentence{ZH: "客服标记为垃圾信息", EN: "an agent marked it as spam"}}
	ms, _, err := s.Store.TicketMessages(ctx, t.ID, "", heldLook)
	if err != nil {
		return h, err
	}
	for _, m := range ms {
		if m.Direction == router.DirectionIn {
			text := []rune(m.Text)
			h.Kind, h.Text = m.Kind, string(text[:min(len(text), heldText)])
		}
	}
	r, err := store.Decisions(s.Store).Get(ctx, t.Decision)
	if router.IsCode(err, router.CodeNotFound) {
		return h, nil
	}
	d := r.Value.Decision
	if err != nil || d.State != router.StateHeld {
		return h, err
	}
	for _, reason := range d.Reasons {
		if reason.Step == "route" && reason.Matched {
			h.Rule, h.Why = reason.Rule, reason.Why
		}
	}
	if h.Rule == "spam" {
		h.Confidence = d.Classification.Confidence
	}
	return h, nil
}
