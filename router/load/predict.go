package load

import (
	"time"

	"switchyard/router"
	"switchyard/router/order"
)

// Stream is what waits and arrives of one queue and class.
type Stream struct {
	Queue   router.QueueName
	Name    router.ClassName
	Waiting int
	Oldest  time.Duration // business wait of its oldest
	Rate    float64       // arrivals per minute
	Class   order.Class
	Share   float64 // of its work, the part that the agents in question do, 0–1
}

const (
	// horizon is the longest wait that is predicted.
	horizon = 7 * 24 * time.Hour
	// samples are the ages of a stream that are looked at, as if evenly spread.
	samples = 5
	// firstStep and stepGrowth are the grid on which a wait is sought.
	firstStep = 15 * time.Second
	// lasting is how long the present rate of arrivals is taken to last: beyond it nobody knows.
	lasting    = 2 * time.Hour
	stepGrowth = 1.5
)

// Predict is the wait of a ticket of the stream me that comes now, under an order, while agents serve the streams
// (me among them) and none is idle. It looks for the wait w after which all that goes before it is done: what waits
// now and stands before it then, what comes meanwhile and overtakes it, and one service on until an agent is free.
// Nobody is taken to give up: how patient customers of a desk are is not known, and mail does not leave.
// staffing.ExpectedWait has the formula with patience.
func Predict(rule order.Rule, me Stream, all []Stream, agents float64) time.Duration {
	p := me.Class.Handling.Minutes()
	if agents <= 0 || p <= 0 {
		return horizon
	}
	done := func(w time.Duration) bool { return p+ahead(rule, me, all, w) <= agents*w.Minutes() }
	lo, hi := time.Duration(0), firstStep
	for !done(hi) {
		if lo, hi = hi, time.Duration(float64(hi)*stepGrowth); hi >= horizon {
			return horizon
		}
	}
	for range 8 {
		if mid := (lo + hi) / 2; done(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// ahead are the minutes of work that stand before a ticket of me which has waited w.
func ahead(rule order.Rule, me Stream, all []Stream, w time.Duration) float64 {
	tier, score := place(rule, me.Class, w)
	before := func(c order.Class, wait time.Duration) bool {
		t, s := place(rule, c, wait)
		switch {
		case t != tier:
			return t < tier
		case s != score:
			return s > score
		}
		return wait > w
	}
	total := 0.0
	for _, s := range all {
		n := 0.0
		for i := range samples {
			at := (float64(i) + 0.5) / samples
			if before(s.Class, w+time.Duration(at*float64(s.Oldest))) {
				n += float64(s.Waiting) / samples
			}
			if came := min(w, lasting); before(s.Class, w-time.Duration(at*float64(came))) {
				n += s.Rate * came.Minutes() / samples
			}
		}
		total += n * s.Class.Handling.Minutes() * s.Share
	}
	return total
}

// place is where a wait puts a ticket without a cut-off.
func place(rule order.Rule, c order.Class, wait time.Duration) (int, float64) {
	return order.Score(rule, order.Candidate{Wait: wait, Class: c}, time.Time{})
}
