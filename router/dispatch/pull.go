package dispatch

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"switchyard/router"
	"switchyard/router/order"
	"switchyard/router/store"
)

// Empty says why a pull gave nothing.
type Empty string

// The reasons of an empty pull.
const (
	EmptyNothing    Empty = "nothing_waiting"
	EmptyNoSkill    Empty = "no_skill"
	EmptyNoCapacity Empty = "no_capacity"
	EmptyReserved   Empty = "reserved"
	EmptyKept       Empty = "kept"
	EmptyReleased   Empty = "released_by_you"
	EmptyOffShift   Empty = "off_shift"
)

// Served is what a pull or a claim gave. Ticket is empty where Empty says why there is none.
type Served struct {
	Ticket router.Ticket
	Trace  *router.PullTrace
	Empty  Empty
}

// fullCapacity is what an agent has when he holds nothing.
const fullCapacity = 100

// traceHeads bounds the losing heads that a trace lists.
const traceHeads = 8

// pullTries bounds how often a pull looks at heads anew when others were faster.
const pullTries = 12

// inFlight knows the heads that pulls of this process are claiming, so that they do not all try the same one.
type inFlight struct {
	mu   sync.Mutex
	ids  map[router.TicketID]bool
	runs map[router.RunKey]int
}

func (f *inFlight) take(h router.Head) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ids == nil {
		f.ids, f.runs = map[router.TicketID]bool{}, map[router.RunKey]int{}
	}
	if f.ids[h.TicketID] {
		return false
	}
	f.ids[h.TicketID] = true
	f.runs[h.Run.Key]++
	return true
}

func (f *inFlight) drop(h router.Head) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.ids, h.TicketID)
	if f.runs[h.Run.Key]--; f.runs[h.Run.Key] <= 0 {
		delete(f.runs, h.Run.Key)
	}
}

// of is how many heads of a run are being claimed now: so many more must be looked at.
func (f *inFlight) of(run router.RunKey) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.runs[run]
}

// lockAgent serializes the pulls of one agent in this process.
func (s *Service) lockAgent(id router.AgentID) func() {
	m, _ := s.pulling.LoadOrStore(id, &sync.Mutex{})
	m.(*sync.Mutex).Lock()
	return m.(*sync.Mutex).Unlock
}

// Pull serves the agent the ticket that comes first among those he may serve, from the
// queues named or, without names, all of his. A pull makes an away agent available.
func (s *Service) Pull(ctx context.Context, agent router.User, queues []router.QueueName) (Served, error) {
	defer s.lockAgent(agent.ID)()
	if err := s.appear(ctx, agent.ID); err != nil {
		return Served{}, err
	}
	p, err := s.newPull(ctx, agent, queues)
	if err != nil {
		return Served{}, err
	}
	for range pullTries {
		ranked, err := p.lookInTurn(ctx)
		if err != nil {
			return Served{}, err
		}
		if len(ranked) == 0 {
			return Served{Empty: p.empty(ctx)}, nil
		}
		for _, r := range ranked {
			t, err := p.claim(ctx, r, ranked)
			if router.IsCode(err, router.CodeConflict) || router.IsCode(err, router.CodeNotFound) {
				continue // somebody else was faster: the next of the order
			}
			if err != nil {
				return Served{}, err
			}
			if kept, err := p.withinCapacity(ctx, t); err != nil || !kept {
				return Served{Empty: EmptyNoCapacity}, err
			}
			return Served{Ticket: t, Trace: t.Pull}, nil
		}
	}
	return Served{}, router.Fail("dispatch.pull", router.CodeUnavailable, "too many agents pull at once; pull again")
}

// pull is one pull of one agent.
type pull struct {
	s      *Service
	agent  router.User
	view   *View
	queues []router.QueueName
	free   int
	now    time.Time
	passed []router.PassedRun // runs this agent cannot serve
	waits  int                // runs seen
}

