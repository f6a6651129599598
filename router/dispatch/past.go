package dispatch

import (
	"context"
	"slices"
	"strings"
	"time"

	"switchyard/router"
	"switchyard/router/backtest"
	"switchyard/router/decide"
	"switchyard/router/store"
)

// MaxPast bounds the tickets of a replay of the desk's own past: the newest count.
const MaxPast = 40_000

// pastMessages is how many of a ticket's first messages a replay looks at, where a policy's rules look at texts.
const pastMessages = 3

// Past reads the desk's tickets of a time as cases for a replay, oldest first: with their stored classification, how
// long agents worked on them, and their first messages where rules look at texts. What was held or spam is left out;
// so are contacts' tags and fields. progress is told how many were read.
func Past(ctx context.Context, st store.Store, from, to time.Time, texts bool, progress func(read int)) ([]backtest.Case, error) {
	var out []backtest.Case
	after := ""
	for {
		page, next, err := st.ListTickets(ctx, store.TicketFilter{After: after, Limit: store.MaxLimit})
		if err != nil {
			return nil, err
		}
		for _, t := range page {
			switch {
			case t.CreatedAt.Before(from):
				next = ""
			case t.CreatedAt.Before(to) && !t.Spam && t.State != router.StateHeld && t.State != router.StateNew && len(out) < MaxPast:
				c, err := pastCase(ctx, st, t, texts)
				if err != nil {
					return nil, err
				}
				out = append(out, c)
			}
		}
		if progress != nil {
			progress(len(out))
		}
		if next == "" || len(out) >= MaxPast {
			slices.SortStableFunc(out, func(a, b backtest.Case) int { return a.At.Compare(b.At) })
			return out, nil
		}
		after = next
	}
}

func pastCase(ctx context.Context, st store.Store, t router.Ticket, texts bool) (backtest.Case, error) {
	c := backtest.Case{ID: t.ID, At: t.CreatedAt, Topic: t.Topic, Channel: t.Channel, Language: t.Language, Service: t.Handled, CutoffAt: t.CutoffAt}
	d, err := store.Decisions(st).Get(ctx, t.Decision)
	switch {
	case err == nil:
		given := d.Value.Decision.Classification
		if t.FixTopic { // a person said what it is about
			given.Topic, given.Rejected, given.Confidence = t.Topic, false, 1
		}
		c.Given = &given
	case !router.IsCode(err, router.CodeNotFound):
		return c, err
	}
	if !texts {
		return c, nil
	}
	ms, _, err := st.TicketMessages(ctx, t.ID, "", pastMessages)
	for _, m := range ms {
		if m.Direction == router.DirectionIn {
			m.Raw, m.Attachments = "", nil
			c.Messages = append(c.Messages, m)
		}
	}
	return c, err
}

// LooksAtTexts reports whether rules of a policy look at what customers wrote.
func LooksAtTexts(rules *decide.Ruleset) bool {
	return slices.ContainsFunc(rules.RuleList(), func(src string) bool {
		return strings.Contains(src, "ticket.text") || strings.Contains(src, "ticket.subject") || strings.Contains(src, "ticket.call") || strings.Contains(src, "ticket.messages")
	})
}
