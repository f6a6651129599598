package backtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/policy"
)

func rules(t testing.TB, change ...string) *decide.Ruleset {
	t.Helper()
	doc := string(policy.Default())
	for i := 0; i+1 < len(change); i += 2 {
		if !strings.Contains(doc, change[i]) {
			t.Fatalf("the default policy has no %q", change[i])
		}
		doc = strings.Replace(doc, change[i], change[i+1], 1)
	}
	rs, err := decide.Compile([]byte(doc), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// past is n tickets over days, busier by day, of all topics and channels but the phone.
func past(n, days int, seed uint64) []Case {
	r := rand.New(rand.NewPCG(seed, 3))
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	topics := []router.Topic{"account_security", "payment_error", "payment_error", "withdrawal", "withdrawal", "account_recovery", "general", "general"}
	var out []Case
	for at, i := start, 0; i < n; i++ {
		gap := time.Duration(r.ExpFloat64() * float64(days) * 24 / float64(n) * float64(time.Hour))
		at = at.Add(gap)
		c := Case{ID: router.TicketID(fmt.Sprintf("t%06d", i)), At: at, Topic: topics[r.IntN(len(topics))], Channel: []router.Channel{"email", "chat", "social"}[r.IntN(3)],
			Language: []router.Language{"zh", "en"}[r.IntN(2)], Service: time.Duration((2 + 12*r.ExpFloat64()) * float64(time.Minute))}
		out = append(out, c)
	}
	return out
}

func crew(n int) (us []router.User) {
	for i := range n {
		us = append(us, router.User{ID: router.AgentID(fmt.Sprintf("a%02d", i)), Role: router.RoleAgent})
	}
	return us
}

// Invariants A and B: the same bytes again, and everybody's fate is told.
func TestPlayTellsEveryFate(t *testing.T) {
	rs := rules(t)
	cases := past(3000, 10, 1)
	first, err := Play(rs, cases, Desk{People: crew(3)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Play(rs, cases, Desk{People: crew(3)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	classes := map[router.ClassName]int{}
	for i, f := range first.Fates {
		if f != again.Fates[i] {
			t.Fatalf("%s: %+v, then %+v", cases[i].ID, f, again.Fates[i])
		}
		if !f.Served || f.Queue == "" || f.Why.EN == "" {
			t.Fatalf("%s: %+v", cases[i].ID, f)
		}
		classes[f.Class]++
	}
	if classes["security"] == 0 || classes["payment"] == 0 || classes["general"] == 0 {
		t.Fatalf("classes %v", classes)
	}
	if first.Outcome.All.Came != len(cases) {
		t.Fatalf("%d of %d", first.Outcome.All.Came, len(cases))
	}
}

func BenchmarkPlay(b *testing.B) {
	rs := rules(b)
	for _, n := range []struct{ n, days, agents int }{{10_000, 14, 8}, {33_000, 31, 12}} {
		cases := past(n.n, n.days, 2)
		b.Run(fmt.Sprint(n.n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Play(rs, cases, Desk{People: crew(n.agents)}, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
