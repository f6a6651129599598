package policy

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestDefaultCompiles(t *testing.T) {
	r, err := Compile(Default(), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"security", "payments", "withdrawals", "recovery", "general", "review", "night"} {
		found := false
		for _, have := range r.QueueList {
			found = found || string(have.Name) == q
		}
		if !found {
			t.Errorf("queue %s is missing", q)
		}
	}
	if r.Zone.String() != "Asia/Shanghai" || r.ClaimTTL != 2*time.Minute || r.Capacity["phone"] != 100 {
		t.Errorf("zone %v, ttl %v, capacity %v", r.Zone, r.ClaimTTL, r.Capacity)
	}
}

// Invariant A: every problem of one document is named by its path.
func TestProblemsAreNamedByPath(t *testing.T) {
	doc := `
name: bad
zone: Nowhere/Land
calendars: {day: {daily: ["09:00-08:99"]}, odd: {week: {fun: ["01:00-02:00"]}}}
queues:
  - {name: a, calendar: day, night: b}
  - {name: b, calendar: gone, night: a}
  - {name: c, calendar: day, overflow: {to: nowhere, high: 1m, low: 2m}}
topics: [{name: x, queue: none, class: none, words: [{weight: -1, any: [y]}], facts: [{name: f, signal: time|weather}, {signal: time}]}]
classes: [{name: k, weight: "ticket.x", target: "1 +", handling: "'a' + 1"}]
rules: [{name: r, when: "ticket.topic = 3", topic: nope}]
review: {queue: review, class: k, below: 1.5}
capacity: {fax: 3, chat: 101}
limits: {chat: 0}
privacy: {mask: [phone, card]}
learning: {margin: 1.5, min_examples: -1}
`
	_, err := Compile([]byte(doc), time.LoadLocation)
	var ps Problems
	if !errors.As(err, &ps) {
		t.Fatalf("got %v", err)
	}
	all := ps.Error()
	for _, path := range []string{"zone:", "calendars.day.daily[0]:", "calendars.odd.week.fun:", "queues[1].calendar:", "queues.a.night:",
		"queues[2].overflow.to:", "queues[2].overflow:", "topics[0].queue:", "topics[0].class:", "topics[0].words[0].weight:", "topics[0].facts[0].signal: \"weather\"", "topics[0].facts[1].name:",
		"classes[0].weight:", "classes[0].target:", "classes[0].handling:", "rules[0].when:", "rules[0].topic:", "review.queue:", "review.below:", "capacity.fax:", "capacity.chat:", "limits.chat:", "privacy.mask[1]:", "learning.margin:", "learning.min_examples:"} {
		if !strings.Contains(all, path) {
			t.Errorf("%s is not named in: %s", path, all)
		}
	}
}

func TestUnknownKeysAreErrors(t *testing.T) {
	if _, err := Parse([]byte("name: x\nclases: []\n")); err == nil || !strings.Contains(err.Error(), "clases") {
		t.Errorf("got %v", err)
	}
}

// Invariants C and D.
func TestExpressions(t *testing.T) {
	env, err := NewEnv()
	if err != nil {
		t.Fatal(err)
	}
	vars := Vars{"load": map[string]any{"wait": 20.0}, "hours": map[string]any{"is_night": false}, "calendar": map[string]any{}}
	for src, want := range map[string]float64{"1 + 2.5": 3.5, "load.wait > 15 ? 12 : 8": 12, "load.wait * 2": 40, "2": 2} {
		x, err := compile(env.class, src)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		if got, err := x.Number(vars); err != nil || got != want {
			t.Errorf("%s = %v, %v", src, got, err)
		}
	}
	for _, src := range []string{"1.0 / 0.0", "0.0 / 0.0", "-3", "0", "load.nothing", "'x'"} {
		x, err := compile(env.class, src)
		if err != nil {
			continue
		}
		if got, err := x.Number(vars); err == nil {
			t.Errorf("%s = %v was taken for a good number", src, got)
		}
	}
	many := "[" + strings.Repeat("1,", 199) + "1]"
	costly := many + ".all(a, " + many + ".all(b, " + many + ".all(c, a + b + c > 0)))"
	x, err := compile(env.class, costly)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Bool(vars); err == nil {
		t.Error("an expression of eight million steps ran to its end")
	}
}

// The threshold follows from what a wrong queue costs; both cannot be given.
func TestCostOfAWrongQueueGivesTheThreshold(t *testing.T) {
	for doc, want := range map[string]string{"wrong_queue_costs: 4": "", "wrong_queue_costs: 0.5": "review.wrong_queue_costs:", "below: 0.4, wrong_queue_costs: 2": "review.wrong_queue_costs:"} {
		rs, err := Compile([]byte(strings.Replace(string(Default()), "wrong_queue_costs: 2", doc, 1)), time.LoadLocation)
		if want == "" && (err != nil || rs.Review.Below != 0.75) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", doc, err)
		}
	}
}
