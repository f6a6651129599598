package forecast

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/hours"
)

func week() (w [7][]hours.Interval) {
	for d := range w {
		w[d] = []hours.Interval{{Open: 480, Close: 1320}}
	}
	return w
}

func TestForecastFindsTheTruth(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	w := wallet(z, 2000)
	asOf := local(z, 2026, 11, 2, 0) // a Monday
	m := fit(t, w.rows(rand.New(rand.NewPCG(1, 1)), asOf.AddDate(0, 0, -84), asOf), z, nil, asOf)
	f := span(t, m, asOf, asOf.AddDate(0, 0, 7), Filter{})
	if len(f.Days) != 7 || len(f.Slots) != 7*96 {
		t.Fatalf("%d days, %d slots", len(f.Days), len(f.Slots))
	}
	wrong, size := 0.0, 0.0
	for _, s := range f.Slots {
		truth := 0.0
		for k := range w.keys {
			truth += w.rate(k, s.At)
		}
		wrong, size = wrong+math.Abs(s.Mean-truth), size+truth
	}
	if wrong/size > .06 { // Poisson noise alone, of some 8 days a cell, makes about 7 %
		t.Errorf("slots are off the truth by %.1f %%", 100*wrong/size)
	}
	for _, d := range f.Days {
		truth := 0.0
		for k := range w.keys {
			for at := d.At; at.Before(d.At.AddDate(0, 0, 1)); at = at.Add(Slot) {
				truth += w.rate(k, at)
			}
		}
		if math.Abs(d.Mean/truth-1) > .05 {
			t.Errorf("%s: %.0f, truth %.0f", d.Date, d.Mean, truth)
		}
	}
}

// Invariant A.
func TestOrderOfRowsChangesNothing(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	asOf := local(z, 2026, 11, 2, 9)
	r := rand.New(rand.NewPCG(2, 2))
	rows := wallet(z, 300).rows(r, asOf.AddDate(0, 0, -30), asOf)
	var split []Row
	for _, row := range rows {
		for range row.Count {
			split = append(split, Row{row.At, row.Key, 1})
		}
	}
	r.Shuffle(len(split), func(i, j int) { split[i], split[j] = split[j], split[i] })
	a := span(t, fit(t, rows, z, nil, asOf), asOf, asOf.AddDate(0, 0, 3), Filter{})
	b := span(t, fit(t, split, z, nil, asOf), asOf, asOf.AddDate(0, 0, 3), Filter{})
	if !reflect.DeepEqual(a, b) {
		t.Error("the order of rows, or one row for each ticket, changes the forecast")
	}
}

// Invariants B, C and D on random histories, sparse and dense.
func TestPartsAddUpAndBandsAreNested(t *testing.T) {
	z := zone(t, "Europe/Berlin")
	r := rand.New(rand.NewPCG(3, 3))
	for _, perDay := range []float64{3, 60, 5000} {
		asOf := local(z, 2026, 10, 1+r.IntN(28), r.IntN(24))
		w := wallet(z, perDay)
		w.phi, w.day = 1+2*r.Float64(), .2*r.Float64()
		m := fit(t, w.rows(r, asOf.AddDate(0, 0, -1-r.IntN(60)), asOf), z, nil, asOf)
		to := asOf.AddDate(0, 0, 2)
		all := span(t, m, asOf, to, Filter{})
		slots, total := make([]float64, len(all.Slots)), 0.0
		for _, k := range m.Keys() {
			part := span(t, m, asOf, to, Filter(k))
			for i, s := range part.Slots {
				slots[i] += s.Mean
				nested(t, s.Band)
			}
			total += part.Total.Mean
		}
		byChannel := 0.0
		for _, c := range router.Channels() {
			byChannel += span(t, m, asOf, to, Filter{Channel: c}).Total.Mean
		}
		days := 0.0
		for _, d := range all.Days {
			days += d.Mean
			nested(t, d.Band)
		}
		for i, s := range all.Slots {
			nested(t, s.Band)
			if math.Abs(s.Mean-slots[i]) > 1e-9*(1+s.Mean) {
				t.Fatalf("B: slot %v: %v, parts give %v", s.At, s.Mean, slots[i])
			}
		}
		nested(t, all.Total)
		for _, sum := range []float64{total, byChannel, days} {
			if math.Abs(all.Total.Mean-sum) > 1e-7*(1+sum) {
				t.Fatalf("B: total %v, parts give %v", all.Total.Mean, sum)
			}
		}
	}
}

func nested(t *testing.T, b Band) {
	t.Helper()
	if math.IsNaN(b.Mean) || math.IsInf(b.Mean, 0) || b.Mean < 0 || b.Low90 < 0 || b.Low90 > b.Low50 || b.Low50 > b.High50 || b.High50 > b.High90 {
		t.Fatalf("C, D: %+v", b)
	}
}

