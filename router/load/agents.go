package load

import (
	"cmp"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// DueSoon is how long before the end of his shift an agent counts as due to end.
const DueSoon = 30 * time.Minute

// onShift reports whether the agent's shift, a calendar of the policy, is open. Without one, or with one that
// the policy does not have, he is always on shift.
func (a Agent) onShift(rs *policy.Ruleset, now time.Time) bool {
	cal := rs.Calendars[a.User.Shift]
	return cal == nil || cal.Open(now)
}

// works reports whether he takes work now.
func (a Agent) works(rs *policy.Ruleset, now time.Time) bool {
	return a.User.Role == router.RoleAgent && a.Presence == router.PresenceAvailable && a.onShift(rs, now)
}

func (s *Snapshot) agents(rs *policy.Ruleset, in Inputs) {
	for _, a := range in.Agents {
		if a.User.Role != router.RoleAgent || a.Presence != router.PresenceAvailable {
			continue
		}
		if !a.onShift(rs, in.Now) {
			s.OffShift++
			continue
		}
		s.Available++
		s.FreeCapacity += max(0, 100-a.Held)
		if a.Held > 0 {
			s.Busy++
		}
		if cal := rs.Calendars[a.User.Shift]; cal != nil {
			if end := cal.NextEdge(in.Now); !end.IsZero() && end.Sub(in.Now) <= DueSoon {
				s.DueToEnd++
			}
		}
	}
}

// Stuck is a run that nobody of the desk could ever serve, on whatever shift.
type Stuck struct {
	Run     router.Run `json:"run"`
	Waiting int        `json:"waiting"`
}

// maxUnserved bounds the list; the longest stand first.
const maxUnserved = 50

// unserved are the runs that no agent covers with the skills and the language they ask for.
func unserved(in Inputs) []Stuck {
	var out []Stuck
	for _, l := range in.Lines {
		if l.Waiting > 0 && !slices.ContainsFunc(in.Agents, func(a Agent) bool {
			return !a.User.Disabled && a.User.Covers(l.Run.Queue) && a.User.CanServe(l.Run.Needs, l.Run.Speaks)
		}) {
			out = append(out, Stuck{l.Run, l.Waiting})
		}
	}
	slices.SortFunc(out, func(a, b Stuck) int {
		return cmp.Or(cmp.Compare(b.Waiting, a.Waiting), cmp.Compare(a.Run.Key, b.Run.Key))
	})
	return out[:min(len(out), maxUnserved)]
}
