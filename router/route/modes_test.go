package route

import (
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/load"
	"switchyard/router/policy"
)

const modesDoc = `
name: modes
calendars: {always: {daily: ["00:00-24:00"]}}
queues:
  - {name: pay, calendar: always, overflow: {to: general, high: 30m, low: 10m, receiver_below: 5m}}
  - {name: general, calendar: always}
classes: [{name: plain, weight: "1", target: "60"}]
topics: [{name: payment, title: {zh: 支付, en: Payment}, queue: pay, class: plain}]
review: {queue: general, class: plain}
overload: {enter: load.wait > 60, leave: load.wait < 25, at_least: 15m}
`

func modesRules(t *testing.T, doc string) *policy.Ruleset {
	t.Helper()
	rs, err := policy.Compile([]byte(doc), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func waits(pay, general float64) *load.Snapshot {
	return &load.Snapshot{Queues: map[router.QueueName]load.Queue{"pay": {Predicted: pay}, "general": {Predicted: general}}, WorstWait: max(pay, general),
		Vars: policy.Vars{"load": map[string]any{"wait": max(pay, general)}, "hours": map[string]any{}, "calendar": map[string]any{}}}
}

var at = time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)

func TestOverflowHasTwoMarksAndProtectsTheReceiver(t *testing.T) {
	rs, m := modesRules(t, modesDoc), Modes{}
	for i, step := range []struct {
		pay, general float64
		on           bool
	}{{30, 0, false}, {31, 5, false}, {31, 4.9, true}, {15, 0, true}, {10, 0, true}, {9.9, 0, false}, {29, 0, false}, {50, 1, true}, {50, 9, true}, {50, 10, true}, {50, 10.1, false}, {50, 6, false}, {50, 4, true}} {
		was := m.Overflow["pay"]
		next, changes := NextModes(rs, waits(step.pay, step.general), m, at)
		if next.Overflow["pay"] != step.on || (len(changes) == 1) != (was != step.on) || len(changes) == 1 && (changes[0].On != step.on || changes[0].Queue != "pay" || changes[0].Why.ZH == "" || changes[0].Why.EN == "") {
			t.Fatalf("step %d %+v: %v %+v", i, step, next, changes)
		}
		m = next
	}
}

func TestOverloadHasTwoMarksAndALeastTime(t *testing.T) {
	rs, m := modesRules(t, modesDoc), Modes{}
	for i, step := range []struct {
		minute int
		wait   float64
		on     bool
	}{{0, 60, false}, {1, 61, true}, {2, 10, true}, {15, 10, true}, {16, 30, true}, {17, 61, true}, {18, 24, false}, {19, 59, false}, {20, 61, true}, {34, 1, true}, {35, 1, false}} {
		now := at.Add(time.Duration(step.minute) * time.Minute)
		next, changes := NextModes(rs, waits(step.wait, step.wait), m, now)
		if next.Overload.On != step.on {
			t.Fatalf("step %d %+v: %+v", i, step, next)
		}
		for _, c := range changes {
			if c.Mode == "overload" && !next.Overload.Since.Equal(now) {
				t.Fatalf("step %d: since %v", i, next.Overload.Since)
			}
		}
		m = next
	}
}

func TestModesOfAnotherPolicyEnd(t *testing.T) {
	bare := modesRules(t, `
name: bare
calendars: {always: {daily: ["00:00-24:00"]}}
queues: [{name: pay, calendar: always}]
classes: [{name: plain, weight: "1", target: "60"}]
topics: [{name: payment, title: {zh: 支付, en: Payment}, queue: pay, class: plain}]
review: {queue: pay, class: plain}
`)
	m := Modes{Overflow: map[router.QueueName]bool{"pay": true}, Overload: Overload{On: true, Since: at}}
	next, changes := NextModes(bare, waits(99, 99), m, at)
	if len(next.Overflow) != 0 || next.Overload.On || len(changes) != 2 {
		t.Fatalf("%+v %+v", next, changes)
	}
	if !m.Overflow["pay"] {
		t.Fatal("the modes it was given were changed")
	}
}

// An expression that fails, and one that holds together with leave, change nothing.
func TestOverloadKeepsItsStateWhereExpressionsFail(t *testing.T) {
	rs := modesRules(t, modesDoc)
	broken := waits(99, 99)
	broken.Vars = policy.Vars{"load": map[string]any{}, "hours": map[string]any{}, "calendar": map[string]any{}}
	for _, on := range []bool{true, false} {
		m := Modes{Overload: Overload{On: on, Since: at}}
		if next, changes := NextModes(rs, broken, m, at.Add(time.Hour)); next.Overload != m.Overload || len(changes) > 1 {
			t.Fatalf("%+v %+v", next, changes)
		}
	}
}
