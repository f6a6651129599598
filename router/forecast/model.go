package forecast

import (
	"fmt"
	"time"

	"switchyard/router"
	"switchyard/router/hours"
)

// Basis says what a forecast rests on.
type Basis struct {
	Days      int             `json:"days"`  // whole local days of history
	Weeks     int             `json:"weeks"` // whole weeks among them
	FromAt    time.Time       `json:"from_at,omitzero"`
	AsOf      time.Time       `json:"as_of"`
	None      bool            `json:"none"`       // no history: no forecast
	ColdStart bool            `json:"cold_start"` // less than two weeks
	Why       router.Sentence `json:"why"`
}

// warmDays is from when on weekdays can be told apart.
const warmDays = 14

// Model is a fitted forecast. It is immutable.
type Model struct {
	days    days
	grid    *grid
	basis   Basis
	tamed   [][]float64               // by key
	fitted  []*profile                // by key, level included
	noLevel []*profile                // by key, profile alone
	missing map[router.Channel][]bool // slots left out, of a channel; "" of all
}

// Fit reads history before asOf. Days are those of zone; holidays are those of the
// calendar, which may be nil. A bad row, a missing zone or asOf is invalid_field; no
// history at all is no error: the model's basis says so.
func Fit(rows []Row, zone *time.Location, calendar *hours.Calendar, asOf time.Time) (*Model, error) {
	const op = "forecast.fit"
	if zone == nil {
		return nil, router.FailField(op, "zone", "is missing")
	}
	if asOf.IsZero() {
		return nil, router.FailField(op, "as_of", "is missing")
	}
	m := &Model{days: days{zone: zone, holiday: func(time.Time) bool { return false }}}
	if calendar != nil {
		m.days.holiday = calendar.Holiday
	}
	g, err := newGrid(op, rows, m.days, asOf.UTC())
	if err != nil {
		return nil, err
	}
	m.grid, m.basis = g, basisOf(g, asOf)
	if g != nil {
		m.fit()
	}
	return m, nil
}

// Basis says what the model rests on.
func (m *Model) Basis() Basis { return m.basis }

// Keys are the keys that the history has, in order.
func (m *Model) Keys() []Key {
	if m.grid == nil {
		return nil
	}
	return append([]Key{}, m.grid.keys...)
}

// fit goes down from the desk to channels to keys.
func (m *Model) fit() {
	g := m.grid
	all, of := make([]float64, g.slots()), map[router.Channel][]float64{}
	for k, key := range g.keys {
		tamed := g.tame(g.counts[k])
		m.tamed = append(m.tamed, tamed)
		if of[key.Channel] == nil {
			of[key.Channel] = make([]float64, g.slots())
		}
		channel := of[key.Channel]
		for i, c := range tamed {
			all[i] += c
			channel[i] += c
		}
	}
	m.missing = map[router.Channel][]bool{"": g.missing(all, nil)}
	desk := g.gather(all, m.missing[""]).whole()
	deskLevel := g.level(all, m.missing[""], desk, 1)
	above, levels := map[router.Channel]*profile{}, map[router.Channel]float64{}
	for k, key := range g.keys {
		c := key.Channel
		if above[c] == nil {
			m.missing[c] = g.missing(of[c], m.missing[""])
			above[c] = g.gather(of[c], m.missing[c]).below(desk)
			levels[c] = g.level(of[c], m.missing[c], above[c], deskLevel)
		}
		p, fitted := g.gather(m.tamed[k], m.missing[c]).below(above[c]), &profile{}
		fitted.add(p, g.level(m.tamed[k], m.missing[c], p, levels[c]))
		m.noLevel, m.fitted = append(m.noLevel, p), append(m.fitted, fitted)
	}
}

func basisOf(g *grid, asOf time.Time) Basis {
	b := Basis{AsOf: asOf}
	if g == nil {
		b.None, b.ColdStart = true, true
		b.Why = router.Sentence{ZH: "还没有任何历史数据，因此没有预测。", EN: "There is no history yet, so there is no forecast."}
		return b
	}
	b.FromAt = g.first
	for _, d := range g.days {
		if d.whole {
			b.Days++
		}
	}
	b.Weeks, b.ColdStart = b.Days/7, b.Days < warmDays
	if b.ColdStart {
		b.Why = router.Sentence{ZH: fmt.Sprintf("历史数据只有 %d 个整天，不足两周：还分不清各个星期几，区间因此放宽。", b.Days),
			EN: fmt.Sprintf("Only %d whole days of history, less than two weeks: weekdays cannot be told apart yet, so the bands are wider.", b.Days)}
		return b
	}
	b.Why = router.Sentence{ZH: fmt.Sprintf("依据 %d 周（%d 天）的历史数据，越近的日子权重越大。", b.Weeks, b.Days),
		EN: fmt.Sprintf("Rests on %d weeks (%d days) of history; recent days weigh more.", b.Weeks, b.Days)}
	return b
}
