package order

import (
	"math"
	"slices"
	"time"
)

// Rule is a way to order.
type Rule string

// The rules. ATC is the default; the others are there to be compared with it.
const (
	ATC             Rule = "atc"              // the tiers of doc.go
	FeasibleFirst   Rule = "feasible_first"   // the same tiers, Strict inside
	Strict          Rule = "strict"           // weight, then age
	EDF             Rule = "edf"              // earliest due: AgeAt and target
	FIFO            Rule = "fifo"             // age
	PriorityMinutes Rule = "priority_minutes" // age and the bonus of the class
	GCMu            Rule = "gcmu"             // the index of late work for all
	HLDR            Rule = "hldr"             // largest wait for its target
)

var rules = []Rule{ATC, Strict, FIFO, EDF, PriorityMinutes, GCMu, HLDR, FeasibleFirst}

// Rules are all rules.
func Rules() []Rule { return slices.Clone(rules) }

// Valid reports whether r is one of the rules.
func (r Rule) Valid() bool { return slices.Contains(rules, r) }

// Tiered reports whether the rule knows cut-offs and tiers; the others know one tier.
func (r Rule) Tiered() bool { return r == ATC || r == FeasibleFirst }

// Score places one candidate under a rule (ROUTING §1). Times count in seconds.
func Score(rule Rule, c Candidate, now time.Time) (tier int, score float64) {
	a, t := c.Wait.Seconds(), c.Class.Target.Seconds()
	w, p := c.Class.Weight, c.Class.Handling.Seconds()
	switch rule {
	case Strict:
		return 2, w
	case FIFO:
		return 2, a
	case EDF:
		return 2, a - t
	case PriorityMinutes:
		return 2, a + c.Class.Bonus.Seconds()
	case GCMu:
		return 2, w * a / (t * t * p)
	case HLDR:
		return 2, a / t
	}
	if !c.Head.CutoffAt.IsZero() {
		if from, to := CutoffWindow(now, c.Class); !c.Head.CutoffAt.Before(from) && c.Head.CutoffAt.Before(to) {
			return 1, -c.Head.CutoffAt.Sub(now).Seconds()
		}
	}
	tier = 2
	if a > t && a <= c.Class.Guard*t {
		tier = 3
	}
	switch {
	case rule == FeasibleFirst:
		return tier, w
	case tier == 3:
		return 3, w * a / (t * t * p)
	case a > t:
		return 2, c.Class.Boost * w / p
	}
	return 2, w / p * math.Exp(-(t-a)/c.Class.K.Seconds())
}
