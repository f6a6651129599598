package simulate

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/order"
	"switchyard/router/prioritize"
)

// Params are what a trial sets; times in minutes, as they stand in reports.
type Params struct {
	K       float64                      `json:"k_minutes,omitempty"`
	Guard   float64                      `json:"guard,omitempty"`
	Boost   float64                      `json:"boost,omitempty"`
	Weights map[router.ClassName]float64 `json:"weights,omitempty"`       // those that differ from the scenario's
	Bonus   map[router.ClassName]float64 `json:"bonus_minutes,omitempty"` // priority_minutes alone
}

// Trial is a rule with its parameters.
type Trial struct {
	Rule   order.Rule
	Params Params
}

// String is the trial in a few words, such as "atc K 10 g 3 b 1".
func (t Trial) String() string {
	s := string(t.Rule)
	switch t.Rule {
	case order.ATC:
		s += fmt.Sprintf(" K %.3g g %.3g b %.3g", t.Params.K, t.Params.Guard, t.Params.Boost)
	case order.FeasibleFirst:
		s += fmt.Sprintf(" g %.3g", t.Params.Guard)
	}
	for _, k := range slices.Sorted(maps.Keys(t.Params.Weights)) {
		s += fmt.Sprintf(" %s %.3g", k, t.Params.Weights[k])
	}
	return s
}

func (c *checker) rules() {
	if n := len(c.doc.Rules); n == 0 || n > maxRules {
		c.bad("rules", "there must be 1 to %d", maxRules)
	}
	for i, d := range c.doc.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		if !d.Rule.Valid() {
			c.bad(path+".rule", "%q is not one of %v", d.Rule, order.Rules())
		}
		c.out.Trials = append(c.out.Trials, c.trial(path, d))
	}
	for i, p := range c.doc.Published {
		if !p.Rule.Valid() {
			c.bad(fmt.Sprintf("published[%d].rule", i), "%q is not one of %v", p.Rule, order.Rules())
		}
	}
	c.search()
}

// trial gives a rule the parameters that it knows.
func (c *checker) trial(path string, d TrialDoc) Trial {
	t := Trial{Rule: d.Rule}
	tiers, index := d.Rule.Tiered(), d.Rule == order.ATC
	c.pick(path+".k", &t.Params.K, d.K.D().Minutes(), 10, index, 0.01, 1e5)
	c.pick(path+".guard", &t.Params.Guard, d.Guard, 3, tiers, 1, 1e6)
	c.pick(path+".boost", &t.Params.Boost, d.Boost, 1, index, 1e-6, 1e6)
	for _, k := range slices.Sorted(maps.Keys(d.Weights)) {
		c.known(path+".weights."+string(k), k)
		c.within(path+".weights."+string(k), d.Weights[k], 1e-6, 1e6)
	}
	t.Params.Weights = d.Weights
	if len(d.Bonus) > 0 && d.Rule != order.PriorityMinutes {
		c.bad(path+".bonus", "only priority_minutes has one")
	}
	if d.Rule == order.PriorityMinutes {
		t.Params.Bonus = map[router.ClassName]float64{}
		for _, k := range c.doc.Classes {
			t.Params.Bonus[k.Name] = k.Bonus.D().Minutes()
		}
	}
	for _, k := range slices.Sorted(maps.Keys(d.Bonus)) {
		c.known(path+".bonus."+string(k), k)
		c.within(path+".bonus."+string(k), d.Bonus[k].D().Minutes(), 0, 1e6)
		if t.Params.Bonus != nil {
			t.Params.Bonus[k] = d.Bonus[k].D().Minutes()
		}
	}
	return t
}

// pick takes a number the rule knows, or its standard; one that the rule does not know is a problem.
func (c *checker) pick(path string, to *float64, x, standard float64, knows bool, lo, hi float64) {
	switch {
	case !knows && x != 0:
		c.bad(path, "this rule has none")
	case knows && x == 0:
		*to = standard
	case knows && c.within(path, x, lo, hi):
		*to = x
	}
}

// classes are the numbers of the scenario's classes under a trial.
func (s *Scenario) classes(t Trial) map[router.ClassName]prioritize.Params {
	out := make(map[router.ClassName]prioritize.Params, len(s.Classes))
	for _, k := range s.Classes {
		p := prioritize.Params{Class: order.Class{Weight: k.Weight, Target: k.Target.D(), Handling: k.Handling.D(), Lead: k.Lead.D(),
			K: minutes(t.Params.K), Guard: t.Params.Guard, Boost: t.Params.Boost, Bonus: minutes(t.Params.Bonus[k.Name])}}
		if w, ok := t.Params.Weights[k.Name]; ok {
			p.Weight = w
		}
		// atc orders between queues whatever their rule is, so it always has its numbers
		for number, standard := range map[*float64]float64{&p.Guard: 3, &p.Boost: 1} {
			if *number == 0 {
				*number = standard
			}
		}
		if p.K == 0 {
			p.K = 10 * time.Minute
		}
		out[k.Name] = p
	}
	return out
}

func minutes(m float64) time.Duration { return time.Duration(m * float64(time.Minute)) }

// published finds what was published of a trial at the scenario's load; nil if nothing.
func (s *Scenario) published(t Trial) *PublishedDoc {
	for i, p := range s.Published {
		if p.Rule == t.Rule && p.Load == s.Load && len(t.Params.Weights) == 0 && (t.Rule != order.ATC || t.Params.K == p.K.D().Minutes() && t.Params.Boost == 1) && (!t.Rule.Tiered() || t.Params.Guard == 3) {
			return &s.Published[i]
		}
	}
	return nil
}
