package dispatch

import (
	"time"

	"switchyard/router"
	"switchyard/router/escalate"
)

// clocked gives the next form of a ticket the clocks that the step from before calls for. Targets are
// those of its class now; a clock that is started keeps its own.
func (s *Service) clocked(before, next router.Ticket) router.Ticket {
	v := s.Live.View()
	return next.Clocked(s.Now(), before, v.Rules.Calendar(next.Queue), v.Rules.Calendar(before.Queue), v.Snapshot.Classes[next.Class].Clocks)
}

// escalateAt is when the next escalation of a ticket is due; zero: none.
func (s *Service) escalateAt(t router.Ticket) time.Time {
	return escalate.NextAt(s.Live.View().Rules.Ruleset, t)
}
