package forecast

import "math"

// spread is how far counts stray from their mean m: variance φ·m + (c·m)² for one
// slot or a day's sum, c being common to all slots of a day (Jongbloed, Koole 2001;
// Avramidis, Deslauriers, L'Ecuyer 2004).
type spread struct {
	phi    float64
	square [kinds]float64 // c², by kind of day
	growth float64        // of φ, for the profile being estimated
}

const (
	phiPrior, phiWeight   = 1.1, 30.0  // what φ leans on, and how many tickets that weighs
	dayPrior, dayWeight   = 0.0025, 2. // c² = 5 % of a day, like two days
	coldSquare            = 0.25       // c² added with no whole day; falls to 0 at two weeks
	unseenSquare          = 0.09       // c² added for a kind of day that was never seen
	minExpectedOfDay      = 1e-9
	levelWarmUp           = 3.0 // days that the running level leans on 1
	secondsOfProfileNoise = 2.0 // an estimated profile errs in the past and in the future
)

// spreadOf measures the spread of the keys that a filter takes, all together, on what
// the profile left over: φ inside days, c against a level that only knew the days before.
func (m *Model) spreadOf(f Filter) spread {
	g, missing := m.grid, m.missing[""]
	if of := m.missing[f.Channel]; of != nil {
		missing = of
	}
	counts, p := make([]float64, g.slots()), &profile{}
	for k, key := range g.keys {
		if f.Takes(key) {
			p.add(m.noLevel[k], 1)
			for i, c := range m.tamed[k] {
				counts[i] += c
			}
		}
	}
	s := spread{phi: g.phi(counts, missing, p)}
	c2 := g.daySquare(counts, missing, p, s.phi) + coldSquare*math.Max(0, 1-float64(m.basis.Days)/warmDays)
	var w, w2 [kinds]float64
	for _, d := range g.days {
		x := decay(d.age, profileHalf) * float64(d.to-d.from) / slotsPerDay
		w[d.kind] += x
		w2[d.kind] += x * x
	}
	mean := 0.0
	for kind := range kinds {
		if w[kind] == 0 {
			s.square[kind] = c2 + unseenSquare
			continue
		}
		n := w[kind] * w[kind] / w2[kind]                 // days that really speak for this kind
		s.square[kind] = c2 * (n + 1) / math.Max(n-1, .5) // what is left over is less than what will be: the profile saw it
		mean = math.Max(mean, n)
	}
	s.growth = 1 + secondsOfProfileNoise/math.Max(1, mean)
	return s
}

// phi is the dispersion inside days: squares of what is left over, each day scaled
// to its own total, over what Poisson counts would leave.
func (g *grid) phi(counts []float64, missing []bool, p *profile) float64 {
	squares, poisson := phiWeight*phiPrior, phiWeight
	for _, d := range g.days {
		y, m := g.total(d, counts, missing, p)
		if m < minExpectedOfDay || y == 0 {
			continue
		}
		w := decay(d.age, profileHalf)
		for i := d.from; i < d.to; i++ {
			if missing[i] {
				continue
			}
			part := p[d.kind][g.local[i]] / m
			left := counts[i] - y*part
			squares += w * left * left
			poisson += w * y * part * (1 - part)
		}
	}
	return squares / poisson
}

// daySquare is c² of day totals around a level that runs behind them.
func (g *grid) daySquare(counts []float64, missing []bool, p *profile, phi float64) float64 {
	over, base := 0.0, 0.0
	sumY, sumM, lean := 0.0, 0.0, 0.0
	for _, d := range g.days {
		y, m := g.total(d, counts, missing, p)
		if lean == 0 {
			lean = levelWarmUp * m
			sumY, sumM = lean, lean
		}
		if d.whole && m > minExpectedOfDay && sumM > 0 {
			expected := m * sumY / sumM
			w := decay(d.age, profileHalf)
			over += w * ((y-expected)*(y-expected) - phi*expected)
			base += w * expected * expected
		}
		keep := decay(1, levelHalf)
		sumY, sumM = keep*sumY+y, keep*sumM+m
	}
	whole := 0.0
	for _, d := range g.days {
		if d.whole {
			whole += decay(d.age, profileHalf)
		}
	}
	c2 := 0.0
	if base > 0 {
		c2 = math.Max(0, over/base)
	}
	return (c2*whole + dayPrior*dayWeight) / (whole + dayWeight)
}

// total is what came in a day and what the profile has for it, missing slots aside.
func (g *grid) total(d day, counts []float64, missing []bool, p *profile) (y, m float64) {
	for i := d.from; i < d.to; i++ {
		if !missing[i] {
			y += counts[i]
			m += p[d.kind][g.local[i]]
		}
	}
	return y, m
}

// slot is the variance of one slot's count.
func (s spread) slot(kind int, mean float64) float64 {
	return s.phi*s.growth*mean + s.square[kind]*mean*mean
}

// sum is the variance of a sum over slots of one day.
func (s spread) sum(kind int, mean float64) float64 {
	return s.phi*mean + s.square[kind]*mean*mean
}
