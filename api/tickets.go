package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/order"
	"switchyard/router/store"
	"switchyard/router/whatif"
)

// ListTickets answers GET /v1/tickets.
func (s *Server) ListTickets(c echo.Context, p openapi.ListTicketsParams) error {
	const op = "api.tickets"
	limit, err := pageSize(c, p.Limit)
	if err != nil {
		return err
	}
	f := store.TicketFilter{Queue: p.Queue, State: p.State, Topic: p.Topic, Channel: p.Channel, Agent: p.Agent, Contact: p.Contact, After: p.Cursor, Limit: limit}
	switch {
	case f.State != "" && !f.State.Valid():
		return router.FailField(op, "state", "must be one of %v", router.States())
	case f.Channel != "" && !f.Channel.Valid():
		return router.FailField(op, "channel", "must be one of %v", router.Channels())
	}
	if q := strings.TrimSpace(p.Q); q != "" {
		if f.Terms = store.Terms(q); len(f.Terms) == 0 {
			return router.FailField(op, "q", "needs a word or two Chinese characters")
		}
	}
	ctx := c.Request().Context()
	ts, next, err := s.Store.ListTickets(ctx, f)
	if err != nil {
		return err
	}
	out := openapi.TicketList{Items: make([]openapi.Ticket, len(ts)), NextCursor: next}
	v := s.view(gate.CallerOf(c))
	for i, t := range ts {
		if out.Items[i], err = v.ticket(ctx, t); err != nil {
			return err
		}
	}
	return c.JSON(http.StatusOK, out)
}

// GetTicket answers GET /v1/tickets/{id}.
func (s *Server) GetTicket(c echo.Context, id router.TicketID) error {
	ctx := c.Request().Context()
	t, err := s.Store.Ticket(ctx, id)
	if err != nil {
		return err
	}
	out, err := s.view(gate.CallerOf(c)).whole(ctx, t)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

// TicketMessages answers GET /v1/tickets/{id}/messages.
func (s *Server) TicketMessages(c echo.Context, id router.TicketID, p openapi.TicketMessagesParams) error {
	limit, err := pageSize(c, p.Limit)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if _, err := s.Store.Ticket(ctx, id); err != nil {
		return err
	}
	ms, next, err := s.Store.TicketMessages(ctx, id, p.Cursor, limit)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, openapi.MessageList{Items: messagesOf(ms), NextCursor: next})
}

// timelineLength bounds the lines of a ticket's life that are shown: the newest.
const timelineLength = 500

// WhyTicket answers GET /v1/tickets/{id}/why: the decision in force, made again now from its record.
func (s *Server) WhyTicket(c echo.Context, id router.TicketID, p openapi.WhyTicketParams) error {
	ctx := c.Request().Context()
	t, err := s.Store.Ticket(ctx, id)
	if err != nil {
		return err
	}
	out := openapi.Why{Pull: t.Pull, PullReproducible: sameAgain(t), Timeline: []openapi.TimelineEntry{}}
	if t.Decision != "" {
		if err := s.explain(c, t.Decision, &out); err != nil {
			return err
		}
	}
	if out.WhatIf, err = s.whatIf(ctx, t, p.WhatIf); err != nil {
		return err
	}
	if out.Overtaken, err = s.overtaken(c, id); err != nil {
		return err
	}
	lines, err := store.TailJSON[dispatch.Life](ctx, s.Store, store.TicketStream(id), 0, timelineLength)
	if err != nil {
		return err
	}
	for _, x := range slices.Backward(lines) {
		l := x.Value
		out.Timeline = append(out.Timeline, openapi.TimelineEntry{Seq: x.Seq, At: x.At, Act: l.Act, By: l.By, State: l.State, Queue: l.Queue, Note: l.Note})
	}
	return c.JSON(http.StatusOK, out)
}

// whatIf answers first and queue:NAME; nothing asked is nothing answered.
func (s *Server) whatIf(ctx context.Context, t router.Ticket, asked string) (*openapi.WhatIf, error) {
	var found dispatch.Counterfactual
	var err error
	queue, isQueue := strings.CutPrefix(asked, "queue:")
	switch {
	case asked == "":
		return nil, nil
	case asked == "first":
		found, err = s.Desk.WhatFirst(ctx, t)
	case isQueue:
		found, err = s.Desk.WhatQueue(ctx, t, router.QueueName(queue))
	default:
		err = router.FailField("api.why", "what_if", "must be first, or queue: and the name of a queue")
	}
	if err != nil {
		return nil, err
	}
	return &openapi.WhatIf{First: string(found.First), Changes: append([]whatif.Change{}, found.Changes...)}, nil
}

// sameAgain reports whether the order of the ticket's last pull, made again from its record, gives the same bytes.
func sameAgain(t router.Ticket) bool {
	again, err := order.Again(t.Pull, t.ID)
	if err != nil {
		return false
	}
	stored, err1 := json.Marshal(t.Pull)
	made, err2 := json.Marshal(again)
	return err1 == nil && err2 == nil && bytes.Equal(stored, made)
}

// explain fills in a stored decision, and whether it gives the same bytes when it is made again.
func (s *Server) explain(c echo.Context, id string, out *openapi.Why) error {
	ctx := c.Request().Context()
	d, err := s.Store.GetDoc(ctx, "decision", id)
	if router.IsCode(err, router.CodeNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var raw struct{ Input, Decision json.RawMessage }
	var record store.DecisionRecord
	if err := json.Unmarshal(d.Body, &raw); err != nil {
		return router.Wrap("api.why", router.CodeInternal, err)
	}
	if err := json.Unmarshal(d.Body, &record); err != nil {
		return router.Wrap("api.why", router.CodeInternal, err)
	}
	out.Decision, out.Input, out.Sentence = raw.Decision, raw.Input, record.Decision.Why
	again, err := s.Desk.Again(ctx, record)
	if err != nil {
		s.Log.Warn("a decision could not be made again", "decision", id, "error", err)
		return nil
	}
	made, err := json.Marshal(again)
	out.Reproducible = err == nil && bytes.Equal(made, raw.Decision)
	return nil
}
