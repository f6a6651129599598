package whatif

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/order"
)

var now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func candidate(rng *rand.Rand, i int) order.Candidate {
	class := []order.Class{{Weight: 8, Target: 5 * time.Minute, Handling: 12 * time.Minute}, {Weight: 4, Target: 30 * time.Minute, Handling: 8 * time.Minute},
		{Weight: 2, Target: time.Hour, Handling: 10 * time.Minute}, {Weight: 1, Target: 2 * time.Hour, Handling: 15 * time.Minute}}[rng.IntN(4)]
	class.Lead, class.K, class.Guard, class.Boost = 10*time.Minute, 10*time.Minute, 3, 1
	wait := time.Duration(rng.IntN(200*60)) * time.Second
	c := order.Candidate{Wait: wait, Class: class, Head: router.Head{TicketID: router.TicketID(fmt.Sprint("t", i)), AgeAt: now.Add(-wait), Run: router.Run{Key: router.RunKey(fmt.Sprint(rng.IntN(6)))}}}
	if rng.IntN(6) == 0 {
		c.Head.CutoffAt = now.Add(time.Duration(rng.IntN(1500)) * time.Second)
	}
	return c
}

// Invariants A, B and C on random lines under every rule.
func TestFirstDoesWhatItSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	found := map[string]int{}
	for range 400 {
		me := candidate(rng, 0)
		var rivals []order.Candidate
		for i := range 1 + rng.IntN(8) {
			rivals = append(rivals, candidate(rng, i+1))
		}
		for _, rule := range order.Rules() {
			first := order.Rank(rule, append([]order.Candidate{me}, rivals...), now)[0].Head.TicketID == me.Head.TicketID
			changes := First(rule, me, rivals, now)
			if first && len(changes) > 0 {
				t.Fatalf("%s: it is first and needs nothing, got %v", rule, changes)
			}
			for i, c := range changes {
				found[c.Input]++
				if i > 0 && c.Effort < changes[i-1].Effort {
					t.Fatalf("%s: %v is not in order", rule, changes)
				}
				if !holds(t, rule, me, rivals, c) {
					t.Fatalf("%s: %+v does not make it first", rule, c)
				}
			}
		}
	}
	for _, in := range []string{"wait", "weight", "target", "handling", "k", "guard", "cutoff"} {
		if found[in] == 0 {
			t.Errorf("%s never came up", in)
		}
	}
}

// holds makes the change by itself; what is shown is rounded, so a hair more is allowed.
func holds(t *testing.T, rule order.Rule, me order.Candidate, rivals []order.Candidate, c Change) bool {
	t.Helper()
	if c.Input == "cutoff" {
		at, err := time.Parse(time.RFC3339, c.To)
		if err != nil {
			t.Fatal(err)
		}
		me.Head.CutoffAt = at
		return order.Rank(rule, append([]order.Candidate{me}, rivals...), now)[0].Head.TicketID == me.Head.TicketID
	}
	to, err := strconv.ParseFloat(c.To, 64)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range inputs() {
		if in.name != c.Input {
			continue
		}
		for _, f := range []float64{1, 1.006, 0.994} {
			changed := me
			in.set(&changed, to*f)
			if order.Rank(rule, append([]order.Candidate{changed}, rivals...), now)[0].Head.TicketID == me.Head.TicketID {
				return true
			}
		}
	}
	return false
}
