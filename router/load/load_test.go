package load

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/pace"
	"switchyard/router/policy"
)

// ten is ten in the morning in Shanghai, on a Monday.
var ten = time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)

func desk(t *testing.T, change ...string) *policy.Ruleset {
	t.Helper()
	rs, err := policy.Compile([]byte(strings.NewReplacer(change...).Replace(string(policy.Default()))), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func snapshot(t *testing.T, rs *policy.Ruleset, in Inputs) *Snapshot {
	t.Helper()
	if in.Now.IsZero() {
		in.Now = ten
	}
	s, err := Make(rs, in)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func agent(name, shift string, held int) Agent {
	return Agent{User: router.User{ID: router.AgentID(name), Role: router.RoleAgent, Shift: shift}, Presence: router.PresenceAvailable, Held: held}
}

func line(class router.ClassName, waiting int, age time.Duration, needs ...router.Need) Line {
	run := router.Ticket{Queue: "payments", Class: class, Channel: router.ChannelChat, Needs: needs}.Run()
	return Line{Run: run, Waiting: waiting, OldestAgeAt: ten.Add(-age)}
}

func TestShifts(t *testing.T) {
	rs := desk(t)
	in := Inputs{Agents: []Agent{agent("a", "", 0), agent("b", "day", 50), agent("c", "night", 0), agent("d", "gone", 0)}}
	s := snapshot(t, rs, in)
	if s.Available != 3 || s.Busy != 1 || s.OffShift != 1 || s.DueToEnd != 0 || s.Queues["payments"].Agents != 3 {
		t.Fatalf("%+v", s)
	}
	for at, want := range map[time.Time][3]int{ // available, due to end, off shift
		time.Date(2026, 5, 4, 13, 29, 0, 0, time.UTC): {3, 0, 1},
		time.Date(2026, 5, 4, 13, 30, 0, 0, time.UTC): {3, 1, 1},
		time.Date(2026, 5, 4, 14, 0, 0, 0, time.UTC):  {3, 0, 1}, // the day's shift has ended, the night's begun
	} {
		in.Now = at
		if s := snapshot(t, rs, in); [3]int{s.Available, s.DueToEnd, s.OffShift} != want {
			t.Errorf("%v: %d %d %d, want %v", at, s.Available, s.DueToEnd, s.OffShift, want)
		}
	}
}

func TestClassesAndWhatNobodyCanServe(t *testing.T) {
	rs := desk(t)
	in := Inputs{Agents: []Agent{agent("a", "night", 0)}, Arrivals: map[router.ClassName]float64{"payment": 0.7, "general": math.NaN()},
		Lines: []Line{line("payment", 3, 40*time.Minute), line("payment", 2, 10*time.Minute, router.Need{Skill: "latin", Level: 2}), line("general", 1, time.Minute)}}
	s := snapshot(t, rs, in)
	if got := s.Lines["payment"]; got != (ClassLoad{5, 40, 0.7}) || s.Lines["general"].ArrivalsPerMinute != 0 || s.Lines["security"].Waiting != 0 {
		t.Fatalf("%+v", s.Lines)
	}
	if len(s.Unserved) != 1 || s.Unserved[0].Waiting != 2 || s.Unserved[0].Run.Needs[0].Skill != "latin" {
		t.Fatalf("%+v", s.Unserved)
	}
	class := s.Vars["load"].(map[string]any)["class"].(map[string]any)["payment"].(map[string]any)
	if class["waiting"] != 5.0 || class["oldest"] != 40.0 || class["arrivals_per_minute"] != 0.7 {
		t.Fatal(class)
	}
	in.Agents = append(in.Agents, Agent{User: router.User{Role: router.RoleManager, Skills: map[router.Skill]int{"latin": 2}}})
	if s := snapshot(t, rs, in); len(s.Unserved) != 0 {
		t.Fatalf("a manager could: %+v", s.Unserved)
	}
}

func TestForecastInTheSnapshot(t *testing.T) {
	rs := desk(t)
	f := func(x float64) *float64 { return &x }
	for _, c := range []struct {
		arrived  int
		expected *float64
		want     float64
	}{{30, f(10), 3}, {3, f(0.2), 3}, {0, f(10), 0}, {30, nil, 1}, {30, f(math.NaN()), 1}, {30, f(math.Inf(1)), 0}} {
		s := snapshot(t, rs, Inputs{Arrived: c.arrived, Expected: c.expected})
		if s.VsForecast != c.want || s.Vars["load"].(map[string]any)["vs_forecast"] != c.want {
			t.Errorf("%+v: %v", c, s.VsForecast)
		}
		if _, err := json.Marshal(s); err != nil {
			t.Error("a number is not finite:", err)
		}
	}
}

func meterOf(n int, d time.Duration) pace.Meter {
	m := pace.Meter{}
	for range n {
		m = m.Observe(d, ten)
	}
	return m
}

func TestLearnedHandlingIsMixedIn(t *testing.T) {
	rs := desk(t)
	in := Inputs{Paces: map[pace.Key]pace.Meter{{Class: "payment", Channel: router.ChannelChat}: meterOf(20, 16*time.Minute), {Class: "payment", Channel: router.ChannelEmail}: meterOf(9, 16*time.Minute),
		{Class: "payment", Channel: router.ChannelPhone}: meterOf(20, 16*time.Minute)}}
	s := snapshot(t, rs, in)
	p := s.Classes["payment"]
	if p.For(router.ChannelChat).Handling != 12*time.Minute || p.For(router.ChannelEmail).Handling != 8*time.Minute || p.For(router.ChannelPhone).Handling != 11*time.Minute || p.For(router.ChannelSocial).Handling != 8*time.Minute {
		t.Fatalf("%+v", p)
	}
	i := slices.IndexFunc(s.Handling, func(h Handling) bool { return h.Channel == router.ChannelChat })
	if want := (Handling{"payment", router.ChannelChat, 8 * time.Minute, 16 * time.Minute, 20, 0.5, 12 * time.Minute}); i < 0 || s.Handling[i] != want {
		t.Fatalf("%+v", s.Handling)
	}
	in.Last = s
	if again := snapshot(t, rs, in); again.Classes["payment"].For(router.ChannelPhone).Handling != 11*time.Minute || again.Digest() == "" {
		t.Fatal("it was mixed twice")
	}
	off := snapshot(t, desk(t, "learn_handling: true", "learn_handling: false"), in)
	if off.Classes["payment"].For(router.ChannelChat).Handling != 8*time.Minute || off.Handling[0].Weight != 0 || off.Handling[0].Learned == 0 {
		t.Fatalf("%+v", off.Handling)
	}
}

// What was learned counts under another policy as it would if that one were in force.
func TestAnotherPolicyOnTheSameLoad(t *testing.T) {
	in := Inputs{Paces: map[pace.Key]pace.Meter{{Class: "payment", Channel: router.ChannelChat}: meterOf(20, 16*time.Minute), {Class: "payment", Channel: router.ChannelPhone}: meterOf(20, 16*time.Minute)}}
	s := snapshot(t, desk(t), in)
	for name, rs := range map[string]*policy.Ruleset{"the same": desk(t), "another handling": desk(t, `handling: "8"`, `handling: "4"`), "no learning": desk(t, "learn_handling: true", "learn_handling: false")} {
		under, inForce := s.Under(rs), snapshot(t, rs, in)
		if !reflect.DeepEqual(under.Classes, inForce.Classes) || !reflect.DeepEqual(under.Handling, inForce.Handling) {
			t.Errorf("%s: under it %+v, in force %+v", name, under.Classes["payment"], inForce.Classes["payment"])
		}
	}
}

// Invariant B: also of odd inputs; and a snapshot read again has its digest.
func TestEveryNumberIsFinite(t *testing.T) {
	rs := desk(t)
	in := Inputs{ArrivalsPerMinute: math.Inf(1), Arrivals: map[router.ClassName]float64{"payment": math.Inf(1)}, Lines: []Line{line("old", 1<<40, 1e6*time.Hour)}}
	s := snapshot(t, rs, in)
	body, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	read := &Snapshot{}
	if err := json.Unmarshal(body, read); err != nil {
		t.Fatal(err)
	}
	if _, err := read.Seal(); err != nil || read.Digest() != s.Digest() {
		t.Fatal(err, read.Digest(), s.Digest())
	}
}

// The default policy's overload waits until the desk is open, people are there, and a long line stands.
func TestDefaultOverloadIsConservative(t *testing.T) {
	rs := desk(t)
	x := func(f float64) *float64 { return &f }
	for _, c := range []struct {
		name     string
		in       Inputs
		enter    bool
		leave    bool
		waitOver float64
	}{
		{"quiet", Inputs{Agents: []Agent{agent("a", "", 0)}}, false, true, 0},
		{"nobody there", Inputs{Lines: []Line{line("payment", 50, time.Hour)}}, false, false, 60},
		{"by night", Inputs{Now: ten.Add(14 * time.Hour), Agents: []Agent{agent("a", "", 0)}, Lines: []Line{line("payment", 50, time.Hour)}}, false, true, 60},
		{"a flood", Inputs{Agents: []Agent{agent("a", "", 0)}, Lines: []Line{line("payment", 50, time.Hour)}}, true, false, 60},
		{"a surge", Inputs{Agents: []Agent{agent("a", "", 0)}, Lines: []Line{line("payment", 4, time.Minute)}, Arrived: 30, Expected: x(10)}, true, false, 0},
		{"a surge that finds hands", Inputs{Agents: []Agent{agent("a", "", 0), agent("b", "", 0)}, Lines: []Line{line("payment", 4, time.Minute)}, Arrived: 30, Expected: x(10)}, false, false, 0},
	} {
		s := snapshot(t, rs, c.in)
		enter, err := rs.Overload.Enter.Bool(s.Vars)
		if err != nil || enter != c.enter || s.WorstWait < c.waitOver {
			t.Errorf("%s: enter %v %v, wait %v", c.name, enter, err, s.WorstWait)
		}
		if leave, err := rs.Overload.Leave.Bool(s.Vars); err != nil || leave != c.leave {
			t.Errorf("%s: leave %v %v", c.name, leave, err)
		}
		if len(s.Warnings) != 0 {
			t.Error(c.name, s.Warnings)
		}
	}
}
