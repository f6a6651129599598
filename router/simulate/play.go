package simulate

import (
	"fmt"
	"math"
	"time"

	"switchyard/router"
	"switchyard/router/hours"
	"switchyard/router/match"
	"switchyard/router/order"
)

// forever is how long past End a desk may take to finish, in lengths of the run, and a week.
const forever = 4

// agent is one agent as he is now.
type agent struct {
	free      int // of full
	there     bool
	idleSince int64
	there0    int64 // since when, within the day
	worked    int64 // nanoseconds of work begun this day, weighed by cost
	present   int64 // nanoseconds there this day
}

// play is one run of a Setup.
type play struct {
	s    *Setup
	out  *Outcome
	view View
	now  int64
	end  int64

	agenda  agenda
	pool    []ticket
	unused  []int32
	lines   []*line
	byKey   map[router.RunKey]int32
	byQueue [][]*line // in the order in which queues were met
	queues  map[router.QueueName]int32
	rules   []order.Rule // by queue
	clocks  []*clock     // by queue
	agents  []agent
	waiting int
	idle    int
	busy    int // tickets in agents' hands
	looks   bool
	ids     int
	err     error
}

// Run plays a desk until all who came are gone. Codes: invalid_field for a setup or an arrival that makes no sense.
func Run(s Setup, source Source) (*Outcome, error) {
	p := &play{s: &s, byKey: map[router.RunKey]int32{}, queues: map[router.QueueName]int32{}, end: int64(s.End.Sub(s.Start))}
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	if s.Every <= 0 {
		s.Every = time.Minute
	}
	if s.Reach == nil {
		s.Reach = func(u router.User, r router.Run) (time.Duration, bool) { return 0, u.CanServe(r.Needs, r.Speaks) }
	}
	if p.end <= 0 || len(s.Agents) == 0 {
		return nil, router.FailField("simulate.run", "setup", "a run needs an end after its start, and agents")
	}
	p.view, p.out = View{p}, newOutcome(len(s.Agents))
	p.open()
	p.loop(source)
	p.close()
	return p.out, p.err
}

func (p *play) open() {
	p.agents = make([]agent, len(p.s.Agents))
	for i := range p.agents {
		p.agents[i].free = full
		p.shift(int32(i))
	}
	p.looks = p.s.Live != nil || p.s.Review != nil || len(p.s.Reserve) > 0 || p.s.Rooms > 0
	if p.looks {
		p.agenda.add(event{at: int64(p.s.Every), kind: tick})
	}
	p.agenda.add(event{at: p.nextDay(), kind: dayEnd})
}

func (p *play) time(at int64) time.Time { return p.s.Start.Add(time.Duration(at)) }

func (p *play) nextDay() int64 {
	_, next := hours.Day(p.time(p.now), p.s.Zone)
	return int64(next.Sub(p.s.Start))
}

// loop takes what comes next, an arrival or an event, until nobody waits and nobody is served.
func (p *play) loop(source Source) {
	var a Arrival
	more, last := p.take(source, &a), int64(0)
	limit := p.end*(forever+1) + int64(7*24*time.Hour)
	for p.err == nil && (more || p.waiting > 0 || p.busy > 0) {
		at := int64(math.MaxInt64)
		if more {
			at = int64(a.At.Sub(p.s.Start))
		}
		if len(p.agenda.heap) > 0 && p.agenda.heap[0].at <= at {
			e := p.agenda.heap.pop()
			if e.at > limit {
				return
			}
			p.now = e.at
			p.happen(e)
			continue
		}
		if at < last {
			p.err = router.FailField("simulate.run", "arrivals", "the arrival at %s comes after a later one", a.At.Format(time.RFC3339))
			return
		}
		p.now, last = at, at
		p.come(&a)
		more = p.take(source, &a)
	}
}

func (p *play) take(source Source, a *Arrival) bool {
	*a = Arrival{}
	return source(a) && a.At.Before(p.s.End)
}

func (p *play) happen(e event) {
	switch e.kind {
	case served:
		p.done(e.who)
	case gaveUp:
		if t := &p.pool[e.who]; t.gen == e.gen && t.waits {
			p.leave(e.who, Left, nobody)
			p.free(e.who)
		}
	case edge:
		p.shift(e.who)
	case tick:
		p.look()
		p.agenda.add(event{at: p.now + int64(p.s.Every), kind: tick})
	case dayEnd:
		p.closeDay()
		p.agenda.add(event{at: p.nextDay(), kind: dayEnd})
		if p.s.Stop != nil && p.s.Stop() {
			p.err = router.Fail("simulate.run", router.CodeUnavailable, "the run was stopped")
		}
		if p.s.Progress != nil {
			p.s.Progress(math.Min(float64(p.now), float64(p.end))/float64(24*time.Hour), float64(p.end)/float64(24*time.Hour))
		}
	}
}

