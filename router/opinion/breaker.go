package opinion

import (
	"sync"
	"time"
)

const (
	// failuresToRest is how many failures in a row make an endpoint rest.
	failuresToRest = 4
	// restFor is how long it then rests, before one call looks whether it is back.
	restFor = time.Minute
	// maxRest bounds the rest that an endpoint can ask for.
	maxRest = 10 * time.Minute
)

// breaker leaves an endpoint alone that fails.
type breaker struct {
	mu      sync.Mutex
	failed  int // in a row
	until   time.Time
	looking bool // one call sees whether it is back
}

// enter reports whether a call may be made now. Whoever entered must leave.
func (b *breaker) enter(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return true
	}
	if now.Before(b.until) || b.looking {
		return false
	}
	b.looking = true
	return true
}

// leave notes how a call went and reports whether it changed what is thought of the endpoint:
// it begins to rest, or is back.
func (b *breaker) leave(now time.Time, f *Failure) (rests, back bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rested := !b.until.IsZero()
	b.looking = false
	switch {
	case f == nil:
		b.failed, b.until = 0, time.Time{}
		return false, rested
	case !f.ofEndpoint():
		return false, false
	}
	b.failed++
	rest := min(f.Wait, maxRest)
	if b.failed >= failuresToRest {
		rest = max(rest, restFor)
	}
	if until := now.Add(rest); rest > 0 && until.After(b.until) {
		b.until = until
	}
	return rest > 0 && !rested, false
}
