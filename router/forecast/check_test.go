package forecast

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// Bands hold what they promise, on Poisson and on over-dispersed arrivals whose days have
// a level of their own; and the forecast is better than last week's counts.
func TestBandsHoldAndTheNaiveRuleIsBeaten(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	asOf := local(z, 2026, 11, 2, 0)
	for name, c := range map[string]struct{ phi, day float64 }{"poisson": {1, 0}, "dispersed": {1.8, .12}} {
		w := wallet(z, 4000)
		w.phi, w.day = c.phi, c.day
		var slots50, slots90, days50, days90, bias, n [2]float64
		for seed := range uint64(4) {
			rows := w.rows(rand.New(rand.NewPCG(seed, 10)), asOf.AddDate(0, 0, -91), asOf)
			r, err := Check(rows, z, nil, asOf, CheckOptions{Days: 21})
			if err != nil {
				t.Fatal(err)
			}
			for i, h := range r.Horizons {
				if h.Slots.N < 21*96 || h.Days.N != 21 || h.Slots.NaiveN != h.Slots.N {
					t.Fatalf("%s: %d slots, %d days, %d naive", name, h.Slots.N, h.Days.N, h.Slots.NaiveN)
				}
				if h.Slots.MAE > .85*h.Slots.NaiveMAE {
					t.Errorf("%s, %d days ahead: error %.2f, naive %.2f", name, h.DaysAhead, h.Slots.MAE, h.Slots.NaiveMAE)
				}
				bias[i] += h.Slots.Bias / h.Slots.Mean
				slots50[i] += h.Slots.Cover50
				slots90[i] += h.Slots.Cover90
				days50[i] += h.Days.Cover50
				days90[i] += h.Days.Cover90
				n[i]++
			}
		}
		for i := range n {
			if math.Abs(bias[i]/n[i]) > .02+c.day/3 {
				t.Errorf("%s, horizon %d: bias %.3f", name, i, bias[i]/n[i])
			}
			s50, s90, d50, d90 := slots50[i]/n[i], slots90[i]/n[i], days50[i]/n[i], days90[i]/n[i]
			t.Logf("%s, horizon %d: slots 50 %% band holds %.3f, 90 %% %.3f; days %.3f, %.3f", name, i, s50, s90, d50, d90)
			if s50 < .46 || s50 > .60 || s90 < .87 || s90 > .94 {
				t.Errorf("%s: slots: the 50 %% band holds %.3f, the 90 %% band %.3f", name, s50, s90)
			}
			if d50 < .33 || d90 < .79 { // 84 days: three standard errors below .50 and .89
				t.Errorf("%s: days: the 50 %% band holds %.3f, the 90 %% band %.3f", name, d50, d90)
			}
		}
	}
}

func TestCheckWithLittleHistory(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	asOf := local(z, 2026, 11, 2, 0)
	none, err := Check(nil, z, nil, asOf, CheckOptions{})
	if err != nil || !none.Basis.None || none.Horizons[0].Slots.N != 0 {
		t.Errorf("%+v, %v", none, err)
	}
	rows := wallet(z, 800).rows(rand.New(rand.NewPCG(1, 1)), asOf.AddDate(0, 0, -4), asOf)
	few, err := Check(rows, z, nil, asOf, CheckOptions{})
	if err != nil || few.Horizons[0].Days.N != 3 || few.Horizons[1].Days.N != 0 || few.Horizons[0].Slots.NaiveN != 0 {
		t.Errorf("%+v, %v", few.Horizons, err)
	}
	_, err = Check(rows, z, nil, asOf, CheckOptions{Days: 1000})
	named(t, err, "days")
}

// Small and large means by the exact law against its simulation.
func TestQuantilesAgainstSimulation(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	for _, c := range []struct{ mean, variance float64 }{{.3, .3}, {4, 9}, {40, 40}, {40, 400}, {2000, 2000}, {2000, 90000}} {
		b, n := bandOf(c.mean, c.variance), 20000
		in50, in90 := 0.0, 0.0
		below := 0.0
		for range n {
			m := c.mean
			if c.variance > c.mean {
				m *= gamma(r, (c.variance-c.mean)/(c.mean*c.mean))
			}
			x := poisson(r, m)
			if x >= b.Low50 && x <= b.High50 {
				in50++
			}
			if x >= b.Low90 && x <= b.High90 {
				in90++
			}
			if x < b.Low90 {
				below++
			}
		}
		in50, in90, below = in50/float64(n), in90/float64(n), below/float64(n)
		if in50 < .49 || in90 < .89 || below > .06 || c.mean > 30 && (in50 > .60 || in90 > .93) {
			t.Errorf("%+v: %+v holds %.3f and %.3f, %.3f below", c, b, in50, in90, below)
		}
	}
	if b := bandOf(0, 0); b != (Band{}) {
		t.Errorf("%+v", b)
	}
}

func BenchmarkCheck(b *testing.B) {
	z, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		b.Fatal(err)
	}
	asOf := local(z, 2026, 11, 2, 0)
	rows := wallet(z, 3000).rows(rand.New(rand.NewPCG(1, 1)), asOf.AddDate(0, 0, -84), asOf)
	for b.Loop() {
		if _, err := Check(rows, z, nil, asOf, CheckOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
