package web

import (
	"context"
	"net/http"
	"sort"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/dispatch"
)

// The bounds of what the pages show of the line.
const (
	lineShown     = 40
	whatIfShown   = 15
	whatIfFarther = 10 // of those that move beyond them
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
	Now, Then  lineData // the first of each
	Farther    lineData // those that move most beyond them, by their places under the version
	Looked     int      // how much of the line was compared
	Moved      int      // how many of them change their places
	Warnings   []string
	OtherRules bool // it assigns work otherwise, so that putting it in force decides waiting work again
}

func (p *Pages) linePage(c echo.Context) error {
	d, err := p.line(c)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "line.html", "the_line", d)
}

func (p *Pages) lineLive(c echo.Context) error {
	d, err := p.line(c)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "linelive.html", "the_line", d)
}

// line is the front of the line as the page shows it.
func (p *Pages) line(c echo.Context) (lineData, error) {
	d, err := p.places(c, lineShown, nil)
	if err == nil {
		err = p.fill(c.Request().Context(), &d)
	}
	return d, err
}

// places are the first n of the line, without their tickets.
func (p *Pages) places(c echo.Context, n int, under *decide.Ruleset) (lineData, error) {
	d := lineData{Queue: router.QueueName(c.QueryParam("queue")), Queues: p.queueRows(nil), Links: gate.Work.Allows(gate.CallerOf(c))}
	l, err := p.Desk.Line(c.Request().Context(), d.Queue, n, under)
	if err != nil {
		return d, err
	}
	for _, k := range l.Classes {
		d.Classes = append(d.Classes, classLine{k, min(1, float64(k.Oldest)/float64(max(k.Guard, 1)))})
	}
	for i, r := range l.Tickets {
		d.Rows = append(d.Rows, lineRow{LineRow: r, Place: i + 1})
	}
	return d, nil
}

// fill reads the tickets of the rows. One that is gone meanwhile is left out.
func (p *Pages) fill(ctx context.Context, d *lineData) error {
	rows := d.Rows
	d.Rows = make([]lineRow, 0, len(rows))
	for _, row := range rows {
		t, err := p.Store.Ticket(ctx, row.Head.TicketID)
		if router.IsCode(err, router.CodeNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		shown, err := p.ticketRows(ctx, []router.Ticket{t})
		if err != nil {
			return err
		}
		row.Ticket = shown[0]
		row.Queue, row.Class = p.titles(t)
		d.Rows = append(d.Rows, row)
	}
	return nil
}

// whatIf answers the present line beside the one under a stored policy.
func (p *Pages) whatIf(c echo.Context) error {
	ctx, d := c.Request().Context(), whatIfData{Version: c.QueryParam("version")}
	under, err := p.Live.Ruleset(ctx, d.Version)
	if err != nil {
		return err
	}
	if d.Now, err = p.places(c, dispatch.MaxLine, nil); err != nil {
		return err
	}
	if d.Then, err = p.places(c, dispatch.MaxLine, under); err != nil {
		return err
	}
	d.compare()
	for _, side := range []*lineData{&d.Now, &d.Then, &d.Farther} {
		if err := p.fill(ctx, side); err != nil {
			return err
		}
	}
	d.OtherRules = under.Assigns != p.Live.View().Rules.Assigns
	_, d.Warnings = valuesNow(under.Ruleset, p.Live.View().Snapshot)
	return p.render(c, http.StatusOK, "whatif.html", "what_if", d)
}

// compare notes which tickets move, and shortens both lines to what is shown.
func (d *whatIfData) compare() {
	was := map[router.TicketID]int{}
	for _, r := range d.Now.Rows {
		was[r.Head.TicketID] = r.Place
	}
	d.Looked = len(d.Then.Rows)
	var farther []lineRow
	for i := range d.Then.Rows {
		r := &d.Then.Rows[i]
		before, known := was[r.Head.TicketID]
		if r.New = !known; known {
			r.Up, r.Down = max(0, before-r.Place), max(0, r.Place-before)
		}
		if before != r.Place {
			d.Moved++
			if i >= whatIfShown {
				farther = append(farther, *r)
			}
		}
	}
	sort.SliceStable(farther, func(i, j int) bool { return farther[i].Up+farther[i].Down > farther[j].Up+farther[j].Down })
	farther = farther[:min(len(farther), whatIfFarther)]
	sort.Slice(farther, func(i, j int) bool { return farther[i].Place < farther[j].Place })
	d.Farther = lineData{Rows: farther, Links: d.Then.Links}
	d.Now.Rows, d.Then.Rows = d.Now.Rows[:min(len(d.Now.Rows), whatIfShown)], d.Then.Rows[:min(len(d.Then.Rows), whatIfShown)]
}
