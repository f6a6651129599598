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
	By map[router.Channel]time.Duration `json:"by,omitempty"` // handling times that differ by channel
}

// For is the class as it counts for tickets of a channel.
func (p Params) For(ch router.Channel) order.Class {
	c := p.Class
	if d, ok := p.By[ch]; ok {
		c.Handling = d
	}
	return c
}

// standard is used for a number that has never been good (ROUTING §1's own values, in minutes where times).
var standard = map[string]float64{"weight": 1, "target": 60, "handling": 8, "lead": 10, "k": 10, "guard": 3, "boost": 1}

// Evaluate works out all classes. last is what the snapshot before had. Warnings name each
// expression that gave no finite positive number.
func Evaluate(rs *policy.Ruleset, vars policy.Vars, last map[router.ClassName]Params) (map[router.ClassName]Params, []string) {
	out := make(map[router.ClassName]Params, len(rs.ClassList))
	var warnings []string
	for _, c := range rs.ClassList {
		old, had := last[c.Name]
		number := func(name string, x *policy.Expr, oldValue float64) float64 {
			v, err := x.Number(vars)
			if err == nil {
				return v
			}
			warnings = append(warnings, fmt.Sprintf("%s.%s: %v", c.Name, name, err))
			if had && oldValue > 0 {
				return oldValue
			}
			return standard[name]
		}
		minutes := func(name string, x *policy.Expr, old time.Duration) time.Duration {
			return time.Duration(number(name, x, old.Minutes()) * float64(time.Minute))
		}
		p := Params{Class: order.Class{
			Weight: number("weight", c.Weight, old.Weight), Target: minutes("target", c.Target, old.Target),
			Handling: minutes("handling", c.Handling, old.Handling), Lead: minutes("lead", c.Lead, old.Lead),
			K: minutes("k", c.K, old.K), Guard: number("guard", c.Guard, old.Guard), Boost: number("boost", c.Boost, old.Boost),
		}}
		for _, ch := range router.Channels() {
			if x := c.HandlingBy[ch]; x != nil {
				if p.By == nil {
					p.By = map[router.Channel]time.Duration{}
				}
				p.By[ch] = minutes("handling", x, old.By[ch])
			}
		}
		out[c.Name] = p
	}
	return out, warnings
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
