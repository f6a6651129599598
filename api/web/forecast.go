package web

import (
	"math"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/chart"
	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/forecast"
	"switchyard/router/hours"
	"switchyard/router/policy"
	"switchyard/router/store"
)

const (
	// daysAhead is how many days a manager and a customer see.
	daysAhead = 7
	// hoursADay is the number of columns of the heat-map.
	hoursADay = 24
)

// forecastData is what a day is expected to bring.
type forecastData struct {
	Day      time.Time
	Days     []time.Time
	Basis    forecast.Basis
	Total    forecast.Band
	Came     int
	Arrivals *chart.Picture
	Staff    *chart.Picture
	Heat     *chart.Picture
	Hours    []staffHour
	Missing  int // agents, at the worst quarter-hour
	MissAt   time.Time
	Quiet    []forecast.Quiet
	Report   *forecast.Report // how the forecasts of the last weeks came out; nil: not judged yet
	Filter   forecast.Filter
	Topics   []*policy.Topic
	Channels []router.Channel
}

// staffHour is the neediest quarter of an hour.
type staffHour struct {
	At       time.Time
	Arrivals float64 // in the hour
	Needed   int
	OnShift  int
	Level    float64
	Abandons float64
	Wait     time.Duration
}

func (p *Pages) forecastPage(c echo.Context) error {
	view, now := p.Live.View(), p.Now()
	d := forecastData{Day: now, Topics: view.Rules.Topics, Channels: router.Channels(),
		Filter: forecast.Filter{Channel: router.Channel(c.QueryParam("channel")), Topic: router.Topic(c.QueryParam("topic")), Language: router.Language(c.QueryParam("language"))}}
	if day := c.QueryParam("day"); day != "" {
		noon, err := view.Noon(day, now)
		if err != nil {
			return err
		}
		d.Day = noon
	}
	for i := range daysAhead {
		d.Days = append(d.Days, now.AddDate(0, 0, i))
	}
	plan, err := view.Outlook(d.Day, d.Filter)
	if err != nil {
		return err
	}
	d.Basis, d.Total = plan.Forecast.Basis, plan.Forecast.Total
	d.Report = view.Report
	if !d.Basis.None {
		if err := p.drawForecast(c, &d, plan); err != nil {
			return err
		}
		if d.Quiet, err = view.Quietest(now, daysAhead); err != nil {
			return err
		}
	}
	return p.render(c, http.StatusOK, "forecast.html", "forecast", d)
}

func (p *Pages) drawForecast(c echo.Context, d *forecastData, plan dispatch.DayPlan) error {
	lang, zone := language(c), p.Live.View().Rules.Zone
	came, err := p.came(c, plan, d.Filter)
	if err != nil {
		return err
	}
	lines := chart.LineChart{Title: say(lang, "arrivals_chart"), XName: say(lang, "hour"), Series: []chart.Series{{Name: say(lang, "expected"), Dashed: true}, {Name: say(lang, "came")}}, Band: &chart.Band{Name: "90 %"}}
	for i, s := range plan.Forecast.Slots {
		lines.X = append(lines.X, s.At.In(zone).Format("15:04"))
		lines.Series[0].Values = append(lines.Series[0].Values, s.Mean)
		lines.Series[1].Values = append(lines.Series[1].Values, came[i])
		lines.Band.Low, lines.Band.High = append(lines.Band.Low, float64(s.Low90)), append(lines.Band.High, float64(s.High90))
		if came[i] > 0 {
			d.Came += int(came[i])
		}
	}
	steps := chart.StepChart{Title: say(lang, "staff_chart"), XName: say(lang, "hour"), Needed: chart.Series{Name: say(lang, "needed")}, OnShift: chart.Series{Name: say(lang, "on_shift")}}
	for i, row := range plan.Plan.Rows {
		steps.X = append(steps.X, row.At.In(zone).Format("15:04"))
		steps.Needed.Values, steps.OnShift.Values = append(steps.Needed.Values, float64(row.Agents)), append(steps.OnShift.Values, float64(plan.OnShift[i]))
		d.staff(row, plan.OnShift[i], p.Now(), zone)
	}
	heat, err := p.heat(c, d.Filter)
	if err != nil {
		return err
	}
	d.Heat = heat
	return d.draw(lines, steps)
}

