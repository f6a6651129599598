package load

import (
	"fmt"
	"maps"
	"math"
	"time"

	"switchyard/router"
	"switchyard/router/pace"
	"switchyard/router/policy"
	"switchyard/router/prioritize"
)

// MaxRuns is how many runs a desk should have: pulls look at each of them. Above it the snapshot warns.
const MaxRuns = 2000

// ClassLoad is the load of one class.
type ClassLoad struct {
	Waiting           int     `json:"waiting"`
	OldestMinutes     float64 `json:"oldest_minutes"`      // business time
	ArrivalsPerMinute float64 `json:"arrivals_per_minute"` // smoothed over about ten minutes
}

// Handling is the expected handling time of a class on a channel where something was learned. Counts is what the
// order goes by: the stated one where fewer than pace.Least were seen, or where the policy does not learn.
type Handling struct {
	Class   router.ClassName `json:"class"`
	Channel router.Channel   `json:"channel"`
	Stated  time.Duration    `json:"stated"`
	Learned time.Duration    `json:"learned,omitempty"`
	N       float64          `json:"n"`      // effective observations
	Weight  float64          `json:"weight"` // of the learned one in Counts, 0–1
	Counts  time.Duration    `json:"counts"`
}

// lines counts what waits and comes by class.
func (s *Snapshot) lines(rs *policy.Ruleset, in Inputs) {
	s.Lines = map[router.ClassName]ClassLoad{}
	for _, c := range rs.ClassList {
		s.Lines[c.Name] = ClassLoad{ArrivalsPerMinute: finite(round(in.Arrivals[c.Name]))}
	}
	for _, l := range in.Lines {
		c := s.Lines[l.Run.Class]
		c.Waiting += l.Waiting
		c.OldestMinutes = math.Max(c.OldestMinutes, round(l.waited.Minutes()))
		s.Lines[l.Run.Class] = c
	}
}

// compare holds what came against the forecast. A forecast below one counts as one: two contacts at night are no surge.
func (s *Snapshot) compare(in Inputs) {
	s.VsForecast = 1
	if in.Expected != nil && !math.IsNaN(*in.Expected) {
		s.VsForecast = round(float64(in.Arrived) / math.Max(1, *in.Expected))
	}
}

func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// classVars are load.class.<name>. A class of an older policy that still waits is not among them.
func (s *Snapshot) classVars(rs *policy.Ruleset) map[string]any {
	out := map[string]any{}
	for _, c := range rs.ClassList {
		l := s.Lines[c.Name]
		out[string(c.Name)] = map[string]any{"waiting": float64(l.Waiting), "oldest": l.OldestMinutes, "arrivals_per_minute": l.ArrivalsPerMinute}
	}
	return out
}

// evaluate works out the classes: what the policy states, and what was learned mixed in.
func (s *Snapshot) evaluate(rs *policy.Ruleset, in Inputs) {
	var last map[router.ClassName]prioritize.Params
	if in.Last != nil {
		if last = in.Last.stated; last == nil {
			last = in.Last.Classes
		}
	}
	s.stated, s.Warnings = prioritize.Evaluate(rs, s.Vars, last)
	s.Classes, s.Handling = mixed(rs, s.stated, seen(rs, in))
	if o := rs.Overload; o != nil {
		for _, x := range []struct {
			name string
			expr *policy.Expr
		}{{"enter", o.Enter}, {"leave", o.Leave}} {
			if _, err := x.expr.Bool(s.Vars); err != nil {
				s.Warnings = append(s.Warnings, fmt.Sprintf("overload.%s: %v", x.name, err))
			}
		}
	}
	if s.Runs > MaxRuns {
		s.Warnings = append(s.Warnings, fmt.Sprintf("%d runs wait; more than %d make pulls slow: use fewer skills, languages or classes", s.Runs, MaxRuns))
	}
}

// seen is what agents needed, by class and channel, where they worked on something.
func seen(rs *policy.Ruleset, in Inputs) (out []Handling) {
	for _, c := range rs.ClassList {
		for _, ch := range router.Channels() {
			m, ok := in.Paces[pace.Key{Class: c.Name, Channel: ch}]
			if !ok {
				continue
			}
			h := Handling{Class: c.Name, Channel: ch}
			mean, n, ok := m.Estimate(in.Now)
			if h.N = math.Round(n*10) / 10; ok {
				h.Learned = mean
			}
			out = append(out, h)
		}
	}
	return out
}

// mixed are classes as a policy states them with what was seen mixed in, and how much of it counts under that policy.
func mixed(rs *policy.Ruleset, stated map[router.ClassName]prioritize.Params, seen []Handling) (map[router.ClassName]prioritize.Params, []Handling) {
	classes := maps.Clone(stated)
	var out []Handling
	for _, h := range seen {
		p, ok := classes[h.Class]
		if !ok {
			continue
		}
		h.Stated, h.Weight = stated[h.Class].For(h.Channel).Handling, 0
		h.Counts = h.Stated
		if h.Learned > 0 && rs.LearnHandling {
			h.Weight, h.Counts = round(pace.Weight(h.N)), pace.Mix(h.Stated, h.Learned, h.N)
		}
		if h.Weight > 0 {
			if p.By = maps.Clone(p.By); p.By == nil {
				p.By = map[router.Channel]time.Duration{}
			}
			p.By[h.Channel] = h.Counts
			classes[h.Class] = p
		}
		out = append(out, h)
	}
	return classes, out
}

// Under is the snapshot with the classes as another policy states them on the same load, what was learned mixed in as
// that policy wants it. Its queues and waits are the old ones.
func (s *Snapshot) Under(rs *policy.Ruleset) *Snapshot {
	out := *s
	out.stated, out.Warnings = prioritize.Evaluate(rs, s.Vars, s.Classes)
	out.Classes, out.Handling = mixed(rs, out.stated, s.Handling)
	return &out
}
