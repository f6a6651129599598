package forecast

import (
	"math"
	"time"

	"switchyard/router"
)

// maxSpan is how far one look reaches.
const maxSpan = 62 * 24 * time.Hour

// SlotForecast is one quarter-hour.
type SlotForecast struct {
	At time.Time `json:"at"`
	Band
	Dispersion float64 `json:"dispersion"` // variance over mean, what Surge.Observe wants; 1 where nothing is expected
}

// DayForecast is the part of a local day that lies in the span.
type DayForecast struct {
	Date string    `json:"date"` // 2006-01-02, local
	At   time.Time `json:"at"`   // its first slot in the span
	Band
}

// Forecast is what is expected in a span. Without history it has no slots, and Basis
// says why.
type Forecast struct {
	Basis  Basis          `json:"basis"`
	FromAt time.Time      `json:"from_at"`
	ToAt   time.Time      `json:"to_at"`
	Filter Filter         `json:"filter"`
	Slots  []SlotForecast `json:"slots"`
	Days   []DayForecast  `json:"days"`
	Total  Band           `json:"total"`
}

// Span is the forecast from the quarter-hour that holds from up to to, of the keys that
// the filter takes. It fails with invalid_field if to is not after from, or too far.
func (m *Model) Span(from, to time.Time, f Filter) (Forecast, error) {
	from, err := checkSpan("forecast.span", from, to)
	if err != nil {
		return Forecast{}, err
	}
	out := Forecast{Basis: m.basis, FromAt: from, ToAt: to.UTC(), Filter: f, Slots: []SlotForecast{}, Days: []DayForecast{}}
	if m.grid == nil {
		return out, nil
	}
	p, s := m.mean(f), m.spreadOf(f)
	var all, variance, mean, varianceOfDay float64
	kind := 0
	for at := from; at.Before(to); at = at.Add(Slot) {
		date := at.In(m.days.zone).Format(time.DateOnly)
		if n := len(out.Days); n == 0 || out.Days[n-1].Date != date {
			out.closeDay(mean, varianceOfDay)
			all, variance, mean, kind = all+mean, variance+varianceOfDay, 0, m.days.kind(at)
			out.Days = append(out.Days, DayForecast{Date: date, At: at})
		}
		x := p[kind][m.days.slot(at)]
		out.Slots = append(out.Slots, s.forecast(at, kind, x))
		mean += x
		varianceOfDay = s.sum(kind, mean)
	}
	out.closeDay(mean, varianceOfDay)
	out.Total = bandOf(all+mean, variance+varianceOfDay)
	return out, nil
}

func (s spread) forecast(at time.Time, kind int, mean float64) SlotForecast {
	v := s.slot(kind, mean)
	out := SlotForecast{At: at, Band: bandOf(mean, v), Dispersion: 1}
	if mean > 0 {
		out.Dispersion = math.Max(1, v/mean)
	}
	return out
}

func (f *Forecast) closeDay(mean, variance float64) {
	if n := len(f.Days); n > 0 {
		f.Days[n-1].Band = bandOf(mean, variance)
	}
}

// mean is the profile of all keys that the filter takes.
func (m *Model) mean(f Filter) *profile {
	p := &profile{}
	for k, key := range m.grid.keys {
		if f.Takes(key) {
			p.add(m.fitted[k], 1)
		}
	}
	return p
}

// checkSpan gives from on its slot, in UTC.
func checkSpan(op string, from, to time.Time) (time.Time, error) {
	if from.IsZero() {
		return from, router.FailField(op, "from", "is missing")
	}
	from = from.UTC().Truncate(Slot)
	if !to.After(from) {
		return from, router.FailField(op, "to", "must be after from")
	}
	if to.Sub(from) > maxSpan {
		return from, router.FailField(op, "to", "must be at most %d days after from", int(maxSpan/(24*time.Hour)))
	}
	return from, nil
}
