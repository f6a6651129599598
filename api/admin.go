package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"sort"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/store"
)

// audit notes what a manager did. An act whose line cannot be written is answered as failed, so that it is done again.
func (s *Server) audit(c echo.Context, act, target, note string) error {
	_, err := store.AppendJSON(c.Request().Context(), s.Store, store.AuditStream, rand.Text(), s.Now(),
		store.AuditEntry{By: gate.CallerOf(c).ID(), Act: act, Target: target, Note: note, Remote: s.remote(c).String()})
	return err
}

// refresh makes this process see a change at once; the others look within a second.
func (s *Server) refresh(ctx context.Context) {
	if err := s.Live.Refresh(ctx); err != nil {
		s.Log.Warn("the view of the desk is stale", "error", err)
	}
}

// audited answers a ticket after a manager's act.
func (s *Server) audited(c echo.Context, act, note string, t router.Ticket, err error) error {
	if err == nil {
		err = s.audit(c, act, string(t.ID), note)
	}
	return s.changed(c, t, err)
}

// ListHeld answers GET /v1/admin/held.
func (s *Server) ListHeld(c echo.Context, p openapi.ListHeldParams) error {
	limit, err := pageSize(c, p.Limit)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	held, next, err := s.Desk.Held(ctx, p.Cursor, limit)
	if err != nil {
		return err
	}
	out := openapi.HeldList{Items: make([]openapi.HeldTicket, len(held)), NextCursor: next}
	v := s.view(gate.CallerOf(c))
	for i, h := range held {
		t, err := v.ticket(ctx, h.Ticket)
		if err != nil {
			return err
		}
		out.Items[i] = openapi.HeldTicket{Ticket: t, Kind: h.Kind, Text: h.Text, Rule: h.Rule, Why: h.Why, Confidence: h.Confidence}
	}
	return c.JSON(http.StatusOK, out)
}

// ReleaseHeld answers POST /v1/admin/held/{id}/release.
func (s *Server) ReleaseHeld(c echo.Context, id router.TicketID, _ openapi.ReleaseHeldParams) error {
	t, err := s.Desk.ReleaseHeld(c.Request().Context(), gate.CallerOf(c).ID(), id)
	return s.audited(c, "release_held", "", t, err)
}

// DismissHeld answers POST /v1/admin/held/{id}/dismiss.
func (s *Server) DismissHeld(c echo.Context, id router.TicketID, _ openapi.DismissHeldParams) error {
	t, err := s.Desk.DismissHeld(c.Request().Context(), gate.CallerOf(c).ID(), id)
	return s.audited(c, "dismiss_held", "", t, err)
}

// WakeTicket answers POST /v1/admin/tickets/{id}/wake.
func (s *Server) WakeTicket(c echo.Context, id router.TicketID, _ openapi.WakeTicketParams) error {
	t, err := s.Desk.Wake(c.Request().Context(), gate.CallerOf(c).ID(), id)
	return s.audited(c, "wake", "", t, err)
}

// AssignTicket answers POST /v1/admin/tickets/{id}/assign.
func (s *Server) AssignTicket(c echo.Context, id router.TicketID, _ openapi.AssignTicketParams) error {
	in, err := decode[openapi.AssignRequest](c)
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), gate.CallerOf(c).ID()
	switch {
	case in.Agent != "" && in.Queue != "":
		return router.FailField("api.assign", "queue", "give either an agent or a queue")
	case in.Agent != "":
		t, err := s.Desk.AssignAgent(ctx, by, id, in.Agent)
		return s.audited(c, "assign", string(in.Agent), t, err)
	case in.Queue != "":
		t, err := s.Desk.AssignQueue(ctx, by, id, in.Queue)
		return s.audited(c, "assign", string(in.Queue), t, err)
	}
	return router.FailField("api.assign", "agent", "an agent or a queue must be given")
}

// ResolveTickets answers POST /v1/admin/tickets/resolve.
func (s *Server) ResolveTickets(c echo.Context, _ openapi.ResolveTicketsParams) error {
	in, err := decode[openapi.BulkResolveRequest](c)
	if err != nil {
		return err
	}
	if len(in.Ids) < 1 || len(in.Ids) > maxLimit {
		return router.FailField("api.resolve", "ids", "must be from 1 to %d", maxLimit)
	}
	if err := lineFits("note", in.Note); err != nil {
		return err
	}
	errs := s.Desk.ResolveMany(c.Request().Context(), gate.CallerOf(c).ID(), in.Ids, in.Note)
	out, done := openapi.BulkResults{Results: make([]openapi.BulkResult, len(errs))}, 0
	for i, err := range errs {
		out.Results[i].Id = in.Ids[i]
		if err == nil {
			done++
			continue
		}
		f := faultOf(err)
		out.Results[i].Error = &f
	}
	if err := s.audit(c, "resolve_tickets", strconv.Itoa(done), in.Note); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

// endOfTime is after every moment at which a message may be tried again.
var endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// ListDeadLetters answers GET /v1/admin/dead-letters.
func (s *Server) ListDeadLetters(c echo.Context, p openapi.ListDeadLettersParams) error {
	limit, err := pageSize(c, p.Limit)
	if err != nil {
		return err
	}
	from, err := number("dead", p.Cursor)
	if err != nil {
		return err
	}
	var all []router.Message
	for _, stage := range []router.Stage{router.StageDead, router.StageFailed} {
		ms, err := s.Store.StagedMessages(c.Request().Context(), stage, endOfTime, store.MaxLimit)
		if err != nil {
			return err
		}
		all = append(all, ms...)
	}
	sort.Slice(all, func(i, j int) bool {
		if !all[i].StageAt.Equal(all[j].StageAt) {
			return all[i].StageAt.After(all[j].StageAt)
		}
		return all[i].ID < all[j].ID
	})
	start := min(int(from), len(all))
	end := min(start+limit, len(all))
	out := openapi.MessageList{Items: messagesOf(all[start:end])}
	if end < len(all) {
		out.NextCursor = mark("dead", strconv.Itoa(end))
	}
	return c.JSON(http.StatusOK, out)
}

// RetryDeadLetter answers POST /v1/admin/dead-letters/{id}/retry.
func (s *Server) RetryDeadLetter(c echo.Context, id router.MessageID, _ openapi.RetryDeadLetterParams) error {
	ctx := c.Request().Context()
	if err := s.Desk.RetryDead(ctx, id); err != nil {
		return err
	}
	if err := s.audit(c, "retry", string(id), ""); err != nil {
		return err
	}
	return s.GetMessage(c, id)
}

// ListAudit answers GET /v1/admin/audit.
func (s *Server) ListAudit(c echo.Context, p openapi.ListAuditParams) error {
	limit, err := pageSize(c, p.Limit)
	if err != nil {
		return err
	}
	before, err := number("audit", p.Cursor)
	if err != nil {
		return err
	}
	said, err := store.TailJSON[store.AuditEntry](c.Request().Context(), s.Store, store.AuditStream, before, limit)
	if err != nil {
		return err
	}
	out := openapi.AuditList{Items: make([]openapi.AuditEntry, len(said))}
	for i, e := range said {
		a := e.Value
		out.Items[i] = openapi.AuditEntry{Seq: e.Seq, At: e.At, By: a.By, Act: a.Act, Target: a.Target, Note: a.Note, Remote: a.Remote}
	}
	if n := len(said); n == limit && said[n-1].Seq > 1 {
		out.NextCursor = mark("audit", strconv.FormatInt(said[n-1].Seq, 10))
	}
	return c.JSON(http.StatusOK, out)
}
