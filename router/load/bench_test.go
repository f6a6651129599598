package load

import (
	"fmt"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// A desk in full swing: 30 agents, 60 runs.
func BenchmarkMake(b *testing.B) {
	rs, err := policy.Compile(policy.Default(), time.LoadLocation)
	if err != nil {
		b.Fatal(err)
	}
	in := Inputs{Now: time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC), Arrivals: map[router.ClassName]float64{}}
	for i := range 30 {
		in.Agents = append(in.Agents, Agent{User: router.User{ID: router.AgentID(fmt.Sprint("a", i)), Role: router.RoleAgent}, Presence: router.PresenceAvailable, Held: 25})
	}
	for _, t := range rs.Topics {
		for _, ch := range router.Channels() {
			for _, l := range []router.Language{"zh", "en", ""} {
				r := router.Ticket{Queue: t.Queue, Class: t.Class, Channel: ch, Speaks: l}.Run()
				in.Lines = append(in.Lines, Line{Run: r, Waiting: 20, OldestAgeAt: in.Now.Add(-time.Hour)})
			}
		}
		in.Arrivals[t.Class] = 1.5
	}
	if in.Last, err = Make(rs, in); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Make(rs, in); err != nil {
			b.Fatal(err)
		}
	}
}
