package staffing

import (
	"math"
	"time"

	"switchyard/router"
)

// Measure is which service level is meant.
type Measure string

// The measures. In Erlang C all are the same number.
const (
	Served         Measure = "served"           // served within, over all arrivals
	ServedOfServed Measure = "served_of_served" // served within, over those served
	WaitEnded      Measure = "wait_ended"       // wait ended within, by an agent or by giving up
	Offered        Measure = "offered"          // would have been served within, had nobody's patience ended
)

// Target is a promise: at least Share (between 0 and 1) within a time.
type Target struct {
	Share   float64       `json:"share"`
	Within  time.Duration `json:"within"`
	Measure Measure       `json:"measure,omitempty"` // empty: Served
}

// Check names the field that makes no sense.
func (t Target) Check(op string) error {
	if err := share(op, "share", t.Share); err != nil {
		return err
	}
	if t.Within < 0 {
		return router.FailField(op, "within", "must not be negative, not %s", t.Within)
	}
	switch t.Measure {
	case "", Served, ServedOfServed, WaitEnded, Offered:
		return nil
	}
	return router.FailField(op, "measure", "must be served, served_of_served, wait_ended or offered, not %q", t.Measure)
}

// Level is the service level of a settled line in the target's measure.
func (s Steady) Level(t Target) float64 {
	switch t.Measure {
	case ServedOfServed:
		return s.ServedWithinOfServed(t.Within)
	case WaitEnded:
		return s.WaitWithin(t.Within)
	case Offered:
		return s.OfferedWithin(t.Within)
	}
	return s.ServedWithin(t.Within)
}

// LeastAgents is the smallest number of agents that keeps the target, and the line
// with them. l.Agents is not read.
func LeastAgents(l Line, t Target) (int, Steady, error) {
	const op = "staffing.least_agents"
	if err := t.Check(op); err != nil {
		return 0, Steady{}, err
	}
	lowest := 1
	if l.Patience == 0 && l.Load() < maxAgents {
		lowest = int(math.Max(1, math.Floor(l.Load())+1))
	}
	l.Agents = lowest
	best, err := Settle(l)
	if err != nil || best.Level(t) >= t.Share {
		return lowest, best, err
	}
	lo, step := lowest, 1+int(math.Sqrt(math.Max(0, l.Load()))/2)
	for {
		l.Agents = min(lo+step, maxAgents)
		if best, err = Settle(l); err != nil {
			return 0, Steady{}, err
		}
		if best.Level(t) >= t.Share {
			break
		}
		if l.Agents == maxAgents {
			return 0, Steady{}, router.FailField(op, "share", "not even %d agents keep %v within %s", maxAgents, t.Share, t.Within)
		}
		lo, step = l.Agents, 2*step
	}
	for hi := l.Agents; hi-lo > 1; {
		l.Agents = (lo + hi) / 2
		s, err := Settle(l)
		if err != nil {
			return 0, Steady{}, err
		}
		if s.Level(t) >= t.Share {
			hi, best = l.Agents, s
		} else {
			lo = l.Agents
		}
	}
	return best.Line.Agents, best, nil
}
