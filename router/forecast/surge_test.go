package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// draw is a count with this mean and variance over mean.
func draw(r *rand.Rand, mean, phi float64) int {
	if phi > 1 {
		mean *= gamma(r, (phi-1)/mean)
	}
	return poisson(r, mean)
}

// The documented rate of false alarms: arrivals as forecast over two years a key, at means
// from a dead hour's to a busy one's and a day's ups and downs, Poisson and over-dispersed.
func TestSurgeFalseAlarms(t *testing.T) {
	const month = 30 * slotsPerDay
	r := rand.New(rand.NewPCG(12, 12))
	alarms, months := 0, 0
	for _, phi := range []float64{1, 1.3, 2} {
		for _, mean := range []float64{.01, .1, .5, 2, 8, 40} {
			here := 0
			var s Surge
			for i := range 24 * month {
				m := mean * 2 * 46.5 * shape(i%slotsPerDay)
				var change SurgeChange
				var err error
				s, change, err = s.Observe(time.Unix(int64(i)*900, 0), draw(r, m, phi), m, phi, SurgeRule{})
				if err != nil {
					t.Fatal(err)
				}
				if change == SurgeBegan {
					here++
				}
			}
			t.Logf("dispersion %.1f, mean %.2f a slot: %.2f false alarms a month", phi, mean, float64(here)/24)
			if here >= 24 {
				t.Errorf("dispersion %.1f, mean %.2f: %d false alarms in 24 months", phi, mean, here)
			}
			alarms, months = alarms+here, months+24
		}
	}
	t.Logf("%.3f false alarms a month and key", float64(alarms)/float64(months))
}

// Where whole days lie off the forecast by a common factor (15 % as a standard deviation),
// as they do, the dispersion that a forecast states covers it.
func TestSurgeFalseAlarmsWhenDaysStray(t *testing.T) {
	const days, c2 = 720, .15 * .15
	r := rand.New(rand.NewPCG(16, 16))
	for _, mean := range []float64{.5, 8, 40} {
		here := 0
		var s Surge
		for d := range days {
			factor := gamma(r, c2)
			for i := range slotsPerDay {
				m := mean * 2 * 46.5 * shape(i)
				var change SurgeChange
				s, change, _ = s.Observe(time.Unix(int64(d*slotsPerDay+i)*900, 0), draw(r, m*factor, 1.3), m, 1.3+c2*m, SurgeRule{})
				if change == SurgeBegan {
					here++
				}
			}
		}
		t.Logf("mean %.1f a slot: %.2f false alarms a month", mean, float64(here)/24)
		if here >= 24 {
			t.Errorf("mean %.1f: %d false alarms in 24 months", mean, here)
		}
	}
}

// The whole way: a forecast made anew each week, its means and dispersions, all keys of a
// desk whose days stray by 10 % and whose counts are over-dispersed.
func TestSurgeFalseAlarmsOfADesk(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	start := local(z, 2026, 9, 7, 0)
	w := wallet(z, 3000)
	w.phi, w.day = 1.3, .1
	rows := w.rows(rand.New(rand.NewPCG(19, 19)), start.AddDate(0, 0, -56), start.AddDate(0, 0, 56))
	alarms, keys := 0, map[Key]Surge{}
	for week := range 8 {
		from := start.AddDate(0, 0, 7*week)
		m := fit(t, rows, z, nil, from)
		truth := fit(t, rows, z, nil, from.AddDate(0, 0, 7))
		for _, k := range m.Keys() {
			came := truth.grid.sum(Filter(k))
			for _, f := range span(t, m, from, from.AddDate(0, 0, 7), Filter(k)).Slots {
				n, _ := truth.at(came, f.At)
				s, change, err := keys[k].Observe(f.At, int(n), f.Mean, f.Dispersion, SurgeRule{})
				if err != nil {
					t.Fatal(err)
				}
				if keys[k] = s; change == SurgeBegan {
					alarms++
				}
			}
		}
	}
	perMonth := float64(alarms) / float64(len(keys)) / 56 * 30
	t.Logf("%d keys, 8 weeks: %d false alarms, %.3f a month and key", len(keys), alarms, perMonth)
	if perMonth >= .25 || len(keys) != len(w.keys) {
		t.Errorf("%d keys: %.3f false alarms a month and key", len(keys), perMonth)
	}
}

