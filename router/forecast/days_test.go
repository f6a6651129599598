package forecast

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"switchyard/router/hours"
)

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
