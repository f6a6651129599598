package router

import (
	"testing"
	"time"
)

// shop is open from 8 to 22 o'clock UTC.
type shop struct{}

func (shop) Between(from, to time.Time) time.Duration {
	total := time.Duration(0)
	for day := from.Truncate(24 * time.Hour); day.Before(to); day = day.Add(24 * time.Hour) {
		a, b := day.Add(8*time.Hour), day.Add(22*time.Hour)
		if a.Before(from) {
			a = from
		}
		if b.After(to) {
			b = to
		}
		total += max(0, b.Sub(a))
	}
	return total
}

func (shop) Before(t time.Time, d time.Duration) time.Time { return t.Add(-d) }

// walk is a ticket that goes through steps, each at an hour after midnight of its first day.
type walk struct {
	t    *testing.T
	now  time.Time
	tick Ticket
	cals map[QueueName]Calendar
}

var walkTargets = Targets{ClockFirstAnswer: time.Hour, ClockNextAnswer: 2 * time.Hour, ClockResolution: 10 * time.Hour}

func (w *walk) at(hour float64) {
	w.now = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(hour * float64(time.Hour)))
}

// step changes the ticket; every step is done twice with the ticket as it was stored, which must change nothing.
func (w *walk) step(do func(Ticket) (Ticket, error)) {
	w.t.Helper()
	next, err := do(w.tick)
	if err != nil {
		w.t.Fatal(err)
	}
	cal := func(q QueueName) Calendar {
		if c := w.cals[q]; c != nil {
			return c
		}
		return clock{}
	}
	next = next.Clocked(w.now, w.tick, cal(next.Queue), cal(w.tick.Queue), walkTargets)
	if again := next.Clocked(w.now, next, cal(next.Queue), cal(next.Queue), walkTargets); again.Clocks != next.Clocks {
		w.t.Fatalf("a step that changes nothing moved the clocks: %+v, then %+v", next.Clocks, again.Clocks)
	}
	w.tick = next
}

func (w *walk) enqueue(q QueueName) {
	w.t.Helper()
	w.step(func(t Ticket) (Ticket, error) { return t.Enqueue(w.now, q, clock{}, clock{}, time.Hour, "test") })
}

func (w *walk) claim() {
	w.t.Helper()
	w.step(func(t Ticket) (Ticket, error) { return t.Claim(w.now, "ann", 2*time.Minute) })
}

func (w *walk) reply(then State) {
	w.t.Helper()
	w.step(func(t Ticket) (Ticket, error) {
		t = t.Act(w.now, clock{}, 2*time.Minute).Answer(w.now, w.cals[t.Queue])
		switch then {
		case StatePendingCustomer, StateSnoozed:
			return t.Park(w.now, then, w.now.Add(72*time.Hour))
		case StateResolved:
			return t.Resolve(w.now)
		}
		return t, nil
	})
}

func (w *walk) writes(id MessageID) {
	w.t.Helper()
	w.step(func(t Ticket) (Ticket, error) {
		t = t.Applying(Message{ID: id, Direction: DirectionIn, Kind: KindMessage, ReceivedAt: w.now})
		if t.State == StateWaiting || t.State == StateClaimed {
			return t, nil
		}
		return t.Enqueue(w.now, "day", clock{}, clock{}, time.Hour, "customer_wrote")
	})
}

func (w *walk) expect(what string, name ClockName, hours float64, runs, ended bool) {
	w.t.Helper()
	c := w.tick.Clock(name)
	cal := w.cals[w.tick.Queue]
	if cal == nil {
		cal = clock{}
	}
	if got := c.At(w.now, cal).Hours(); got != hours || c.Since.IsZero() == runs || c.Stopped.IsZero() == ended {
		w.t.Errorf("%s: %s shows %v h, runs %v, ended %v; want %v, %v, %v", what, name, got, !c.Since.IsZero(), !c.Stopped.IsZero(), hours, runs, ended)
	}
}

func newWalk(t *testing.T) *walk {
	w := &walk{t: t, tick: Ticket{ID: "t", State: StateNew}, cals: map[QueueName]Calendar{"day": shop{}, "always": clock{}}}
	w.at(10)
	return w
}

func TestClocksFromFirstWaitToResolution(t *testing.T) {
	w := newWalk(t)
	w.writes("m1")
	w.enqueue("day")
	w.at(10.5)
	w.claim()
	w.expect("claimed", ClockFirstAnswer, .5, true, false)
	w.expect("nobody has answered", ClockNextAnswer, 0, false, false)
	w.at(10.75)
	w.reply(StatePendingCustomer)
	w.expect("answered", ClockFirstAnswer, .75, false, true)
	w.expect("we wait for the customer", ClockResolution, .75, false, false)
	if !w.tick.Clocks.FirstAnswer.Met() {
		t.Error("an answer within its target was not met")
	}
	w.at(20)
	w.writes("m2")
	w.at(21)
	w.writes("m3") // the older of two unanswered messages counts
	w.expect("the customer waits again", ClockNextAnswer, 1, true, false)
	w.at(21 + 12) // 9 in the morning: the night does not count
	w.expect("across a night", ClockNextAnswer, 3, true, false)
	w.expect("across a night", ClockResolution, 3.75, true, false)
	w.claim()
	w.reply(StateResolved)
	w.expect("answered late", ClockNextAnswer, 3, false, true)
	w.expect("resolved", ClockResolution, 3.75, false, true)
	if w.tick.Clocks.NextAnswer.Met() || !w.tick.Clocks.Resolution.Met() {
		t.Error("three hours do not meet two, and 3.75 meet ten")
	}
	w.at(40)
	w.writes("m4")
	w.at(41)
	w.expect("reopened", ClockResolution, 4.75, true, false)
	w.expect("reopened", ClockFirstAnswer, .75, false, true)
	w.expect("reopened", ClockNextAnswer, 1, true, false)
}

