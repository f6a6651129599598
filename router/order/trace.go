package order

import (
	"fmt"
	"time"

	"switchyard/router"
)

// Served is what a pull looked at when it served a ticket.
type Served struct {
	Now     time.Time
	Policy  string
	Rules   map[router.QueueName]Rule
	Profile map[router.QueueName]float64
	Won     Candidate
	Taken   []Candidate        // before it, but others were claiming them
	Lower   []Candidate        // after it
	Passed  []router.PassedRun // runs that the agent cannot serve
}

// Trace says why a ticket was served. It is a function of what was looked at.
func Trace(s Served) *router.PullTrace {
	rule := s.rule(s.Won)
	tier, score := Score(rule, s.Won, s.Now)
	tr := &router.PullTrace{At: s.Now, Policy: s.Policy, Rule: string(rule), Tier: tier, Score: Round(score), Wait: s.Won.Wait.Round(time.Second).Seconds(),
		Why: sentence(rule, tier, s.Won), Head: headOf(s.Won), Worth: map[string][]float64{}}
	s.note(tr, s.Won)
	for _, c := range s.Taken {
		tr.Passed = append(tr.Passed, s.passed(tr, c, "taken"))
	}
	for _, c := range s.Lower {
		tr.Passed = append(tr.Passed, s.passed(tr, c, "lower"))
	}
	tr.Passed = append(tr.Passed, s.Passed...)
	return tr
}

func (s Served) rule(c Candidate) Rule {
	if r := s.Rules[c.Head.Run.Queue]; r.Valid() {
		return r
	}
	return ATC
}

// note keeps the numbers of a candidate's class, the order of its queue and its weight in the agent's profile.
func (s Served) note(tr *router.PullTrace, c Candidate) {
	q := c.Head.Run.Queue
	tr.Worth[worthKey(c.Head.Run)] = c.Class.numbers()
	if r := s.rule(c); r != ATC {
		if tr.Rules == nil {
			tr.Rules = map[router.QueueName]string{}
		}
		tr.Rules[q] = string(r)
	}
	if w, ok := s.Profile[q]; ok {
		if tr.Profile == nil {
			tr.Profile = map[router.QueueName]float64{}
		}
		tr.Profile[q] = w
	}
}

// passed compares a head with the ticket served: by the order of their queue, or by atc between queues.
func (s Served) passed(tr *router.PullTrace, c Candidate, reason string) router.PassedRun {
	s.note(tr, c)
	p := router.PassedRun{Run: c.Head.Run.Key, TicketID: c.Head.TicketID, Reason: reason, Head: headOf(c)}
	rule := s.rule(c)
	if c.Head.Run.Queue != s.Won.Head.Run.Queue {
		rule = ATC
	}
	tier, score := s.worth(rule, c)
	_, than := s.worth(rule, s.Won)
	p.Tier, p.Score, p.Than = tier, Round(score), Round(than)
	return p
}

func (s Served) worth(rule Rule, c Candidate) (int, float64) {
	tier, score := Score(rule, c, s.Now)
	if w, ok := s.Profile[c.Head.Run.Queue]; ok && tier > 1 && rule == ATC {
		score *= w
	}
	return tier, score
}

func worthKey(r router.Run) string { return string(r.Class) + "|" + string(r.Channel) }

func headOf(c Candidate) *router.PullHead {
	r := c.Head.Run
	return &router.PullHead{Queue: r.Queue, Class: r.Class, Channel: r.Channel, Guest: r.Guest, AgeAt: c.Head.AgeAt, CutoffAt: c.Head.CutoffAt, Wait: c.Wait}
}

