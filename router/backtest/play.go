package backtest

import (
	"math"
	"time"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/load"
	"switchyard/router/match"
	"switchyard/router/pace"
	"switchyard/router/policy"
	"switchyard/router/prioritize"
	"switchyard/router/route"
	"switchyard/router/simulate"
	"switchyard/router/textmodel"
)

// Fate is what became of a ticket.
type Fate struct {
	Queue  router.QueueName `json:"queue"`
	Class  router.ClassName `json:"class"`
	Wait   time.Duration    `json:"wait"` // business time until it was served, or left
	Target time.Duration    `json:"target"`
	Left   bool             `json:"left,omitempty"` // the customer gave up
	Served bool             `json:"served,omitempty"`
	Told   time.Duration    `json:"told,omitempty"` // the wait predicted when it came
	Why    router.Sentence  `json:"why"`
}

// Met reports whether it was served within a target.
func (f Fate) Met(target time.Duration) bool { return f.Served && f.Wait <= target }

// judged reports whether it counts: who left before the target is not judged (package simulate).
func (f Fate) judged(target time.Duration) bool { return !f.Left || f.Wait > target }

// Played is what a replay gave.
type Played struct {
	Outcome *simulate.Outcome
	Fates   []Fate // as the cases stand

	classes map[router.ClassName]prioritize.Params // at the end
}

// lookEvery is how often the load is looked at and idle agents look again, on the virtual clock.
const lookEvery = 5 * time.Minute

// Desk is who serves, and with what.
type Desk struct {
	People []router.User
	// Reclassify runs a text model over each ticket's messages again, where it has some, instead of keeping the stored
	// classification; nil: it is kept.
	Reclassify *textmodel.Model
	// Guard takes the place of every class's guard g; 0: as the policy says.
	Guard float64
}

// Play replays cases, in the order of their arrival, under a policy, with agents who are there through their shifts.
// invalid_field: there is nobody, or nothing came.
func Play(rs *decide.Ruleset, cases []Case, desk Desk, progress func(done, total float64)) (*Played, error) {
	if len(cases) == 0 {
		return nil, router.FailField("backtest.play", "history", "nothing came in that time")
	}
	p := &player{rs: rs, cases: cases, model: desk.Reclassify, guard: desk.Guard, out: &Played{Fates: make([]Fate, len(cases))}, rates: map[router.ClassName]float64{}, paces: map[pace.Key]pace.Meter{}, runs: map[router.RunKey]*router.Run{},
		index: make(map[router.TicketID]int, len(cases)), state: make([]ticketState, len(cases))}
	for i, c := range cases {
		p.index[c.ID] = i
	}
	for _, u := range desk.People {
		if u.Role != router.RoleAgent || u.Disabled {
			continue
		}
		a := simulate.Agent{User: u}
		if cal := rs.Calendars[u.Shift]; cal != nil {
			a.Shift = cal
		}
		p.agents = append(p.agents, a)
	}
	if len(p.agents) == 0 {
		return nil, router.FailField("backtest.play", "agents", "the desk has no agents")
	}
	start, end := cases[0].At.Truncate(time.Hour), cases[len(cases)-1].At.Add(time.Second)
	if err := p.look(start, nil); err != nil {
		return nil, err
	}
	s := p.setup(start, end)
	s.Progress = progress
	out, err := simulate.Run(s, p.source())
	if err == nil {
		err = p.err
	}
	p.out.Outcome, p.out.classes = out, p.snap.Classes
	return p.out, err
}

// player decides and looks for the simulator.
type player struct {
	rs     *decide.Ruleset
	cases  []Case
	model  *textmodel.Model
	guard  float64
	agents []simulate.Agent
	out    *Played
	snap   *load.Snapshot
	modes  route.Modes
	runs   map[router.RunKey]*router.Run
	rates  map[router.ClassName]float64 // arrivals a minute, smoothed
	came   map[router.ClassName]int     // since the last look
	paces  map[pace.Key]pace.Meter      // handling times, learned as they come
	looked time.Time
	index  map[router.TicketID]int
	state  []ticketState
	edgeAt time.Time
	edgeIs bool
	err    error
}