// How soon a surge of three times the usual is seen.
func TestSurgeDelay(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 13))
	for _, c := range []struct{ mean, phi, atMost float64 }{{1, 1, 9}, {4, 1, 3}, {4, 1.5, 4}, {20, 1, 1.2}, {20, 2, 2}} {
		var delays []float64
		for range 400 {
			var s Surge
			surging, delay := 0, 0.0
			for i := range 400 {
				m := c.mean
				if i >= 100 {
					m *= 3
					surging++
				}
				var change SurgeChange
				s, change, _ = s.Observe(time.Unix(int64(i)*900, 0), draw(r, m, c.phi), c.mean, c.phi, SurgeRule{})
				if change == SurgeBegan && surging > 0 {
					delay = float64(surging)
					break
				}
			}
			if delay == 0 {
				t.Fatalf("%+v: never seen", c)
			}
			delays = append(delays, delay)
		}
		slices.Sort(delays)
		sum := 0.0
		for _, d := range delays {
			sum += d
		}
		t.Logf("mean %v a slot, dispersion %v: seen after %.1f quarter-hours on average, 90 %% within %.0f", c.mean, c.phi, sum/float64(len(delays)), delays[360])
		if sum/float64(len(delays)) > c.atMost {
			t.Errorf("%+v: %.1f quarter-hours", c, sum/float64(len(delays)))
		}
	}
}

func TestSurgeEndsWhenBackToForecast(t *testing.T) {
	var s Surge
	began, ended := -1, -1
	counts := []int{10, 9, 11, 30, 40, 38, 35, 10, 11, 9, 10, 10, 9}
	for i, n := range counts {
		var change SurgeChange
		var err error
		s, change, err = s.Observe(time.Unix(int64(i)*900, 0), n, 10, 1, SurgeRule{})
		if err != nil {
			t.Fatal(err)
		}
		switch change {
		case SurgeBegan:
			began = i
			if !s.SinceAt.Equal(time.Unix(3*900, 0)) || s.Count < 30 || s.Usual < 10 {
				t.Errorf("began with %+v", s)
			}
		case SurgeEnded:
			ended = i
		}
	}
	if began != 3 && began != 4 || ended != 10 || s.Active {
		t.Errorf("began at %d, ended at %d", began, ended)
	}
}

func TestSurgeInADeadHour(t *testing.T) {
	var s Surge
	for i := range 15 { // one ticket a quarter-hour where none is expected
		var change SurgeChange
		s, change, _ = s.Observe(time.Unix(int64(i)*900, 0), 1, 0, 1, SurgeRule{})
		if change != SurgeNone {
			t.Fatalf("a ticket each quarter-hour of dead hours is a surge: %+v", s)
		}
	}
	_, change, _ := s.Observe(time.Unix(15*900, 0), 30, 0, 1, SurgeRule{})
	if change != SurgeBegan {
		t.Error("thirty tickets in a dead quarter-hour are none")
	}
}

func TestSurgeIsPureAndRefusesGarbage(t *testing.T) {
	at := time.Unix(0, 0)
	a, _, _ := Surge{}.Observe(at, 3, 1, 1, SurgeRule{})
	b, _, _ := a.Observe(at, 5, 1, 1, SurgeRule{})
	c, _, _ := a.Observe(at, 5, 1, 1, SurgeRule{})
	if b.Score != c.Score || len(a.Last) != 1 || len(b.Last) != 2 {
		t.Error("observing twice from one state gives two states")
	}
	for field, f := range map[string]func() error{
		"count":      func() error { _, _, err := a.Observe(at, -1, 1, 1, SurgeRule{}); return err },
		"expected":   func() error { _, _, err := a.Observe(at, 1, math.NaN(), 1, SurgeRule{}); return err },
		"dispersion": func() error { _, _, err := a.Observe(at, 1, 1, math.Inf(1), SurgeRule{}); return err },
		"ratio":      func() error { _, _, err := a.Observe(at, 1, 1, 1, SurgeRule{Ratio: 1}); return err },
		"calm_slots": func() error { _, _, err := a.Observe(at, 1, 1, 1, SurgeRule{CalmSlots: 99}); return err },
	} {
		named(t, f(), field)
	}
}

func BenchmarkObserve(b *testing.B) {
	var s Surge
	i := 0
	for b.Loop() {
		s, _, _ = s.Observe(time.Unix(int64(i)*900, 0), i%5, 2, 1.2, SurgeRule{})
		i++
	}
}
