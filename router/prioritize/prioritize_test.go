package prioritize

import (
	"math"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

func ruleset(t *testing.T, replace ...string) *policy.Ruleset {
	t.Helper()
	rs, err := policy.Compile([]byte(strings.NewReplacer(replace...).Replace(string(policy.Default()))), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func vars(wait float64) policy.Vars {
	return policy.Vars{"load": map[string]any{"wait": wait}, "hours": map[string]any{"minutes_to_close": 100.0, "is_night": false}, "calendar": map[string]any{}}
}

// Invariant A: what is no finite positive number keeps its last good value and says so.
func TestBadNumbersKeepTheLastGoodOne(t *testing.T) {
	rs := ruleset(t, `weight: "load.wait > 15 ? 12 : 8"`, `weight: "load.wait > 0 ? 100 / load.wait : 1.0 / 0.0"`)
	good, warnings := Evaluate(rs, vars(20), nil)
	if len(warnings) != 0 || good["security"].Weight != 5 {
		t.Fatalf("%v %v", good["security"], warnings)
	}
	kept, warnings := Evaluate(rs, vars(0), good)
	if len(warnings) != 1 || kept["security"].Weight != 5 {
		t.Fatalf("the last good value is 5: %v %v", kept["security"].Weight, warnings)
	}
	first, warnings := Evaluate(rs, vars(0), nil)
	if len(warnings) != 1 || first["security"].Weight != 1 {
		t.Fatalf("without one the standard: %v %v", first["security"].Weight, warnings)
	}
	for name, p := range kept {
		for _, v := range []float64{p.Weight, p.Guard, p.Boost, p.Target.Minutes(), p.Handling.Minutes(), p.Lead.Minutes(), p.K.Minutes()} {
			if v <= 0 || math.IsInf(v, 0) || math.IsNaN(v) {
				t.Errorf("%s has %v", name, v)
			}
		}
	}
}

func TestPriorityMovesWithLoad(t *testing.T) {
	rs := ruleset(t)
	calm, _ := Evaluate(rs, vars(1), nil)
	busy, _ := Evaluate(rs, vars(100), nil)
	if calm["security"].Weight != 8 || busy["security"].Weight != 12 || busy["general"].Weight >= calm["general"].Weight {
		t.Errorf("calm %v, busy %v", calm["security"].Weight, busy["security"].Weight)
	}
	if calm["payment"].For(router.ChannelPhone).Handling != 6*time.Minute || calm["payment"].For(router.ChannelEmail).Handling != 8*time.Minute {
		t.Error("handling times differ by channel")
	}
}

func TestFirstRuleThatSetsAThingWins(t *testing.T) {
	rs := ruleset(t, "rules:\n", "rules:\n  - {name: one, when: 'true', class: callback, needs: [{skill: kyc, level: 2}], cutoff_minutes: \"10\", why: {zh: 一, en: one}}\n  - {name: two, when: 'true', class: recovery, cutoff_minutes: \"20\", why: {zh: 二, en: two}}\n")
	sent := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	v := vars(1)
	v["ticket"], v["contact"] = map[string]any{"channel": "email", "topic": "general", "text": ""}, map[string]any{}
	a := Assign(rs, rs.Topic("general"), false, v, sent)
	if a.Class != "callback" || len(a.Needs) != 1 || !a.CutoffAt.Equal(sent.Add(10*time.Minute)) {
		t.Fatalf("%+v", a)
	}
	if a = Assign(ruleset(t), nil, true, v, sent); a.Class != "general" || !a.CutoffAt.IsZero() {
		t.Fatalf("without a topic the review's class: %+v", a)
	}
}
