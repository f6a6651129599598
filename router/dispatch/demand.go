package dispatch

import (
	"context"
	"sync/atomic"
	"time"

	"switchyard/router"
	"switchyard/router/forecast"
	"switchyard/router/load"
	"switchyard/router/store"
)

const (
	// arrivalWindow is over how long arrivals are smoothed.
	arrivalWindow = 10 * time.Minute
	// fitEvery is how often the forecast is fitted anew, fitAgain how soon after a failure.
	fitEvery = 15 * time.Minute
	fitAgain = time.Minute
	// fitDays is how many days of demand are read for it: as many as forecast.Fit looks at.
	fitDays = 26 * 7
)

// fit is the forecast of a process.
type fit struct {
	model  atomic.Pointer[forecast.Model]
	report atomic.Pointer[forecast.Report]

	// guarded by Live.mu
	slotAt    time.Time // the quarter-hour that the numbers are of
	of        *forecast.Model
	now, last float64 // expected in it and in the one before
}

// counted gives a snapshot's inputs what all processes counted, as far as it is known here, and what was forecast.
func (l *Live) counted(in *load.Inputs) {
	desk := l.tallies.arrivals.pending("desk", l.tallies.desk)
	by, _ := desk.Since(in.Now.Add(-arrivalWindow), in.Now) // a desk that counts since a minute ago has no higher rate for it
	in.Arrivals = map[router.ClassName]float64{}
	for class, n := range by {
		if class != "" {
			in.Arrivals[class] = float64(n) / arrivalWindow.Minutes()
			in.ArrivalsPerMinute += in.Arrivals[class]
		}
	}
	last, _ := desk.Since(in.Now.Add(-forecast.Slot), in.Now)
	for _, n := range last {
		in.Arrived += n
	}
	in.Paces = l.tallies.meters
	in.Expected = l.fit.expected(in.Now)
}

// expected is how many contacts were forecast for the last quarter of an hour, nil where there is no
// forecast or one of less than two weeks of history.
func (f *fit) expected(now time.Time) *float64 {
	m := f.model.Load()
	if !warm(m) {
		return nil
	}
	slot := now.UTC().Truncate(forecast.Slot)
	if f.of != m || !f.slotAt.Equal(slot) {
		span, err := m.Span(slot.Add(-forecast.Slot), slot.Add(forecast.Slot), forecast.Filter{})
		if err != nil || len(span.Slots) != 2 {
			return nil
		}
		f.of, f.slotAt, f.last, f.now = m, slot, span.Slots[0].Mean, span.Slots[1].Mean
	}
	part := now.Sub(slot).Seconds() / forecast.Slot.Seconds()
	x := f.last*(1-part) + f.now*part
	return &x
}

// warm reports whether a forecast rests on two weeks of history.
func warm(m *forecast.Model) bool { return m != nil && !m.Basis().None && !m.Basis().ColdStart }

// Fit reads the desk's demand and fits the forecast to what came before now. View shows it from the next refresh on.
func (l *Live) Fit(ctx context.Context) error {
	now, rules := l.now(), l.View().Rules
	rows, err := l.demand(ctx, now)
	if err != nil {
		return err
	}
	m, err := forecast.Fit(rows, rules.Zone, rules.Calendars["day"], now)
	if err != nil {
		return err
	}
	l.fit.model.Store(m)
	return nil
}

// fitLoop fits the forecast at once and then every quarter of an hour, beside everything else.
func (l *Live) fitLoop(ctx context.Context, done chan struct{}) {
	defer close(done)
	for pause := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = fitEvery
		if err := l.Fit(ctx); err != nil && ctx.Err() == nil {
			l.log.Warn("the forecast could not be fitted", "error", err)
			pause = fitAgain
			continue
		}
		if err := l.Judge(ctx); err != nil && ctx.Err() == nil {
			l.log.Warn("the forecast could not be held against what came", "error", err)
		}
	}
}

// Demand counts contacts for a program that runs no desk, as an import does. Its zero value is ready.
type Demand struct{ counts tally[store.DemandDay] }

// Count counts one contact.
func (d *Demand) Count(at time.Time, key forecast.Key) {
	id, day := store.OneDemand(at, key)
	d.counts.add(id, day)
}

// Store adds what was counted since the last time to the desk's demand. What cannot be stored is kept.
func (d *Demand) Store(ctx context.Context, docs store.Docs) error {
	return d.counts.flush(ctx, store.DemandDays(docs))
}
