package escalate

import (
	"slices"
	"sort"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// Escalation is one that is due.
type Escalation struct {
	policy.EscalationDoc
	At time.Time // since when
}

// Due are the escalations that a ticket is due for now, the longest due first, then as the policy lists them.
func Due(rs *policy.Ruleset, t router.Ticket, now time.Time) []Escalation {
	var out []Escalation
	for _, e := range rs.Escalations {
		if at := moment(rs, e, t); !at.IsZero() && !at.After(now) {
			out = append(out, Escalation{e, at})
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].At.Before(out[j].At) })
	return out
}

// NextAt is when the ticket is next due for one, if nothing else happens to it; it may have passed. Zero: never.
func NextAt(rs *policy.Ruleset, t router.Ticket) time.Time {
	next := time.Time{}
	for _, e := range rs.Escalations {
		if at := moment(rs, e, t); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// Find is an escalation of the policy by name. A policy that has none of that name gives false.
func Find(rs *policy.Ruleset, name string) (policy.EscalationDoc, bool) {
	for _, e := range rs.Escalations {
		if e.Name == name {
			return e, true
		}
	}
	return policy.EscalationDoc{}, false
}

// moment is when an escalation is due for a ticket; zero if it does not concern it or has acted.
func moment(rs *policy.Ruleset, e policy.EscalationDoc, t router.Ticket) time.Time {
	if !t.Escalating() || slices.Contains(t.Escalated, e.Name) || !concerns(e, t) {
		return time.Time{}
	}
	cal := rs.Calendar(t.Queue)
	if e.Clock == router.ClockWait {
		limit := limit(e, t.Case.Target)
		if limit <= 0 || t.AgeAt.IsZero() || t.State == router.StateClaimed && !t.ActedAt.IsZero() {
			return time.Time{}
		}
		return cal.After(t.AgeAt, limit)
	}
	c := t.Clock(e.Clock)
	limit := limit(e, c.Target)
	if limit <= 0 || c.Since.IsZero() {
		return time.Time{}
	}
	return cal.After(c.Since, max(0, limit-c.Spent))
}

// limit is what the clock must show; 0 if the escalation counts in targets and there is none.
func limit(e policy.EscalationDoc, target time.Duration) time.Duration {
	if e.After > 0 {
		return e.After.D()
	}
	return time.Duration(e.Times * float64(target))
}

func concerns(e policy.EscalationDoc, t router.Ticket) bool {
	return (len(e.Classes) == 0 || slices.Contains(e.Classes, t.Class)) && (len(e.Queues) == 0 || slices.Contains(e.Queues, t.Queue))
}

// Marked is the ticket with the marks of an escalation that acts at a moment: raised, moved, and to be told.
// A move beyond the policy's number of moves in a case is left out.
func Marked(rs *policy.Ruleset, t router.Ticket, e policy.EscalationDoc, now time.Time) router.Ticket {
	t.Escalated = append(slices.Clone(t.Escalated), e.Name)
	t.Telling = append(slices.Clone(t.Telling), router.Telling{Name: e.Name, Case: t.Case.Number, At: now})
	if rs.Classes[e.Class] != nil {
		t.RaisedTo = e.Class
	}
	if rs.Queues[e.Queue] != nil && e.Queue != t.Queue && t.Moves < rs.MaxMoves {
		t.MovedTo, t.FixQueue = e.Queue, ""
		t.Moves++
	}
	return t
}
