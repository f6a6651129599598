// Package route chooses the queue of a ticket: the topic's or a rule's queue, its
// overflow while that mode is on, its night queue while it is closed, the review
// queue where the topic is not sure.
//
// What always holds:
//
//	A. The result is a queue of the ruleset, for every input.
//	B. Each candidate that was passed over stands in the reasons, with why.
//	C. A queue that a person chose is kept.
package route

import (
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
	Reasons   []router.Reason
}

type chooser struct {
	Input
	out Result
}

// Choose chooses.
func Choose(in Input) Result {
	c := &chooser{Input: in, out: Result{Overflown: in.Ticket.Overflown}}
	if fixed := in.Ticket.FixQueue; in.Rules.Queues[fixed] != nil {
		c.note("kept", true, fixed, "有人把它放进了这个队列", "a person put it in this queue")
		c.out.Queue = fixed
	} else {
		c.out.Queue = c.primary()
		c.overflow()
	}
	c.night()
	return c.out
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
	on := c.Modes.Overflow[q.Name]
	switch {
	case c.Ticket.Overflown && c.Ticket.Queue == q.Overflow.To:
		c.note("overflow", true, q.Overflow.To, "之前已分流到这里，不再来回", "it went over before and stays, so that it does not wander")
		c.out.Queue = q.Overflow.To
	case !on:
		c.note("overflow", false, q.Overflow.To, "没有启用分流", "overflow is not on")
	case c.Ticket.Overflown:
		c.note("overflow", false, q.Overflow.To, "已经分流过一次", "it went over once already")
	default:
		c.note("overflow", true, q.Overflow.To, "原队列等待过长，已启用分流", "the line is too long; overflow is on")
		c.out.Queue, c.out.Overflown = q.Overflow.To, true
	}
}

func (c *chooser) night() {
	q := c.Rules.Queues[c.out.Queue]
	if q == nil || q.Night == "" {
		return
	}
	if q.Hours.Open(c.Now) {
		c.note("night", false, q.Night, "队列正在营业", "the queue is open")
		return
	}
	c.note("night", true, q.Night, "队列已下班，由夜间队列接手", "the queue is closed; the night queue takes it")
	c.out.Queue = q.Night
}
