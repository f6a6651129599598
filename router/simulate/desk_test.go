package simulate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/hours"
	"switchyard/router/order"
	"switchyard/router/prioritize"
)

// small is a desk told by hand: arrivals in minutes, and what happened as "minute kind id agent".
type small struct {
	Setup
	arrivals []Arrival
}

func desk(agents ...Agent) *small {
	d := &small{Setup: Setup{Start: monday, End: monday.Add(48 * time.Hour), Agents: agents, Classes: map[router.ClassName]prioritize.Params{},
		Cost: map[router.Channel]int{router.ChannelPhone: 100, router.ChannelChat: 50}}}
	for name, c := range map[router.ClassName]struct {
		w float64
		t time.Duration
	}{"high": {8, 5 * time.Minute}, "low": {1, time.Hour}} {
		d.Classes[name] = prioritize.Params{Class: order.Class{Weight: c.w, Target: c.t, Handling: 10 * time.Minute, Lead: 10 * time.Minute, K: 10 * time.Minute, Guard: 3, Boost: 1}}
	}
	return d
}

func who(id string, skills map[router.Skill]int) Agent {
	return Agent{User: router.User{ID: router.AgentID(id), Skills: skills}}
}

func ticketRun(class router.ClassName, ch router.Channel, needs ...router.Need) *router.Run {
	r := router.Ticket{Queue: "desk", Class: class, Channel: ch, Needs: needs}.Run()
	return &r
}

func (d *small) add(id string, minute, service float64, run *router.Run) *Arrival {
	d.arrivals = append(d.arrivals, Arrival{ID: router.TicketID(id), At: monday.Add(time.Duration(minute * float64(time.Minute))), Service: time.Duration(service * float64(time.Minute)), Run: run})
	return &d.arrivals[len(d.arrivals)-1]
}