func (p *player) setup(start, end time.Time) simulate.Setup {
	rs := p.rs
	s := simulate.Setup{Start: start, End: end, Zone: rs.Zone, Agents: p.agents, Classes: p.snap.Classes, Rules: rs.OrderRules(), Calendars: map[router.QueueName]router.Calendar{},
		Cost: rs.Capacity, Reserve: map[router.ClassName]int{}, Rooms: rs.ReserveAfter, Every: lookEvery,
		Reach: func(u router.User, r router.Run) (time.Duration, bool) { return match.Reach(p.rings(r.Queue), u, r) },
		Live:  p.live, Decide: p.decide, Review: p.review, Watch: p.watch}
	for _, q := range rs.QueueList {
		s.Calendars[q.Name] = q.Hours
	}
	for name, c := range p.snap.Classes {
		s.Reserve[name] = c.Reserve
	}
	return s
}

func (p *player) rings(q router.QueueName) []policy.RingDoc {
	if queue := p.rs.Queues[q]; queue != nil {
		return queue.Rings
	}
	return nil
}

func (p *player) source() simulate.Source {
	next := 0
	return func(a *simulate.Arrival) bool {
		if next == len(p.cases) {
			return false
		}
		c := p.cases[next]
		next++
		*a = simulate.Arrival{ID: c.ID, At: c.At, Language: c.Language, Service: c.Service, Patience: c.Patience}
		return true
	}
}

// live looks at the load and says what classes are worth.
func (p *player) live(now time.Time, v *simulate.View) map[router.ClassName]prioritize.Params {
	if err := p.look(now, v); err != nil && p.err == nil {
		p.err = err
	}
	return p.snap.Classes
}

// look makes the snapshot that decisions see until the next look.
func (p *player) look(now time.Time, v *simulate.View) error {
	in := load.Inputs{Now: now, Last: p.snap, Arrivals: p.arrivals(now), Overload: p.modes.Overload.On, Paces: p.paces}
	if v != nil {
		v.Lines(func(r *router.Run, waiting int, longest time.Duration) {
			in.Lines = append(in.Lines, load.Line{Run: *r, Waiting: waiting, OldestAgeAt: p.rs.Calendar(r.Queue).Before(now, longest)})
		})
		v.Agents(func(u *router.User, there bool, held int) {
			a := load.Agent{User: *u, Held: held, Presence: router.PresenceAvailable}
			if !there {
				a.Presence = router.PresenceOffline
			}
			in.Agents = append(in.Agents, a)
		})
	}
	snap, err := load.Make(p.rs.Ruleset, in)
	if err == nil {
		for name, c := range snap.Classes {
			if p.guard > 0 {
				c.Guard = p.guard
				snap.Classes[name] = c
			}
		}
		p.snap = snap
		p.modes, _ = route.NextModes(p.rs.Ruleset, snap, p.modes, now)
	}
	return err
}

// arrivals smooths what came over about ten minutes.
func (p *player) arrivals(now time.Time) map[router.ClassName]float64 {
	const over = 10.0 // minutes
	if since := now.Sub(p.looked).Minutes(); !p.looked.IsZero() && since > 0 {
		keep := math.Exp(-since / over)
		for class := range p.snap.Classes {
			p.rates[class] = p.rates[class]*keep + float64(p.came[class])/since*(1-keep)
		}
	}
	p.looked, p.came = now, map[router.ClassName]int{}
	return p.rates
}

// decide says where an arrival stands, as the desk would have.
func (p *player) decide(now time.Time, _ *simulate.View, a *simulate.Arrival) {
	i := p.index[a.ID]
	c := p.cases[i]
	d, err := decide.Decide(p.input(c, router.Ticket{ID: c.ID, State: router.StateNew, Channel: c.Channel, CreatedAt: c.At, Language: c.Language}, now))
	if err != nil {
		p.err = err
		return
	}
	run := p.stand(c, d)
	params := p.snap.Classes[run.Class]
	a.Run, a.Target, a.CutoffAt = run, params.Target, c.CutoffAt
	if a.CutoffAt.IsZero() {
		a.CutoffAt = d.CutoffAt
	}
	if a.Service <= 0 {
		a.Service = params.For(c.Channel).Handling
	}
	p.came[run.Class]++
	told := p.snap.Predicted(run.Queue, run.Class)
	p.out.Fates[i] = Fate{Queue: run.Queue, Class: run.Class, Target: params.Target, Told: told, Why: d.Why}
	p.state[i] = ticketState{overflown: d.Overflown, moves: 0}
}

