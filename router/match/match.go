package match

import (
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// Full is what an agent has when he holds nothing.
const Full = 100

// Reach is the wait from which on the agent has the skills and the language for a run: 0 is at once.
// ok is false where no ring relaxes enough.
func Reach(rings []policy.RingDoc, u router.User, r router.Run) (after time.Duration, ok bool) {
	if u.CanServe(r.Needs, r.Speaks) {
		return 0, true
	}
	lower, speaks := 0, r.Speaks
	var dropped []router.Skill
	for _, ring := range rings {
		lower += ring.Lower
		dropped = append(dropped, ring.Drop...)
		if ring.Language {
			speaks = ""
		}
		if u.CanServe(relaxed(r.Needs, lower, dropped), speaks) {
			return ring.After.D(), true
		}
	}
	return 0, false
}

func relaxed(needs []router.Need, lower int, dropped []router.Skill) []router.Need {
	var out []router.Need
	for _, n := range needs {
		n.Level -= lower
		if n.Level > 0 && !slices.Contains(dropped, n.Skill) {
			out = append(out, n)
		}
	}
	return out
}

// OnShift reports whether the agent's shift, a calendar of the policy, is open. Without one, or with one
// that the policy no longer has, he is always on shift.
func OnShift(rs *policy.Ruleset, u router.User, now time.Time) bool {
	cal := rs.Calendars[u.Shift]
	return cal == nil || cal.Open(now)
}

// Reserved reports whether a class must leave the idle agents to others: it gets one only while more than
// reserve are idle, the one who asks among them.
func Reserved(reserve, idle int) bool { return reserve > 0 && idle <= reserve }

// Agent is an agent as he is now.
type Agent struct {
	User      router.User
	Free      int       // of Full
	IdleSince time.Time // when he last had something to do
}

// Choose picks the agent for a ticket of a run that has waited so long and costs so much: who reaches it
// earliest and has least skill to spare, then who has most capacity left, then who is idle longest, then by id.
// ok is false where none may.
func Choose(rings []policy.RingDoc, as []Agent, r router.Run, wait time.Duration, cost int) (best Agent, ok bool) {
	var at time.Duration
	for _, a := range as {
		after, can := Reach(rings, a.User, r)
		if !can || after > wait || a.Free < cost || !a.User.Covers(r.Queue) {
			continue
		}
		if !ok || better(a, after, best, at, r) {
			best, at, ok = a, after, true
		}
	}
	return best, ok
}

func better(a Agent, aAfter time.Duration, b Agent, bAfter time.Duration, r router.Run) bool {
	switch sa, sb := Spare(a.User, r), Spare(b.User, r); {
	case aAfter != bAfter:
		return aAfter < bAfter
	case sa != sb:
		return sa < sb
	case a.Free != b.Free:
		return a.Free > b.Free
	case !a.IdleSince.Equal(b.IdleSince):
		return a.IdleSince.Before(b.IdleSince)
	}
	return a.User.ID < b.User.ID
}

// Spare is how much skill a run does not need: specialists are kept for what only they can do.
func Spare(u router.User, r router.Run) int {
	total := 0
	for _, level := range u.Skills {
		total += level
	}
	for _, n := range r.Needs {
		total -= min(n.Level, u.Skills[n.Skill])
	}
	return total
}

// Unserved are the runs that none of the people can ever serve, on whatever shift: what waits in them is stuck.
func Unserved(rs *policy.Ruleset, people []router.User, runs []router.Run) []router.Run {
	var out []router.Run
	for _, r := range runs {
		var rings []policy.RingDoc
		if q := rs.Queues[r.Queue]; q != nil {
			rings = q.Rings
		}
		if !slices.ContainsFunc(people, func(u router.User) bool {
			_, can := Reach(rings, u, r)
			return can && works(u) && u.Covers(r.Queue) && rs.Capacity[r.Channel] <= Full
		}) {
			out = append(out, r)
		}
	}
	return out
}

func works(u router.User) bool {
	return !u.Disabled && (u.Role == router.RoleAgent || u.Role == router.RoleManager)
}
