package dispatch

import (
	"context"
	"strings"
	"sync"
	"time"

	"switchyard/router"
	"switchyard/router/order"
	"switchyard/router/store"
)

// sight is what one look saw: the runs that its pulls may serve, and the heads of each.
//
// Of a run so many heads of a kind are read as are being claimed now, and some spare
// ones. While there is a spare one, the best of a kind that nobody claims is among those
// read; when they are used up, the run is read deeper before anybody chooses from it.
type sight struct {
	s     *Service
	view  *View
	now   time.Time
	skip  router.AgentID // whose released tickets were left out
	runs  []router.Run
	heads map[router.RunKey][]order.Candidate
	skips map[router.AgentID]bool // who has just released one of the heads
	lines map[string]order.Lines  // by the runs that stand in them

	mu     sync.Mutex // guards what follows: losers of a claim go on by themselves
	spare  map[router.RunKey]int
	handed map[router.TicketID]bool
}

const (
	// spareHeads is how many heads of a run a look for several pulls reads beyond those being claimed.
	spareHeads = 4
	// rankedHeads is how many heads a pull tries before it looks again.
	rankedHeads = 32
)

// see reads the heads of all runs that any of the pulls may serve, or may be reserved for.
func (s *Service) see(ctx context.Context, pulls []*pull, skip router.AgentID) (*sight, error) {
	seen := &sight{s: s, view: s.Live.View(), now: s.Now(), skip: skip, heads: map[router.RunKey][]order.Candidate{}, spare: map[router.RunKey]int{},
		skips: map[router.AgentID]bool{}, lines: map[string]order.Lines{}, handed: map[router.TicketID]bool{}}
	var queues []router.QueueName
	var agents []router.AgentID
	for _, p := range pulls {
		p.view, p.now = seen.view, seen.now
		agents = append(agents, p.agent.ID)
		for _, q := range p.queues {
			if !containsQueue(queues, q) {
				queues = append(queues, q)
			}
		}
	}
	var err error
	if seen.runs, err = s.Store.Runs(ctx, queues, agents...); err != nil {
		return nil, err
	}
	var wanted []router.Run
	for _, r := range seen.runs {
		for _, p := range pulls {
			if p.covers(r) && p.cannot(r) == "" || p.reservable(r) {
				wanted = append(wanted, r)
				break
			}
		}
	}
	return seen, seen.read(ctx, wanted, min(len(pulls), spareHeads))
}

// read reads heads of runs, as many of each kind as are being claimed and some to spare.
func (v *sight) read(ctx context.Context, runs []router.Run, spare int) error {
	if len(runs) == 0 {
		return nil
	}
	qs := make([]store.HeadQuery, len(runs))
	for i, r := range runs {
		v.setSpare(r, spare)
		v.heads[r.Key] = nil
		qs[i] = v.query(r, spare+v.s.inFlight.of(r.Key))
	}
	heads, err := v.s.Store.Heads(ctx, v.skip, v.now, qs)
	for _, h := range heads {
		if h.SkipFor != "" {
			v.skips[h.SkipFor] = true
		}
		wait := v.view.Rules.Calendar(h.Run.Queue).Between(h.AgeAt, v.now)
		v.heads[h.Run.Key] = append(v.heads[h.Run.Key], order.Candidate{Head: h, Wait: wait, Class: v.class(h.Run)})
	}
	clear(v.lines)
	return err
}

func (v *sight) class(r router.Run) order.Class {
	params, ok := v.view.Snapshot.Classes[r.Class]
	if !ok { // the class is gone from the policy: ordered like review work until it is decided again
		params = v.view.Snapshot.Classes[v.view.Rules.Review.Class]
	}
	return params.For(r.Channel)
}

func (v *sight) query(r router.Run, limit int) store.HeadQuery {
	c, cal := v.class(r), v.view.Rules.Calendar(r.Queue)
	from, to := order.CutoffWindow(v.now, c)
	return store.HeadQuery{Run: r.Key, Limit: limit, CutoffFrom: from, CutoffTo: to,
		LateAt: cal.Before(v.now, c.Target), GuardAt: cal.Before(v.now, time.Duration(c.Guard*float64(c.Target)))}
}

// choose orders the heads for one pull and hands it the first that is free. left is how many
// pulls have yet to choose. Who has just released one of the heads looks again, without them.
func (v *sight) choose(ctx context.Context, p *pull, left int) error {
	p.seen, p.ranked, p.ahead, p.passed, p.runs = v, nil, nil, nil, 0
	var mine, used []router.Run
	for _, r := range v.runs {
		if !p.covers(r) {
			continue
		}
		p.runs++
		if why := p.cannot(r); why != "" {
			p.passed = append(p.passed, router.PassedRun{Run: r.Key, Reason: why})
			continue
		}
		mine = append(mine, r)
		if v.usedUp(r) {
			used = append(used, r)
		}
	}
	if err := v.read(ctx, used, left); err != nil {
		return err
	}
	switch {
	case v.skips[p.skipFor()]:
		v.s.serve(ctx, []*pull{p})
		return p.err
	case !v.reserves(p):
		p.ranked, p.ahead = v.order(mine).First(rankedHeads, v.taken)
		p.hand(0)
	}
	return nil
}

// reserves reports whether this agent is to empty his hands first: a run costs more than he has
// free, less than he has in all, and its oldest has waited longer than the policy allows.
// Only agents who hold something are reserved, and only while nobody has the room.
func (v *sight) reserves(p *pull) bool {
	for _, r := range v.runs {
		if !p.reservable(r) {
			continue
		}
		for _, c := range v.heads[r.Key] {
			if c.Wait > v.view.Rules.ReserveAfter && c.Head.SkipFor != p.agent.ID {
				p.passed = append(p.passed, router.PassedRun{Run: r.Key, TicketID: c.Head.TicketID, Reason: "reserved"})
				return true
			}
		}
	}
	return false
}

// order puts the heads of runs in line; pulls that may serve the same runs share it.
func (v *sight) order(runs []router.Run) order.Lines {
	var key strings.Builder
	for _, r := range runs {
		key.WriteString(string(r.Key))
		key.WriteByte('\n')
	}
	if have, ok := v.lines[key.String()]; ok {
		return have
	}
	var cs []order.Candidate
	for _, r := range runs {
		cs = append(cs, v.heads[r.Key]...)
	}
	lines := order.Queue(v.view.Rules.OrderRules(), cs, v.now)
	v.lines[key.String()] = lines
	return lines
}

// taken reports whether a head was handed out, or is being claimed after another look.
func (v *sight) taken(id router.TicketID) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.handed[id] || v.s.inFlight.has(id)
}

// take reserves a head for one pull; a head is handed out once.
func (v *sight) take(h router.Head) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.handed[h.TicketID] || !v.s.inFlight.take(h) {
		return false
	}
	v.handed[h.TicketID] = true
	v.spare[h.Run.Key]--
	return true
}

func (v *sight) setSpare(r router.Run, n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.spare[r.Key] = n
}

func (v *sight) usedUp(r router.Run) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.spare[r.Key] <= 0
}