// ticketState is what a ticket's past means to its next decision.
type ticketState struct {
	overflown bool
	moves     int
}

func (p *player) input(c Case, t router.Ticket, now time.Time) decide.Input {
	given := c.Given
	switch {
	case p.model != nil && len(c.Messages) > 0:
		return decide.Input{Ticket: t, Messages: c.Messages, Snapshot: p.snap, Modes: p.modes, Rules: p.rs, Model: p.model, Now: now}
	case given == nil:
		given = &router.Classification{Topic: c.Topic, Confidence: 1, Language: c.Language}
	}
	return decide.Input{Ticket: t, Messages: c.Messages, Snapshot: p.snap, Modes: p.modes, Rules: p.rs, Given: given, Now: now}
}

// stand is the run a decision puts a case in.
func (p *player) stand(c Case, d router.Decision) *router.Run {
	t := router.Ticket{Queue: d.Queue, Class: d.Class, Channel: c.Channel, Needs: d.Needs, Speaks: d.Speaks, Guest: d.Guest}
	if d.State == router.StateHeld { // it was work: nobody dismissed it
		t.Queue, t.Class = p.rs.Review.Queue, p.rs.Review.Class
	}
	if c.Class != "" && p.rs.Classes[c.Class] != nil {
		t.Class = c.Class
	}
	r := t.Run()
	if known := p.runs[r.Key]; known != nil {
		return known
	}
	p.runs[r.Key] = &r
	return &r
}

// review decides what waits again when a queue has opened or closed since the last look.
func (p *player) review(now time.Time, _ *simulate.View, w simulate.Waiting) *router.Run {
	if !p.edge(now) {
		return nil
	}
	i := p.index[w.ID]
	c, st := p.cases[i], p.state[i]
	t := router.Ticket{ID: c.ID, State: router.StateWaiting, Channel: c.Channel, Queue: w.Run.Queue, Class: w.Run.Class, Topic: c.Topic, CreatedAt: c.At, Language: c.Language,
		Overflown: st.overflown, Moves: st.moves, Case: router.Case{Number: 1}}
	d, err := decide.Decide(p.input(c, t, now))
	if err != nil || d.State != router.StateWaiting {
		return nil
	}
	run := p.stand(c, d)
	if run.Key == w.Run.Key {
		return nil
	}
	if d.Away {
		st.moves++
	}
	st.overflown = d.Overflown
	p.state[i] = st
	p.out.Fates[i].Queue = run.Queue
	return run
}

// edge reports whether a queue opened or closed since the last look; asked for every ticket, it answers from memory.
func (p *player) edge(now time.Time) bool {
	if now.Equal(p.edgeAt) {
		return p.edgeIs
	}
	p.edgeAt, p.edgeIs = now, false
	for _, q := range p.rs.QueueList {
		if q.Hours.Open(now) != q.Hours.Open(now.Add(-lookEvery)) {
			p.edgeIs = true
		}
	}
	return p.edgeIs
}

// watch notes what became of a ticket.
func (p *player) watch(_ *simulate.View, e simulate.Event) {
	f := &p.out.Fates[p.index[e.ID]]
	switch e.Kind {
	case simulate.Started:
		f.Wait, f.Served = e.Wait, true
		if c := p.cases[p.index[e.ID]]; c.Service > 0 {
			k := pace.Key{Class: f.Class, Channel: c.Channel}
			p.paces[k] = p.paces[k].Observe(c.Service, e.At)
		}
	case simulate.Left:
		f.Wait, f.Left = e.Wait, true
	}
}
