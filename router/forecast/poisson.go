package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"switchyard/router"
)

// PoissonTest is the outcome of a test whether arrivals of one day were Poisson with a
// rate that hardly changes within a sub-interval.
type PoissonTest struct {
	N         int     `json:"n"`         // arrivals that took part
	Statistic float64 `json:"statistic"` // Kolmogorov and Smirnov's D
	P         float64 `json:"p"`         // chance of a D as large if they were
}

// minTested is how many arrivals a verdict needs.
const minTested = 10

// PoissonCheck tests arrivals of one day, from its first instant to its end: within each
// sub-interval, given their number, the times of Poisson arrivals are uniform;
// Durbin's transform (1961) makes the test sharp against gaps that are no
// exponential ones, and what all sub-intervals give is held against the uniform law
// by Kolmogorov and Smirnov (Brown and others 2005; Kim, Whitt 2014, who call it the
// Lewis test). Days are never pooled: an uneven level from day to day would pass for
// no Poisson process. Times that were rounded down, to rounded (0: they were not), are
// spread over it again by the seeded source. Arrivals outside the day are invalid_field,
// fewer than ten are not enough to say and unavailable.
func PoissonCheck(times []time.Time, from, to time.Time, sub, rounded time.Duration, random *rand.Rand) (PoissonTest, error) {
	const op = "forecast.poisson_check"
	if !to.After(from) || to.Sub(from) > 25*time.Hour {
		return PoissonTest{}, router.FailField(op, "to", "must be after from, by one day at most")
	}
	if sub < time.Minute || sub > to.Sub(from) {
		return PoissonTest{}, router.FailField(op, "sub", "must be a minute to the whole day, not %s", sub)
	}
	if rounded < 0 || rounded > sub/4 {
		return PoissonTest{}, router.FailField(op, "rounded", "must be 0 to a quarter of the sub-interval, not %s", rounded)
	}
	if rounded > 0 && random == nil {
		return PoissonTest{}, router.FailField(op, "random", "is missing: rounded times are spread by it")
	}
	parts := make([][]float64, int(to.Sub(from)/sub)) // what is left of the day at its end does not take part
	for i, t := range slices.SortedFunc(slices.Values(times), time.Time.Compare) {
		if t.Before(from) || !t.Before(to) {
			return PoissonTest{}, router.FailField(op, "times", "number %d by time, %s, is outside the day", i+1, t.Format(time.RFC3339))
		}
		at := t.Sub(from)
		if rounded > 0 {
			at += time.Duration(random.Float64() * float64(rounded))
		}
		if k := int(at / sub); k < len(parts) {
			parts[k] = append(parts[k], float64(at%sub)/float64(sub))
		}
	}
	return verdict(op, parts)
}

func verdict(op string, parts [][]float64) (PoissonTest, error) {
	var all []float64
	for _, u := range parts {
		all = append(all, durbin(u)...)
	}
	if len(all) < minTested {
		return PoissonTest{}, router.Fail(op, router.CodeUnavailable, "%d arrivals are too few to say; %d are needed", len(all), minTested)
	}
	slices.Sort(all)
	n, d := float64(len(all)), 0.0
	for i, u := range all {
		d = math.Max(d, math.Max(float64(i+1)/n-u, u-float64(i)/n))
	}
	return PoissonTest{N: len(all), Statistic: d, P: kolmogorov((math.Sqrt(n) + .12 + .11/math.Sqrt(n)) * d)}, nil
}

// durbin turns times that are uniform on 0–1 into others that are so too: gaps in order
// of size, C(1) ≤ … ≤ C(n+1), weighed (n+2−j)·(C(j) − C(j−1)), and summed.
func durbin(u []float64) []float64 {
	if len(u) == 0 {
		return nil
	}
	slices.Sort(u)
	gaps, last := make([]float64, 0, len(u)+1), 0.0
	for _, x := range append(u, 1) {
		gaps = append(gaps, x-last)
		last = x
	}
	slices.Sort(gaps)
	out, sum, before := make([]float64, 0, len(u)), 0.0, 0.0
	for j, c := range gaps[:len(u)] {
		sum += float64(len(u)+1-j) * (c - before)
		before = c
		out = append(out, sum)
	}
	return out
}

// kolmogorov is the chance that the limit of √n·D exceeds x (Kolmogorov 1933; the caller
// corrects √n for small n after Stephens 1970).
func kolmogorov(x float64) float64 {
	if x < .2 {
		return 1
	}
	sum, sign := 0.0, 1.0
	for k := 1.0; k <= 100; k++ {
		term := math.Exp(-2 * k * k * x * x)
		sum += sign * term
		sign = -sign
		if term < 1e-16 {
			break
		}
	}
	return math.Min(1, math.Max(0, 2*sum))
}