func (s *Service) newPull(ctx context.Context, agent router.User, queues []router.QueueName) (*pull, error) {
	p := &pull{s: s, agent: agent, view: s.Live.View(), now: s.Now(), free: fullCapacity}
	for _, q := range p.view.Rules.QueueList {
		if agent.Covers(q.Name) && (len(queues) == 0 || containsQueue(queues, q.Name)) {
			p.queues = append(p.queues, q.Name)
		}
	}
	for _, q := range queues {
		if p.view.Rules.Queues[q] == nil {
			return nil, router.FailField("dispatch.pull", "queues", "there is no queue %q", q)
		}
	}
	held, err := s.Store.ClaimedBy(ctx, agent.ID)
	for _, t := range held {
		p.free -= p.view.Rules.Capacity[t.Channel]
	}
	return p, err
}

func containsQueue(list []router.QueueName, q router.QueueName) bool {
	for _, have := range list {
		if have == q {
			return true
		}
	}
	return false
}

// lookInTurn looks, a few pulls of the process at a time: what one looks at another may be claiming.
func (p *pull) lookInTurn(ctx context.Context) ([]order.Ranked, error) {
	select {
	case p.s.looks() <- struct{}{}:
		defer func() { <-p.s.looks() }()
	case <-ctx.Done():
		return nil, router.Wrap("dispatch.pull", router.CodeUnavailable, ctx.Err())
	}
	return p.look(ctx)
}

// looks bounds how many pulls look at once.
func (s *Service) looks() chan struct{} {
	s.once.Do(func() { s.looking = make(chan struct{}, max(2, runtime.GOMAXPROCS(0))) })
	return s.looking
}

// look reads the heads of the runs this agent may serve and orders them.
func (p *pull) look(ctx context.Context) ([]order.Ranked, error) {
	runs, err := p.s.Store.Runs(ctx, p.queues, p.agent.ID)
	if err != nil {
		return nil, err
	}
	p.waits, p.passed = len(runs), nil
	var qs []store.HeadQuery
	classes := map[router.RunKey]order.Class{}
	for _, r := range runs {
		switch {
		case !p.agent.CanServe(r.Needs, r.Speaks):
			p.passed = append(p.passed, router.PassedRun{Run: r.Key, Reason: "no_skill"})
			continue
		case p.view.Rules.Capacity[r.Channel] > p.free:
			p.passed = append(p.passed, router.PassedRun{Run: r.Key, Reason: "no_capacity"})
			continue
		}
		c := p.class(r)
		classes[r.Key] = c
		qs = append(qs, p.query(r, c, 1+p.s.inFlight.of(r.Key)))
	}
	if blocked, err := p.reserved(ctx, runs, classes); err != nil || blocked {
		return nil, err
	}
	heads, err := p.s.Store.Heads(ctx, p.skipFor(), p.now, qs)
	if err != nil {
		return nil, err
	}
	cs := make([]order.Candidate, len(heads))
	for i, h := range heads {
		cs[i] = order.Candidate{Head: h, Wait: p.view.Rules.Calendar(h.Run.Queue).Between(h.AgeAt, p.now), Class: classes[h.Run.Key]}
	}
	return order.Merge(p.view.Rules.OrderRules(), cs, p.now), nil
}

func (p *pull) class(r router.Run) order.Class {
	params, ok := p.view.Snapshot.Classes[r.Class]
	if !ok { // the class is gone from the policy: ordered like review work until it is decided again
		params = p.view.Snapshot.Classes[p.view.Rules.Review.Class]
	}
	return params.For(r.Channel)
}

func (p *pull) query(r router.Run, c order.Class, limit int) store.HeadQuery {
	cal := p.view.Rules.Calendar(r.Queue)
	from, to := order.CutoffWindow(p.now, c)
	return store.HeadQuery{Run: r.Key, Limit: limit, CutoffFrom: from, CutoffTo: to,
		LateAt: cal.Before(p.now, c.Target), GuardAt: cal.Before(p.now, time.Duration(c.Guard*float64(c.Target)))}
}

