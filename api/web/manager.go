package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"switchyard/channels"
	"switchyard/channels/runner"
	"switchyard/router"
	"switchyard/router/load"
	"switchyard/router/route"
	"switchyard/router/store"
)

const (
	// maxListed bounds dead letters, versions of the policy, and one page of held tickets.
	maxListed = 50
	// heldShown is how many held tickets the live page shows.
	heldShown = 5
)

// sourceRow is one source with its health.
type sourceRow struct {
	*channels.Source
	Health runner.Health
}

// agentRow is one agent as he is now.
type agentRow struct {
	load.Agent
	Held int
}

// bar is one bar of the chart of waiting tickets.
type bar struct {
	Title          router.Sentence
	Waiting, Width int // width of 100
}

// managerData is the manager's live page.
type managerData struct {
	Queues   []queueRow
	Bars     []bar
	Snapshot *load.Snapshot
	Classes  []loadRow
	Again    *store.Redecision // waiting work that is being decided again; nil: none is
	Agents   []agentRow
	Sources  []sourceRow
	Held     []heldRow
	MoreHeld bool
	Notices  []store.Notice
	Dead     []router.Message
	Stages   map[router.Stage]int
	Govern   bool
	Overload route.Overload
}

func (p *Pages) managerPage(c echo.Context) error {
	d, err := p.manager(c)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "manager.html", "manager", d)
}

func (p *Pages) managerLive(c echo.Context) error {
	d, err := p.manager(c)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "live.html", "manager", d)
}

func (p *Pages) manager(c echo.Context) (managerData, error) {
	ctx, view := c.Request().Context(), p.Live.View()
	d := managerData{Queues: p.queueRows(nil), Snapshot: view.Snapshot, Govern: callerGoverns(c), Overload: view.Modes.Overload}
	most := 1
	for _, q := range d.Queues {
		most = max(most, q.Waiting)
	}
	for _, q := range d.Queues {
		d.Bars = append(d.Bars, bar{q.Title, q.Waiting, q.Waiting * 100 / most})
	}
	for _, a := range view.Agents {
		if a.User.Role == router.RoleAgent || a.Presence == router.PresenceAvailable {
			d.Agents = append(d.Agents, agentRow{a, a.Held})
		}
	}
	d.Classes = loadRows(view)
	again, err := store.Redecisions(p.Store).Get(ctx, "desk")
	if err == nil && again.Value.FinishedAt.IsZero() && again.Value.Total > 0 {
		d.Again = &again.Value
	}
	health, err := p.Runner.Health(ctx)
	if err != nil {
		return d, err
	}
	for _, s := range p.Runner.Sources() {
		h := health[s.Name]
		if h.State == "" {
			h.State = channels.HealthOK
		}
		d.Sources = append(d.Sources, sourceRow{s, h})
	}
	return d, p.trouble(ctx, &d)
}

// trouble reads what needs a person: held tickets, dead letters, failed replies.
func (p *Pages) trouble(ctx context.Context, d *managerData) error {
	rows, next, err := p.held(ctx, "", heldShown, d.Govern)
	if err != nil {
		return err
	}
	d.Held, d.MoreHeld = rows, next != ""
	if d.Notices, err = p.notices(ctx); err != nil {
		return err
	}
	for _, stage := range []router.Stage{router.StageDead, router.StageFailed} {
		ms, err := p.Store.StagedMessages(ctx, stage, farFuture, maxListed)
		if err != nil {
			return err
		}
		d.Dead = append(d.Dead, ms...)
	}
	d.Stages, err = p.Store.CountStages(ctx)
	return err
}