func (d *small) play(t *testing.T) (string, *Outcome) {
	t.Helper()
	var lines []string
	d.Watch = func(_ *View, e Event) {
		if e.Kind != Came {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%g %s %s %s", e.At.Sub(monday).Minutes(), [...]string{"", "came", "start", "pass", "left"}[e.Kind], e.ID, e.Agent)))
		}
	}
	next := 0
	out, err := Run(d.Setup, func(a *Arrival) bool {
		if next == len(d.arrivals) {
			return false
		}
		*a = d.arrivals[next]
		next++
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "; "), out
}

func check(t *testing.T, d *small, want string) *Outcome {
	t.Helper()
	got, out := d.play(t)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	return out
}

func TestOrderDecidesWhoIsServed(t *testing.T) {
	d := desk(who("ann", nil))
	d.add("first", 0, 10, ticketRun("low", router.ChannelPhone))
	d.add("low", 1, 10, ticketRun("low", router.ChannelPhone))
	d.add("high", 9, 10, ticketRun("high", router.ChannelPhone))
	out := check(t, d, "0 start first ann; 10 start high ann; 20 start low ann")
	if out.All.Met != 3 || out.All.Wait != 20*60 || out.All.WorstOver != 19.0/60 || out.ByClass["high"].Worst != 60 {
		t.Errorf("%+v", out.All)
	}
}

// Invariant E: what nobody can serve, or has no time left for, is counted too.
func TestUnservedAreCounted(t *testing.T) {
	d := desk(who("ann", map[router.Skill]int{"s": 1}))
	d.End = monday.Add(time.Hour)
	d.add("stuck", 0, 10, ticketRun("low", router.ChannelPhone, router.Need{Skill: "x", Level: 1}))
	d.add("served", 1, 10, ticketRun("low", router.ChannelPhone))
	d.add("out", 61, 10, ticketRun("low", router.ChannelPhone)) // after the end: not taken
	out := check(t, d, "1 start served ann")
	if out.All.Came != 2 || out.All.Unserved != 1 || out.All.Judged != 2 || out.All.Met != 1 {
		t.Errorf("%+v", out.All)
	}
}

// Skill fit first, then room, then who is idle longest.
func TestAgentChoice(t *testing.T) {
	d := desk(who("expert", map[router.Skill]int{"a": 1, "b": 2}), who("plain", map[router.Skill]int{"a": 1}), who("late", map[router.Skill]int{"a": 1}))
	need := router.Need{Skill: "a", Level: 1}
	for i := range 4 {
		d.add(fmt.Sprint("t", i), float64(i), 2.5, ticketRun("low", router.ChannelPhone, need))
	}
	check(t, d, "0 start t0 plain; 1 start t1 late; 2 start t2 expert; 3 start t3 plain")
}

func TestCapacityAndReservationForCalls(t *testing.T) {
	d := desk(who("ann", nil), who("bob", nil))
	d.Rooms = 2 * time.Minute
	for i := range 8 { // each agent holds two chats; one ends every five minutes
		d.add(fmt.Sprint("chat", i), float64(5*i)/4, 10, ticketRun("low", router.ChannelChat))
	}
	d.add("call", 9, 5, ticketRun("low", router.ChannelPhone))
	got, _ := d.play(t)
	d.Rooms = 0
	without, _ := d.play(t)
	at := func(trace string) (minute float64) {
		for _, line := range strings.Split(trace, "; ") {
			if strings.Contains(line, "start call") {
				fmt.Sscan(line, &minute)
			}
		}
		return minute
	}
	if with := at(got); !(with > 9) || !(with < at(without)) {
		t.Errorf("the call starts at %g with a reservation, at %g without\n%s\n%s", with, at(without), got, without)
	}
}

func TestShiftsAndBusinessTime(t *testing.T) {
	var week [7][]hours.Interval
	for d := range week {
		week[d] = []hours.Interval{{Open: 8 * 60, Close: 10 * 60}}
	}
	cal, err := hours.New(time.UTC, week, nil)
	if err != nil {
		t.Fatal(err)
	}
	ann := who("ann", nil)
	ann.Shift = cal
	d := desk(ann)
	d.Calendars = map[router.QueueName]router.Calendar{"desk": cal}
	d.add("night", 60, 110, ticketRun("low", router.ChannelPhone))
	d.add("b", 9*60, 30, ticketRun("low", router.ChannelPhone))   // 50 minutes later
	d.add("c", 9*60+55, 5, ticketRun("low", router.ChannelPhone)) // the shift ends before it starts
	out := check(t, d, "480 start night ann; 590 start b ann; 1920 start c ann")
	if out.All.Wait != (0+50+5)*60 || out.All.Met != 3 {
		t.Errorf("waits are not business time: %+v", out.All)
	}
}

func TestPatienceCutoffAndJudgement(t *testing.T) {
	d := desk(who("ann", nil))
	d.add("a", 0, 30, ticketRun("low", router.ChannelPhone))
	d.add("soon", 1, 10, ticketRun("high", router.ChannelPhone)).Patience = 2 * time.Minute // before its target: not judged
	d.add("late", 2, 10, ticketRun("high", router.ChannelPhone)).Patience = 9 * time.Minute // after it: missed
	d.add("cut", 3, 10, ticketRun("low", router.ChannelPhone)).CutoffAt = monday.Add(35 * time.Minute)
	d.add("gone", 4, 10, ticketRun("low", router.ChannelPhone)).CutoffAt = monday.Add(20 * time.Minute)
	out := check(t, d, "0 start a ann; 3 left soon; 11 left late; 30 start cut ann; 40 start gone ann")
	if a := out.All; a.Came != 5 || a.Judged != 4 || a.Met != 3 || a.Gone != 2 || a.Cut != 2 || a.CutMet != 1 {
		t.Errorf("%+v", a)
	}
}

// A ticket in the wrong class: who cannot help passes it on, and its wait goes on; who can help just does.
func TestWrongTopics(t *testing.T) {
	right := ticketRun("high", router.ChannelPhone, router.Need{Skill: "s", Level: 1})
	d := desk(who("clerk", map[router.Skill]int{"other": 1}), who("guard", map[router.Skill]int{"s": 1}))
	d.PassOn = 3 * time.Minute
	d.add("busy", 0, 2, right)
	d.add("wrong", 1, 10, ticketRun("low", router.ChannelPhone)).Truth = right
	out := check(t, d, "0 start busy guard; 1 pass wrong clerk; 4 start wrong guard")
	if out.PassedOn != 1 || out.ByClass["high"].Came != 2 || out.ByClass["high"].Worst != 180 {
		t.Errorf("%d passed on, %+v", out.PassedOn, out.ByClass["high"])
	}
}

func TestIdleReserve(t *testing.T) {
	d := desk(who("ann", nil), who("bob", nil))
	d.Reserve = map[router.ClassName]int{"low": 1}
	d.add("a", 0, 10, ticketRun("low", router.ChannelPhone))
	d.add("b", 1, 10, ticketRun("low", router.ChannelPhone)) // the last idle agent is for urgent work
	d.add("c", 2, 3, ticketRun("high", router.ChannelPhone))
	check(t, d, "0 start a ann; 2 start c bob; 10 start b ann")
}

// Rings: after a wait somebody with less skill may serve.
func TestRings(t *testing.T) {
	d := desk(who("ann", map[router.Skill]int{"s": 2}), who("bob", map[router.Skill]int{"s": 1}))
	d.Reach = func(u router.User, r router.Run) (time.Duration, bool) {
		if u.CanServe(r.Needs, "") {
			return 0, true
		}
		return 5 * time.Minute, true
	}
	hard := ticketRun("low", router.ChannelPhone, router.Need{Skill: "s", Level: 2})
	d.add("a", 0, 30, hard)
	d.add("b", 1, 10, hard)
	check(t, d, "0 start a ann; 6 start b bob")
}

// Numbers of classes move with what happens; decisions at arrival and later may send tickets elsewhere.
func TestLiveDecideAndReview(t *testing.T) {
	d := desk(who("ann", nil))
	d.Live = func(now time.Time, v *View) map[router.ClassName]prioritize.Params {
		out := map[router.ClassName]prioritize.Params{}
		for name, p := range d.Classes {
			if name == "low" && v.Waiting() >= 2 {
				p.Weight = 1000
			}
			out[name] = p
		}
		return out
	}
	d.add("a", 0, 10, ticketRun("low", router.ChannelPhone))
	d.add("low", 1, 10, ticketRun("low", router.ChannelPhone))
	d.add("high", 8.5, 10, ticketRun("high", router.ChannelPhone))
	check(t, d, "0 start a ann; 10 start low ann; 20 start high ann")

	d.Live = nil
	moved := 0
	d.Decide = func(_ time.Time, _ *View, a *Arrival) {
		if a.ID == "high" {
			a.Run = ticketRun("low", router.ChannelPhone)
		}
	}
	check(t, d, "0 start a ann; 10 start low ann; 20 start high ann")
	d.Review = func(now time.Time, _ *View, w Waiting) *router.Run {
		if w.ID != "high" || w.Run.Class == "high" {
			return nil
		}
		moved++
		return ticketRun("high", router.ChannelPhone)
	}
	check(t, d, "0 start a ann; 10 start high ann; 20 start low ann")
	if moved != 1 {
		t.Errorf("moved %d times", moved)
	}
}

func TestBadArrivals(t *testing.T) {
	run := ticketRun("low", router.ChannelPhone)
	for name, change := range map[string]func(*small){
		"no service":    func(d *small) { d.add("x", 0, 0, run) },
		"out of order":  func(d *small) { d.add("x", 5, 1, run); d.add("y", 4, 1, run) },
		"unknown class": func(d *small) { d.add("x", 0, 1, ticketRun("nothing", router.ChannelPhone)) },
		"no run":        func(d *small) { d.add("x", 0, 1, nil) },
		"no agents":     func(d *small) { d.Agents = nil },
		"no time":       func(d *small) { d.End = d.Start },
	} {
		d := desk(who("ann", nil))
		change(d)
		next := 0
		_, err := Run(d.Setup, func(a *Arrival) bool {
			if next == len(d.arrivals) {
				return false
			}
			*a = d.arrivals[next]
			next++
			return true
		})
		if !router.IsCode(err, router.CodeInvalidField) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