// reserved reports whether this agent is to empty his hands first: a run costs more than he has
// free, less than he has in all, and its oldest has waited longer than the policy allows.
// Only agents who hold something are reserved, and only while nobody has the room.
func (p *pull) reserved(ctx context.Context, runs []router.Run, served map[router.RunKey]order.Class) (bool, error) {
	if p.free >= fullCapacity {
		return false, nil
	}
	var qs []store.HeadQuery
	for _, r := range runs {
		if _, can := served[r.Key]; !can && p.agent.CanServe(r.Needs, r.Speaks) && p.view.Rules.Capacity[r.Channel] <= fullCapacity && !p.roomElsewhere(r) {
			qs = append(qs, p.query(r, p.class(r), 1))
		}
	}
	if len(qs) == 0 {
		return false, nil
	}
	heads, err := p.s.Store.Heads(ctx, p.agent.ID, p.now, qs)
	for _, h := range heads {
		if p.view.Rules.Calendar(h.Run.Queue).Between(h.AgeAt, p.now) > p.view.Rules.ReserveAfter {
			p.passed = append(p.passed, router.PassedRun{Run: h.Run.Key, TicketID: h.TicketID, Reason: "reserved"})
			return true, err
		}
	}
	return false, err
}

// roomElsewhere reports whether some other available agent could take the run now.
func (p *pull) roomElsewhere(r router.Run) bool {
	for _, a := range p.view.Agents {
		if a.User.ID != p.agent.ID && a.Presence == router.PresenceAvailable && a.User.Covers(r.Queue) &&
			a.User.CanServe(r.Needs, r.Speaks) && fullCapacity-a.Held >= p.view.Rules.Capacity[r.Channel] {
			return true
		}
	}
	return false
}

// claim takes one head, unless somebody was faster.
func (p *pull) claim(ctx context.Context, r order.Ranked, ranked []order.Ranked) (router.Ticket, error) {
	if !p.s.inFlight.take(r.Head) {
		return router.Ticket{}, router.Fail("dispatch.claim", router.CodeConflict, "another pull is claiming it")
	}
	defer p.s.inFlight.drop(r.Head)
	t, err := p.s.Store.Ticket(ctx, r.Head.TicketID)
	if err != nil {
		return t, err
	}
	if t.Version != r.Head.Version || t.State != router.StateWaiting {
		return t, router.Fail("dispatch.claim", router.CodeConflict, "the ticket changed")
	}
	next, err := t.Claim(p.now, p.agent.ID, p.view.Rules.ClaimTTL)
	if err != nil {
		return t, router.Wrap("dispatch.claim", router.CodeConflict, err)
	}
	next.Pull = p.trace(r, ranked)
	return p.s.save(ctx, next)
}

// trace says why this head won.
func (p *pull) trace(won order.Ranked, ranked []order.Ranked) *router.PullTrace {
	rule := order.ATC
	if q := p.view.Rules.Queues[won.Head.Run.Queue]; q != nil {
		rule = q.Order
	}
	tr := &router.PullTrace{At: p.now, Rule: string(rule), Tier: won.Tier, Score: order.Round(won.Score), Wait: won.Wait.Round(time.Second).Seconds(), Why: tierSentence(won)}
	for _, r := range ranked {
		if r.Head.TicketID != won.Head.TicketID && len(tr.Passed) < traceHeads {
			tr.Passed = append(tr.Passed, router.PassedRun{Run: r.Head.Run.Key, TicketID: r.Head.TicketID, Tier: r.Tier, Score: order.Round(r.Score), Reason: "lower"})
		}
	}
	for _, x := range p.passed {
		if len(tr.Passed) < 2*traceHeads {
			tr.Passed = append(tr.Passed, x)
		}
	}
	return tr
}

