package dispatch

import (
	"context"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/load"
	"switchyard/router/match"
	"switchyard/router/order"
	"switchyard/router/policy"
)

// Served is what a pull or a claim gave. Ticket is empty where Empty says why there is none.
type Served struct {
	Ticket router.Ticket
	Trace  *router.PullTrace
	Empty  Empty
}

// pullTries bounds how often a pull looks at heads anew when others were faster.
const pullTries = 12

// Pull serves the agent the ticket that comes first among those he may serve, from the
// queues named or, without names, all of his. A pull makes an away agent available.
func (s *Service) Pull(ctx context.Context, agent router.User, queues []router.QueueName) (Served, error) {
	defer s.lockAgent(agent.ID)()
	if !match.OnShift(s.Live.View().Rules.Ruleset, agent, s.Now()) {
		return Served{Empty: EmptyOffShift}, nil
	}
	if err := s.appear(ctx, agent.ID); err != nil {
		return Served{}, err
	}
	p, err := s.newPull(ctx, agent, queues)
	if err != nil {
		return Served{}, err
	}
	for tries := 0; tries < pullTries; {
		others := s.inFlight.dropped()
		if err := s.look(ctx, p); err != nil {
			return Served{}, err
		}
		switch {
		case len(p.ranked) == 0 && len(p.ahead) == 0:
			return Served{Empty: p.empty(ctx)}, nil
		case p.at < len(p.ranked):
			tries++
			if served, err := p.claimNext(ctx); err != nil || served.Ticket.ID != "" || served.Empty != "" {
				return served, err
			}
		default: // others are claiming all of it: what they leave shows when one of them is done
			select {
			case <-others:
			case <-ctx.Done():
				return Served{}, router.Wrap("dispatch.pull", router.CodeUnavailable, ctx.Err())
			}
		}
	}
	return Served{}, router.Fail("dispatch.pull", router.CodeUnavailable, "too many agents pull at once; pull again")
}

// claimNext claims the head at hand or, where somebody was faster, the next of the order.
// Nothing is served when all are gone.
func (p *pull) claimNext(ctx context.Context) (Served, error) {
	for p.at < len(p.ranked) {
		t, err := p.claim(ctx, p.ranked[p.at].Head)
		if router.IsCode(err, router.CodeConflict) || router.IsCode(err, router.CodeNotFound) {
			p.hand(p.at + 1)
			continue
		}
		if err != nil {
			return Served{}, err
		}
		if kept, err := p.withinCapacity(ctx, t); err != nil || !kept {
			return Served{Empty: EmptyNoCapacity}, err
		}
		p.overtook(ctx, t, p.ranked[p.at])
		return Served{Ticket: t, Trace: t.Pull}, nil
	}
	return Served{}, nil
}

// hand gives the pull the first head from a place on that nobody is claiming.
func (p *pull) hand(from int) {
	for p.at = from; p.at < len(p.ranked) && !p.seen.take(p.ranked[p.at].Head); p.at++ {
	}
}

// pull is one pull of one agent.
type pull struct {
	s      *Service
	agent  router.User
	view   *View
	queues []router.QueueName
	free   int
	holds  map[router.Channel]int // tickets in hand
	now    time.Time

	// what the last look gave
	err      error
	verdicts []verdict // by the runs of seen
	idle     int       // agents who have nothing in hand, the one who pulls among them
	seen     *sight
	ranked   []order.Ranked     // the first free heads of the order
	ahead    []order.Ranked     // heads before them that others are claiming
	at       int                // the place in ranked of the head at hand
	passed   []router.PassedRun // runs this agent cannot serve
	runs     int                // runs seen

	starving []order.Candidate // heads past their guard that this agent may serve
}

func (s *Service) newPull(ctx context.Context, agent router.User, queues []router.QueueName) (*pull, error) {
	p := &pull{s: s, agent: agent, view: s.Live.View(), now: s.Now()}
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
	cost, holds := inHand(p.view.Rules.Ruleset, held)
	p.free, p.holds = match.Full-cost, holds
	return p, err
}

// inHand is what tickets cost of an agent's room, and how many there are of each channel.
func inHand(rules *policy.Ruleset, held []router.Ticket) (cost int, holds map[router.Channel]int) {
	holds = map[router.Channel]int{}
	for _, t := range held {
		cost += rules.Capacity[t.Channel]
		holds[t.Channel]++
	}
	return cost, holds
}

func containsQueue(list []router.QueueName, q router.QueueName) bool {
	for _, have := range list {
		if have == q {
			return true
		}
	}
	return false
}

// Why an agent does not get a run; the words stand in traces.
const (
	foreign      = "foreign" // not in the queues of this pull, or kept for somebody else
	noSkill      = "no_skill"
	noCapacity   = "no_capacity"
	leftToOthers = "idle_reserve" // its class leaves the last idle agents to others
	tooYoung     = "ring"         // it must wait longer before this agent may serve it
	atLimit      = "limit"        // he holds as many of its channel as the policy allows
)

// verdict says from which wait on the agent may serve a run, or why he cannot now.
type verdict struct {
	in         reach
	why        string // empty: he can
	reservable bool   // only full hands keep him from it, and nobody else has them empty
}

