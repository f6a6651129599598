package dispatch

import (
	"context"
	"time"

	"switchyard/router/forecast"
	"switchyard/router/incident"
	"switchyard/router/store"
)

// Quarter is what came in the quarter-hour that begins at an instant, by topic, channel and language, beside the
// forecast of all of it: what surges are seen in. ok is false without a forecast that rests on two weeks.
func (l *Live) Quarter(ctx context.Context, begins time.Time) (counts []incident.Count, ok bool, err error) {
	m := l.View().Forecast
	if !warm(m) {
		return nil, false, nil
	}
	rows, err := store.DemandOf(ctx, l.store, begins)
	if err != nil {
		return nil, false, err
	}
	came := map[forecast.Key]int{}
	for _, r := range rows {
		if r.At.Equal(begins) {
			came[r.Key] += r.Count
		}
	}
	known := map[forecast.Key]bool{}
	for _, k := range m.Keys() {
		known[k] = true
		c, err := quarterOf(m, begins, k, came[k])
		if err != nil {
			return nil, false, err
		}
		counts = append(counts, c)
	}
	for k, n := range came { // what was never seen before is expected not to come
		if !known[k] {
			counts = append(counts, incident.Count{Topic: k.Topic, Channel: k.Channel, Language: k.Language, Count: n, Dispersion: 1})
		}
	}
	return counts, true, nil
}

func quarterOf(m *forecast.Model, begins time.Time, k forecast.Key, n int) (incident.Count, error) {
	span, err := m.Span(begins, begins.Add(forecast.Slot), forecast.Filter(k))
	c := incident.Count{Topic: k.Topic, Channel: k.Channel, Language: k.Language, Count: n, Dispersion: 1}
	if err == nil && len(span.Slots) == 1 {
		c.Expected, c.Dispersion = span.Slots[0].Mean, max(1, span.Slots[0].Dispersion)
	}
	return c, err
}