// shift looks whether an agent is there now and when that changes.
func (p *play) shift(who int32) {
	a, shift := &p.agents[who], p.s.Agents[who].Shift
	there := true
	if shift != nil {
		now := p.time(p.now)
		there = shift.Open(now)
		if next := shift.NextEdge(now); !next.IsZero() {
			p.agenda.add(event{at: int64(next.Sub(p.s.Start)), kind: edge, who: who})
		}
	}
	if there == a.there {
		return
	}
	if a.there = there; !there {
		a.present += p.now - a.there0
		if a.free == full {
			p.idle--
		}
		return
	}
	a.there0, a.idleSince = p.now, p.now
	if a.free == full {
		p.idle++
	}
	p.serve(who)
}

// come lets a ticket in and gives the agent it fits best a look.
func (p *play) come(a *Arrival) {
	if p.s.Decide != nil {
		p.s.Decide(p.time(p.now), &p.view, a)
	}
	if a.Truth == nil {
		a.Truth = a.Run
	}
	if a.Service <= 0 || a.Run == nil {
		p.err = router.FailField("simulate.run", "arrivals", "the arrival at %s has no service time or no run", a.At.Format(time.RFC3339))
		return
	}
	slot := p.slot()
	t := &p.pool[slot]
	id := t.arrival.ID
	if a.ID != "" {
		id = a.ID
	}
	t.arrival = *a
	t.arrival.ID, t.at, t.agent, t.passing = id, p.now, nobody, false
	t.line, t.truth = p.lineOf(a.Run), p.lineOf(a.Truth)
	if p.err != nil {
		return
	}
	t.target, t.cutoff = int64(a.Target), 0
	if t.target == 0 {
		t.target = int64(p.lines[t.truth].cand.Class.Target)
	}
	if !a.CutoffAt.IsZero() {
		t.cutoff = max(1, int64(a.CutoffAt.Sub(p.s.Start)))
	}
	l := p.lines[t.line]
	t.age = l.clock.at(p.now)
	t.counted = p.now >= int64(p.s.Warmup)
	if a.Patience > 0 {
		p.agenda.add(event{at: p.now + int64(a.Patience), kind: gaveUp, who: slot, gen: t.gen})
	}
	p.tell(slot, Came, nobody, 0)
	p.insert(l, slot)
	p.fill(t.line)
}

func (p *play) slot() int32 {
	if n := len(p.unused); n > 0 {
		slot := p.unused[n-1]
		p.unused = p.unused[:n-1]
		return slot
	}
	p.ids++
	p.pool = append(p.pool, ticket{})
	p.pool[len(p.pool)-1].arrival.ID = router.TicketID(fmt.Sprintf("t%09d", p.ids))
	return int32(len(p.pool) - 1)
}

func (p *play) free(slot int32) {
	p.pool[slot].gen++
	p.unused = append(p.unused, slot)
}

// lineOf finds the line of a run, opening it when it is met first.
func (p *play) lineOf(r *router.Run) int32 {
	if i, ok := p.byKey[r.Key]; ok {
		return i
	}
	params, ok := p.s.Classes[r.Class]
	if !ok || r.Key == "" {
		p.err = router.FailField("simulate.run", "classes", "the run %q has class %q, of which nothing is known", r.Key, r.Class)
		return 0
	}
	q, ok := p.queues[r.Queue]
	if !ok {
		q = int32(len(p.rules))
		p.queues[r.Queue] = q
		rule := p.s.Rules[r.Queue]
		if rule == "" {
			rule = order.ATC
		}
		p.rules, p.byQueue = append(p.rules, rule), append(p.byQueue, nil)
		c := newClock(p.s.Calendars[r.Queue], p.s.Start)
		c.at(p.now)
		p.clocks = append(p.clocks, c)
	}
	l := &line{clock: p.clocks[q], queue: q, cost: full, head: nobody, tail: nobody, ripe: nobody, fresh: nobody, holder: nobody}
	l.cand.Head.Run, l.cand.Class = *r, params.For(r.Channel)
	if cost, ok := p.s.Cost[r.Channel]; ok {
		l.cost = cost
	}
	p.reach(l)
	i := int32(len(p.lines))
	p.lines, p.byQueue[q], p.byKey[r.Key] = append(p.lines, l), append(p.byQueue[q], l), i
	return i
}

// reach works out which agents may serve a line, from which wait on, and how much more they know than it needs.
func (p *play) reach(l *line) {
	l.after, l.spare = make([]int64, len(p.agents)), make([]int, len(p.agents))
	for i, a := range p.s.Agents {
		after, ok := p.s.Reach(a.User, l.cand.Head.Run)
		l.after[i] = int64(after)
		if !ok || !a.User.Covers(l.cand.Head.Run.Queue) || l.cost > full {
			l.after[i] = -1
		}
		if after > 0 && ok && !p.looks { // somebody may serve it later: idle agents must look again
			p.looks = true
			p.agenda.add(event{at: p.now + int64(p.s.Every), kind: tick})
		}
		l.spare[i] = match.Spare(a.User, l.cand.Head.Run)
	}
}
