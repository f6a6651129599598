package dispatch

import (
	"context"
	"slices"
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
	heads map[reachKey][]order.Candidate
	skips map[router.AgentID]bool // who has just released one of the heads
	lines map[string]order.Lines  // by the runs that stand in them

	mu     sync.Mutex // guards what follows: losers of a claim go on by themselves
	spare  map[reachKey]int
	handed map[router.TicketID]bool
}

// reach is a run as an agent may see it: all of it, or what has waited long enough for a ring to let him.
type reach struct {
	run   router.Run
	after time.Duration // business time
}

type reachKey struct {
	run   router.RunKey
	after time.Duration
}

func (r reach) key() reachKey { return reachKey{r.run.Key, r.after} }

const (
	// spareHeads is how many heads of a run a look for several pulls reads beyond those being claimed.
	spareHeads = 4
	// rankedHeads is how many heads a pull tries before it looks again.
	rankedHeads = 32
)

// sight is a look that has seen nothing yet.
func (s *Service) sight(view *View, skip router.AgentID) *sight {
	return &sight{s: s, view: view, now: s.Now(), skip: skip, heads: map[reachKey][]order.Candidate{}, spare: map[reachKey]int{},
		skips: map[router.AgentID]bool{}, lines: map[string]order.Lines{}, handed: map[router.TicketID]bool{}}
}

