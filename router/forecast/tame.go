package forecast

import (
	"math"
	"slices"
)

const (
	blocksPerDay = 12 // blocks of two hours are judged
	likes        = 8  // with how many days nearest in time a block is compared
	farOff       = 4  // robust standard deviations at which a block is cut back
)

// tame gives a key's counts with blocks of two hours brought to the median that are far
// off those of the days around them: beyond median ± 4 robust standard deviations of both
// the nearest days of the same kind and the nearest working or rest days. So one bad
// day does not become the profile, a Monday that is always busy stays busy, and a
// new level is believed once it has lasted for most of a working week.
func (g *grid) tame(counts []float64) []float64 {
	out := slices.Clone(counts)
	g.judge(counts, func(d, b int, x, lo, hi float64) {
		if x > hi || x < lo {
			g.scale(out, d, b, x, (lo+hi)/2)
		}
	})
	return out
}

// missing marks slots of blocks in which far too little came to a channel, or to the
// whole desk: a source that was down. They are left out where their keys, each too
// sparse to show it, are fitted. before may be nil.
func (g *grid) missing(counts []float64, before []bool) []bool {
	out := make([]bool, g.slots())
	copy(out, before)
	g.judge(counts, func(d, b int, x, lo, _ float64) {
		if x >= lo {
			return
		}
		for i := g.days[d].from; i < g.days[d].to; i++ {
			out[i] = out[i] || g.block(i) == b
		}
	})
	return out
}

// judge tells for each whole block of two hours its count and the limits that its likes
// set, where there are enough of them. Holidays are held against holidays only.
func (g *grid) judge(counts []float64, tell func(d, b int, x, lo, hi float64)) {
	sums, whole := g.blocks(counts)
	for d := range g.days {
		same, group := g.likes(d, true), g.likes(d, false)
		for b := range blocksPerDay {
			if !whole[d][b] {
				continue
			}
			lo, hi, ok := limits(sums, whole, same, b)
			if l, h, too := limits(sums, whole, group, b); too && (!ok || h > hi && sums[d][b] > hi || l < lo && sums[d][b] < lo) {
				lo, hi, ok = l, h, true // the kinder judge
			}
			if ok {
				tell(d, b, sums[d][b], lo, hi)
			}
		}
	}
}

// block is the two-hour block of a slot.
func (g *grid) block(i int) int { return int(g.local[i]) / (slotsPerDay / blocksPerDay) }

// blocks sums counts by day and block; a block counts where all its slots are there.
func (g *grid) blocks(counts []float64) (sums [][blocksPerDay]float64, whole [][blocksPerDay]bool) {
	sums, whole = make([][blocksPerDay]float64, len(g.days)), make([][blocksPerDay]bool, len(g.days))
	for d, day := range g.days {
		n := [blocksPerDay]int{}
		for i := day.from; i < day.to; i++ {
			b := g.block(i)
			sums[d][b] += counts[i]
			n[b]++
		}
		for b := range n {
			whole[d][b] = n[b] == slotsPerDay/blocksPerDay
		}
	}
	return sums, whole
}

// likes are the days nearest in time to d of the same kind, or of the same group.
func (g *grid) likes(d int, kind bool) []int {
	out := make([]int, 0, likes)
	for step := 1; step < len(g.days) && len(out) < likes; step++ {
		for _, i := range [2]int{d - step, d + step} {
			if i < 0 || i >= len(g.days) || len(out) == likes {
				continue
			}
			if k, mine := g.days[i].kind, g.days[d].kind; k == mine || !kind && rests(k) == rests(mine) && k != holiday && mine != holiday {
				out = append(out, i)
			}
		}
	}
	return out
}

// rests reports whether a kind of day is a Saturday, a Sunday or a holiday.
func rests(kind int) bool { return kind == 0 || kind == 6 || kind == holiday }

// limits are how low and high a block may be, by its likes; of fewer than four nothing is said.
func limits(sums [][blocksPerDay]float64, whole [][blocksPerDay]bool, near []int, b int) (lo, hi float64, ok bool) {
	var buf [likes]float64
	xs := buf[:0]
	for _, i := range near {
		if whole[i][b] {
			xs = append(xs, sums[i][b])
		}
	}
	if len(xs) < 4 {
		return 0, 0, false
	}
	m := median(xs)
	for i, x := range xs {
		xs[i] = math.Abs(x - m)
	}
	// 1.4826: the median deviation of a normal law, as a standard deviation
	width := farOff * math.Max(1.4826*median(xs), math.Sqrt(m+1))
	return m - width, m + width, true
}

// median sorts xs.
func median(xs []float64) float64 {
	slices.Sort(xs)
	n := len(xs)
	return (xs[(n-1)/2] + xs[n/2]) / 2
}

// scale brings a block of a day from its sum to another.
func (g *grid) scale(out []float64, d, b int, from, to float64) {
	for i := g.days[d].from; i < g.days[d].to; i++ {
		if g.block(i) != b {
			continue
		}
		if from == 0 {
			out[i] = to / (slotsPerDay / blocksPerDay)
		} else {
			out[i] *= to / from
		}
	}
}
