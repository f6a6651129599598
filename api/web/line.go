package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/dispatch"
)

// The bounds of what the pages show of the line.
const (
	lineShown   = 40
	whatIfShown = 15
)

// lineData is the line as a page shows it.
type lineData struct {
	Queue   router.QueueName
	Queues  []queueRow
	Rows    []lineRow
	Classes []classLine
	Links   bool // the reader may open tickets
}

// lineRow is one ticket in the line.
type lineRow struct {
	dispatch.LineRow
	Place  int
	Ticket ticketRow
	Queue  router.Sentence
	Class  router.Sentence
	Up     int // places it gains under the other policy
	Down   int // places it loses
	New    bool
}

// classLine is a class with how much of its guard its oldest has used, at most 1.
type classLine struct {
	dispatch.ClassLine
	Share float64
}

// whatIfData is the line now and under another policy.
type whatIfData struct {
	Version    string
	Now, Then  lineData
	Warnings   []string
	Same       bool
	OtherRules bool // it assigns work otherwise, so that putting it in force decides waiting work again
}

func (p *Pages) linePage(c echo.Context) error {
	d, err := p.line(c.Request().Context(), c, lineShown, nil)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "line.html", "the_line", d)
}

func (p *Pages) lineLive(c echo.Context) error {
	d, err := p.line(c.Request().Context(), c, lineShown, nil)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "linelive.html", "the_line", d)
}

func (p *Pages) line(ctx context.Context, c echo.Context, n int, under *decide.Ruleset) (lineData, error) {
	d := lineData{Queue: router.QueueName(c.QueryParam("queue")), Queues: p.queueRows(nil), Links: gate.Work.Allows(gate.CallerOf(c))}
	l, err := p.Desk.Line(ctx, d.Queue, n, under)
	if err != nil {
		return d, err
	}
	for _, k := range l.Classes {
		d.Classes = append(d.Classes, classLine{k, min(1, float64(k.Oldest)/float64(max(k.Guard, 1)))})
	}
	for _, r := range l.Tickets {
		t, err := p.Store.Ticket(ctx, r.Head.TicketID)
		if router.IsCode(err, router.CodeNotFound) {
			continue
		}
		if err != nil {
			return d, err
		}
		rows, err := p.ticketRows(ctx, []router.Ticket{t})
		if err != nil {
			return d, err
		}
		row := lineRow{LineRow: r, Place: len(d.Rows) + 1, Ticket: rows[0]}
		row.Queue, row.Class = p.titles(t)
		d.Rows = append(d.Rows, row)
	}
	return d, nil
}

// whatIf answers the present line beside the one under a stored policy.
func (p *Pages) whatIf(c echo.Context) error {
	ctx, d := c.Request().Context(), whatIfData{Version: c.QueryParam("version")}
	under, err := p.Live.Ruleset(ctx, d.Version)
	if err != nil {
		return err
	}
	if d.Now, err = p.line(ctx, c, whatIfShown, nil); err != nil {
		return err
	}
	if d.Then, err = p.line(ctx, c, whatIfShown, under); err != nil {
		return err
	}
	d.compare()
	d.OtherRules = under.Assigns != p.Live.View().Rules.Assigns
	_, d.Warnings = valuesNow(under.Ruleset, p.Live.View().Snapshot)
	return p.render(c, http.StatusOK, "whatif.html", "what_if", d)
}

// compare notes which tickets move.
func (d *whatIfData) compare() {
	was := map[router.TicketID]int{}
	for _, r := range d.Now.Rows {
		was[r.Head.TicketID] = r.Place
	}
	d.Same = len(d.Now.Rows) == len(d.Then.Rows)
	for i := range d.Then.Rows {
		r := &d.Then.Rows[i]
		before, known := was[r.Head.TicketID]
		r.New, r.Up, r.Down = !known, max(0, before-r.Place), 0
		if known {
			r.Down = max(0, r.Place-before)
		}
		d.Same = d.Same && before == r.Place
	}
}
