package whatif

import (
	"fmt"
	"sort"
	"time"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/policy"
)

// edges bounds how many openings and closings of each calendar are looked ahead to.
const edges = 4

// Queue finds what would have put a ticket in a queue: changes of one input of its decision. It is empty where it
// stands there already, or where no single change leads there. invalid_field: no such queue.
func Queue(in decide.Input, to router.QueueName) ([]Change, error) {
	if in.Rules.Queues[to] == nil {
		return nil, router.FailField("whatif.queue", "queue", "there is no queue %q", to)
	}
	d, err := decide.Decide(in)
	if err != nil || d.Queue == to {
		return nil, err
	}
	q := &asker{in: in, was: d, to: to}
	q.topics()
	q.channels()
	q.moments()
	q.modes()
	q.ticket()
	sort.SliceStable(q.out, func(i, j int) bool {
		a, b := q.out[i], q.out[j]
		if a.Effort != b.Effort {
			return a.Effort < b.Effort
		}
		return a.Input+a.To < b.Input+b.To
	})
	return q.out, q.err
}

// asker tries changes and keeps those that lead to the queue.
type asker struct {
	in  decide.Input
	was router.Decision
	to  router.QueueName
	out []Change
	err error
}

// try makes one change and keeps it if it leads to the queue.
func (q *asker) try(c Change, change func(*decide.Input)) {
	if q.err != nil {
		return
	}
	in := q.in
	change(&in)
	d, err := decide.Decide(in)
	if err != nil {
		q.err = err
		return
	}
	if d.Queue == q.to {
		title := q.in.Rules.Queues[q.to].Title
		c.Why.ZH += fmt.Sprintf("，它会进入「%s」队列。", title.ZH)
		c.Why.EN += fmt.Sprintf(", it would be in the queue %s.", title.EN)
		q.out = append(q.out, c)
	}
}

// topics: another topic, the nearer the more it was thought of.
func (q *asker) topics() {
	thought := map[router.Topic]float64{}
	for _, s := range q.was.Classification.Topics {
		thought[s.Topic] = s.Confidence
	}
	from := string(q.was.Classification.Topic)
	if q.was.Classification.Rejected {
		from += "?"
	}
	for _, t := range q.in.Rules.Topics {
		q.try(Change{Input: "topic", From: from, To: string(t.Name), Effort: 1.5 - thought[t.Name],
			Why: router.Sentence{ZH: "如果主题确定是「" + t.Title.ZH + "」", EN: "Were it surely about " + t.Title.EN}}, func(in *decide.Input) {
			in.Ticket.FixTopic, in.Ticket.Topic, in.Given = true, t.Name, nil
		})
	}
}

func (q *asker) channels() {
	for _, ch := range router.Channels() {
		if ch == q.in.Ticket.Channel {
			continue
		}
		q.try(Change{Input: "channel", From: string(q.in.Ticket.Channel), To: string(ch), Effort: 2,
			Why: router.Sentence{ZH: "如果来自渠道 " + string(ch), EN: "Had it come by " + string(ch)}}, func(in *decide.Input) { in.Ticket.Channel = ch })
	}
}

// moments: the next openings and closings, the sooner the nearer.
func (q *asker) moments() {
	seen := map[time.Time]bool{}
	for _, queue := range q.in.Rules.QueueList {
		at := q.in.Now
		for range edges {
			if at = queue.Hours.NextEdge(at); at.IsZero() {
				break
			}
			if seen[at] {
				continue
			}
			seen[at] = true
			local := at.In(queue.Hours.Zone()).Format("2006-01-02 15:04")
			q.try(Change{Input: "hour", From: q.in.Now.UTC().Format(time.RFC3339), To: at.UTC().Format(time.RFC3339), Effort: 0.1 + at.Sub(q.in.Now).Hours()/24,
				Why: router.Sentence{ZH: "如果是在 " + local, EN: "Were it " + local}}, func(in *decide.Input) {
				in.Now, in.Snapshot = at, in.Snapshot.Moved(in.Rules.Ruleset, at)
			})
		}
	}
}

// modes: the overflow of each queue the other way round.
func (q *asker) modes() {
	for _, queue := range q.in.Rules.QueueList {
		if queue.Overflow == nil {
			continue
		}
		on := q.in.Modes.Overflow[queue.Name]
		c := Change{Input: "overflow", From: state(on), To: state(!on), Effort: 0.5,
			Why: router.Sentence{ZH: "如果「" + queue.Title.ZH + "」启用了分流", EN: "Were overflow of " + queue.Title.EN + " on"}}
		if on {
			c.Why = router.Sentence{ZH: "如果「" + queue.Title.ZH + "」没有启用分流", EN: "Were overflow of " + queue.Title.EN + " off"}
		}
		q.try(c, func(in *decide.Input) {
			in.Modes.Overflow = turned(in.Modes.Overflow, queue)
		})
	}
}

func turned(modes map[router.QueueName]bool, queue *policy.Queue) map[router.QueueName]bool {
	next := map[router.QueueName]bool{}
	for name, on := range modes {
		next[name] = on
	}
	next[queue.Name] = !next[queue.Name]
	return next
}

func state(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// ticket: what the ticket's own past keeps it from.
func (q *asker) ticket() {
	t := q.in.Ticket
	if t.Overflown {
		q.try(Change{Input: "overflown", From: "true", To: "false", Effort: 0.3, Why: router.Sentence{ZH: "如果它还没有被分流过", EN: "Had it not gone over before"}},
			func(in *decide.Input) { in.Ticket.Overflown = false })
	}
	if t.Moves > 0 {
		q.try(Change{Input: "moves", From: fmt.Sprint(t.Moves), To: "0", Effort: 0.3, Why: router.Sentence{ZH: "如果它还没有被转走过", EN: "Had it not been sent away before"}},
			func(in *decide.Input) { in.Ticket.Moves = 0 })
	}
	if t.FixQueue != "" {
		q.try(Change{Input: "kept", From: string(t.FixQueue), To: "", Effort: 0.2, Why: router.Sentence{ZH: "如果没有人把它放进现在的队列", EN: "Had nobody put it where it is"}},
			func(in *decide.Input) { in.Ticket.FixQueue = "" })
	}
	if t.Incident != "" {
		q.try(Change{Input: "incident", From: t.Incident, To: "", Effort: 0.3, Why: router.Sentence{ZH: "如果它不属于那个事件", EN: "Did it not belong to the incident"}},
			func(in *decide.Input) { in.Ticket.Incident = "" })
	}
}
