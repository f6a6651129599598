package forecast

import (
	"math"
	"time"

	"switchyard/router"
)

// SurgeRule are the numbers of the watch. The zero value of a field takes the default.
type SurgeRule struct {
	Ratio     float64 `json:"ratio"`      // the watch is tuned to this many times what is expected; > 1
	Threshold float64 `json:"threshold"`  // evidence, in natural logarithms of likelihood, at which it alarms
	Floor     float64 `json:"floor"`      // least expected count of a slot, so that two tickets in a dead hour are none
	CalmSlots int     `json:"calm_slots"` // a surge has ended when so many slots together were back to forecast; ≤ 16
	Margin    float64 `json:"margin"`     // back to forecast: at most so many standard deviations above it
}

// DefaultSurgeRule was measured by simulation of two years a key (TestSurgeFalseAlarms,
// TestSurgeFalseAlarmsWhenDaysStray): where arrivals are as forecast, at most 0.08 false
// alarms a month and key at any tried mean and dispersion, 0.016 on average; where whole
// days stray by 15 %, at most 0.29. A surge to three times the usual is seen after 8.4
// quarter-hours at one ticket a quarter-hour, 2.7 at four, 1.0 at twenty (TestSurgeDelay).
func DefaultSurgeRule() SurgeRule {
	return SurgeRule{Ratio: 2.5, Threshold: 10, Floor: 0.25, CalmSlots: 4, Margin: 1}
}

// maxCalmSlots is the longest memory of a watch.
const maxCalmSlots = 16

func (r SurgeRule) filled() (SurgeRule, error) {
	const op = "forecast.surge"
	d := DefaultSurgeRule()
	for _, f := range []struct {
		name string
		v    *float64
		d    float64
		low  float64
	}{{"ratio", &r.Ratio, d.Ratio, 1.01}, {"threshold", &r.Threshold, d.Threshold, 0.1}, {"floor", &r.Floor, d.Floor, 0.001}, {"margin", &r.Margin, d.Margin, 0}} {
		if *f.v == 0 {
			*f.v = f.d
		}
		if !(*f.v >= f.low) || *f.v > 1e6 {
			return r, router.FailField(op, f.name, "must be a number from %v, not %v", f.low, *f.v)
		}
	}
	if r.CalmSlots == 0 {
		r.CalmSlots = d.CalmSlots
	}
	if r.CalmSlots < 1 || r.CalmSlots > maxCalmSlots {
		return r, router.FailField(op, "calm_slots", "must be 1 to %d, not %d", maxCalmSlots, r.CalmSlots)
	}
	return r, nil
}

// Seen is one slot that a watch saw.
type Seen struct {
	Count    int     `json:"count"`
	Expected float64 `json:"expected"`
	Variance float64 `json:"variance"`
}

// Surge is the state of the watch over one key. The zero value has seen nothing.
type Surge struct {
	Score   float64   `json:"score"` // evidence so far
	Active  bool      `json:"active"`
	SinceAt time.Time `json:"since_at,omitzero"` // when the evidence began to rise
	Count   int       `json:"count"`             // tickets since SinceAt
	Usual   float64   `json:"usual"`             // and what was expected
	Last    []Seen    `json:"last,omitempty"`    // the newest slots, oldest first
}

// SurgeChange is what a count changed.
type SurgeChange string

// The changes.
const (
	SurgeNone  SurgeChange = ""
	SurgeBegan SurgeChange = "began"
	SurgeEnded SurgeChange = "ended"
)

// Observe adds the count of the slot that began at. expected is the forecast of the slot,
// dispersion the variance over mean of such counts (1: Poisson; below 1 counts as 1).
//
// The evidence is that of the likelihood ratio for Ratio times the expected count
// against it, (x·ln R − (R − 1)·m)/dispersion, never below 0: the CUSUM of counts with
// reference value m·(R − 1)/ln R (Lucas 1985), for means that change with the hour, and
// quasi-likelihood where counts stray more than Poisson's. For Poisson counts the
// mean time to a false alarm is at least e^Threshold slots (Lorden 1971).
func (s Surge) Observe(at time.Time, count int, expected, dispersion float64, rule SurgeRule) (Surge, SurgeChange, error) {
	const op = "forecast.surge"
	r, err := rule.filled()
	if err != nil {
		return s, SurgeNone, err
	}
	if count < 0 || count > maxCount {
		return s, SurgeNone, router.FailField(op, "count", "must be 0 to %d, not %d", maxCount, count)
	}
	if !(expected >= 0) || expected > maxCount {
		return s, SurgeNone, router.FailField(op, "expected", "must be 0 to %d, not %v", maxCount, expected)
	}
	if !(dispersion >= 0) || dispersion > 1e6 {
		return s, SurgeNone, router.FailField(op, "dispersion", "must be 0 to 1e6, not %v", dispersion)
	}
	m, phi := math.Max(expected, r.Floor), math.Max(dispersion, 1)
	last := append([]Seen{}, s.Last...)
	last = append(last, Seen{count, m, phi * m})
	s.Last = last[max(0, len(last)-r.CalmSlots):]
	if s.Active {
		s.Count, s.Usual = s.Count+count, s.Usual+m
		if s.calm(r) {
			return Surge{Last: s.Last}, SurgeEnded, nil
		}
		return s, SurgeNone, nil
	}
	if s.Score == 0 {
		s.SinceAt, s.Count, s.Usual = at, 0, 0
	}
	s.Score = math.Max(0, s.Score+(float64(count)*math.Log(r.Ratio)-(r.Ratio-1)*m)/phi)
	s.Count, s.Usual = s.Count+count, s.Usual+m
	if s.Score == 0 {
		return Surge{Last: s.Last}, SurgeNone, nil
	}
	if s.Score < r.Threshold {
		return s, SurgeNone, nil
	}
	s.Active = true
	return s, SurgeBegan, nil
}

// calm reports whether the last slots together were back to forecast.
func (s Surge) calm(r SurgeRule) bool {
	if len(s.Last) < r.CalmSlots {
		return false
	}
	count, m, v := 0.0, 0.0, 0.0
	for _, x := range s.Last {
		count, m, v = count+float64(x.Count), m+x.Expected, v+x.Variance
	}
	return count <= m+r.Margin*math.Sqrt(v)
}
