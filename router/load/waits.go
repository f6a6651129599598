package load

import (
	"cmp"
	"math"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
	"switchyard/router/prioritize"
)

// predict works out how long a ticket that comes now would wait, by queue and class, under the live order (Predict).
// A queue whose agents have something free and in which nothing waits has no wait; one that nobody covers now is
// taken to have one agent, so that its line shows and does not drown everything else.
func (s *Snapshot) predict(rs *policy.Ruleset, in Inputs, crews map[router.QueueName]crew, last map[router.ClassName]prioritize.Params) {
	if last == nil { // the first look: by what is stated
		last, _ = prioritize.Evaluate(rs, s.vars(rs), nil)
	}
	streams, cost := s.streams(rs, in, last), meanCost(rs, in)
	for _, q := range rs.QueueList {
		entry := s.Queues[q.Name]
		if entry.Waiting == 0 && crews[q.Name].free {
			continue
		}
		mine := make([]Stream, len(streams))
		for i, st := range streams {
			st.Share = crews[q.Name].share(crews[st.Queue])
			mine[i] = st
		}
		for _, st := range mine {
			if st.Queue != q.Name {
				continue
			}
			hands := math.Max(1, float64(entry.Agents)) * crews[q.Name].parallel(cost)
			wait := round(Predict(q.Order, st, mine, hands).Minutes())
			if entry.ByClass == nil {
				entry.ByClass = map[router.ClassName]float64{}
			}
			entry.ByClass[st.Name] = wait
			if st.Waiting > 0 {
				entry.Predicted = math.Max(entry.Predicted, wait)
			}
		}
		s.Queues[q.Name] = entry
		s.WorstWait = math.Max(s.WorstWait, entry.Predicted)
	}
}

// crew is who works for a queue now.
type crew struct {
	agents int
	ids    []router.AgentID
	free   bool // one of them has nothing in his hands
	held   int  // cost of what they hold
	busy   int  // who hold something
}

// parallel is how many tickets of a mean cost one of the crew works on at once, by what they hold now: a handling time
// is measured from claim to end, while he has others in his hands.
func (c crew) parallel(cost float64) float64 {
	if c.busy == 0 {
		return 1
	}
	return math.Max(1, float64(c.held)/float64(c.busy)/cost)
}

// meanCost is the mean cost of what waits, of an agent's 100; what a mail costs where nothing does.
func meanCost(rs *policy.Ruleset, in Inputs) float64 {
	n, sum := 0, 0
	for _, l := range in.Lines {
		n += l.Waiting
		sum += l.Waiting * rs.Capacity[l.Run.Channel]
	}
	if sum == 0 {
		return float64(max(1, rs.Capacity[router.ChannelEmail]))
	}
	return float64(sum) / float64(n)
}

// share is the part of another crew's work that this crew does: that of the agents they have in common.
func (c crew) share(other crew) float64 {
	if len(other.ids) == 0 {
		return 0
	}
	n := 0
	for _, id := range other.ids {
		if slices.Contains(c.ids, id) {
			n++
		}
	}
	return float64(n) / float64(len(other.ids))
}

// crewsOf are who works for each queue now. A queue that nobody works for has one that no other queue shares.
func crewsOf(rs *policy.Ruleset, in Inputs) map[router.QueueName]crew {
	working := make([]bool, len(in.Agents))
	for i, a := range in.Agents {
		working[i] = a.works(rs, in.Now)
	}
	out := map[router.QueueName]crew{}
	for _, q := range rs.QueueList {
		c := crew{}
		for i, a := range in.Agents {
			if working[i] && a.User.Covers(q.Name) {
				c.agents++
				c.ids = append(c.ids, a.User.ID)
				c.free = c.free || a.Held == 0
				c.held += a.Held
				if a.Held > 0 {
					c.busy++
				}
			}
		}
		if len(c.ids) == 0 { // nobody: its work is its own
			c.ids = []router.AgentID{"nobody:" + router.AgentID(q.Name)}
		}
		out[q.Name] = c
	}
	return out
}

// streams are what waits and comes by queue and class, in a fixed order.
func (s *Snapshot) streams(rs *policy.Ruleset, in Inputs, last map[router.ClassName]prioritize.Params) []Stream {
	type key struct {
		queue router.QueueName
		class router.ClassName
	}
	by := map[key]*Stream{}
	at := func(k key) *Stream {
		if by[k] == nil {
			by[k] = &Stream{Queue: k.queue, Name: k.class, Class: last[k.class].Class}
		}
		return by[k]
	}
	for _, l := range in.Lines {
		if l.Waiting == 0 || last[l.Run.Class].Handling == 0 {
			continue
		}
		st := at(key{l.Run.Queue, l.Run.Class})
		n := float64(st.Waiting)
		p := last[l.Run.Class].For(l.Run.Channel).Handling
		st.Class.Handling = time.Duration((n*float64(st.Class.Handling) + float64(l.Waiting)*float64(p)) / (n + float64(l.Waiting)))
		st.Waiting += l.Waiting
		st.Oldest = max(st.Oldest, l.waited)
	}
	for _, c := range rs.ClassList {
		if rate := finite(in.Arrivals[c.Name]); rate > 0 {
			if queues := homes(rs, c.Name, in.Now); len(queues) > 0 {
				for _, q := range queues {
					at(key{q, c.Name}).Rate = rate / float64(len(queues))
				}
			}
		}
	}
	out := make([]Stream, 0, len(by))
	for _, st := range by {
		out = append(out, *st)
	}
	slices.SortFunc(out, func(a, b Stream) int { return cmp.Or(cmp.Compare(a.Queue, b.Queue), cmp.Compare(a.Name, b.Name)) })
	return out
}

// homes are the queues that topics of a class lead to now: their own while open, who stands in while not.
func homes(rs *policy.Ruleset, class router.ClassName, now time.Time) (out []router.QueueName) {
	for _, t := range rs.Topics {
		q := rs.Queues[t.Queue]
		if t.Class != class || q == nil {
			continue
		}
		if name := q.Serves(now); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
