package dispatch

import (
	"context"
	"time"

	"switchyard/router/forecast"
	"switchyard/router/hours"
	"switchyard/router/store"
)

// demand is the desk's demand as the forecast wants it, as many days as it looks at.
func (l *Live) demand(ctx context.Context, now time.Time) ([]forecast.Row, error) {
	days, err := store.DemandDays(l.store).List(ctx, "", now.UTC().AddDate(0, 0, -fitDays-1).Format(time.DateOnly), store.MaxLimit)
	if err != nil {
		return nil, err
	}
	var rows []forecast.Row
	for _, d := range days {
		rows = append(rows, d.Value.Rows(d.ID)...)
	}
	return rows, nil
}

// Judge holds the forecasts of the last weeks, each from what was known then, against what came, beside the naive
// rule. It does so once a local day, since forecast.Check looks at whole days. View shows it from the next refresh on.
func (l *Live) Judge(ctx context.Context) error {
	now, rules := l.now(), l.View().Rules
	midnight, _ := hours.Day(now, rules.Zone)
	if r := l.fit.report.Load(); r != nil && r.Basis.AsOf.Equal(midnight) {
		return nil
	}
	rows, err := l.demand(ctx, now)
	if err != nil {
		return err
	}
	r, err := forecast.Check(rows, rules.Zone, rules.Calendars["day"], midnight, forecast.CheckOptions{})
	if err != nil {
		return err
	}
	l.fit.report.Store(&r)
	return nil
}