func tierSentence(r order.Ranked) router.Sentence {
	waited, target := r.Wait.Round(time.Minute).Minutes(), r.Class.Target.Minutes()
	switch {
	case r.Tier == 1:
		return router.Sentence{ZH: "它的处理期限就要到了，所以最先处理。", EN: "Its cut-off is near and can still be met, so it goes first."}
	case r.Tier == 2 && r.Wait <= r.Class.Target:
		return router.Sentence{ZH: fmt.Sprintf("等了 %.0f 分钟，目标 %.0f 分钟，按紧急程度现在最值得处理。", waited, target),
			EN: fmt.Sprintf("It has waited %.0f of %.0f minutes, and by weight and urgency it is worth most now.", waited, target)}
	case r.Tier == 2:
		return router.Sentence{ZH: fmt.Sprintf("等了 %.0f 分钟，远超目标 %.0f 分钟，不能再拖。", waited, target),
			EN: fmt.Sprintf("It has waited %.0f minutes, far over its target of %.0f, and must not wait longer.", waited, target)}
	}
	return router.Sentence{ZH: fmt.Sprintf("等了 %.0f 分钟，已超过目标 %.0f 分钟，在超时的工单里最急。", waited, target),
		EN: fmt.Sprintf("It has waited %.0f minutes, over its target of %.0f, and is the most pressing of the late ones.", waited, target)}
}

// withinCapacity looks again at what the agent holds: two processes may have served him at
// once. The later claim goes back to its place in line.
func (p *pull) withinCapacity(ctx context.Context, t router.Ticket) (bool, error) {
	if p.s.Alone {
		return true, nil
	}
	held, err := p.s.Store.ClaimedBy(ctx, p.agent.ID)
	if err != nil {
		return true, nil // the claim stands; the next pull will see
	}
	cost, last := 0, t
	for _, h := range held {
		cost += p.view.Rules.Capacity[h.Channel]
		if h.ClaimedAt.After(last.ClaimedAt) || h.ClaimedAt.Equal(last.ClaimedAt) && h.ID > last.ID {
			last = h
		}
	}
	if cost <= fullCapacity || len(held) == 1 || last.ID != t.ID {
		return true, nil
	}
	_, err = p.s.change(ctx, t.ID, func(now router.Ticket) (router.Ticket, error) {
		if now.State != router.StateClaimed || now.Epoch != t.Epoch {
			return now, unchanged{}
		}
		return now.Enqueue(p.s.Now(), now.Queue, p.s.calendar(now.Queue), p.s.calendar(now.Queue), now.Case.Target, "over_capacity")
	})
	return false, err
}

// empty says why nothing was served.
func (p *pull) empty(ctx context.Context) Empty {
	counts := map[string]int{}
	for _, x := range p.passed {
		counts[x.Reason]++
	}
	switch {
	case counts["reserved"] > 0:
		return EmptyReserved
	case counts["no_capacity"] > 0:
		return EmptyNoCapacity
	case counts["no_skill"] > 0:
		return EmptyNoSkill
	}
	if p.waits > 0 && p.skipped(ctx) {
		return EmptyReleased
	}
	for _, q := range p.queues {
		if p.waits == 0 && p.keptElsewhere(ctx, q) {
			return EmptyKept
		}
	}
	return EmptyNothing
}

// skipFor is the agent whose released tickets are passed over: this one, unless nobody else is there to take them.
func (p *pull) skipFor() router.AgentID {
	for _, a := range p.view.Agents {
		if a.User.ID != p.agent.ID && a.Presence == router.PresenceAvailable {
			return p.agent.ID
		}
	}
	return ""
}

// skipped reports whether something waits that this agent has just released.
func (p *pull) skipped(ctx context.Context) bool {
	for _, q := range p.queues {
		ts, _, err := p.s.Store.ListTickets(ctx, store.TicketFilter{Queue: q, State: router.StateWaiting, Limit: 20})
		for _, t := range ts {
			if err == nil && t.SkipAgent == p.agent.ID && t.SkipUntil.After(p.now) {
				return true
			}
		}
	}
	return false
}

func (p *pull) keptElsewhere(ctx context.Context, q router.QueueName) bool {
	ts, _, err := p.s.Store.ListTickets(ctx, store.TicketFilter{Queue: q, State: router.StateWaiting, Limit: 20})
	for _, t := range ts {
		if err == nil && t.KeptFor != "" && t.KeptFor != p.agent.ID {
			return true
		}
	}
	return false
}
