// Package prioritize says what classes are worth now and which class a ticket is
// in. Values are evaluated once per class and snapshot, never per ticket, so
// that priority moves with load and hour for everything that waits at once.
//
// What always holds:
//
//	A. Every number of a Params is finite and positive. An expression that gives
//	   anything else keeps its last good value (at first: a stated standard) and says so.
//	B. Evaluate and Assign are pure functions of their arguments.
package prioritize

import (
	"fmt"
	"time"

	"switchyard/router"
	"switchyard/router/order"
	"switchyard/router/policy"
)

// Params are the numbers of a class at one moment.
type Params struct {
	order.Class
	By      map[router.Channel]time.Duration   `json:"by,omitempty"`      // handling times that differ by channel
	Reserve int                                `json:"reserve,omitempty"` // it gets an agent only while more are idle
	Clocks  map[router.ClockName]time.Duration `json:"clocks,omitempty"`  // targets of the clocks beside the wait
}

// For is the class as it counts for tickets of a channel.
func (p Params) For(ch router.Channel) order.Class {
	c := p.Class
	if d, ok := p.By[ch]; ok {
		c.Handling = d
	}
	return c
}

// Values are the numbers that managers see by the names of a policy's fields, times in minutes.
func (p Params) Values() map[string]float64 {
	out := map[string]float64{"weight": p.Weight, "target": p.Target.Minutes(), "handling": p.Handling.Minutes(), "k": p.K.Minutes(),
		"guard": p.Guard, "boost": p.Boost, "lead": p.Lead.Minutes(), "reserve": float64(p.Reserve)}
	for name, v := range out {
		out[name] = order.Round(v)
	}
	return out
}

// standard is used for a number that has never been good (ROUTING §1's own values, in minutes where times).
var standard = map[string]float64{"weight": 1, "target": 60, "handling": 8, "lead": 10, "k": 10, "guard": 3, "boost": 1,
	"first_answer": 60, "next_answer": 120, "resolution": 2880}

// Evaluate works out all classes. last is what the snapshot before had. Warnings name each
// expression that gave no finite positive number.
func Evaluate(rs *policy.Ruleset, vars policy.Vars, last map[router.ClassName]Params) (map[router.ClassName]Params, []string) {
	out := make(map[router.ClassName]Params, len(rs.ClassList))
	var warnings []string
	for _, c := range rs.ClassList {
		e := evaluator{class: c.Name, vars: vars}
		out[c.Name] = e.params(c, last[c.Name])
		warnings = append(warnings, e.warnings...)
	}
	return out, warnings
}

// evaluator works out the numbers of one class.
type evaluator struct {
	class    router.ClassName
	vars     policy.Vars
	warnings []string
}

// number is a finite positive number; old, the last good one, stands in for a bad one, and the standard for none.
func (e *evaluator) number(name string, x *policy.Expr, old float64) float64 {
	v, err := x.Number(e.vars)
	if err == nil {
		return v
	}
	e.warnings = append(e.warnings, fmt.Sprintf("%s.%s: %v", e.class, name, err))
	if old > 0 {
		return old
	}
	return standard[name]
}

// amount is a finite number that may be 0; what is bad keeps the last good one.
func (e *evaluator) amount(name string, x *policy.Expr, old float64) float64 {
	v, err := x.Amount(e.vars)
	if err == nil {
		return v
	}
	e.warnings = append(e.warnings, fmt.Sprintf("%s.%s: %v", e.class, name, err))
	return old
}

func (e *evaluator) minutes(name string, x *policy.Expr, old time.Duration) time.Duration {
	return time.Duration(e.number(name, x, old.Minutes()) * float64(time.Minute))
}

func (e *evaluator) params(c *policy.Class, old Params) Params {
	p := Params{Class: order.Class{
		Weight: e.number("weight", c.Weight, old.Weight), Target: e.minutes("target", c.Target, old.Target),
		Handling: e.minutes("handling", c.Handling, old.Handling), Lead: e.minutes("lead", c.Lead, old.Lead),
		K: e.minutes("k", c.K, old.K), Guard: e.number("guard", c.Guard, old.Guard), Boost: e.number("boost", c.Boost, old.Boost),
		Bonus: time.Duration(e.amount("bonus", c.Bonus, old.Bonus.Minutes()) * float64(time.Minute)),
	}, Reserve: int(e.amount("reserve", c.Reserve, float64(old.Reserve)))}
	for _, ch := range router.Channels() {
		if x := c.HandlingBy[ch]; x != nil {
			if p.By == nil {
				p.By = map[router.Channel]time.Duration{}
			}
			p.By[ch] = e.minutes("handling", x, old.By[ch])
		}
	}
	for name, x := range map[router.ClockName]*policy.Expr{router.ClockFirstAnswer: c.FirstAnswer, router.ClockNextAnswer: c.NextAnswer, router.ClockResolution: c.Resolution} {
		if x != nil {
			if p.Clocks == nil {
				p.Clocks = map[router.ClockName]time.Duration{}
			}
			p.Clocks[name] = e.minutes(string(name), x, old.Clocks[name])
		}
	}
	return p
}

// Assignment is what the rules gave a ticket.
type Assignment struct {
	Class    router.ClassName
	Needs    []router.Need
	CutoffAt time.Time
	Reasons  []router.Reason
}

// Assign puts a ticket in a class and sets its cut-off. The topic's class stands unless a rule
// names one; the first rule that sets a thing wins. sentAt is when the message that may carry a
// cut-off was sent.
func Assign(rs *policy.Ruleset, topic *policy.Topic, rejected bool, vars policy.Vars, sentAt time.Time) Assignment {
	out := Assignment{Class: rs.Review.Class}
	if topic != nil && !rejected && topic.Class != "" { // a spam topic has none
		out.Class = topic.Class
	}
	fromRule := false
	for _, r := range rs.Rules {
		if r.Class == "" && r.RuleDoc.Cutoff == "" && len(r.Needs) == 0 {
			continue
		}
		held, err := r.When.Bool(vars)
		reason := router.Reason{Step: "prioritize", Rule: r.Name, Matched: held && err == nil, Why: r.Why}
		if err != nil {
			reason.Value = "error"
		}
		if reason.Matched {
			if r.Class != "" && !fromRule {
				out.Class, fromRule, reason.Value = r.Class, true, "class="+string(r.Class)
			}
			if len(out.Needs) == 0 {
				out.Needs = r.Needs
			}
			reason.Value = cutoff(r, vars, sentAt, &out, reason.Value)
		}
		out.Reasons = append(out.Reasons, reason)
	}
	return out
}

func cutoff(r *policy.Rule, vars policy.Vars, sentAt time.Time, out *Assignment, value string) string {
	if r.Cutoff == nil || !out.CutoffAt.IsZero() {
		return value
	}
	m, err := r.Cutoff.Number(vars)
	if err != nil {
		return value
	}
	out.CutoffAt = sentAt.Add(time.Duration(m * float64(time.Minute))).Truncate(time.Second)
	return "cutoff=" + out.CutoffAt.UTC().Format(time.RFC3339)
}