func (d *forecastData) draw(lines chart.LineChart, steps chart.StepChart) error {
	arrivals, err := chart.Lines(lines)
	if err != nil {
		return err
	}
	staff, err := chart.Steps(steps)
	d.Arrivals, d.Staff = &arrivals, &staff
	return err
}

// staff takes a quarter-hour into its hour, and notes where most agents are missing.
func (d *forecastData) staff(row forecast.StaffRow, onShift int, now time.Time, zone *time.Location) {
	if miss := row.Agents - onShift; miss > d.Missing && row.At.Add(forecast.Slot).After(now) {
		d.Missing, d.MissAt = miss, row.At
	}
	local := row.At.In(zone)
	hour := local.Add(-time.Duration(local.Minute()) * time.Minute)
	if n := len(d.Hours); n == 0 || !d.Hours[n-1].At.Equal(hour) {
		d.Hours = append(d.Hours, staffHour{At: hour})
	}
	h := &d.Hours[len(d.Hours)-1]
	h.Arrivals += row.Arrivals
	if row.Agents >= h.Needed {
		h.Needed, h.OnShift, h.Level, h.Abandons, h.Wait = row.Agents, onShift, row.Level, row.Abandons, row.Wait
	}
}

// came is what came in the quarter-hours of a plan; those still to come are gaps.
func (p *Pages) came(c echo.Context, plan dispatch.DayPlan, f forecast.Filter) ([]float64, error) {
	now := p.Now()
	at := map[time.Time]int{}
	out := make([]float64, len(plan.Forecast.Slots))
	for i, s := range plan.Forecast.Slots {
		at[s.At] = i
		if s.At.After(now) {
			out[i] = ahead
		}
	}
	for _, day := range []time.Time{plan.From, plan.To} {
		rows, err := store.DemandOf(c.Request().Context(), p.Store, day)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if i, ok := at[row.At]; ok && f.Takes(row.Key) && out[i] >= 0 {
				out[i] += float64(row.Count)
			}
		}
	}
	for i := range out {
		if out[i] == ahead {
			out[i] = math.NaN() // a gap in the picture
		}
	}
	return out, nil
}

// ahead marks a quarter-hour that is still to come, while others are counted.
const ahead = -1.0

// heat is what the coming week is expected to bring, by day and hour.
func (p *Pages) heat(c echo.Context, f forecast.Filter) (*chart.Picture, error) {
	view, lang := p.Live.View(), language(c)
	from, _ := hours.Day(p.Now(), view.Rules.Zone)
	week, err := view.Forecast.Span(from, from.AddDate(0, 0, daysAhead), f)
	if err != nil {
		return nil, err
	}
	in := chart.Heat{Title: say(lang, "heat_chart"), RowName: say(lang, "day")}
	for h := range hoursADay {
		in.Columns = append(in.Columns, time.Date(2026, 1, 1, h, 0, 0, 0, time.UTC).Format("15"))
	}
	rows := map[string]int{}
	for _, s := range week.Slots {
		local := s.At.In(view.Rules.Zone)
		key := local.Format(time.DateOnly)
		if _, ok := rows[key]; !ok {
			rows[key] = len(in.Rows)
			in.Rows = append(in.Rows, say(lang, "weekday."+local.Weekday().String())+" "+local.Format("01-02"))
			in.Values = append(in.Values, make([]float64, hoursADay))
		}
		in.Values[rows[key]][local.Hour()] += s.Mean
	}
	picture, err := chart.HeatMap(in)
	return &picture, err
}
