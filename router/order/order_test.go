package order

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"switchyard/router"
)

var now = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

func class(w float64, target, handling time.Duration) Class {
	return Class{Weight: w, Target: target, Handling: handling, Lead: 10 * time.Minute, K: 10 * time.Minute, Guard: 3, Boost: 1}
}

func ticket(id, run string, wait time.Duration, cutoff time.Duration, c Class) Candidate {
	h := router.Head{TicketID: router.TicketID(id), AgeAt: now.Add(-wait), Run: router.Run{Key: router.RunKey(run), Queue: router.QueueName(run)}}
	if cutoff != 0 {
		h.CutoffAt = now.Add(cutoff)
	}
	return Candidate{Head: h, Wait: wait, Class: c}
}

func ids(rs []Ranked) (out []router.TicketID) {
	for _, r := range rs {
		out = append(out, r.Head.TicketID)
	}
	return out
}

func TestRulesByHand(t *testing.T) {
	security, payment := class(8, 5*time.Minute, 12*time.Minute), class(4, 30*time.Minute, 8*time.Minute)
	security.Bonus = time.Hour
	cs := []Candidate{
		ticket("late", "payments", 40*time.Minute, 0, payment),                    // tier 3
		ticket("guarded", "payments", 91*time.Minute, 0, payment),                 // tier 2, w/p = 4/480
		ticket("fresh-security", "security", time.Minute, 0, security),            // tier 2, 8/720·exp(−4/10)
		ticket("cutoff", "payments", time.Minute, 4*time.Minute, payment),         // tier 1
		ticket("cutoff-gone", "payments", 2*time.Minute, 10*time.Second, payment), // not reachable: tier 2
		ticket("cutoff-far", "payments", 3*time.Minute, 20*time.Minute, payment),  // outside its lead time
	}
	for rule, want := range map[Rule][]router.TicketID{
		ATC:    {"cutoff", "guarded", "fresh-security", "cutoff-far", "cutoff-gone", "late"},
		Strict: {"fresh-security", "guarded", "late", "cutoff-far", "cutoff-gone", "cutoff"},
		FIFO:   {"guarded", "late", "cutoff-far", "cutoff-gone", "cutoff", "fresh-security"},
		EDF:    {"guarded", "late", "fresh-security", "cutoff-far", "cutoff-gone", "cutoff"},
		// 61 min with the bonus of an hour for security: after 91, before 40
		PriorityMinutes: {"guarded", "fresh-security", "late", "cutoff-far", "cutoff-gone", "cutoff"},
		// w·a/(T²·p) in 10⁻⁶/s²: 14.04, 7.41 (8·60/(300²·720)), 6.17, .46, .31, .15
		GCMu: {"guarded", "fresh-security", "late", "cutoff-far", "cutoff-gone", "cutoff"},
		// a/T: 3.03, 1.33, .2, .1, .07, .03
		HLDR: {"guarded", "late", "fresh-security", "cutoff-far", "cutoff-gone", "cutoff"},
		// tier 2 by weight, then age; the late one last
		FeasibleFirst: {"cutoff", "fresh-security", "guarded", "cutoff-far", "cutoff-gone", "late"},
	} {
		if got := ids(Rank(rule, cs, now)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", rule, got, want)
		}
	}
}

func random(r *rand.Rand, n int) []Candidate {
	cs := make([]Candidate, n)
	for i := range cs {
		run := fmt.Sprintf("q%d", r.IntN(4))
		c := class(float64(1+len(run)+int(run[1]-'0')), time.Duration(5+20*int(run[1]-'0'))*time.Minute, 8*time.Minute)
		cutoff := time.Duration(0)
		if r.IntN(3) == 0 {
			cutoff = time.Duration(r.IntN(2400)-300) * time.Second
		}
		cs[i] = ticket(fmt.Sprintf("t%03d", i), run, time.Duration(r.IntN(200))*time.Minute, cutoff, c)
	}
	return cs
}

// Invariants A, B and C.
func TestOrderIsTotalAndOlderFirstInARun(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		cs := random(r, 40)
		for _, rule := range Rules() {
			ranked := Rank(rule, cs, now)
			shuffled := append([]Candidate{}, cs...)
			r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if again := Rank(rule, shuffled, now); !reflect.DeepEqual(ids(ranked), ids(again)) {
				t.Fatalf("B %s: input order matters", rule)
			}
			for i := range ranked {
				for j := range ranked {
					if i != j && Less(ranked[i], ranked[j]) == Less(ranked[j], ranked[i]) {
						t.Fatalf("A %s: not strict at %v %v", rule, ranked[i], ranked[j])
					}
				}
			}
			checkRuns(t, rule, ranked)
		}
		if got := Merge(nil, cs, now); !reflect.DeepEqual(ids(got), ids(Rank(ATC, cs, now))) {
			t.Fatal("merging queues that all use ATC must be ATC")
		}
	}
}

func part(rule Rule, r Ranked) int {
	if rule.Tiered() && r.Tier == 2 && r.Wait > r.Class.Target {
		return 4
	}
	return r.Tier
}

func checkRuns(t *testing.T, rule Rule, ranked []Ranked) {
	t.Helper()
	for i, a := range ranked {
		for _, b := range ranked[i+1:] {
			if a.Head.Run.Key == b.Head.Run.Key && (a.Tier != 1 || !rule.Tiered()) && part(rule, a) == part(rule, b) && b.Wait > a.Wait {
				t.Fatalf("C %s: younger %v before older %v", rule, a.Head.TicketID, b.Head.TicketID)
			}
		}
	}
}

func TestMergeKeepsEachQueuesRule(t *testing.T) {
	c := class(4, 30*time.Minute, 8*time.Minute)
	cs := []Candidate{ticket("a", "q1", time.Hour, 0, c), ticket("b", "q1", time.Minute, 5*time.Minute, c), ticket("x", "q2", 2*time.Minute, 0, c)}
	got := ids(Merge(map[router.QueueName]Rule{"q1": FIFO}, cs, now))
	if !reflect.DeepEqual(got, []router.TicketID{"x", "a", "b"}) {
		t.Errorf("q1 serves by age, its late first waits for x in time: %v", got)
	}
}

func TestRound(t *testing.T) {
	for in, want := range map[float64]string{0.000443769000001: "0.000443769", -1.09513049e-8: "-1.09513e-08", 0.0123456789: "0.0123457", 123456789: "1.23457e+08", 0: "0"} {
		if got := fmt.Sprint(Round(in)); got != want {
			t.Errorf("Round(%v) = %s, want %s", in, got, want)
		}
	}
}

func BenchmarkMerge(b *testing.B) {
	cs := random(rand.New(rand.NewPCG(1, 1)), 100)
	for b.Loop() {
		Merge(nil, cs, now)
	}
}
