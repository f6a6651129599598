// Package route chooses the queue of a ticket: the topic's or a rule's queue, its
// overflow while that mode is on, its on-call, holiday or night queue while it is
// closed, the review queue where the topic is not sure.
//
// What always holds:
//
//	A. The result is a queue of the ruleset, for every input.
//	B. Each candidate that was passed over stands in the reasons, with why.
//	C. A queue that a person chose is kept.
//	D. In one case a ticket is sent away from its own queue at most MaxMoves times;
//	   the way back is always open.
package route

import (
	"slices"
	"strconv"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// Modes are switches that all processes share; the owner of the sweep moves them.
type Modes struct {
	Overflow map[router.QueueName]bool `json:"overflow,omitempty"`
	Overload Overload                  `json:"overload,omitzero"`
}

// Input is what routing looks at.
type Input struct {
	Rules    *policy.Ruleset
	Ticket   router.Ticket
	Topic    *policy.Topic
	Class    router.ClassName
	Rejected bool
	Failure  bool // the message could not be read
	Vars     policy.Vars
	Modes    Modes
	Now      time.Time
}

// Result is the chosen queue.
type Result struct {
	Queue     router.QueueName
	Overflown bool
	Guest     bool // overflow sent it here: behind the queue's own
	Away      bool // it is sent away from its own queue now, which counts as a move
	Reasons   []router.Reason
}

type chooser struct {
	Input
	out Result
}

// Choose chooses.
func Choose(in Input) Result {
	c := &chooser{Input: in, out: Result{Overflown: in.Ticket.Overflown}}
	own := c.own()
	c.out.Queue = own
	if in.Rules.Queues[in.Ticket.FixQueue] == nil && !c.escalated() {
		c.overflow()
	}
	c.cover()
	c.bound(own)
	return c.out
}

// own is the queue the ticket belongs to: where a person put it, or what rules and topic say.
func (c *chooser) own() router.QueueName {
	if fixed := c.Ticket.FixQueue; c.Rules.Queues[fixed] != nil {
		c.note("kept", true, fixed, "有人把它放进了这个队列", "a person put it in this queue")
		return fixed
	}
	if c.escalated() {
		c.note("escalated", true, c.Ticket.MovedTo, "等待过久，已升级到这个队列", "it waited too long and was escalated to this queue")
		return c.Ticket.MovedTo
	}
	return c.primary()
}

// escalated reports whether an escalation moved the ticket to a queue in this case.
func (c *chooser) escalated() bool {
	return c.Ticket.Escalating() && c.Rules.Queues[c.Ticket.MovedTo] != nil
}

// bound keeps a ticket from wandering (invariant D).
func (c *chooser) bound(own router.QueueName) {
	t, to := c.Ticket, c.out.Queue
	if to == own || to == t.Queue || t.Queue == "" {
		return
	}
	if t.Moves < c.Rules.MaxMoves {
		c.out.Away = true
		return
	}
	c.note("max_moves", true, own, "已经转走 "+strconv.Itoa(t.Moves)+" 次，不再转走", "it was sent away "+strconv.Itoa(t.Moves)+" times already and stays in its own queue")
	c.out.Queue, c.out.Guest, c.out.Overflown = own, false, t.Overflown
}

func (c *chooser) note(rule string, matched bool, q router.QueueName, zh, en string) {
	c.out.Reasons = append(c.out.Reasons, router.Reason{Step: "route", Rule: rule, Matched: matched, Value: string(q), Why: router.Sentence{ZH: zh, EN: en}})
}

func (c *chooser) primary() router.QueueName {
	for _, r := range c.Rules.Rules {
		if r.Queue == "" {
			continue
		}
		held, err := r.When.Bool(c.Vars)
		held = held && err == nil
		c.out.Reasons = append(c.out.Reasons, router.Reason{Step: "route", Rule: r.Name, Matched: held, Value: string(r.Queue), Why: r.Why})
		if held {
			return r.Queue
		}
	}
	switch {
	case c.Failure:
		c.note("unreadable", true, c.Rules.Review.Queue, "无法读取，需要人工查看", "it could not be read; a person looks at it")
	case c.Topic != nil && c.Topic.Queue == "" && !c.Rejected: // spam that a person released, or that joined a ticket in work
		c.note("review", true, c.Rules.Review.Queue, "主题「"+c.Topic.Title.ZH+"」没有队列，由人工查看", "the topic "+c.Topic.Title.EN+" has no queue; a person looks at it")
	case c.Topic == nil || c.Rejected:
		c.note("review", true, c.Rules.Review.Queue, "主题不够确定，先由人工分类", "the topic is not sure enough; a person decides it")
	default:
		c.note("topic", true, c.Topic.Queue, "主题「"+c.Topic.Title.ZH+"」归这个队列", "the topic "+c.Topic.Title.EN+" belongs to this queue")
		return c.Topic.Queue
	}
	return c.Rules.Review.Queue
}

func (c *chooser) overflow() {
	q := c.Rules.Queues[c.out.Queue]
	if q == nil || q.Overflow == nil {
		return
	}
	to := q.Overflow.To
	switch {
	case c.Ticket.Overflown && c.Ticket.Queue == to:
		c.note("overflow", true, to, "之前已分流到这里，不再来回", "it went over before and stays, so that it does not wander")
		c.out.Queue, c.out.Guest = to, true
	case !c.Modes.Overflow[q.Name]:
		c.note("overflow", false, to, "没有启用分流", "overflow is not on")
	case c.Ticket.Overflown:
		c.note("overflow", false, to, "已经分流过一次", "it went over once already")
	case c.Ticket.Incident != "":
		c.note("overflow", false, to, "属于一个事件，不占用其他队列", "it belongs to an incident, which leaves other queues alone")
	default:
		c.note("overflow", true, to, "原队列等待过长，已启用分流", "the line is too long; overflow is on")
		c.out.Queue, c.out.Guest, c.out.Overflown = to, true, true
	}
}

// cover finds who stands in for a closed queue: on call, on holidays, at night.
func (c *chooser) cover() {
	q := c.Rules.Queues[c.out.Queue]
	if q == nil || len(q.Cover()) == 0 {
		return
	}
	if q.Hours.Open(c.Now) {
		for _, to := range q.Cover() {
			c.note("cover", false, to, "队列正在营业", "the queue is open")
		}
		return
	}
	switch {
	case q.OnCall != nil && (len(q.OnCall.Classes) == 0 || slices.Contains(q.OnCall.Classes, c.Class)):
		c.move("on_call", q.OnCall.To, "队列已下班，由值班队列接手", "the queue is closed; the queue on call takes it")
	case q.Holiday != "" && q.Hours.Holiday(c.Now):
		c.move("holiday", q.Holiday, "今天是节假日，由节假日队列接手", "it is a holiday; the holiday queue takes it")
	case q.Night != "":
		c.move("night", q.Night, "队列已下班，由夜间队列接手", "the queue is closed; the night queue takes it")
	default:
		c.note("cover", false, q.Name, "队列已下班，没有队列接手，等开门", "the queue is closed and nobody stands in; it waits for the opening")
	}
}

func (c *chooser) move(rule string, to router.QueueName, zh, en string) {
	c.note(rule, true, to, zh, en)
	c.out.Queue, c.out.Guest = to, false
}
