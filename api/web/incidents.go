package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"switchyard/router"
	"switchyard/router/incident"
	"switchyard/router/policy"
	"switchyard/router/store"
)

// maxIncidents bounds the closed incidents that the page lists.
const maxIncidents = 50

// incidentRow is one incident in a list.
type incidentRow struct {
	incident.Incident
	Title   router.Sentence
	Tickets int
}

// incidentsData is the manager's page of incidents.
type incidentsData struct {
	Rows   []incidentRow
	Topics []*policy.Topic
	Govern bool
}

// incidentData is one incident with its tickets.
type incidentData struct {
	Row     incidentRow
	Open    bool
	Answers []store.IncidentAnswer
	Tickets []ticketRow
	Govern  bool
}

func (p *Pages) incidentRow(c echo.Context, i incident.Incident) (incidentRow, []router.TicketID, error) {
	ids, err := p.Desk.IncidentTickets(c.Request().Context(), i.ID)
	return incidentRow{i, p.topicTitle(i.Topic), len(ids)}, ids, err
}

func (p *Pages) managerIncidents(c echo.Context) error {
	all, err := p.Desk.Incidents(c.Request().Context())
	if err != nil {
		return err
	}
	d := incidentsData{Govern: callerGoverns(c)}
	for n, i := range all {
		if n >= maxIncidents && i.State == incident.Closed {
			continue
		}
		row, _, err := p.incidentRow(c, i)
		if err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	for _, t := range p.Live.View().Rules.Topics {
		if !t.Spam {
			d.Topics = append(d.Topics, t)
		}
	}
	return p.render(c, http.StatusOK, "incidents.html", "incidents", d)
}

func (p *Pages) managerIncident(c echo.Context) error {
	ctx := c.Request().Context()
	r, err := store.Incidents(p.Store).Get(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	d := incidentData{Govern: callerGoverns(c), Open: r.Value.State == incident.Open}
	row, ids, err := p.incidentRow(c, r.Value)
	if err != nil {
		return err
	}
	d.Row = row
	if d.Answers, err = p.Desk.IncidentAnswers(ctx, r.Value); err != nil {
		return err
	}
	var ts []router.Ticket
	for _, id := range ids[:min(len(ids), maxListed)] {
		t, err := p.Store.Ticket(ctx, id)
		if router.IsCode(err, router.CodeNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		ts = append(ts, t)
	}
	if d.Tickets, err = p.ticketRows(ctx, ts); err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "incident.html", "incident", d)
}

// openIncidents are the open ones, for banners.
func (p *Pages) openIncidents() []incidentRow {
	var out []incidentRow
	for _, i := range p.Live.View().Incidents {
		out = append(out, incidentRow{Incident: i, Title: p.topicTitle(i.Topic)})
	}
	return out
}
