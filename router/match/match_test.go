package match

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

var rings = []policy.RingDoc{
	{After: policy.Duration(5 * time.Minute), Lower: 1},
	{After: policy.Duration(15 * time.Minute), Drop: []router.Skill{"kyc"}},
	{After: policy.Duration(30 * time.Minute), Language: true},
}

func run(speaks router.Language, needs ...router.Need) router.Run {
	return router.Run{Key: "k", Queue: "q", Class: "c", Channel: router.ChannelEmail, Needs: needs, Speaks: speaks}
}

func TestReachFollowsTheRings(t *testing.T) {
	junior := router.User{ID: "j", Role: router.RoleAgent, Languages: []router.Language{"zh"}, Skills: map[router.Skill]int{"refund": 1}}
	for _, c := range []struct {
		name  string
		run   router.Run
		after time.Duration
		ok    bool
	}{
		{"has all", run("zh", router.Need{Skill: "refund", Level: 1}), 0, true},
		{"one level short", run("zh", router.Need{Skill: "refund", Level: 2}), 5 * time.Minute, true},
		{"a skill he has not, dropped later", run("zh", router.Need{Skill: "kyc", Level: 3}), 15 * time.Minute, true},
		{"another language", run("en"), 30 * time.Minute, true},
		{"two levels short for ever", run("zh", router.Need{Skill: "refund", Level: 4}), 0, false},
		{"both at once wait for the later", run("en", router.Need{Skill: "refund", Level: 2}), 30 * time.Minute, true},
	} {
		after, ok := Reach(rings, junior, c.run)
		if after != c.after || ok != c.ok {
			t.Errorf("%s: %v %v, want %v %v", c.name, after, ok, c.after, c.ok)
		}
	}
}

// Invariant B, on random agents: one level more never reaches later.
func TestMoreSkillReachesNoLater(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	skills := []router.Skill{"refund", "kyc", "card"}
	for range 2000 {
		u := router.User{ID: "u", Skills: map[router.Skill]int{"refund": rng.IntN(4), "card": rng.IntN(3), "x": 1}, Languages: []router.Language{"zh"}}
		r := run([]router.Language{"zh", "en", ""}[rng.IntN(3)], router.Need{Skill: skills[rng.IntN(3)], Level: 1 + rng.IntN(4)})
		before, could := Reach(rings, u, r)
		more := u
		more.Skills = map[router.Skill]int{}
		for s, l := range u.Skills {
			more.Skills[s] = l
		}
		more.Skills[skills[rng.IntN(3)]]++
		after, can := Reach(rings, more, r)
		if could && (!can || after > before) {
			t.Fatalf("%v for %v: %v %v, with more skill %v %v", u.Skills, r, before, could, after, can)
		}
	}
}

// Invariant C, and the order of choice: fit, capacity, idle.
func TestChoose(t *testing.T) {
	at := func(m int) time.Time { return time.Date(2026, 11, 25, 9, m, 0, 0, time.UTC) }
	agent := func(id string, skills map[router.Skill]int, free, idle int) Agent {
		return Agent{User: router.User{ID: router.AgentID(id), Skills: skills, Role: router.RoleAgent}, Free: free, IdleSince: at(idle)}
	}
	expert := map[router.Skill]int{"refund": 3, "kyc": 2}
	plain := map[router.Skill]int{"refund": 1}
	as := []Agent{agent("expert", expert, 100, 0), agent("busy", plain, 40, 1), agent("new", plain, 100, 9), agent("long", plain, 100, 5), agent("full", plain, 0, 0)}
	need := router.Need{Skill: "refund", Level: 1}
	for range 50 {
		rand.New(rand.NewPCG(3, 4)).Shuffle(len(as), func(i, j int) { as[i], as[j] = as[j], as[i] })
		if got, _ := Choose(rings, as, run("", need), 0, 25); got.User.ID != "long" {
			t.Fatalf("got %s, want the idle plain agent who is idle longest", got.User.ID)
		}
	}
	if got, _ := Choose(rings, as, run("", router.Need{Skill: "refund", Level: 2}), 0, 25); got.User.ID != "expert" {
		t.Fatalf("a fresh ticket goes to who has the level, got %s", got.User.ID)
	}
	if _, ok := Choose(rings, as, run("", need), 0, 101); ok {
		t.Fatal("nobody has more than everything")
	}
}

func TestUnserved(t *testing.T) {
	rs, err := policy.Compile(policy.Default(), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	people := []router.User{{ID: "a", Role: router.RoleAgent, Skills: map[router.Skill]int{"refund": 1}}, {ID: "gone", Role: router.RoleAgent, Disabled: true, Skills: map[router.Skill]int{"kyc": 9}}, {ID: "eye", Role: router.RoleAuditor}}
	ok, stuck := run("zh", router.Need{Skill: "refund", Level: 1}), run("zh", router.Need{Skill: "kyc", Level: 1})
	if got := Unserved(rs, people, []router.Run{ok, stuck}); !slices.EqualFunc(got, []router.Run{stuck}, func(a, b router.Run) bool { return a.Needs[0] == b.Needs[0] }) {
		t.Fatalf("got %v", got)
	}
	if !OnShift(rs, router.User{}, time.Now()) || OnShift(rs, router.User{Shift: "night"}, time.Date(2026, 11, 25, 12, 0, 0, 0, rs.Zone)) {
		t.Fatal("shift")
	}
}