func TestBadRowsAreNamed(t *testing.T) {
	z, asOf := time.UTC, time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	good := Row{asOf.Add(-time.Hour), Key{router.ChannelChat, "payment", "zh"}, 3}
	with := func(change func(*Row)) []Row {
		bad := good
		change(&bad)
		return []Row{good, good, bad}
	}
	for field, rows := range map[string][]Row{
		"rows[2].count":   with(func(r *Row) { r.Count = -1 }),
		"rows[2].count ":  with(func(r *Row) { r.Count = math.MaxInt }),
		"rows[2].at":      with(func(r *Row) { r.At = r.At.Add(time.Minute) }),
		"rows[2].at ":     with(func(r *Row) { r.At = time.Time{} }),
		"rows[2].channel": with(func(r *Row) { r.Channel = "fax" }),
	} {
		_, err := Fit(rows, z, nil, asOf)
		named(t, err, field)
	}
	_, err := Fit(nil, nil, nil, asOf)
	named(t, err, "zone")
	_, err = Fit(nil, z, nil, time.Time{})
	named(t, err, "as_of")
	m := fit(t, []Row{good}, z, nil, asOf)
	_, err = m.Span(asOf, asOf, Filter{})
	named(t, err, "to")
	_, err = m.Span(asOf, asOf.AddDate(1, 0, 0), Filter{})
	named(t, err, "to")
	_, err = m.Span(time.Time{}, asOf, Filter{})
	named(t, err, "from")
}

func named(t *testing.T, err error, field string) {
	t.Helper()
	for field[len(field)-1] == ' ' {
		field = field[:len(field)-1]
	}
	var e *router.Error
	if !errors.As(err, &e) || e.Field != field || e.Code != router.CodeInvalidField {
		t.Errorf("want %s named, got %v", field, err)
	}
}

// Invariant E: Berlin's days of 23 and 25 hours.
func TestClockChanges(t *testing.T) {
	z := zone(t, "Europe/Berlin")
	for _, c := range []struct {
		day   time.Time
		slots int
	}{{local(z, 2026, 3, 29, 0), 92}, {local(z, 2026, 10, 25, 0), 100}} {
		w := wallet(z, 3000)
		rows := w.rows(rand.New(rand.NewPCG(4, 4)), c.day.AddDate(0, 0, -56), c.day.AddDate(0, 0, 28))
		before := span(t, fit(t, rows, z, nil, c.day), c.day, c.day.AddDate(0, 0, 2), Filter{})
		if len(before.Days) != 2 || len(before.Slots) != c.slots+96 {
			t.Fatalf("E %v: %d days, %d slots", c.day, len(before.Days), len(before.Slots))
		}
		// the local peak stays where it is, before and after the change, and when the change is history
		after := fit(t, rows, z, nil, c.day.AddDate(0, 0, 28))
		for _, f := range []Forecast{before, span(t, after, c.day.AddDate(0, 0, 28), c.day.AddDate(0, 0, 29), Filter{})} {
			for _, h := range []int{4, 11, 20} {
				got, truth := 0.0, 0.0
				for _, s := range f.Slots {
					if s.At.In(z).Hour() == h {
						got += s.Mean
						for k := range w.keys {
							truth += w.rate(k, s.At)
						}
					}
				}
				if math.Abs(got/truth-1) > .12 {
					t.Errorf("E %v at %d h: %.1f, truth %.1f", f.FromAt, h, got, truth)
				}
			}
		}
	}
}

// A zone whose clock skips midnight (Santiago, 6 September 2026).
func TestSkippedMidnight(t *testing.T) {
	z := zone(t, "America/Santiago")
	d := days{z, func(time.Time) bool { return false }}
	from, to := d.bounds(local(z, 2026, 9, 6, 12))
	if from.In(z).Format("2006-01-02T15:04") != "2026-09-06T01:00" || to.Sub(from) != 23*time.Hour {
		t.Errorf("%v to %v", from.In(z), to.In(z))
	}
	_, end := d.bounds(local(z, 2026, 9, 5, 12))
	if !end.Equal(from) {
		t.Errorf("the day before ends at %v", end.In(z))
	}
}