// Again makes a trace again from what it holds. invalid_field: it holds too little, as that of a chosen ticket does.
func Again(tr *router.PullTrace, served router.TicketID) (*router.PullTrace, error) {
	if tr == nil || tr.Head == nil {
		return nil, router.FailField("order.again", "head", "the trace does not hold what was looked at")
	}
	s := Served{Now: tr.At, Policy: tr.Policy, Rules: map[router.QueueName]Rule{}, Profile: tr.Profile}
	for q, r := range tr.Rules {
		s.Rules[q] = Rule(r)
	}
	s.Won = candidate(tr, served, "", tr.Head)
	for _, p := range tr.Passed {
		switch {
		case p.Head == nil:
			s.Passed = append(s.Passed, p)
		case p.Reason == "taken":
			s.Taken = append(s.Taken, candidate(tr, p.TicketID, p.Run, p.Head))
		default:
			s.Lower = append(s.Lower, candidate(tr, p.TicketID, p.Run, p.Head))
		}
	}
	return Trace(s), nil
}

func candidate(tr *router.PullTrace, id router.TicketID, run router.RunKey, h *router.PullHead) Candidate {
	r := router.Run{Key: run, Queue: h.Queue, Class: h.Class, Channel: h.Channel, Guest: h.Guest}
	return Candidate{Head: router.Head{TicketID: id, Run: r, AgeAt: h.AgeAt, CutoffAt: h.CutoffAt}, Wait: h.Wait, Class: classOf(tr.Worth[worthKey(r)])}
}

// numbers are a class as a trace holds it; times are in seconds.
func (c Class) numbers() []float64 {
	return []float64{c.Weight, c.Target.Seconds(), c.Handling.Seconds(), c.Lead.Seconds(), c.K.Seconds(), c.Guard, c.Boost, c.Bonus.Seconds()}
}

func classOf(n []float64) Class {
	n = append(append([]float64{}, n...), make([]float64, 8)...)
	d := func(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
	return Class{Weight: n[0], Target: d(n[1]), Handling: d(n[2]), Lead: d(n[3]), K: d(n[4]), Guard: n[5], Boost: n[6], Bonus: d(n[7])}
}

// FirstOf keeps the best of each run among ranked candidates, at most n, in their order.
func FirstOf(ranked []Ranked, n int) (out []Candidate) {
	seen := map[router.RunKey]bool{}
	for _, r := range ranked {
		if key := r.Head.Run.Key; !seen[key] && len(out) < n {
			seen[key] = true
			out = append(out, r.Candidate)
		}
	}
	return out
}

// sentence says in one line why the ticket came first.
func sentence(rule Rule, tier int, c Candidate) router.Sentence {
	waited, target := c.Wait.Round(time.Minute).Minutes(), c.Class.Target.Minutes()
	switch {
	case rule != ATC && tier != 1:
		return router.Sentence{ZH: fmt.Sprintf("等了 %.0f 分钟，目标 %.0f 分钟，按这个队列的排序方式（%s）轮到它。", waited, target, rule),
			EN: fmt.Sprintf("It has waited %.0f of %.0f minutes, and by the order of its queue (%s) it is next.", waited, target, rule)}
	case tier == 1:
		return router.Sentence{ZH: "它的处理期限就要到了，所以最先处理。", EN: "Its cut-off is near and can still be met, so it goes first."}
	case tier == 2 && c.Wait <= c.Class.Target:
		return router.Sentence{ZH: fmt.Sprintf("等了 %.0f 分钟，目标 %.0f 分钟，按紧急程度现在最值得处理。", waited, target),
			EN: fmt.Sprintf("It has waited %.0f of %.0f minutes, and by weight and urgency it is worth most now.", waited, target)}
	case tier == 2:
		return router.Sentence{ZH: fmt.Sprintf("等了 %.0f 分钟，远超目标 %.0f 分钟，不能再拖。", waited, target),
			EN: fmt.Sprintf("It has waited %.0f minutes, far over its target of %.0f, and must not wait longer.", waited, target)}
	}
	return router.Sentence{ZH: fmt.Sprintf("等了 %.0f 分钟，已超过目标 %.0f 分钟，在超时的工单里最急。", waited, target),
		EN: fmt.Sprintf("It has waited %.0f minutes, over its target of %.0f, and is the most pressing of the late ones.", waited, target)}
}
