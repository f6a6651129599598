package order

import (
	"math"
	"sort"
	"strconv"
	"time"

	"switchyard/router"
)

// Class is what a class of tickets is worth at one moment.
type Class struct {
	Weight   float64       `json:"weight"`   // w, > 0
	Target   time.Duration `json:"target"`   // T: business time to start, > 0
	Handling time.Duration `json:"handling"` // p: expected handling time, > 0
	Lead     time.Duration `json:"lead"`     // L: a cut-off counts this long before it passes
	K        time.Duration `json:"k"`        // look-ahead of the urgency of work still in time
	Guard    float64       `json:"guard"`    // g: a ticket that waited g·T joins tier 2
	Boost    float64       `json:"boost"`    // b: factor on the index of guarded tickets
	Bonus    time.Duration `json:"bonus"`    // head start of the class under priority_minutes; may be 0
}

// reachMargin is how far ahead a cut-off must still lie to be reachable.
const reachMargin = 30 * time.Second

// Candidate is a ticket that could be served.
type Candidate struct {
	Head  router.Head
	Wait  time.Duration // business time
	Class Class
}

// Ranked is a candidate with its place: a lower tier goes first, then a higher score.
type Ranked struct {
	Candidate
	Tier  int
	Score float64
}

// CutoffWindow is the window in which a cut-off puts a ticket in tier 1 now.
func CutoffWindow(now time.Time, c Class) (from, to time.Time) {
	return now.Add(reachMargin), now.Add(c.Lead)
}

// Rank orders candidates under a rule, best first.
func Rank(rule Rule, cs []Candidate, now time.Time) []Ranked {
	out := make([]Ranked, len(cs))
	for i, c := range cs {
		tier, score := Score(rule, c, now)
		out[i] = Ranked{Candidate: c, Tier: tier, Score: score}
	}
	sort.Slice(out, func(i, j int) bool { return Less(out[i], out[j]) })
	return out
}

// behind reports whether a ticket that overflow sent to a queue keeps behind the queue's own of its tier:
// the receiver's own keep their place. Past its guard it stands among them.
func behind(r Ranked) bool {
	return r.Head.Run.Guest && float64(r.Wait) <= r.Class.Guard*float64(r.Class.Target)
}

// Less reports whether a goes before b.
func Less(a, b Ranked) bool {
	switch {
	case a.Tier != b.Tier:
		return a.Tier < b.Tier
	case behind(a) != behind(b):
		return behind(b)
	case a.Score != b.Score:
		return a.Score > b.Score
	case a.Wait != b.Wait:
		return a.Wait > b.Wait
	case !a.Head.AgeAt.Equal(b.Head.AgeAt):
		return a.Head.AgeAt.Before(b.Head.AgeAt)
	}
	return a.Head.TicketID < b.Head.TicketID
}

// Lines are candidates in the orders of their queues, each by its own rule.
type Lines []line

type line struct{ own, common []Ranked } // the same candidates, scored by the queue's rule and by ATC

// Queue puts candidates into their queues' lines.
func Queue(rules map[router.QueueName]Rule, cs []Candidate, now time.Time) Lines {
	queues := map[router.QueueName][]Candidate{}
	for _, c := range cs {
		queues[c.Head.Run.Queue] = append(queues[c.Head.Run.Queue], c)
	}
	var ls Lines
	for q, in := range queues {
		rule := rules[q]
		if !rule.Valid() {
			rule = ATC
		}
		own := Rank(rule, in, now)
		common := make([]Ranked, len(own))
		for i, r := range own {
			tier, score := Score(ATC, r.Candidate, now)
			common[i] = Ranked{Candidate: r.Candidate, Tier: tier, Score: score}
		}
		ls = append(ls, line{own, common})
	}
	return ls
}

// First merges the lines to the first n candidates that are not taken: within a queue its own
// rule decides, between the firsts of the queues ATC does, so that weights and targets compare. profile are factors
// on the worth of a queue's tickets for whom they are merged (1 where it says nothing); cut-offs are not weighed.
// ahead are the taken ones that stood before the first in a queue.
func (ls Lines) First(n int, profile map[router.QueueName]float64, taken func(router.TicketID) bool) (free, ahead []Ranked) {
	worth := func(i, at int) Ranked {
		r := ls[i].common[at]
		if w, ok := profile[r.Head.Run.Queue]; ok && r.Tier > 1 {
			r.Score *= w
		}
		return r
	}
	next := make([]int, len(ls)) // the place of each line's first that is neither taken nor merged
	skip := func(i int) {
		for ; next[i] < len(ls[i].own) && taken(ls[i].own[next[i]].Head.TicketID); next[i]++ {
			if len(free) == 0 {
				ahead = append(ahead, ls[i].own[next[i]])
			}
		}
	}
	for i := range ls {
		skip(i)
	}
	for len(free) < n {
		best := -1
		for i, l := range ls {
			if next[i] < len(l.own) && (best < 0 || Less(worth(i, next[i]), worth(best, next[best]))) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		free = append(free, ls[best].own[next[best]])
		next[best]++
		skip(best)
	}
	return free, ahead
}

// Merge orders all candidates of queues that may have different rules.
func Merge(rules map[router.QueueName]Rule, cs []Candidate, now time.Time) []Ranked {
	all, _ := Queue(rules, cs, now).First(len(cs), nil, func(router.TicketID) bool { return false })
	return all
}

// Round gives a score with six significant digits, as it stands in a trace.
func Round(score float64) float64 {
	if score == 0 || math.IsInf(score, 0) || math.IsNaN(score) {
		return 0
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(score, 'g', 6, 64), 64)
	if err != nil {
		return 0 // a number that was formatted is read again
	}
	return short
}
