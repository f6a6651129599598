package escalate

import (
	"math/rand/v2"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// rules is the default policy with other escalations.
func rules(t testing.TB, es ...policy.EscalationDoc) *policy.Ruleset {
	t.Helper()
	rs, err := policy.Compile(policy.Default(), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	for i := range es {
		if es[i].Clock == "" {
			es[i].Clock = router.ClockWait
		}
	}
	rs.Escalations = es
	return rs
}

func shanghai(s string) time.Time {
	z, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(err)
	}
	v, err := time.ParseInLocation("2006-01-02T15:04", s, z)
	if err != nil {
		panic(err)
	}
	return v
}

func waiting(since string) router.Ticket {
	at := shanghai(since)
	return router.Ticket{ID: "t", State: router.StateWaiting, Queue: "general", Class: "general", AgeAt: at, Case: router.Case{Number: 1, StartedAt: at, Target: time.Hour}}
}

// Invariants A, B and D.
func TestWhenATicketIsDue(t *testing.T) {
	claimed := func(acted bool) func(*router.Ticket) {
		return func(x *router.Ticket) {
			x.State = router.StateClaimed
			if acted {
				x.ActedAt = shanghai("2026-05-04T10:30")
			}
		}
	}
	runs := func(spent time.Duration) func(*router.Ticket) {
		return func(x *router.Ticket) {
			x.Clocks.Resolution = router.Clock{Target: 3 * time.Hour, Spent: spent, Since: x.AgeAt}
		}
	}
	both := func(fs ...func(*router.Ticket)) func(*router.Ticket) {
		return func(x *router.Ticket) {
			for _, f := range fs {
				f(x)
			}
		}
	}
	twice := policy.EscalationDoc{Name: "e", Times: 2, Tell: true}
	after := policy.EscalationDoc{Name: "e", After: policy.Duration(3 * time.Hour), Tell: true}
	resolution := policy.EscalationDoc{Name: "e", Clock: router.ClockResolution, Times: 1, Tell: true}
	for name, c := range map[string]struct {
		e     policy.EscalationDoc
		since string
		with  func(*router.Ticket)
		want  string // empty: never
	}{
		"twice its target":           {twice, "2026-05-04T10:00", nil, "2026-05-04T12:00"},
		"across the night":           {twice, "2026-05-04T21:00", nil, "2026-05-05T09:00"},
		"after three hours":          {after, "2026-05-04T10:00", nil, "2026-05-04T13:00"},
		"has acted":                  {twice, "2026-05-04T10:00", func(x *router.Ticket) { x.Escalated = []string{"e"} }, ""},
		"another class":              {policy.EscalationDoc{Name: "e", Times: 2, Tell: true, Classes: []router.ClassName{"security"}}, "2026-05-04T10:00", nil, ""},
		"another queue":              {policy.EscalationDoc{Name: "e", Times: 2, Tell: true, Queues: []router.QueueName{"night"}}, "2026-05-04T10:00", nil, ""},
		"its agent has not acted":    {twice, "2026-05-04T10:00", claimed(false), "2026-05-04T12:00"},
		"its agent has acted":        {twice, "2026-05-04T10:00", claimed(true), ""},
		"parked":                     {twice, "2026-05-04T10:00", func(x *router.Ticket) { x.State = router.StateSnoozed }, ""},
		"resolution, its agent acts": {resolution, "2026-05-04T10:00", both(claimed(true), runs(0)), "2026-05-04T13:00"},
		"resolution, part is spent":  {resolution, "2026-05-04T10:00", runs(2 * time.Hour), "2026-05-04T11:00"},
		"resolution, long over":      {resolution, "2026-05-04T10:00", runs(9 * time.Hour), "2026-05-04T10:00"},
		"resolution does not run":    {resolution, "2026-05-04T10:00", nil, ""},
	} {
		rs, x := rules(t, c.e), waiting(c.since)
		if c.with != nil {
			c.with(&x)
		}
		next := NextAt(rs, x)
		if c.want == "" {
			if far := shanghai("2027-01-01T00:00"); !next.IsZero() || len(Due(rs, x, far)) > 0 {
				t.Errorf("%s: due at %v", name, next)
			}
			continue
		}
		if want := shanghai(c.want); !next.Equal(want) || len(Due(rs, x, want)) != 1 || len(Due(rs, x, want.Add(-1))) != 0 {
			t.Errorf("%s: due at %v, want %v", name, next, want)
		}
	}
}

// Invariant C on random tickets and escalations.
func TestNextAtIsTheFirstMomentOfDue(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		var es []policy.EscalationDoc
		for i := range 1 + r.IntN(4) {
			es = append(es, policy.EscalationDoc{Name: string(rune('a' + i)), Clock: router.ClockNames()[r.IntN(4)], Times: .1 + 5*r.Float64(), Tell: true})
		}
		rs, x := rules(t, es...), waiting("2026-05-04T10:00")
		x.AgeAt = x.AgeAt.Add(time.Duration(r.IntN(2000)) * time.Minute)
		x.Clocks.Resolution = router.Clock{Target: time.Duration(1+r.IntN(50)) * time.Hour, Since: x.AgeAt}
		if r.IntN(2) == 0 {
			x.Escalated = []string{"a"}
		}
		next := NextAt(rs, x)
		if next.IsZero() {
			if n := len(Due(rs, x, x.AgeAt.AddDate(1, 0, 0))); n > 0 {
				t.Fatalf("C: never due, but %d are", n)
			}
			continue
		}
		if len(Due(rs, x, next)) == 0 || len(Due(rs, x, next.Add(-1))) != 0 {
			t.Fatalf("C: %v is not the first moment for %+v", next, es)
		}
	}
}

// Invariant E.
func TestMarked(t *testing.T) {
	up := policy.EscalationDoc{Name: "up", Times: 1, Class: "security", Queue: "security"}
	rs, x := rules(t, up), waiting("2026-05-04T10:00")
	x.FixQueue = "general"
	got := Marked(rs, x, up, x.AgeAt)
	if got.RaisedTo != "security" || got.MovedTo != "security" || got.FixQueue != "" || got.Moves != 1 || len(got.Telling) != 1 || got.Queue != "general" || got.State != x.State {
		t.Errorf("marks: %+v", got)
	}
	x.Moves = rs.MaxMoves
	if got = Marked(rs, x, up, x.AgeAt); got.MovedTo != "" || got.FixQueue != "general" || got.Moves != rs.MaxMoves || got.RaisedTo != "security" {
		t.Errorf("moved beyond the bound: %+v", got)
	}
	if len(x.Escalated) > 0 || len(x.Telling) > 0 {
		t.Error("the ticket that was marked shares its slices with the marked one")
	}
}

func BenchmarkNextAt(b *testing.B) {
	rs := rules(b)
	compiled, err := policy.Compile(policy.Default(), time.LoadLocation)
	if err != nil {
		b.Fatal(err)
	}
	rs.Escalations = compiled.Escalations
	x := waiting("2026-05-04T20:00")
	x.Clocks.Resolution = router.Clock{Target: 48 * time.Hour, Since: x.AgeAt}
	for b.Loop() {
		NextAt(rs, x)
	}
}
