package simulate

import (
	"time"

	"switchyard/router"
	"switchyard/router/match"
	"switchyard/router/order"
	"switchyard/router/prioritize"
)

// Shift says when an agent works. hours.Calendar is one.
type Shift interface {
	Open(t time.Time) bool
	// NextEdge is the next moment after t at which it opens or closes; zero if none.
	NextEdge(t time.Time) time.Time
}

// Agent is somebody who serves.
type Agent struct {
	User  router.User
	Shift Shift // nil: always there
}

// Arrival is a ticket as it comes in.
type Arrival struct {
	ID       router.TicketID // empty: the simulator names it
	At       time.Time
	Run      *router.Run     // where it stands in line; Key must be set
	Truth    *router.Run     // where it belongs, if Run is a mistake; nil: Run
	Language router.Language // for reports
	CutoffAt time.Time
	Service  time.Duration // > 0
	Patience time.Duration // it leaves after so long; 0: never
	Target   time.Duration // 0: what its class says when it comes
}

// Source fills in the next arrival, in the order of At; false when there are no more.
type Source func(*Arrival) bool

// Waiting is a ticket in line, as Setup.Review sees it.
type Waiting struct {
	ID       router.TicketID
	Run      *router.Run
	Wait     time.Duration // business time
	CutoffAt time.Time
}

// Event is something that happened to a ticket, for whoever watches.
type Event struct {
	At    time.Time
	ID    router.TicketID
	Run   *router.Run // where it belongs
	Agent router.AgentID
	Kind  EventKind
	Wait  time.Duration // business time
}

// EventKind is what happened.
type EventKind uint8

// What can happen.
const (
	Came EventKind = iota + 1
	Started
	PassedOn
	Left
)

// Setup is a desk ready to play.
type Setup struct {
	Start, End time.Time      // arrivals from End on are not taken; what waits then is served to the end
	Warmup     time.Duration  // who comes before Start + Warmup is served and not counted
	Zone       *time.Location // of the local hours and days of reports; nil: UTC
	Agents     []Agent

	Classes   map[router.ClassName]prioritize.Params
	Rules     map[router.QueueName]order.Rule                              // a queue without one has atc
	Calendars map[router.QueueName]router.Calendar                         // a queue without one is always open
	Cost      map[router.Channel]int                                       // of one ticket, of an agent's 100; a channel without one costs 100
	Reserve   map[router.ClassName]int                                     // a class gets an agent only while more than so many are idle
	Rooms     time.Duration                                                // a run that waited so long for room reserves the next who can empty his hands; 0: never
	PassOn    time.Duration                                                // what finding out costs an agent who cannot help
	Every     time.Duration                                                // how often Live and Review are asked and idle agents look again; 0: a minute
	Reach     func(router.User, router.Run) (after time.Duration, ok bool) // the wait from which the agent may serve the run; nil: User.CanServe, at once

	// Live gives what classes are worth now; nil: Classes stand.
	Live func(now time.Time, v *View) map[router.ClassName]prioritize.Params
	// Decide may change where an arrival stands and its cut-off; nil: as it came.
	Decide func(now time.Time, v *View, a *Arrival)
	// Review may send a waiting ticket to another run; nil as answer: it stays. Its wait goes on.
	Review func(now time.Time, v *View, w Waiting) *router.Run
	// Watch sees what happens; nil: nobody watches.
	Watch func(v *View, e Event)
	// Progress is told days done and days in all; nil: nobody.
	Progress func(done, total float64)
	// Stop is asked once a local day; true ends the run with code unavailable. nil: it goes on.
	Stop func() bool
}

const full = match.Full

// View is what decisions may see of the desk as it is now. It is only good during the call that it is handed to.
type View struct{ p *play }

// Waiting is how many tickets wait.
func (v *View) Waiting() int { return v.p.waiting }

// Idle is how many agents are there and hold nothing.
func (v *View) Idle() int { return v.p.idle }

// Lines calls f for every run in which tickets wait, with their number and the longest wait.
func (v *View) Lines(f func(run *router.Run, waiting int, longest time.Duration)) {
	for i := range v.p.lines {
		if l := v.p.lines[i]; l.n > 0 {
			f(&l.cand.Head.Run, l.n, time.Duration(v.p.wait(l, l.head)))
		}
	}
}

// Agents calls f for every agent, with whether he is there and what he holds, of 100.
func (v *View) Agents(f func(u *router.User, there bool, held int)) {
	for i := range v.p.agents {
		a := &v.p.agents[i]
		f(&v.p.s.Agents[i].User, a.there, full-a.free)
	}
}
