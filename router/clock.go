package router

import "time"

// ClockName names one of a ticket's SLA clocks.
type ClockName string

// The clocks. ClockWait is the wait of the present case; the others stand beside it.
const (
	ClockWait        ClockName = "wait"
	ClockFirstAnswer ClockName = "first_answer" // from the ticket's first wait to the first answer
	ClockNextAnswer  ClockName = "next_answer"  // from the customer's oldest unanswered message after an answer, to the next
	ClockResolution  ClockName = "resolution"   // from the ticket's first wait to its resolution, on through a reopening
)

// ClockNames are all clocks.
func ClockNames() []ClockName {
	return []ClockName{ClockWait, ClockFirstAnswer, ClockNextAnswer, ClockResolution}
}

// Valid reports whether n is one of the clocks.
func (n ClockName) Valid() bool {
	return n == ClockWait || n == ClockFirstAnswer || n == ClockNextAnswer || n == ClockResolution
}

// Clocks are a ticket's SLA clocks beside the wait of its case.
type Clocks struct {
	FirstAnswer Clock `json:"first_answer,omitzero"`
	NextAnswer  Clock `json:"next_answer,omitzero"`
	Resolution  Clock `json:"resolution,omitzero"`
}

// Clock measures business time against a target. The zero value does not run and never ran.
type Clock struct {
	Target  time.Duration `json:"target,omitempty"` // frozen when it was started
	Spent   time.Duration `json:"spent,omitempty"`  // business time before Since
	Since   time.Time     `json:"since,omitzero"`   // it runs since then; zero: it stands
	Stopped time.Time     `json:"stopped,omitzero"` // it was ended then: answered, resolved
}

// Started reports whether the clock was ever started.
func (c Clock) Started() bool { return c.Target > 0 }

// At is the business time on the clock now.
func (c Clock) At(now time.Time, cal Calendar) time.Duration {
	if c.Since.IsZero() {
		return c.Spent
	}
	return c.Spent + cal.Between(c.Since, now)
}

// Met reports whether an ended clock kept its target.
func (c Clock) Met() bool { return !c.Stopped.IsZero() && c.Spent <= c.Target }

// Start begins the clock anew; without a target it does not run.
func (c Clock) Start(now time.Time, target time.Duration) Clock {
	if target <= 0 {
		return Clock{}
	}
	return Clock{Target: target, Since: now}
}

// Pause makes the clock stand, while we wait for the customer.
func (c Clock) Pause(now time.Time, cal Calendar) Clock {
	c.Spent, c.Since = c.At(now, cal), time.Time{}
	return c
}

// Resume lets a standing clock run on, also one that was ended.
func (c Clock) Resume(now time.Time) Clock {
	if c.Started() && c.Since.IsZero() {
		c.Since, c.Stopped = now, time.Time{}
	}
	return c
}

// Stop ends a clock that runs or stands; one that was ended stays as it is.
func (c Clock) Stop(now time.Time, cal Calendar) Clock {
	if !c.Started() || !c.Stopped.IsZero() {
		return c
	}
	c = c.Pause(now, cal)
	c.Stopped = now
	return c
}