func TestHolidays(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	closed := map[string][]hours.Interval{}
	for _, d := range []string{"2026-09-10", "2026-09-24", "2026-10-07", "2026-11-04"} {
		closed[d] = nil
	}
	c, err := hours.New(z, week(), closed)
	if err != nil {
		t.Fatal(err)
	}
	w := wallet(z, 2000)
	w.kind[holiday], w.holiday = .2, c.Holiday
	asOf := local(z, 2026, 11, 2, 0)
	rows := w.rows(rand.New(rand.NewPCG(5, 5)), asOf.AddDate(0, 0, -84), asOf)
	f := span(t, fit(t, rows, z, c, asOf), asOf, asOf.AddDate(0, 0, 4), Filter{})
	tuesday, wednesday := f.Days[1].Mean, f.Days[2].Mean // Wednesday 4 November is a holiday
	if r := wednesday / tuesday; r < .12 || r > .35 {
		t.Errorf("a holiday has %.2f of the day before, truth %.2f", r, .2/1.1)
	}
	plain := span(t, fit(t, rows, z, nil, asOf), asOf, asOf.AddDate(0, 0, 4), Filter{})
	if r := plain.Days[2].Mean / plain.Days[1].Mean; r < .7 {
		t.Errorf("without a calendar holidays of the past must not hollow out a Wednesday: %.2f", r)
	}
}

// One bad day: an incident of ten times the usual in one topic, and a day of outage.
func TestOneBadDayIsNotTheProfile(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	asOf := local(z, 2026, 11, 2, 0)
	bad, dead := local(z, 2026, 10, 26, 0), local(z, 2026, 10, 27, 0) // Monday and Tuesday of the last week
	calm := wallet(z, 1500)
	broken := calm
	broken.bump = func(k Key, at time.Time) float64 {
		if !at.Before(bad) && at.Before(dead) && k.Topic == "payment" && at.In(z).Hour() >= 14 && at.In(z).Hour() < 18 {
			return 10
		}
		if !at.Before(dead) && at.Before(dead.AddDate(0, 0, 1)) {
			return 0
		}
		return 1
	}
	a := span(t, fit(t, calm.rows(rand.New(rand.NewPCG(6, 6)), asOf.AddDate(0, 0, -84), asOf), z, nil, asOf), asOf, asOf.AddDate(0, 0, 2), Filter{})
	b := span(t, fit(t, broken.rows(rand.New(rand.NewPCG(6, 6)), asOf.AddDate(0, 0, -84), asOf), z, nil, asOf), asOf, asOf.AddDate(0, 0, 2), Filter{})
	for d := range a.Days {
		if r := b.Days[d].Mean / a.Days[d].Mean; r < .93 || r > 1.07 {
			t.Errorf("day %d: %.2f of the forecast without a bad day", d, r)
		}
	}
	with, without := 0.0, 0.0
	for i, s := range a.Slots[:96] {
		if h := s.At.In(z).Hour(); h >= 14 && h < 18 {
			with, without = with+b.Slots[i].Mean, without+s.Mean
		}
	}
	if r := with / without; r > 1.15 {
		t.Errorf("the incident's hours: %.2f of the forecast without it", r)
	}
}

func TestANewLevelIsFollowed(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	asOf := local(z, 2026, 11, 2, 0)
	w := wallet(z, 1500)
	w.bump = func(_ Key, at time.Time) float64 {
		if at.Before(asOf.AddDate(0, 0, -21)) {
			return 1
		}
		return 2
	}
	f := span(t, fit(t, w.rows(rand.New(rand.NewPCG(7, 7)), asOf.AddDate(0, 0, -84), asOf), z, nil, asOf), asOf, asOf.AddDate(0, 0, 7), Filter{})
	truth := 0.0
	for _, s := range f.Slots {
		for k := range w.keys {
			truth += w.rate(k, s.At)
		}
	}
	if r := f.Total.Mean / truth; r < .8 || r > 1.1 {
		t.Errorf("three weeks after arrivals doubled the forecast is %.2f of the truth", r)
	}
}

// Invariant F.
func TestTheFutureIsNotLookedAt(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	asOf := local(z, 2026, 11, 2, 10)
	rows := wallet(z, 500).rows(rand.New(rand.NewPCG(8, 8)), asOf.AddDate(0, 0, -40), asOf.AddDate(0, 0, 5))
	var past []Row
	for _, r := range rows {
		if r.At.Before(asOf) {
			past = append(past, r)
		}
	}
	a := span(t, fit(t, rows, z, nil, asOf), asOf, asOf.AddDate(0, 0, 2), Filter{})
	b := span(t, fit(t, past, z, nil, asOf), asOf, asOf.AddDate(0, 0, 2), Filter{})
	if len(past) == len(rows) || !reflect.DeepEqual(a, b) {
		t.Error("F: rows after asOf change the forecast")
	}
}

