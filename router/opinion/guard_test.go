package opinion

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"switchyard/router/store/sqlitestore"
	"switchyard/router/store/storetest"
)

// Invariant E: four failures in a row, then a rest of a minute, then one call to see.
func TestADeadEndpointIsLeftAlone(t *testing.T) {
	e := newEndpoint(t)
	c := e.chat()
	ask := func(want Kind) {
		t.Helper()
		_, err := c.Ask(t.Context(), "refund of Ann", topics("refund"))
		e.want(err, want)
	}
	e.answers(says(500, ""))
	for range failuresToRest - 1 {
		ask(Broken)
	}
	e.answers(saysContent(`{"topic":"refund"}`))
	ask("") // not in a row
	e.answers(says(500, ""))
	for range failuresToRest {
		ask(Broken)
	}
	calls := e.count()
	ask(Resting)
	e.advance(restFor - time.Second)
	ask(Resting)
	if e.count() != calls {
		t.Error("a resting endpoint was called")
	}
	e.advance(time.Second)
	ask(Broken) // one looks, and it rests again
	ask(Resting)
	e.advance(restFor)
	e.answers(saysContent(`{"topic":"refund"}`))
	ask("")
	e.answers(says(500, ""))
	ask(Broken) // it is trusted again
	logs := e.logs.String()
	if strings.Count(logs, "left alone") != 1 || strings.Count(logs, "is back") != 1 {
		t.Error(logs)
	}
}

// Invariant E: an endpoint that says how long to wait is left alone at once, but not for ever.
func TestRetryAfterIsKept(t *testing.T) {
	e := newEndpoint(t)
	for _, x := range []struct {
		header string
		rest   time.Duration
	}{{"20", 20 * time.Second}, {"Mon, 04 May 2026 22:00:30 GMT", 30 * time.Second}, {"99999999999", maxRest}, {"86400", maxRest}, {"", 0}, {"-5", 0}, {"soon", 0}} {
		start := e.clock()
		c := e.chat()
		e.answers(says(429, "", "Retry-After", x.header))
		_, err := c.Ask(t.Context(), "x", topics("refund"))
		e.want(err, Limited)
		e.answers(saysContent(`{"topic":"refund"}`))
		if x.rest > 0 {
			e.advance(x.rest - time.Second)
			_, err = c.Ask(t.Context(), "x", topics("refund"))
			e.want(err, Resting)
			e.advance(time.Second)
		}
		_, err = c.Ask(t.Context(), "x", topics("refund"))
		e.want(err, "")
		e.advance(start.Sub(e.clock()))
	}
}

// Invariant E: while one looks whether it is back, nobody else does; a look that was given up lets the next one look.
func TestOneLooks(t *testing.T) {
	now := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	var b breaker
	for range failuresToRest {
		if !b.enter(now) {
			t.Fatal("it rests too early")
		}
		b.leave(now, &Failure{Kind: TimedOut})
	}
	now = now.Add(restFor)
	if !b.enter(now) || b.enter(now) {
		t.Error("not one looks")
	}
	b.leave(now, &Failure{Kind: Stopped})
	if !b.enter(now) {
		t.Error("after a look that was given up nobody looks")
	}
	if rests, back := b.leave(now, nil); rests || !back || !b.enter(now) || !b.enter(now) {
		t.Error("it is not back")
	}
}

// Who stops waiting says nothing about the endpoint.
func TestStoppedIsNoFailureOfTheEndpoint(t *testing.T) {
	e := newEndpoint(t)
	e.answers(e.slow)
	c := e.chat()
	for range 2 * failuresToRest {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		_, err := c.Ask(ctx, "x", topics("refund"))
		cancel()
		e.want(err, Stopped)
	}
	e.answers(saysContent(`{"topic":"refund"}`))
	_, err := c.Ask(t.Context(), "x", topics("refund"))
	e.want(err, "")
}

// Invariant E: a slow endpoint holds four callers; the others go on soon.
func TestPlaces(t *testing.T) {
	e := newEndpoint(t)
	e.answers(e.slow)
	c := e.chat()
	ctx, cancel := context.WithCancel(t.Context())
	var held sync.WaitGroup
	for range maxCalls {
		held.Go(func() { _, _ = c.Ask(ctx, "x", topics("refund")) })
	}
	for e.count() < maxCalls {
		time.Sleep(time.Millisecond)
	}
	began := time.Now()
	_, err := c.Ask(t.Context(), "x", topics("refund"))
	if took := time.Since(began); kindOf(err) != Busy || took < placeWait || took > placeWait+time.Second || e.count() != maxCalls {
		t.Errorf("%v after %s, %d calls", err, took, e.count())
	}
	cancel()
	held.Wait()
	e.answers(saysContent(`{"topic":"refund"}`))
	_, err = c.Ask(t.Context(), "x", topics("refund"))
	e.want(err, "")
}

// Invariant F: two processes on one store, and both restarted, never make more calls than the budget; the next day (UTC) it is new.
func TestBudget(t *testing.T) {
	e := newEndpoint(t)
	e.answers(saysContent(`{"topic":"refund"}`))
	st, err := sqlitestore.Open(t.Context(), t.TempDir(), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	const limit = 250 // two a block
	process := func() *Chat {
		return e.chat(func(o *Options) { o.Budget, o.Purse = limit, InStore(st) })
	}
	run := func(asks int) (made int) {
		before := e.count()
		var wg sync.WaitGroup
		for range 2 {
			c := process()
			wg.Go(func() {
				for range asks {
					if _, err := c.Ask(t.Context(), "x", topics("refund")); err != nil && kindOf(err) != Spent {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		return e.count() - before
	}
	first := run(51) // each keeps one of its last block, which is lost at its end
	if second := run(200); first != 102 || first+second != limit-2 {
		t.Errorf("%d and then %d calls of %d", first, second, limit)
	}
	if run(3) != 0 {
		t.Error("calls beyond the budget")
	}
	e.advance(2 * time.Hour) // midnight UTC
	if made := run(3); made != 6 {
		t.Errorf("%d calls on the next day", made)
	}
	e.clean(nil)
}

// What cannot be counted is not made, and the rest of a day's budget is not asked for again and again.
func TestBudgetWithoutAStore(t *testing.T) {
	e := newEndpoint(t)
	e.answers(saysContent(`{"topic":"refund"}`))
	st, err := sqlitestore.Open(t.Context(), t.TempDir(), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	fault, ops := storetest.FailBefore, 0
	flaky := storetest.NewFlaky(st, func(string) storetest.Fault { ops++; return fault })
	c := e.chat(func(o *Options) { o.Budget, o.Purse = 1, InStore(flaky) })
	_, err = c.Ask(t.Context(), "x", topics("refund"))
	e.want(err, Spent)
	fault = storetest.Pass
	_, err = c.Ask(t.Context(), "x", topics("refund"))
	e.want(err, "")
	_, err = c.Ask(t.Context(), "x", topics("refund"))
	e.want(err, Spent)
	before := ops
	_, err = c.Ask(t.Context(), "x", topics("refund"))
	e.want(err, Spent)
	if ops != before || e.count() != 1 {
		t.Errorf("%d more looks into the store, %d calls", ops-before, e.count())
	}
}
