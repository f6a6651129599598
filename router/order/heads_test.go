package order

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"switchyard/router"
)

// runsOf makes a few runs, each with its own queue, class and channel, and waiting tickets in them.
// Waits lie on whole minutes, so that ties and the edges of tiers happen.
func runsOf(r *rand.Rand) map[router.RunKey][]Candidate {
	out := map[router.RunKey][]Candidate{}
	for i := range 1 + r.IntN(6) {
		c := Class{Weight: float64(1 + r.IntN(8)), Target: time.Duration(1+r.IntN(30)) * time.Minute, Handling: time.Duration(1+r.IntN(15)) * time.Minute,
			Lead: time.Duration(r.IntN(15)) * time.Minute, K: time.Duration(1+r.IntN(12)) * time.Minute, Guard: 1 + 3*r.Float64(), Boost: 1 + 7*r.Float64(),
			Bonus: time.Duration(r.IntN(60)) * time.Minute}
		key := fmt.Sprintf("q%d|%d", r.IntN(2), i)
		for n := range r.IntN(12) {
			cutoff := time.Duration(0)
			if r.IntN(3) == 0 {
				cutoff = time.Duration(r.IntN(1500)-200) * time.Second
			}
			t := ticket(fmt.Sprintf("t%d-%02d", i, n), key, time.Duration(r.IntN(90))*time.Minute, cutoff, c)
			t.Head.Run.Queue, t.Head.Run.Channel = router.QueueName(key[:2]), router.Channels()[i%4]
			out[router.RunKey(key)] = append(out[router.RunKey(key)], t)
		}
	}
	return out
}

// headsOf are the heads of one run: earliest cut-off in its window, oldest in time, oldest late, oldest guarded.
func headsOf(run []Candidate) (heads []Candidate) {
	kinds := []func(Candidate) bool{
		func(c Candidate) bool {
			from, to := CutoffWindow(now, c.Class)
			return !c.Head.CutoffAt.IsZero() && !c.Head.CutoffAt.Before(from) && c.Head.CutoffAt.Before(to)
		},
		func(c Candidate) bool { return c.Wait <= c.Class.Target },
		func(c Candidate) bool {
			return c.Wait > c.Class.Target && c.Wait.Seconds() <= c.Class.Guard*c.Class.Target.Seconds()
		},
		func(c Candidate) bool { return c.Wait.Seconds() > c.Class.Guard*c.Class.Target.Seconds() },
	}
	for kind, is := range kinds {
		best := -1
		for i, c := range run {
			if is(c) && (best < 0 || earlier(kind == 0, c, run[best])) {
				best = i
			}
		}
		if best >= 0 {
			heads = append(heads, run[best])
		}
	}
	return heads
}

func earlier(byCutoff bool, a, b Candidate) bool {
	switch {
	case byCutoff && !a.Head.CutoffAt.Equal(b.Head.CutoffAt):
		return a.Head.CutoffAt.Before(b.Head.CutoffAt)
	case a.Wait != b.Wait:
		return a.Wait > b.Wait
	}
	return a.Head.TicketID < b.Head.TicketID
}

// Invariant C: served ticket by ticket, the heads alone give the order of all.
func TestHeadsAloneAreTheWholeOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	states, served := 0, 0
	for states < 10000 {
		runs := runsOf(r)
		rule := Rules()[states%len(Rules())]
		mixed := map[router.QueueName]Rule{"q0": rule, "q1": Rules()[r.IntN(len(Rules()))]}
		var all []Candidate
		for _, in := range runs {
			all = append(all, in...)
		}
		for _, want := range Merge(mixed, all, now)[:min(4, len(all))] {
			var heads []Candidate
			for _, in := range runs {
				heads = append(heads, headsOf(in)...)
			}
			got := Merge(mixed, heads, now)[0]
			if got.Head.TicketID != want.Head.TicketID {
				t.Fatalf("%v: heads give %s (tier %d, %g), all give %s (tier %d, %g)", mixed, got.Head.TicketID, got.Tier, got.Score, want.Head.TicketID, want.Tier, want.Score)
			}
			in := runs[want.Head.Run.Key]
			for i := range in {
				if in[i].Head.TicketID == want.Head.TicketID {
					runs[want.Head.Run.Key] = append(in[:i:i], in[i+1:]...)
					break
				}
			}
			served++
		}
		states++
	}
	if served < 3*states {
		t.Fatalf("only %d tickets served from %d states", served, states)
	}
}
