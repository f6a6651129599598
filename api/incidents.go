package api

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/incident"
	"switchyard/router/store"
)

func incidentOf(i incident.Incident, tickets int) openapi.Incident {
	return openapi.Incident{Id: i.ID, Topic: i.Topic, Channel: i.Channel, Language: i.Language, State: string(i.State), SinceAt: i.SinceAt, OpenedAt: i.OpenedAt,
		OpenedBy: i.OpenedBy, ClosedAt: i.ClosedAt, ClosedBy: i.ClosedBy, Why: i.Why, Expected: i.Expected, Observed: i.Observed, Tickets: tickets,
		Answers: i.Answers, Standing: i.Standing, Linking: i.State == incident.Open && i.LinkedAt.IsZero()}
}

// DeclineTicket answers POST /v1/tickets/{id}/decline.
func (s *Server) DeclineTicket(c echo.Context, id router.TicketID, _ openapi.DeclineTicketParams) error {
	if _, err := decode[struct{}](c); err != nil {
		return err
	}
	t, err := s.Desk.Decline(c.Request().Context(), gate.CallerOf(c).ID(), id)
	return s.changed(c, t, err)
}

// ListIncidents answers GET /v1/admin/incidents.
func (s *Server) ListIncidents(c echo.Context, p openapi.ListIncidentsParams) error {
	limit, err := pageSize(c, p.Limit)
	if err != nil {
		return err
	}
	after, err := place("incident", p.Cursor)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	all, err := s.Desk.Incidents(ctx)
	if err != nil {
		return err
	}
	from := 0
	if after != "" {
		from = 1 + slices.IndexFunc(all, func(i incident.Incident) bool { return i.ID == after })
	}
	out := openapi.IncidentList{Items: []openapi.Incident{}}
	for n, i := range all[from:] {
		if n == limit {
			out.NextCursor = mark("incident", all[from+n-1].ID)
			break
		}
		ids, err := s.Desk.IncidentTickets(ctx, i.ID)
		if err != nil {
			return err
		}
		out.Items = append(out.Items, incidentOf(i, len(ids)))
	}
	return c.JSON(http.StatusOK, out)
}

// GetIncident answers GET /v1/admin/incidents/{incident}.
func (s *Server) GetIncident(c echo.Context, id string) error {
	ctx := c.Request().Context()
	r, err := store.Incidents(s.Store).Get(ctx, id)
	if err != nil {
		return err
	}
	ids, err := s.Desk.IncidentTickets(ctx, id)
	if err != nil {
		return err
	}
	answers, err := s.Desk.IncidentAnswers(ctx, r.Value)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, openapi.IncidentWhole{Incident: incidentOf(r.Value, len(ids)), Answers: answers, TicketIds: ids[:min(len(ids), store.MaxLimit)]})
}

// OpenIncident answers POST /v1/admin/incidents.
func (s *Server) OpenIncident(c echo.Context, _ openapi.OpenIncidentParams) error {
	in, err := decode[openapi.OpenIncidentRequest](c)
	if err == nil {
		err = first(lineFits("why", in.Why), channelKnown(in.Channel), languageKnown(in.Language))
	}
	if err != nil {
		return err
	}
	i, err := s.Desk.OpenIncident(c.Request().Context(), gate.CallerOf(c).ID(), in.Topic, in.Channel, in.Language, router.Sentence{ZH: in.Why, EN: in.Why})
	if err == nil {
		err = s.audit(c, "open_incident", i.ID, in.Why)
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, incidentOf(i, 0))
}

func channelKnown(ch router.Channel) error {
	if ch != "" && !slices.Contains(router.Channels(), ch) {
		return router.FailField("api.incident", "channel", "there is no channel %q", ch)
	}
	return nil
}

func languageKnown(l router.Language) error {
	if l != "" && l != router.LanguageZH && l != router.LanguageEN {
		return router.FailField("api.incident", "language", "must be zh or en, or absent")
	}
	return nil
}

// CloseIncident answers POST /v1/admin/incidents/{incident}/close.
func (s *Server) CloseIncident(c echo.Context, id string, _ openapi.CloseIncidentParams) error {
	if _, err := decode[struct{}](c); err != nil {
		return err
	}
	i, err := s.Desk.CloseIncident(c.Request().Context(), gate.CallerOf(c).ID(), id)
	if err == nil {
		err = s.audit(c, "close_incident", id, "")
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, incidentOf(i, i.Tickets))
}

// MoveIncidentTickets answers POST /v1/admin/incidents/{incident}/tickets.
func (s *Server) MoveIncidentTickets(c echo.Context, id string, _ openapi.MoveIncidentTicketsParams) error {
	in, err := decode[openapi.IncidentTicketsRequest](c)
	if err != nil {
		return err
	}
	ids := append(slices.Clone(in.Add), in.Remove...)
	if len(ids) < 1 || len(ids) > maxLimit {
		return router.FailField("api.incident", "add", "add and remove together must be from 1 to %d tickets", maxLimit)
	}
	errs, err := s.Desk.MoveIncidentTickets(c.Request().Context(), id, in.Add, in.Remove)
	if err == nil {
		err = s.audit(c, "move_incident_tickets", id, strconv.Itoa(len(in.Add))+" added, "+strconv.Itoa(len(in.Remove))+" removed")
	}
	if err != nil {
		return err
	}
	out := openapi.BulkResults{Results: make([]openapi.BulkResult, len(errs))}
	for n, err := range errs {
		out.Results[n].Id = ids[n]
		if err != nil {
			f := faultOf(err)
			out.Results[n].Error = &f
		}
	}
	return c.JSON(http.StatusOK, out)
}

// AnswerIncident answers POST /v1/admin/incidents/{incident}/answer.
func (s *Server) AnswerIncident(c echo.Context, id string, _ openapi.AnswerIncidentParams) error {
	in, err := decode[openapi.IncidentAnswerRequest](c)
	if err == nil {
		err = first(lineFits("text.zh", in.Text.ZH), lineFits("text.en", in.Text.EN))
	}
	if err != nil {
		return err
	}
	a, err := s.Desk.AnswerIncident(c.Request().Context(), gate.CallerOf(c).ID(), id, in.Text, in.Resolve, in.Later)
	if err == nil {
		err = s.audit(c, "answer_incident", id, "answer "+strconv.Itoa(a.Number))
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, a)
}
