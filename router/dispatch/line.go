package dispatch

import (
	"context"
	"time"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/order"
)

// MaxLine bounds the tickets of a Line.
const MaxLine = 100

// Line is the front of the line as an agent with every skill and free hands would be served from it.
type Line struct {
	At      time.Time   `json:"at"`
	Policy  string      `json:"policy"` // the version whose numbers ordered it
	Tickets []LineRow   `json:"items"`
	Classes []ClassLine `json:"classes"` // as the policy lists them; those that nobody waits in are left out
}

// LineRow is one ticket in the line. Its waits are business time.
type LineRow struct {
	Head    router.Head
	Tier    int
	Score   float64 // rounded to 6 significant digits
	Wait    time.Duration
	Target  time.Duration // the live one of its class
	Used    float64       // wait / target
	Guarded bool          // it waited longer than its guard
}

// ClassLine is how near a class is to starving.
type ClassLine struct {
	Class    router.ClassName
	Title    router.Sentence
	Oldest   time.Duration // the longest wait in the class
	TicketID router.TicketID
	Target   time.Duration
	Guard    time.Duration // the wait from which on it goes among the first
	Guarded  bool
}

// Line puts the first n waiting tickets of a queue, or of all where none is named, in the live order:
// the heads of their runs, n of each kind, through the same order as a pull's, so that its cost depends
// on runs and n and not on how much waits. under orders by the numbers of another policy, on the same
// load; nil is the one in force. invalid_field for a queue that is not there.
func (s *Service) Line(ctx context.Context, queue router.QueueName, n int, under *decide.Ruleset) (Line, error) {
	view := s.Live.View()
	var queues []router.QueueName
	for _, q := range view.Rules.QueueList {
		if queue == "" || q.Name == queue {
			queues = append(queues, q.Name)
		}
	}
	if len(queues) == 0 {
		return Line{}, router.FailField("dispatch.line", "queue", "there is no queue %q", queue)
	}
	agents := make([]router.AgentID, len(view.Agents))
	for i, a := range view.Agents {
		agents[i] = a.User.ID
	}
	seen := s.sight(seenUnder(view, under), "")
	runs, err := s.Store.Runs(ctx, queues, agents...)
	if err != nil {
		return Line{}, err
	}
	wanted := make([]reach, len(runs))
	for i, r := range runs {
		wanted[i] = reach{run: r}
	}
	n = min(max(n, 1), MaxLine)
	if err := seen.read(ctx, wanted, n); err != nil {
		return Line{}, err
	}
	first, _ := seen.order(wanted).First(n, nil, func(router.TicketID) bool { return false })
	out := Line{At: seen.now, Policy: seen.view.Rules.Version, Tickets: make([]LineRow, len(first)), Classes: seen.classLines(wanted)}
	for i, r := range first {
		out.Tickets[i] = LineRow{Head: r.Head, Tier: r.Tier, Score: order.Round(r.Score), Wait: r.Wait, Target: r.Class.Target,
			Used: order.Round(float64(r.Wait) / float64(r.Class.Target)), Guarded: guarded(r.Candidate)}
	}
	return out, nil
}

// seenUnder is a view whose classes are worth what another policy says of the same load.
func seenUnder(view *View, under *decide.Ruleset) *View {
	if under == nil || under.Version == view.Rules.Version {
		return view
	}
	other := *view
	other.Rules, other.Snapshot = under, view.Snapshot.Under(under.Ruleset)
	return &other
}

// guarded reports whether a candidate has waited past its guard.
func guarded(c order.Candidate) bool {
	return float64(c.Wait) > c.Class.Guard*float64(c.Class.Target)
}

// classLines finds the oldest of each class among the heads: every run's oldest is one of them.
func (v *sight) classLines(rs []reach) []ClassLine {
	oldest := map[router.ClassName]order.Candidate{}
	for _, in := range rs {
		for _, c := range v.heads[in.key()] {
			if have, ok := oldest[in.run.Class]; !ok || c.Wait > have.Wait || c.Wait == have.Wait && c.Head.TicketID < have.Head.TicketID {
				oldest[in.run.Class] = c
			}
		}
	}
	var out []ClassLine
	for _, cl := range v.view.Rules.ClassList {
		c, ok := oldest[cl.Name]
		if !ok {
			continue
		}
		out = append(out, ClassLine{Class: cl.Name, Title: cl.Title, Oldest: c.Wait, TicketID: c.Head.TicketID, Target: c.Class.Target,
			Guard: time.Duration(c.Class.Guard * float64(c.Class.Target)), Guarded: guarded(c)})
	}
	return out
}
