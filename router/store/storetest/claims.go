package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

func testClaims(t *testing.T, s store.Store) {
	ctx := t.Context()
	runs := fill(t, s, 1000)
	taken := claimAll(t, s, runs, 64)
	checkTaken(t, s, taken, 1000, 1)
	// the claims end, and everything is claimed once more under a higher epoch
	for id := range taken {
		w := got(s.Ticket(ctx, id))(t)
		back := got(w.Enqueue(at(100), w.Queue, wall{}, wall{}, time.Hour, "expired"))(t)
		got(s.SaveTicket(ctx, back, time.Time{}))(t)
		if len(taken) > 100 {
			delete(taken, id)
		}
	}
	checkTaken(t, s, claimAll(t, s, runs, 64), 1000, 2)
}

// testClaimsLost loses answers after the write: who was told "unavailable" looks whether he holds the ticket.
func testClaimsLost(t *testing.T, s store.Store) {
	runs := fill(t, s, 1000)
	var calls, lostAnswers atomic.Int64
	flaky := NewFlaky(s, func(op string) Fault {
		if op != "SaveTicket" && op != "Heads" {
			return Pass
		}
		switch calls.Add(1) % 20 {
		case 3, 11:
			lostAnswers.Add(1)
			return FailAfter
		case 7:
			return FailBefore
		}
		return Pass
	})
	checkTaken(t, s, claimAll(t, flaky, runs, 64), 1000, 1)
	if lostAnswers.Load() == 0 {
		t.Fatal("no answer was lost")
	}
}

// fill stores n tickets that wait in five runs.
func fill(t *testing.T, s store.Store, n int) []store.HeadQuery {
	t.Helper()
	var failed atomic.Int32
	together(8, func(g int) {
		for i := g; i < n; i += 8 {
			w := waiting(fmt.Sprint(i))
			w.Class, w.AgeAt = router.ClassName(fmt.Sprint("class", i%5)), at(i)
			if _, err := s.InsertTicket(t.Context(), w); err != nil {
				failed.Add(1)
			}
		}
	})
	equal(t, "inserts that failed", failed.Load(), 0)
	var qs []store.HeadQuery
	for _, r := range got(s.Runs(t.Context(), []router.QueueName{"payments"}, "lin"))(t) {
		qs = append(qs, store.HeadQuery{Run: r.Key, LateAt: at(n / 2), Limit: 8})
	}
	equal(t, "runs", len(qs), 5)
	return qs
}

// claimAll lets agents claim until nothing waits, and says how often each ticket was given away.
func claimAll(t *testing.T, s store.Store, qs []store.HeadQuery, agents int) map[router.TicketID]int {
	t.Helper()
	var mu sync.Mutex
	taken := map[router.TicketID]int{}
	var broken atomic.Value
	together(agents, func(i int) {
		agent := router.AgentID(fmt.Sprint("agent", i))
		for broken.Load() == nil {
			id, more, err := claimOne(t.Context(), s, qs, agent, i)
			if err != nil {
				broken.Store(err)
			}
			if !more {
				return
			}
			if id != "" {
				mu.Lock()
				taken[id]++
				mu.Unlock()
			}
		}
	})
	if err := broken.Load(); err != nil {
		t.Fatal(err)
	}
	return taken
}

// claimOne is a pull: heads, then the first of them that can be had. more is false when nothing waits.
func claimOne(ctx context.Context, s store.Store, qs []store.HeadQuery, agent router.AgentID, start int) (id router.TicketID, more bool, err error) {
	heads, err := s.Heads(ctx, agent, at(0), qs)
	if router.IsCode(err, router.CodeUnavailable) {
		return "", true, nil
	}
	if err != nil || len(heads) == 0 {
		return "", false, err
	}
	for i := range heads {
		h := heads[(i+start)%len(heads)]
		won, err := claim(ctx, s, h.TicketID, agent)
		if err != nil {
			return "", false, err
		}
		if won {
			return h.TicketID, true, nil
		}
	}
	return "", true, nil
}

func claim(ctx context.Context, s store.Store, id router.TicketID, agent router.AgentID) (bool, error) {
	w, err := s.Ticket(ctx, id)
	if err != nil || w.State != router.StateWaiting {
		return false, err
	}
	next, err := w.Claim(at(50), agent, time.Minute)
	if err != nil {
		return false, err
	}
	_, err = s.SaveTicket(ctx, next, next.ExpiresAt)
	switch router.CodeOf(err) {
	case "":
		return true, nil
	case router.CodeConflict:
		return false, nil
	case router.CodeUnavailable:
		now, err := s.Ticket(ctx, id)
		return err == nil && now.CheckClaim("claim", agent, next.Epoch) == nil, err
	}
	return false, err
}

func checkTaken(t *testing.T, s store.Store, taken map[router.TicketID]int, n int, epoch int64) {
	t.Helper()
	equal(t, "tickets claimed", len(taken), n)
	for id, times := range taken {
		w := got(s.Ticket(t.Context(), id))(t)
		if times != 1 || w.Epoch != epoch || w.State != router.StateClaimed {
			t.Fatalf("%s was given away %d times; it is %s under epoch %d, want epoch %d", id, times, w.State, w.Epoch, epoch)
		}
	}
	equal(t, "waiting", got(s.CountStates(t.Context()))(t)[router.StateWaiting], 0)
	equal(t, "loaded runs", len(got(s.Load(t.Context()))(t)), 0)
}