func TestClocksThroughQueues(t *testing.T) {
	w := newWalk(t)
	w.at(21)
	w.enqueue("day")
	w.at(32) // 8 in the morning
	w.enqueue("always")
	w.expect("moved", ClockResolution, 1, true, false)
	w.at(33)
	w.expect("by the new calendar", ClockResolution, 2, true, false)
	w.at(48 + 23) // 15 hours later, at 23 o'clock of the third day
	w.enqueue("day")
	w.expect("what was spent stays", ClockResolution, 40, true, false)
	w.at(48 + 31)
	w.expect("closed", ClockResolution, 40, true, false)
}

func TestClocksOfHeldAndSnoozed(t *testing.T) {
	w := newWalk(t)
	w.step(func(t Ticket) (Ticket, error) { return t.Hold(w.now) })
	w.expect("held at once", ClockFirstAnswer, 0, false, false)
	w.at(12)
	w.enqueue("day")
	w.at(13)
	w.expect("released", ClockFirstAnswer, 1, true, false)
	w.claim()
	w.step(func(t Ticket) (Ticket, error) { return t.Park(w.now, StateSnoozed, w.now.Add(time.Hour)) })
	w.at(14)
	w.expect("snoozed by the agent, the customer waits", ClockFirstAnswer, 2, true, false)
	w.enqueue("day")
	w.claim()
	w.step(func(t Ticket) (Ticket, error) {
		return t.Act(w.now, clock{}, time.Minute).Unreached(w.now, shop{}).Park(w.now, StateSnoozed, w.now.Add(time.Hour))
	})
	w.at(15)
	w.expect("not reached, we wait for the customer", ClockFirstAnswer, 2, false, false)
	w.enqueue("day")
	w.at(16)
	w.expect("to be called again", ClockFirstAnswer, 3, true, false)
	w.claim()
	w.step(func(t Ticket) (Ticket, error) { return t.Act(w.now, clock{}, time.Minute).Hold(w.now) })
	w.at(18)
	w.expect("marked as spam", ClockFirstAnswer, 3, false, false)
	w.enqueue("day")
	w.expect("released again", ClockFirstAnswer, 3, true, false)
	w.step(func(t Ticket) (Ticket, error) { return t.Resolve(w.now) })
	w.expect("resolved without an answer", ClockFirstAnswer, 3, false, true)
}

func TestNoTargetNoClock(t *testing.T) {
	w := newWalk(t)
	next, err := w.tick.Enqueue(w.now, "day", clock{}, clock{}, time.Hour, "new")
	if err != nil {
		t.Fatal(err)
	}
	if got := next.Clocked(w.now, w.tick, shop{}, shop{}, nil).Clocks; got != (Clocks{}) {
		t.Errorf("clocks run without targets: %+v", got)
	}
}

func TestHandled(t *testing.T) {
	for name, c := range map[string]struct {
		acts, beats, ends float64 // minutes after the claim; 0: no act
		lapse             bool
		want              time.Duration
	}{
		"acted and released":              {acts: 3, ends: 4, want: 4 * time.Minute},
		"never acted":                     {ends: 1, want: 0},
		"forgotten, nothing beats":        {acts: 3, ends: 60, want: 5 * time.Minute},
		"forgotten with an open page":     {acts: 3, beats: 33, ends: 33, lapse: true, want: 5 * time.Minute},
		"the page was open, he came back": {acts: 3, beats: 20, ends: 21, want: 21 * time.Minute},
	} {
		minute := func(m float64) time.Time {
			return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(time.Duration(m * float64(time.Minute)))
		}
		k := Ticket{State: StateWaiting, Handled: 0}
		k, err := k.Claim(minute(0), "ann", 2*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if c.acts > 0 {
			k = k.Act(minute(c.acts), clock{}, 2*time.Minute)
		}
		if c.beats > 0 {
			k.ExpiresAt = minute(c.beats + 2)
		}
		if c.lapse {
			k = k.Lapse(2 * time.Minute)
		}
		k, err = k.Enqueue(minute(c.ends), "q", clock{}, clock{}, time.Hour, "test")
		if err != nil {
			t.Fatal(err)
		}
		if k.Handled != c.want {
			t.Errorf("%s: handled %v, want %v", name, k.Handled, c.want)
		}
	}
}
