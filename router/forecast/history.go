package forecast

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"switchyard/router"
)

// Slot is the time that one count covers.
const Slot = 15 * time.Minute

const (
	slotsPerDay = 96
	maxDays     = 26 * 7  // older history is not looked at
	maxCount    = 1000000 // in one slot of one key
	maxKeys     = 4000
)

// Key is what arrivals are counted by.
type Key struct {
	Channel  router.Channel  `json:"channel"`
	Topic    router.Topic    `json:"topic"`
	Language router.Language `json:"language"`
}

// Filter chooses keys; an empty part takes all.
type Filter Key

// Takes reports whether the filter takes this key.
func (f Filter) Takes(k Key) bool {
	return (f.Channel == "" || f.Channel == k.Channel) && (f.Topic == "" || f.Topic == k.Topic) && (f.Language == "" || f.Language == k.Language)
}

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Language, b.Language))
}

// Row is one count: so many tickets of a key in the quarter-hour that begins At. A
// quarter-hour without a row had none.
type Row struct {
	At time.Time `json:"at"`
	Key
	Count int `json:"count"`
}

// day is one local day of the history, or a part of it at either end.
type day struct {
	from, to int // indices into grid.slots
	kind     int // 0–6 weekday, 7 holiday
	whole    bool
	age      float64 // days before asOf
}

// grid is history as one row of counts for each key, over the slots from the first
// row to asOf.
type grid struct {
	first  time.Time
	local  []uint8 // slot of the local day, by slot of the grid
	days   []day
	keys   []Key
	counts [][]float64 // by key, then slot
}

// index is the slot of the grid in which t lies.
func (g *grid) index(t time.Time) int { return int(t.Sub(g.first) / Slot) }

func (g *grid) slots() int { return len(g.local) }

func checkRow(op string, i int, r Row) error {
	field := func(name string) string { return fmt.Sprintf("rows[%d].%s", i, name) }
	switch {
	case r.Count < 0 || r.Count > maxCount:
		return router.FailField(op, field("count"), "must be 0 to %d, not %d", maxCount, r.Count)
	case r.At.IsZero():
		return router.FailField(op, field("at"), "is missing")
	case r.At.Unix()%int64(Slot/time.Second) != 0 || r.At.Nanosecond() != 0:
		return router.FailField(op, field("at"), "%s is not the start of a quarter-hour", r.At.Format(time.RFC3339Nano))
	case !r.Channel.Valid():
		return router.FailField(op, field("channel"), "%q is not a channel", r.Channel)
	}
	return nil
}

// newGrid reads rows before asOf. With none it is nil.
func newGrid(op string, rows []Row, d days, asOf time.Time) (*grid, error) {
	last := asOf.Truncate(Slot) // slots that have ended
	oldest := last.AddDate(0, 0, -maxDays)
	g, seen := &grid{}, map[Key]int{}
	for i, r := range rows {
		if err := checkRow(op, i, r); err != nil {
			return nil, err
		}
		if !r.At.Before(last) || r.At.Before(oldest) || r.Count == 0 {
			continue
		}
		if g.first.IsZero() || r.At.Before(g.first) {
			g.first = r.At
		}
		if _, ok := seen[r.Key]; !ok {
			seen[r.Key] = 0
			g.keys = append(g.keys, r.Key)
		}
	}
	if len(g.keys) == 0 {
		return nil, nil
	}
	if len(g.keys) > maxKeys {
		return nil, router.FailField(op, "rows", "%d keys of channel, topic and language; at most %d", len(g.keys), maxKeys)
	}
	slices.SortFunc(g.keys, compareKeys)
	n := int(last.Sub(g.first) / Slot)
	for i, k := range g.keys {
		seen[k] = i
		g.counts = append(g.counts, make([]float64, n))
	}
	for _, r := range rows {
		if k, ok := seen[r.Key]; ok && r.At.Before(last) && !r.At.Before(g.first) {
			g.counts[k][g.index(r.At)] += float64(r.Count)
		}
	}
	g.cut(d, n, last)
	return g, nil
}

// cut lays the local days over the slots.
func (g *grid) cut(d days, n int, last time.Time) {
	g.local = make([]uint8, n)
	for i := 0; i < n; {
		at := g.first.Add(time.Duration(i) * Slot)
		start, end := d.bounds(at)
		to := min(n, g.index(end))
		for j := i; j < to; j++ {
			g.local[j] = uint8(d.slot(g.first.Add(time.Duration(j) * Slot)))
		}
		g.days = append(g.days, day{from: i, to: to, kind: d.kind(at), whole: !start.Before(g.first) && !end.After(last), age: last.Sub(at).Hours() / 24})
		i = to
	}
}

// days knows local days and holidays.
type days struct {
	zone    *time.Location
	holiday func(time.Time) bool
}

const holiday = 7 // the kind of day beside the weekdays 0–6

func (d days) kind(t time.Time) int {
	if d.holiday(t) {
		return holiday
	}
	return int(t.In(d.zone).Weekday())
}

func (d days) slot(t time.Time) int {
	l := t.In(d.zone)
	return (l.Hour()*60 + l.Minute()) / 15
}

// bounds are the first instants of t's local day and of the next, on slots.
func (d days) bounds(t time.Time) (from, to time.Time) {
	y, m, n := t.In(d.zone).Date()
	return d.midnight(y, m, n), d.midnight(y, m, n+1)
}

// midnight is the first instant of a local day, also where the clock skips or
// repeats midnight.
func (d days) midnight(y int, m time.Month, n int) time.Time {
	want := time.Date(y, m, n, 12, 0, 0, 0, d.zone).Format(time.DateOnly)
	at := time.Date(y, m, n, 0, 0, 0, 0, d.zone)
	for at.Format(time.DateOnly) != want {
		at = at.Add(time.Hour)
	}
	for at.Add(-time.Hour).Format(time.DateOnly) == want {
		at = at.Add(-time.Hour)
	}
	return at.UTC().Truncate(Slot)
}
