package forecast

import (
	"math"
	"time"

	"switchyard/router"
	"switchyard/router/hours"
)

// CheckOptions say what a back-check looks at.
type CheckOptions struct {
	Days   int    // test days, the last whole ones before asOf; 0: 14
	Filter Filter // what is forecast
}

// Accuracy is how forecasts of counts came out.
type Accuracy struct {
	N        int     `json:"n"`
	Mean     float64 `json:"mean"`      // count that came
	MAE      float64 `json:"mae"`       // mean absolute error of the mean
	Bias     float64 `json:"bias"`      // mean of forecast less what came
	NaiveN   int     `json:"naive_n"`   // for how many the naive rule had a count
	NaiveMAE float64 `json:"naive_mae"` // of the rule "as in the same slot last week"
	SameMAE  float64 `json:"same_mae"`  // of the forecast where the naive rule had one
	Cover50  float64 `json:"cover_50"`  // share inside the 50 % band; bands of small counts hold more
	Cover90  float64 `json:"cover_90"`
}

// Horizon is the report for days that begin so many days after the forecast was made.
type Horizon struct {
	DaysAhead int      `json:"days_ahead"` // 1: the day that begins as the forecast is made; 7: the seventh
	Slots     Accuracy `json:"slots"`
	Days      Accuracy `json:"days"`
}

// Report is what Check found.
type Report struct {
	Basis    Basis     `json:"basis"`
	Horizons []Horizon `json:"horizons"`
}

// maxCheckDays bounds the work: one fit for each test day.
const maxCheckDays = 60

// Check makes the forecasts that would have been made (rolling origin): for each test
// day one as it begins and one six days before, each from what was known then, and
// holds them against what came, beside the naive rule "same slot last week".
func Check(rows []Row, zone *time.Location, calendar *hours.Calendar, asOf time.Time, o CheckOptions) (Report, error) {
	const op = "forecast.check"
	if o.Days == 0 {
		o.Days = 14
	}
	if o.Days < 1 || o.Days > maxCheckDays {
		return Report{}, router.FailField(op, "days", "must be 1 to %d, not %d", maxCheckDays, o.Days)
	}
	truth, err := Fit(rows, zone, calendar, asOf)
	if err != nil {
		return Report{}, err
	}
	out := Report{Basis: truth.basis, Horizons: []Horizon{{DaysAhead: 1}, {DaysAhead: 7}}}
	if truth.grid == nil {
		return out, nil
	}
	came := truth.grid.sum(o.Filter)
	y, mo, d := asOf.In(zone).Date()
	for back := o.Days + 6; back >= 1; back-- {
		origin := truth.days.midnight(y, mo, d-back)
		m, err := Fit(rows, zone, calendar, origin)
		if err != nil {
			return Report{}, err
		}
		for i := range out.Horizons {
			ahead := out.Horizons[i].DaysAhead - 1
			if tested := back - ahead; tested < 1 || tested > o.Days || m.grid == nil {
				continue
			}
			from, to := truth.days.midnight(y, mo, d-back+ahead), truth.days.midnight(y, mo, d-back+ahead+1)
			f, err := m.Span(from, to, o.Filter)
			if err != nil {
				return Report{}, err
			}
			out.Horizons[i].hold(f, truth, came)
		}
	}
	for i := range out.Horizons {
		out.Horizons[i].Slots.close()
		out.Horizons[i].Days.close()
	}
	return out, nil
}

// sum is the counts of all keys that a filter takes, as they came.
func (g *grid) sum(f Filter) []float64 {
	out := make([]float64, g.slots())
	for k, key := range g.keys {
		if f.Takes(key) {
			for i, c := range g.counts[k] {
				out[i] += c
			}
		}
	}
	return out
}

// hold holds the forecast of one day against what came.
func (h *Horizon) hold(f Forecast, truth *Model, came []float64) {
	sum, naiveSum, all := 0.0, 0.0, true
	for _, s := range f.Slots {
		x, _ := truth.at(came, s.At)
		l := s.At.In(truth.days.zone)
		week := time.Date(l.Year(), l.Month(), l.Day()-7, l.Hour(), l.Minute(), 0, 0, l.Location())
		naive, ok := truth.at(came, week)
		h.Slots.hold(s.Band, x, naive, ok)
		sum, naiveSum, all = sum+x, naiveSum+naive, all && ok
	}
	if len(f.Days) == 1 {
		h.Days.hold(f.Days[0].Band, sum, naiveSum, all)
	}
}

// at is the count of a slot, and whether history covers it.
func (m *Model) at(counts []float64, t time.Time) (float64, bool) {
	if t.Before(m.grid.first) {
		return 0, false
	}
	if i := m.grid.index(t); i < len(counts) {
		return counts[i], true
	}
	return 0, false
}

func (a *Accuracy) hold(b Band, x, naive float64, ok bool) {
	a.N++
	a.Mean += x
	a.MAE += math.Abs(b.Mean - x)
	a.Bias += b.Mean - x
	if ok {
		a.NaiveN++
		a.NaiveMAE += math.Abs(naive - x)
		a.SameMAE += math.Abs(b.Mean - x)
	}
	if float64(b.Low50) <= x && x <= float64(b.High50) {
		a.Cover50++
	}
	if float64(b.Low90) <= x && x <= float64(b.High90) {
		a.Cover90++
	}
}

// close turns sums into means.
func (a *Accuracy) close() {
	if a.N > 0 {
		n := float64(a.N)
		a.Mean, a.MAE, a.Bias, a.Cover50, a.Cover90 = a.Mean/n, a.MAE/n, a.Bias/n, a.Cover50/n, a.Cover90/n
	}
	if a.NaiveN > 0 {
		a.NaiveMAE, a.SameMAE = a.NaiveMAE/float64(a.NaiveN), a.SameMAE/float64(a.NaiveN)
	}
}