// begin takes the view and the moment of a look. Runs are judged once in it: what the agent holds does not change meanwhile.
func (p *pull) begin(seen *sight) {
	p.view, p.now, p.verdicts, p.idle = seen.view, seen.now, nil, 1
	if p.free < match.Full {
		return // who holds something takes nobody's last idle agent
	}
	for _, a := range p.view.Agents {
		if a.User.ID != p.agent.ID && p.there(a) && a.Held == 0 {
			p.idle++
		}
	}
}

func (p *pull) judge(r router.Run) verdict {
	v := verdict{in: reach{run: r}}
	if r.KeptFor != "" && r.KeptFor != p.agent.ID || !containsQueue(p.queues, r.Queue) {
		v.why = foreign
		return v
	}
	after, ok := match.Reach(p.view.Rules.Queues[r.Queue].Rings, p.agent, r)
	v.in.after = after
	switch cost := p.view.Rules.Capacity[r.Channel]; {
	case !ok:
		v.why = noSkill
	case p.atLimit(r.Channel):
		v.why = atLimit
	case cost > p.free:
		v.why = noCapacity
		v.reservable = p.free < match.Full && cost <= match.Full && !p.roomElsewhere(r)
	case p.free == match.Full && match.Reserved(p.view.Snapshot.Classes[r.Class].Reserve, p.idle):
		v.why = leftToOthers
	}
	return v
}

// reaches reports whether a ticket has waited long enough for the agent's skills.
func (p *pull) reaches(t router.Ticket) bool {
	q := p.view.Rules.Queues[t.Queue]
	if q == nil {
		return p.agent.CanServe(t.Needs, t.Speaks)
	}
	after, ok := match.Reach(q.Rings, p.agent, t.Run())
	return ok && t.Wait(p.now, q.Hours) >= after
}

// atLimit reports whether the agent holds as many tickets of a channel as the policy allows.
func (p *pull) atLimit(ch router.Channel) bool { return p.view.Rules.AtLimit(ch, p.holds[ch]) }

// there reports whether an agent takes work now.
func (p *pull) there(a load.Agent) bool {
	return a.Presence == router.PresenceAvailable && match.OnShift(p.view.Rules.Ruleset, a.User, p.now)
}

// tooYoung notes the runs in which nothing has waited long enough for the agent.
func (p *pull) tooYoung(rs []reach) {
	for _, in := range rs {
		if in.after > 0 && len(p.seen.heads[in.key()]) == 0 {
			p.passed = append(p.passed, router.PassedRun{Run: in.run.Key, Reason: tooYoung})
		}
	}
}

// leastHeld reports whether the agent holds least of those who could serve the run with empty hands.
func (p *pull) leastHeld(r router.Run) bool {
	mine := match.Full - p.free
	for _, a := range p.view.Agents {
		if a.User.ID == p.agent.ID || !p.there(a) || !a.User.Covers(r.Queue) || !a.User.CanServe(r.Needs, r.Speaks) {
			continue
		}
		if a.Held < mine || a.Held == mine && a.User.ID < p.agent.ID {
			return false
		}
	}
	return true
}

// roomElsewhere reports whether some other available agent could take the run now.
func (p *pull) roomElsewhere(r router.Run) bool {
	for _, a := range p.view.Agents {
		if a.User.ID != p.agent.ID && p.there(a) && a.User.Covers(r.Queue) &&
			a.User.CanServe(r.Needs, r.Speaks) && match.Full-a.Held >= p.view.Rules.Capacity[r.Channel] {
			return true
		}
	}
	return false
}

// skipFor is the agent whose released tickets are passed over: this one, unless nobody else is there to take them.
func (p *pull) skipFor() router.AgentID {
	for _, a := range p.view.Agents {
		if a.User.ID != p.agent.ID && p.there(a) {
			return p.agent.ID
		}
	}
	return ""
}

// claim takes the head at hand, unless somebody was faster.
func (p *pull) claim(ctx context.Context, h router.Head) (router.Ticket, error) {
	defer p.s.inFlight.drop(h)
	if err := ctx.Err(); err != nil {
		return router.Ticket{}, router.Wrap("dispatch.claim", router.CodeUnavailable, err)
	}
	t, err := p.s.Store.Ticket(ctx, h.TicketID)
	if err != nil {
		return t, err
	}
	if t.Version != h.Version || t.State != router.StateWaiting {
		return t, router.Fail("dispatch.claim", router.CodeConflict, "the ticket changed")
	}
	next, err := t.Claim(p.now, p.agent.ID, p.view.Rules.ClaimTTL)
	if err != nil {
		return t, router.Wrap("dispatch.claim", router.CodeConflict, err)
	}
	next.Pull = p.trace()
	return p.s.save(ctx, next)
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
	earlier := slices.DeleteFunc(held, func(h router.Ticket) bool { // a later claim is itself to go back
		return h.ID == t.ID || h.ClaimedAt.After(t.ClaimedAt) || h.ClaimedAt.Equal(t.ClaimedAt) && h.ID > t.ID
	})
	rules := p.view.Rules
	cost, holds := inHand(rules.Ruleset, earlier)
	fits := len(earlier) == 0 || cost+rules.Capacity[t.Channel] <= match.Full
	if fits && !rules.AtLimit(t.Channel, holds[t.Channel]) {
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
