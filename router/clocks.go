package router

import "time"

// Targets are what a ticket's clocks are started with; a clock without one does not run.
type Targets map[ClockName]time.Duration

// Clocked gives t, which was before a moment ago, the clocks that its step calls for. cal is the calendar of
// the queue it stands in now, old that of before's. A step that changed nothing changes no clock.
//
// First answer and resolution start with the first wait, next answer with a customer's message after an answer.
// All stand while we wait for the customer and while the ticket is held; a snooze lets them run, for the customer
// waits all the same. What was spent under one queue's calendar stays spent when the queue changes.
func (t Ticket) Clocked(now time.Time, before Ticket, cal, old Calendar, targets Targets) Ticket {
	c := &t.Clocks
	if t.Queue != before.Queue {
		each(c, func(k Clock) Clock {
			if k.Since.IsZero() {
				return k
			}
			return k.Pause(now, old).Resume(now)
		})
	}
	switch t.State {
	case StatePendingCustomer, StateHeld:
		each(c, func(k Clock) Clock { return k.Pause(now, cal) })
	case StateResolved:
		each(c, func(k Clock) Clock { return k.Stop(now, cal) })
	case StateWaiting, StateClaimed:
		t.clocksRun(now, before, targets)
	}
	return t
}

// clocksRun starts what begins with this step and lets what stood run on.
func (t *Ticket) clocksRun(now time.Time, before Ticket, targets Targets) {
	c := &t.Clocks
	if before.State == StateNew || before.State == StateHeld {
		if !c.FirstAnswer.Started() {
			c.FirstAnswer = c.FirstAnswer.Start(t.Case.StartedAt, targets[ClockFirstAnswer])
		}
		if !c.Resolution.Started() {
			c.Resolution = c.Resolution.Start(t.Case.StartedAt, targets[ClockResolution])
		}
	}
	each(c, func(k Clock) Clock {
		if !k.Stopped.IsZero() {
			return k
		}
		return k.Resume(now)
	})
	if before.State == StateResolved {
		c.Resolution = c.Resolution.Resume(now)
	}
	answered := !t.AnsweredAt.IsZero() || !c.FirstAnswer.Stopped.IsZero()
	runs := c.NextAnswer.Started() && c.NextAnswer.Stopped.IsZero()
	if answered && !runs && t.LastCustomer != before.LastCustomer {
		since := t.LastCustomerAt
		if since.IsZero() || since.After(now) {
			since = now
		}
		c.NextAnswer = c.NextAnswer.Start(since, targets[ClockNextAnswer])
	}
}

// Answer ends the clocks that an agent's reply ends, or a call-back that reached the customer. Automatic messages are none.
func (t Ticket) Answer(now time.Time, cal Calendar) Ticket {
	t.AnsweredAt = now
	t.Clocks.FirstAnswer = t.Clocks.FirstAnswer.Stop(now, cal)
	t.Clocks.NextAnswer = t.Clocks.NextAnswer.Stop(now, cal)
	return t
}

// Unreached makes the clocks stand: we called, and now wait for the customer.
func (t Ticket) Unreached(now time.Time, cal Calendar) Ticket {
	each(&t.Clocks, func(k Clock) Clock { return k.Pause(now, cal) })
	return t
}

func each(c *Clocks, do func(Clock) Clock) {
	c.FirstAnswer, c.NextAnswer, c.Resolution = do(c.FirstAnswer), do(c.NextAnswer), do(c.Resolution)
}

// Clock is one of the ticket's clocks by name; the wait of its case is none of them.
func (t Ticket) Clock(name ClockName) Clock {
	switch name {
	case ClockFirstAnswer:
		return t.Clocks.FirstAnswer
	case ClockNextAnswer:
		return t.Clocks.NextAnswer
	case ClockResolution:
		return t.Clocks.Resolution
	}
	return Clock{}
}

// Lapse shortens a claim that ended by itself to its last act and ttl: a page left open is no work.
func (t Ticket) Lapse(ttl time.Duration) Ticket {
	if end := t.ActedAt.Add(ttl); !t.ActedAt.IsZero() && end.Before(t.ExpiresAt) {
		t.ExpiresAt = end
	}
	return t
}

// worked is the agent's time in the claim that ends now: from its beginning, at most until it ran out, if he acted in it.
func (t Ticket) worked(now time.Time) time.Duration {
	if t.Agent == "" || t.ActedAt.IsZero() || t.ClaimedAt.IsZero() {
		return 0
	}
	if t.ExpiresAt.Before(now) {
		now = t.ExpiresAt
	}
	return max(0, now.Sub(t.ClaimedAt))
}

// Reading is what one of a ticket's clocks shows.
type Reading struct {
	Name          ClockName
	Target, Spent time.Duration
	Running       bool
	Judged, Met   bool // judged when it has ended, and as soon as it is over its target
}

// Readings are what the ticket's clocks show now: those that were ever started.
func (t Ticket) Readings(now time.Time, cal Calendar) []Reading {
	var out []Reading
	for _, name := range []ClockName{ClockFirstAnswer, ClockNextAnswer, ClockResolution} {
		c := t.Clock(name)
		if !c.Started() {
			continue
		}
		r := Reading{Name: name, Target: c.Target, Spent: c.At(now, cal), Running: !c.Since.IsZero()}
		r.Judged = !c.Stopped.IsZero() || r.Spent > r.Target
		r.Met = r.Judged && r.Spent <= r.Target
		out = append(out, r)
	}
	return out
}
