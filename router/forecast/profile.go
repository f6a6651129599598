package forecast

import "math"

const (
	kinds         = 8
	profileHalf   = 28.0 // days after which a day weighs half in a profile
	levelHalf     = 10.0 // and in a level
	pseudoCounts  = 4.0  // a cell's prior weighs like so many tickets
	levelCounts   = 20.0 // and that of a level
	kindPseudoDay = 1.0  // a kind's share of its group weighs like so many days
)

// profile is mean arrivals by kind of day and local slot.
type profile [kinds][slotsPerDay]float64

// cells are weighted sums of counts, and of the slots they came from.
type cells struct{ y, w profile }

func decay(age, half float64) float64 { return math.Exp2(-age / half) }

// gather sums counts by kind and slot, later days weighing more.
func (g *grid) gather(counts []float64, missing []bool) *cells {
	c := &cells{}
	for _, d := range g.days {
		w := decay(d.age, profileHalf)
		for i := d.from; i < d.to; i++ {
			if missing[i] {
				continue
			}
			c.y[d.kind][g.local[i]] += w * counts[i]
			c.w[d.kind][g.local[i]] += w
		}
	}
	return c
}

// posterior is the mean of a gamma prior of pseudo counts around prior after y counts in
// w slots (credibility; Bühlmann, Gisler 2005).
func posterior(y, w, prior, pseudo float64) float64 {
	if prior <= 0 {
		return 0 // a prior holds its parts: it is 0 only where they are
	}
	return (y + pseudo) / (w + pseudo/prior)
}

// whole is the profile of the whole desk: a slot leans on its hour in its group of
// days (working days, rest days), a kind of day on its group, a group on all days.
func (c *cells) whole() *profile {
	all := c.sum(func(int) bool { return true })
	hourly := all.hours()
	out := &profile{}
	for _, rest := range [2]bool{false, true} {
		group := c.sum(func(kind int) bool { return rests(kind) == rest })
		base, grouped := group.hours(), [slotsPerDay]float64{}
		for s := range base {
			b := posterior(base[s]*group.w[s], group.w[s], hourly[s], pseudoCounts)
			grouped[s] = posterior(group.y[s], group.w[s], b, pseudoCounts)
		}
		for kind := range kinds {
			if rests(kind) != rest {
				continue
			}
			f := c.factor(kind, &grouped)
			for s := range out[kind] {
				out[kind][s] = posterior(c.y[kind][s], c.w[kind][s], f*grouped[s], pseudoCounts)
			}
		}
	}
	return out
}

// factor is how busy a kind of day is beside its group.
func (c *cells) factor(kind int, grouped *[slotsPerDay]float64) float64 {
	y, expected, all := 0.0, 0.0, 0.0
	for s, m := range grouped {
		y += c.y[kind][s]
		expected += c.w[kind][s] * m
		all += m
	}
	if all == 0 {
		return 1
	}
	return (y + kindPseudoDay*all) / (expected + kindPseudoDay*all)
}

// line is one sum over kinds.
type line struct{ y, w [slotsPerDay]float64 }

func (c *cells) sum(takes func(kind int) bool) *line {
	l := &line{}
	for kind := range kinds {
		if takes(kind) {
			for s := range l.y {
				l.y[s] += c.y[kind][s]
				l.w[s] += c.w[kind][s]
			}
		}
	}
	return l
}

// hours gives each slot the mean of its hour; an hour that was never seen has the
// mean of all, so that half a day of history does not promise an empty night.
func (l *line) hours() (out [slotsPerDay]float64) {
	allY, allW := 0.0, 0.0
	for s := range out {
		allY, allW = allY+l.y[s], allW+l.w[s]
	}
	for s := 0; s < slotsPerDay; s += 4 {
		y, w := 0.0, 0.0
		for i := s; i < s+4; i++ {
			y, w = y+l.y[i], w+l.w[i]
		}
		if w == 0 {
			y, w = allY, math.Max(allW, 1e-9)
		}
		for i := s; i < s+4; i++ {
			out[i] = y / w
		}
	}
	return out
}

// below is the profile of a part, leaning on its share of the profile above it.
func (c *cells) below(above *profile) *profile {
	y, expected := 0.0, 0.0
	for kind := range kinds {
		for s := range c.y[kind] {
			y += c.y[kind][s]
			expected += c.w[kind][s] * above[kind][s]
		}
	}
	share, out := 0.0, &profile{}
	if expected > 0 {
		share = y / expected
	}
	for kind := range kinds {
		for s := range out[kind] {
			out[kind][s] = posterior(c.y[kind][s], c.w[kind][s], share*above[kind][s], pseudoCounts)
		}
	}
	return out
}

// level is recent counts over what the profile expects, leaning on another level.
func (g *grid) level(counts []float64, missing []bool, p *profile, prior float64) float64 {
	y, expected := levelCounts*prior, levelCounts
	for _, d := range g.days {
		w := decay(d.age, levelHalf)
		for i := d.from; i < d.to; i++ {
			if missing[i] {
				continue
			}
			y += w * counts[i]
			expected += w * p[d.kind][g.local[i]]
		}
	}
	return y / expected
}

func (p *profile) add(q *profile, factor float64) {
	for kind := range kinds {
		for s := range p[kind] {
			p[kind][s] += factor * q[kind][s]
		}
	}
}
