package staffing

import (
	"math"
	"time"

	"switchyard/router"
)

// Line is one line of alike customers before alike agents: arrivals are Poisson,
// handling and patience exponential, and who came first is served first.
type Line struct {
	PerHour  float64       `json:"per_hour"`           // arrivals an hour, ≥ 0
	Handling time.Duration `json:"handling"`           // mean time an agent is busy with one, > 0
	Patience time.Duration `json:"patience,omitempty"` // mean time until a waiting customer gives up; 0: never
	Agents   int           `json:"agents"`             // ≥ 1
}

// Load is arrivals × handling, in erlangs.
func (l Line) Load() float64 { return l.PerHour * l.Handling.Hours() }

// Steady is what a line looks like once it has settled. The numbers are over all
// arrivals, those who give up included.
type Steady struct {
	Line      Line
	Waits     float64       // P(wait): share that does not get an agent at once
	Abandons  float64       // P(abandon): share that gives up
	Wait      time.Duration // E[W]: mean actual wait, until an agent or giving up (Erlang C: ASA)
	Waiting   float64       // Lq: mean number that waits
	Occupancy float64       // share of their time that agents are busy
	v         density
	scale     float64 // the offered wait has density scale·exp(v.log(x) − v.top) for x > 0
}

// Settle works out a line: Erlang C without patience, Erlang A with it. It fails
// with invalid_field, in Erlang C also when the load is not below the agents.
//
// Both come from the density of the offered wait, λ·π(N−1)·exp(λ∫₀ˣP(patience > u)du − Nμx)
// (Baccelli, Hebuterne 1981; Zeltyn, Mandelbaum 2005), and π(N−1) from Erlang B.
func Settle(l Line) (Steady, error) {
	const op = "staffing.settle"
	if err := l.check(op); err != nil {
		return Steady{}, err
	}
	s := Steady{Line: l, v: newDensity(l)}
	below := blocked(l.Agents-1, l.Load()) // π(N−1) over P(fewer than N here)
	v := s.v.integral(0, math.Inf(1))
	if below > 0 {
		s.scale = s.v.lambda / (math.Exp(-s.v.top)/below + s.v.lambda*v.all)
	}
	s.Waits = clamp(s.scale * v.all)
	mean := s.scale * v.endured
	s.Wait = hoursOf(mean)
	s.Waiting = l.PerHour * mean
	s.Abandons = clamp(mean * s.v.theta)
	s.Occupancy = clamp(l.Load() * (1 - s.Abandons) / float64(l.Agents))
	return s, nil
}

func (l Line) check(op string) error {
	if err := agentsOf(op, l.Agents); err != nil {
		return err
	}
	if err := notNegative(op, "per_hour", l.PerHour); err != nil {
		return err
	}
	if l.Handling <= 0 {
		return router.FailField(op, "handling", "must be longer than 0, not %s", l.Handling)
	}
	if l.Patience < 0 {
		return router.FailField(op, "patience", "must not be negative, not %s", l.Patience)
	}
	if l.Load() > maxAgents {
		return router.FailField(op, "per_hour", "a load of %.4g erlangs is more than this formula is for (%d)", l.Load(), maxAgents)
	}
	if l.Patience == 0 {
		return enoughAgents(op, l.Agents, l.Load())
	}
	return nil
}

// ServedWithin is the share of all arrivals that get an agent within t.
func (s Steady) ServedWithin(t time.Duration) float64 {
	if t < 0 {
		return 0
	}
	return clamp(1 - s.Waits + s.scale*s.v.integral(0, t.Hours()).patient)
}

// ServedWithinOfServed is the share of those who get an agent that get one within t.
func (s Steady) ServedWithinOfServed(t time.Duration) float64 {
	return clamp(s.ServedWithin(t) / (1 - s.Abandons))
}

// WaitWithin is P(W ≤ t) of the actual wait: the share whose wait ends within t, by
// an agent or by giving up.
func (s Steady) WaitWithin(t time.Duration) float64 {
	if t < 0 {
		return 0
	}
	return clamp(1 - s.v.patient(t.Hours())*s.offeredBeyond(t))
}

// OfferedWithin is P(V ≤ t) of the offered wait: that of a customer who never gives up.
func (s Steady) OfferedWithin(t time.Duration) float64 {
	if t < 0 {
		return 0
	}
	return clamp(1 - s.offeredBeyond(t))
}

func (s Steady) offeredBeyond(t time.Duration) float64 {
	return clamp(s.scale * s.v.integral(t.Hours(), math.Inf(1)).all)
}

// ActualQuantile is the least t with P(W ≤ t) ≥ p, for p between 0 and 1.
func (s Steady) ActualQuantile(p float64) (time.Duration, error) {
	return s.quantile("staffing.actual_quantile", p, s.WaitWithin)
}

// OfferedQuantile is the least t with P(V ≤ t) ≥ p, for p between 0 and 1.
func (s Steady) OfferedQuantile(p float64) (time.Duration, error) {
	return s.quantile("staffing.offered_quantile", p, s.OfferedWithin)
}

func (s Steady) quantile(op string, p float64, within func(time.Duration) float64) (time.Duration, error) {
	if err := share(op, "p", p); err != nil {
		return 0, err
	}
	if within(0) >= p {
		return 0, nil
	}
	lo, hi := time.Duration(0), s.Line.Handling
	for within(hi) < p && hi < math.MaxInt64/4 {
		lo, hi = hi, 2*hi
	}
	for range 80 {
		mid := lo + (hi-lo)/2
		if mid == lo {
			break
		}
		if within(mid) >= p {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi, nil
}

func clamp(v float64) float64 { return math.Min(1, math.Max(0, v)) }

// hoursOf turns hours into a duration, at most the longest there is.
func hoursOf(h float64) time.Duration {
	ns := h * float64(time.Hour)
	if ns >= math.MaxInt64/2 {
		return math.MaxInt64 / 2
	}
	return time.Duration(math.Round(ns))
}
