package pace

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

var start = time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)

// claims are lognormal durations of a mean and a coefficient of variation, one a minute.
func claims(r *rand.Rand, n int, mean time.Duration, cv float64) []time.Duration {
	s2 := math.Log(1 + cv*cv)
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = time.Duration(float64(mean) * math.Exp(math.Sqrt(s2)*r.NormFloat64()-s2/2))
	}
	return out
}

func meter(ds []time.Duration) Meter {
	m := Meter{}
	for i, d := range ds {
		m = m.Observe(d, start.Add(time.Duration(i)*time.Minute))
	}
	return m
}

func estimate(t *testing.T, ds []time.Duration) float64 {
	t.Helper()
	mean, _, ok := meter(ds).Estimate(start.Add(time.Duration(len(ds)) * time.Minute))
	if !ok {
		t.Fatal("no estimate")
	}
	return mean.Minutes()
}

// Invariant C; claims of five seconds, which the bins take, move it a little more where times vary most.
func TestJunkMovesTheEstimateByLessThanAQuarter(t *testing.T) {
	worst := map[string]float64{}
	for _, mean := range []time.Duration{90 * time.Second, 6 * time.Minute, 12 * time.Minute, 25 * time.Minute} {
		for _, cv := range []float64{0.3, 0.7, 1.2} {
			for seed := range uint64(40) {
				r := rand.New(rand.NewPCG(seed, 7))
				ds := claims(r, 200, mean, cv)
				clean, chosen := estimate(t, ds), r.Perm(len(ds))[:len(ds)/5]
				for junk, limit := range map[time.Duration]float64{time.Second: 0.25, 8 * time.Hour: 0.25, 5 * time.Second: 0.30} {
					dirty := append([]time.Duration{}, ds...)
					for _, i := range chosen {
						dirty[i] = junk
					}
					moved := math.Abs(estimate(t, dirty)/clean - 1)
					worst[junk.String()] = max(worst[junk.String()], moved)
					if moved >= limit {
						t.Errorf("mean %v cv %v seed %d: 20 %% of %v move the estimate by %.0f %%", mean, cv, seed, junk, 100*moved)
					}
				}
			}
		}
	}
	t.Logf("largest moves: %v", worst)
}

func TestTheEstimateIsNearTheMean(t *testing.T) {
	for _, cv := range []float64{0, 0.5, 1.2} {
		r := rand.New(rand.NewPCG(3, 3))
		got := estimate(t, claims(r, 2000, 10*time.Minute, cv))
		if math.Abs(got/10-1) > 0.08 {
			t.Errorf("cv %v: %.2f minutes, want about 10", cv, got)
		}
	}
}

// Three-hour claims lie inside the bins: only the fences keep them out.
func TestFencesKeepOutWhatTheBinsTake(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	ds := claims(r, 200, 6*time.Minute, 0.7)
	clean := estimate(t, ds)
	for i := range 40 {
		ds[i*5] = 3 * time.Hour
	}
	if got := estimate(t, ds); math.Abs(got/clean-1) >= 0.25 {
		t.Fatalf("%.1f minutes, without them %.1f", got, clean)
	}
}

// Invariant A.
func TestOrderDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	ds := claims(r, 60, 8*time.Minute, 1)
	a, b, c := Meter{}, Meter{}, Meter{}
	for i, d := range ds {
		at := start.Add(time.Duration(i) * 7 * time.Hour)
		a = a.Observe(d, at)
		if i%2 == 0 {
			b = b.Observe(d, at)
		} else {
			c = c.Observe(d, at)
		}
	}
	now := start.Add(20 * 24 * time.Hour)
	x, nx, _ := a.Estimate(now)
	y, ny, _ := c.Plus(b).Estimate(now)
	if x != y || math.Abs(nx-ny) > 1e-9 || x == 0 {
		t.Fatalf("%v on %v, in two parts %v on %v", x, nx, y, ny)
	}
}

func TestOldWorkFades(t *testing.T) {
	m := Meter{}
	for i := range 100 {
		m = m.Observe(20*time.Minute, start.Add(time.Duration(i)*time.Minute))
	}
	later := start.Add(4 * HalfLife)
	if _, n, ok := m.Estimate(later); ok || n > 100.0/15 {
		t.Fatalf("after four half-lives 100 claims still count as %.1f", n)
	}
	for i := range 50 {
		m = m.Observe(5*time.Minute, later.Add(time.Duration(i)*time.Minute))
	}
	if mean, _, ok := m.Estimate(later.Add(time.Hour)); !ok || mean > 6*time.Minute {
		t.Fatalf("%v", mean)
	}
}

// Invariants B and D.
func TestMixAndBounds(t *testing.T) {
	if Mix(8*time.Minute, time.Hour, Least-0.1) != 8*time.Minute || Mix(8*time.Minute, time.Hour, math.NaN()) != 8*time.Minute {
		t.Fatal("with few observations the policy stands")
	}
	last := 8 * time.Minute
	for _, n := range []float64{10, 20, 50, 200, 1e6, math.Inf(1)} {
		got := Mix(8*time.Minute, time.Hour, n)
		if got <= last && got != time.Hour || got > time.Hour {
			t.Fatalf("%v: %v after %v", n, got, last)
		}
		last = got
	}
	if Mix(8*time.Minute, 16*time.Minute, 20) != 12*time.Minute {
		t.Fatal("twenty observations weigh half")
	}
	for _, d := range []time.Duration{-time.Hour, 0, time.Second, 5 * time.Hour, math.MaxInt64} {
		if m := (Meter{}).Observe(d, start); len(m.Bins) != 0 {
			t.Errorf("%v was learned from", d)
		}
	}
	m := Meter{}
	for range 30 {
		m = m.Observe(Longest, start).Observe(Shortest, start)
	}
	if mean, n, ok := m.Estimate(start.Add(-time.Hour)); !ok || mean < Shortest || mean > Longest || fmt.Sprint(n) == "NaN" {
		t.Fatalf("%v %v %v", mean, n, ok)
	}
}