// see reads the heads of all runs that any of the pulls may serve, or may be reserved for.
func (s *Service) see(ctx context.Context, pulls []*pull, skip router.AgentID) (*sight, error) {
	seen := s.sight(s.Live.View(), skip)
	var queues []router.QueueName
	var agents []router.AgentID
	for _, p := range pulls {
		p.begin(seen)
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
	var wanted []reach
	named := map[reachKey]bool{}
	for _, r := range seen.runs {
		for _, p := range pulls {
			v := p.judge(r)
			p.verdicts = append(p.verdicts, v)
			if (v.why == "" || v.reservable) && !named[v.in.key()] {
				named[v.in.key()] = true
				wanted = append(wanted, v.in)
			}
		}
	}
	return seen, seen.read(ctx, wanted, min(len(pulls), spareHeads))
}

// read reads heads, as many of each kind as are being claimed and some to spare. A run that is
// looked at from several waits is asked for in as many rounds, so that each answer is of one query.
func (v *sight) read(ctx context.Context, rs []reach, spare int) error {
	for len(rs) > 0 {
		var now, later []reach
		in := map[router.RunKey]reach{}
		for _, r := range rs {
			if _, twice := in[r.run.Key]; twice {
				later = append(later, r)
				continue
			}
			in[r.run.Key] = r
			now = append(now, r)
		}
		if err := v.readOnce(ctx, now, in, spare); err != nil {
			return err
		}
		rs = later
	}
	return nil
}

func (v *sight) readOnce(ctx context.Context, rs []reach, in map[router.RunKey]reach, spare int) error {
	qs := make([]store.HeadQuery, len(rs))
	for i, r := range rs {
		v.setSpare(r, spare)
		v.heads[r.key()] = nil
		qs[i] = v.query(r, spare+v.s.inFlight.of(r.run.Key))
	}
	heads, err := v.s.Store.Heads(ctx, v.skip, v.now, qs)
	for _, h := range heads {
		if h.SkipFor != "" {
			v.skips[h.SkipFor] = true
		}
		key := in[h.Run.Key].key()
		v.heads[key] = append(v.heads[key], v.view.candidate(h, v.now))
	}
	clear(v.lines)
	return err
}

// class is what the class of a run is worth now.
func (v *View) class(r router.Run) order.Class {
	params, ok := v.Snapshot.Classes[r.Class]
	if !ok { // the class is gone from the policy: ordered like review work until it is decided again
		params = v.Snapshot.Classes[v.Rules.Review.Class]
	}
	return params.For(r.Channel)
}

// candidate is a head as the order looks at it.
func (v *View) candidate(h router.Head, now time.Time) order.Candidate {
	return order.Candidate{Head: h, Wait: v.Rules.Calendar(h.Run.Queue).Between(h.AgeAt, now), Class: v.class(h.Run)}
}

func (v *sight) query(in reach, limit int) store.HeadQuery {
	c, cal := v.view.class(in.run), v.view.Rules.Calendar(in.run.Queue)
	from, to := order.CutoffWindow(v.now, c)
	q := store.HeadQuery{Run: in.run.Key, Limit: limit, CutoffFrom: from, CutoffTo: to,
		LateAt: cal.Before(v.now, c.Target), GuardAt: cal.Before(v.now, time.Duration(c.Guard*float64(c.Target)))}
	if in.after > 0 {
		q.AgedTo = cal.Before(v.now, in.after)
	}
	return q
}

// choose orders the heads for one pull and hands it the first that is free. left is how many
// pulls have yet to choose. Who has just released one of the heads looks again, without them.
func (v *sight) choose(ctx context.Context, p *pull, left int) error {
	p.seen, p.ranked, p.ahead, p.passed, p.runs, p.starving = v, nil, nil, nil, 0, nil
	var mine, used []reach
	for _, x := range p.verdicts {
		if x.why == foreign {
			continue
		}
		p.runs++
		if x.why != "" {
			p.passed = append(p.passed, router.PassedRun{Run: x.in.run.Key, Reason: x.why})
			continue
		}
		mine = append(mine, x.in)
		if v.usedUp(x.in) {
			used = append(used, x.in)
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
		p.ranked, p.ahead = v.order(v.promised(p, mine)).First(rankedHeads, p.agent.Weights, v.taken)
		p.starving = v.starving(p, mine)
		p.tooYoung(mine)
		p.hand(0)
	}
	return nil
}

// reserves reports whether this agent is to make room first: a run costs more than he has
// free, less than he has in all, its oldest has waited longer than the policy allows, nobody has the room,
// and of those who could make it he holds least. Only one agent is reserved for a run; when he has the
// room he takes from it first.
func (v *sight) reserves(p *pull) bool {
	for _, x := range p.verdicts {
		r := x.in.run
		if !x.reservable || !p.leastHeld(r) {
			continue
		}
		for _, c := range v.heads[x.in.key()] {
			if c.Wait > v.view.Rules.ReserveAfter && c.Head.SkipFor != p.agent.ID {
				p.passed = append(p.passed, router.PassedRun{Run: r.Key, TicketID: c.Head.TicketID, Reason: "reserved"})
				v.s.promised.Store(p.agent.ID, r.Key)
				return true
			}
		}
	}
	return false
}

// promised keeps the run that an agent made room for, if something in it still waits for room: he takes from it first.
func (v *sight) promised(p *pull, mine []reach) []reach {
	key, ok := v.s.promised.Load(p.agent.ID)
	if !ok {
		return mine
	}
	for _, in := range mine {
		if in.run.Key == key.(router.RunKey) && v.longing(in) {
			v.s.promised.Delete(p.agent.ID)
			return []reach{in}
		}
	}
	if !slices.ContainsFunc(v.runs, func(r router.Run) bool { return r.Key == key.(router.RunKey) }) {
		v.s.promised.Delete(p.agent.ID) // what it was for is gone
	}
	return mine
}

// longing reports whether something in a run has waited for room for longer than the policy allows.
func (v *sight) longing(in reach) bool {
	return slices.ContainsFunc(v.heads[in.key()], func(c order.Candidate) bool { return c.Wait > v.view.Rules.ReserveAfter })
}

// order puts the heads of runs in line; pulls that may serve the same runs share it.
func (v *sight) order(rs []reach) order.Lines {
	var key strings.Builder
	for _, r := range rs {
		key.WriteString(string(r.run.Key))
		if r.after > 0 {
			key.WriteString(r.after.String())
		}
		key.WriteByte('\n')
	}
	if have, ok := v.lines[key.String()]; ok {
		return have
	}
	var cs []order.Candidate
	for _, r := range rs {
		cs = append(cs, v.heads[r.key()]...)
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
	for key := range v.spare { // a run may be looked at from several waits
		if key.run == h.Run.Key {
			v.spare[key]--
		}
	}
	return true
}

func (v *sight) setSpare(r reach, n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.spare[r.key()] = n
}

func (v *sight) usedUp(r reach) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.spare[r.key()] <= 0
}
