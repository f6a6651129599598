package load

import (
	"cmp"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/match"
	"switchyard/router/policy"
)

// DueSoon is how long before the end of his shift an agent counts as due to end.
const DueSoon = 30 * time.Minute

// works reports whether he takes work now.
func (a Agent) works(rs *policy.Ruleset, now time.Time) bool {
	return a.User.Role == router.RoleAgent && a.Presence == router.PresenceAvailable && match.OnShift(rs, a.User, now)
}

func (s *Snapshot) agents(rs *policy.Ruleset, in Inputs) {
	for _, a := range in.Agents {
		if a.User.Role != router.RoleAgent || a.Presence != router.PresenceAvailable {
			continue
		}
		if !match.OnShift(rs, a.User, in.Now) {
			s.OffShift++
			continue
		}
		s.Available++
		s.FreeCapacity += max(0, match.Full-a.Held)
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

// unserved are the runs that nobody can serve at any ring and shift (match.Unserved).
func unserved(rs *policy.Ruleset, in Inputs) []Stuck {
	people := make([]router.User, len(in.Agents))
	for i, a := range in.Agents {
		people[i] = a.User
	}
	waiting, runs := map[router.RunKey]int{}, []router.Run{}
	for _, l := range in.Lines {
		if l.Waiting > 0 {
			waiting[l.Run.Key] = l.Waiting
			runs = append(runs, l.Run)
		}
	}
	var out []Stuck
	for _, r := range match.Unserved(rs, people, runs) {
		out = append(out, Stuck{r, waiting[r.Key]})
	}
	slices.SortFunc(out, func(a, b Stuck) int {
		return cmp.Or(cmp.Compare(b.Waiting, a.Waiting), cmp.Compare(a.Run.Key, b.Run.Key))
	})
	return out[:min(len(out), maxUnserved)]
}
