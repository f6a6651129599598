package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/dispatch"
)

// lineLength is how much of the line is answered where no limit is given.
const lineLength = 50

// AdminLine answers GET /v1/admin/line.
func (s *Server) AdminLine(c echo.Context, p openapi.AdminLineParams) error {
	if p.Limit < 0 || p.Limit > dispatch.MaxLine || p.Limit == 0 && c.QueryParams().Has("limit") {
		return router.FailField("api.line", "limit", "must be from 1 to %d", dispatch.MaxLine)
	}
	if p.Limit == 0 {
		p.Limit = lineLength
	}
	ctx := c.Request().Context()
	var under *decide.Ruleset
	if p.Policy != "" {
		var err error
		if under, err = s.Live.Ruleset(ctx, p.Policy); err != nil {
			return problemsOf(err)
		}
	}
	l, err := s.Desk.Line(ctx, p.Queue, p.Limit, under)
	if err != nil {
		return err
	}
	out := openapi.Line{At: l.At, Policy: l.Policy, Items: make([]openapi.LineTicket, len(l.Tickets)), Classes: make([]openapi.ClassLine, len(l.Classes))}
	for i, r := range l.Tickets {
		run := r.Head.Run
		out.Items[i] = openapi.LineTicket{TicketId: r.Head.TicketID, Queue: run.Queue, Class: run.Class, Channel: run.Channel, Tier: r.Tier, Score: r.Score,
			WaitSeconds: seconds(r.Wait), TargetSeconds: seconds(r.Target), TargetUsed: r.Used, Guarded: r.Guarded, CutoffAt: r.Head.CutoffAt, KeptFor: run.KeptFor}
	}
	for i, k := range l.Classes {
		out.Classes[i] = openapi.ClassLine{Class: k.Class, Title: k.Title, OldestSeconds: seconds(k.Oldest), TicketId: k.TicketID,
			TargetSeconds: seconds(k.Target), GuardSeconds: seconds(k.Guard), Guarded: k.Guarded}
	}
	return c.JSON(http.StatusOK, out)
}

// overtaken is who was served before a ticket that had waited past its guard.
func (s *Server) overtaken(c echo.Context, id router.TicketID) ([]openapi.Overtaking, error) {
	got, err := s.Desk.Overtaken(c.Request().Context(), id)
	if err != nil {
		return nil, err
	}
	out := make([]openapi.Overtaking, len(got))
	for i, o := range got {
		out[i] = openapi.Overtaking{At: o.At, ByTicket: o.By, Agent: o.Agent, Tier: o.Tier, Score: o.Score}
	}
	return out, nil
}
