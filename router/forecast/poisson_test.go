package forecast

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"switchyard/router"
)

// arrivals of a day: rate an hour in, instants out. batch tickets come with each arrival,
// within a minute.
func arrivals(r *rand.Rand, from time.Time, perHour func(h float64) float64, batch int, round time.Duration) []time.Time {
	var out []time.Time
	const top = 400.0
	for h := r.ExpFloat64() / top; h < 24; h += r.ExpFloat64() / top {
		if r.Float64()*top > perHour(h) {
			continue
		}
		for range batch {
			at := from.Add(time.Duration(h*float64(time.Hour)) + time.Duration(r.Float64()*float64(min(1, batch-1))*float64(time.Minute)))
			if at = at.Truncate(max(round, 1)); at.Before(from.Add(24 * time.Hour)) {
				out = append(out, at)
			}
		}
	}
	return out
}

// rejected is the share of days that the test rejects at 5 %.
func rejected(t *testing.T, r *rand.Rand, round, unround time.Duration, batch int) float64 {
	t.Helper()
	from, n, no := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC), 400, 0.0
	for range n {
		times := arrivals(r, from, func(h float64) float64 { return (40 + 25*math.Sin(h/24*2*math.Pi)) / float64(batch) }, batch, round)
		p, err := PoissonCheck(times, from, from.AddDate(0, 0, 1), 30*time.Minute, unround, r)
		if err != nil {
			t.Fatal(err)
		}
		if p.P < .05 {
			no++
		}
		if p.Statistic <= 0 || p.Statistic > 1 || p.P < 0 || p.P > 1 {
			t.Fatalf("%+v", p)
		}
	}
	return no / float64(n)
}

func TestPoissonCheckHoldsItsLevelAndSeesBatches(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 14))
	if share := rejected(t, r, 0, 0, 1); share > .09 || share < .02 { // 5 % ± three standard errors
		t.Errorf("Poisson days are rejected in %.3f of all cases", share)
	}
	if share := rejected(t, r, time.Second, time.Second, 1); share > .09 {
		t.Errorf("rounded Poisson days, spread again, are rejected in %.3f of all cases", share)
	}
	if share := rejected(t, r, time.Minute, 0, 1); share < .9 {
		t.Errorf("times rounded to minutes and left so are rejected in %.3f of all cases only", share)
	}
	if share := rejected(t, r, 0, 0, 2); share < .9 {
		t.Errorf("arrivals in pairs are rejected in %.3f of all cases only", share)
	}
}

// Durbin's transform of uniform times is uniform: its mean is one half.
func TestDurbin(t *testing.T) {
	r, sum, n := rand.New(rand.NewPCG(15, 15)), 0.0, 0.0
	for range 4000 {
		u := []float64{r.Float64(), r.Float64(), r.Float64()}
		for _, x := range durbin(u) {
			if x < 0 || x > 1+1e-9 {
				t.Fatalf("%v", x)
			}
			sum, n = sum+x, n+1
		}
	}
	if math.Abs(sum/n-.5) > .01 {
		t.Errorf("mean %v", sum/n)
	}
	// Kolmogorov's limit at its 5 % and 1 % points (Smirnov 1948: 1.3581, 1.6276)
	if math.Abs(kolmogorov(1.3581)-.05) > 1e-4 || math.Abs(kolmogorov(1.6276)-.01) > 1e-4 {
		t.Errorf("%v, %v", kolmogorov(1.3581), kolmogorov(1.6276))
	}
}

func TestPoissonCheckRefuses(t *testing.T) {
	from := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	to, r := from.AddDate(0, 0, 1), rand.New(rand.NewPCG(1, 1))
	for field, f := range map[string]func() error{
		"to":      func() error { _, err := PoissonCheck(nil, from, from.AddDate(0, 0, 2), time.Hour, 0, r); return err },
		"sub":     func() error { _, err := PoissonCheck(nil, from, to, 0, 0, r); return err },
		"rounded": func() error { _, err := PoissonCheck(nil, from, to, time.Hour, time.Hour, r); return err },
		"random":  func() error { _, err := PoissonCheck(nil, from, to, time.Hour, time.Minute, nil); return err },
		"times":   func() error { _, err := PoissonCheck([]time.Time{to}, from, to, time.Hour, 0, r); return err },
	} {
		named(t, f(), field)
	}
	var e *router.Error
	if _, err := PoissonCheck([]time.Time{from}, from, to, time.Hour, 0, r); !errors.As(err, &e) || e.Code != router.CodeUnavailable {
		t.Errorf("%v", err)
	}
}