// Invariant G.
func TestColdStart(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	asOf := local(z, 2026, 11, 2, 0)
	none := fit(t, nil, z, nil, asOf)
	f := span(t, none, asOf, asOf.AddDate(0, 0, 1), Filter{})
	if b := none.Basis(); !b.None || !b.ColdStart || b.Why.ZH == "" || b.Why.EN == "" || len(f.Slots) != 0 || f.Total.Mean != 0 {
		t.Errorf("without history: %+v, %d slots", b, len(f.Slots))
	}
	width := map[int]float64{}
	for _, n := range []int{1, 5, 13, 14, 84} {
		w := wallet(z, 2000)
		m := fit(t, w.rows(rand.New(rand.NewPCG(9, 9)), asOf.AddDate(0, 0, -n), asOf), z, nil, asOf)
		if b := m.Basis(); b.Days < n-1 || b.Days > n || b.ColdStart != (b.Days < 14) || b.None || b.Why.EN == "" {
			t.Errorf("%d days: %+v", n, b)
		}
		day := span(t, m, asOf, asOf.AddDate(0, 0, 1), Filter{}).Days[0]
		width[n] = float64(day.High90-day.Low90) / day.Mean
		truth := 2000 * w.kind[1]
		if day.Mean < truth/2.5 || day.Mean > truth*2.5 {
			t.Errorf("%d days: %.0f, truth about %.0f", n, day.Mean, truth)
		}
	}
	if !(width[1] > width[5] && width[5] > width[13] && width[13] > width[84]) {
		t.Errorf("bands do not narrow with history: %v", width)
	}
}

// A holiday when none was ever seen looks like the days of rest, and less sure.
func TestAHolidayNeverSeenIsLessSure(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	c, err := hours.New(z, week(), map[string][]hours.Interval{"2026-11-04": nil})
	if err != nil {
		t.Fatal(err)
	}
	asOf := local(z, 2026, 11, 2, 0)
	m := fit(t, wallet(z, 2000).rows(rand.New(rand.NewPCG(17, 17)), asOf.AddDate(0, 0, -84), asOf), z, c, asOf)
	d := span(t, m, asOf, asOf.AddDate(0, 0, 7), Filter{}).Days
	holiday, saturday, tuesday := d[2], d[5], d[1]
	if r := holiday.Mean / saturday.Mean; r < .85 || r > 1.3 {
		t.Errorf("%.0f on the holiday, %.0f on Saturday", holiday.Mean, saturday.Mean)
	}
	if wide(holiday) < 2*wide(tuesday) {
		t.Errorf("the holiday's band is %.2f of its mean, Tuesday's %.2f", wide(holiday), wide(tuesday))
	}
}

func wide(d DayForecast) float64 { return float64(d.High90-d.Low90) / d.Mean }

// Sparse keys borrow their shape: closer to the truth than their own weighted mean by cell.
func TestSparseKeysBorrow(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	asOf := local(z, 2026, 11, 2, 0)
	w := wallet(z, 150)
	m := fit(t, w.rows(rand.New(rand.NewPCG(18, 18)), asOf.AddDate(0, 0, -84), asOf), z, nil, asOf)
	borrowed, alone, truth := 0.0, 0.0, 0.0
	for k, key := range m.Keys() {
		own := m.grid.gather(m.grid.counts[k], m.missing[""])
		i := 0
		for w.keys[i] != key {
			i++
		}
		for _, s := range span(t, m, asOf, asOf.AddDate(0, 0, 7), Filter(key)).Slots {
			kind, slot := m.days.kind(s.At), m.days.slot(s.At)
			r := w.rate(i, s.At)
			borrowed += math.Abs(s.Mean - r)
			alone += math.Abs(own.y[kind][slot]/own.w[kind][slot] - r)
			truth += r
		}
	}
	t.Logf("off the truth by %.2f of it; each cell on its own: %.2f", borrowed/truth, alone/truth)
	if borrowed > .4*alone {
		t.Errorf("off the truth by %.2f of it; each cell on its own: %.2f", borrowed/truth, alone/truth)
	}
}

func BenchmarkFit(b *testing.B) {
	z, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		b.Fatal(err)
	}
	asOf := local(z, 2026, 11, 2, 0)
	w := wallet(z, 3000)
	w.keys, w.perDay = w.keys[:30], w.perDay[:30]
	rows := w.rows(rand.New(rand.NewPCG(1, 1)), asOf.AddDate(0, 0, -84), asOf)
	b.Run(fmt.Sprintf("12_weeks_%d_keys_%d_rows", len(w.keys), len(rows)), func(b *testing.B) {
		for b.Loop() {
			if _, err := Fit(rows, z, nil, asOf); err != nil {
				b.Fatal(err)
			}
		}
	})
	m := fit(b, rows, z, nil, asOf)
	b.Run("span_of_a_week", func(b *testing.B) {
		for b.Loop() {
			span(b, m, asOf, asOf.AddDate(0, 0, 7), Filter{})
		}
	})
}
