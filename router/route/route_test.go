package route

import (
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

const doc = `
name: routes
zone: Asia/Shanghai
calendars:
  always: {daily: ["00:00-24:00"]}
  day: {daily: ["08:00-22:00"], holidays: {"2026-10-01": []}}
queues:
  - {name: pay, calendar: day, night: night, holiday: holiday, on_call: {to: oncall, classes: [urgent]}, overflow: {to: general, high: 30m, low: 10m, receiver_below: 5m}}
  - {name: general, calendar: day}
  - {name: night, calendar: always}
  - {name: holiday, calendar: always}
  - {name: oncall, calendar: always}
classes: [{name: urgent, weight: "2", target: "5"}, {name: plain, weight: "1", target: "60"}]
topics: [{name: payment, title: {zh: 支付, en: Payment}, queue: pay, class: plain}]
review: {queue: general, class: plain}
max_moves: 2
`

func rules(t *testing.T) *policy.Ruleset {
	t.Helper()
	rs, err := policy.Compile([]byte(doc), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func TestChoose(t *testing.T) {
	rs := rules(t)
	at := func(day, hour int) time.Time { return time.Date(2026, 10, day, hour, 0, 0, 0, rs.Zone) }
	over := Modes{Overflow: map[router.QueueName]bool{"pay": true}}
	for _, c := range []struct {
		name   string
		ticket router.Ticket
		class  router.ClassName
		modes  Modes
		now    time.Time
		queue  router.QueueName
		guest  bool
		away   bool
	}{
		{"by day", router.Ticket{}, "plain", Modes{}, at(5, 10), "pay", false, false},
		{"by night", router.Ticket{}, "plain", Modes{}, at(5, 23), "night", false, false},
		{"urgent by night", router.Ticket{}, "urgent", Modes{}, at(5, 23), "oncall", false, false},
		{"on a holiday", router.Ticket{}, "plain", Modes{}, at(1, 10), "holiday", false, false},
		{"the minute it opens", router.Ticket{Queue: "night"}, "plain", Modes{}, at(5, 8), "pay", false, false},
		{"the last second", router.Ticket{}, "plain", Modes{}, at(5, 22).Add(-time.Second), "pay", false, false},
		{"the minute it closes", router.Ticket{Queue: "pay"}, "plain", Modes{}, at(5, 22), "night", false, true},
		{"overflow", router.Ticket{}, "plain", over, at(5, 10), "general", true, false},
		{"overflow of one who waits", router.Ticket{Queue: "pay"}, "plain", over, at(5, 10), "general", true, true},
		{"once only", router.Ticket{Queue: "pay", Overflown: true}, "plain", over, at(5, 10), "pay", false, false},
		{"stays over", router.Ticket{Queue: "general", Overflown: true}, "plain", Modes{}, at(5, 10), "general", true, false},
		{"part of an incident", router.Ticket{Queue: "pay", Incident: "i1"}, "plain", over, at(5, 10), "pay", false, false},
		{"a person's choice", router.Ticket{FixQueue: "general"}, "plain", over, at(5, 10), "general", false, false},
		{"sent away too often", router.Ticket{Queue: "pay", Moves: 2}, "plain", Modes{}, at(5, 23), "pay", false, false},
		{"the way back is open", router.Ticket{Queue: "night", Moves: 2}, "plain", Modes{}, at(5, 9), "pay", false, false},
	} {
		got := Choose(Input{Rules: rs, Ticket: c.ticket, Topic: rs.Topic("payment"), Class: c.class, Vars: policy.Vars{}, Modes: c.modes, Now: c.now})
		if got.Queue != c.queue || got.Guest != c.guest || got.Away != c.away {
			t.Errorf("%s: %s guest %v away %v, want %s %v %v", c.name, got.Queue, got.Guest, got.Away, c.queue, c.guest, c.away)
		}
		if len(got.Reasons) == 0 {
			t.Errorf("%s: no reasons", c.name)
		}
	}
}

// Invariant D: through a hundred nights of one case a ticket is sent away at most MaxMoves times.
func TestNeverWanders(t *testing.T) {
	rs := rules(t)
	ticket, away := router.Ticket{Queue: "pay"}, 0
	for hour := range 24 * 100 {
		now := time.Date(2026, 10, 2, hour, 0, 0, 0, rs.Zone)
		r := Choose(Input{Rules: rs, Ticket: ticket, Topic: rs.Topic("payment"), Class: "plain", Vars: policy.Vars{}, Now: now})
		if r.Queue == "" {
			t.Fatal("no queue")
		}
		if r.Away {
			ticket.Moves++
			away++
		}
		ticket.Queue, ticket.Overflown = r.Queue, r.Overflown
	}
	if away != rs.MaxMoves {
		t.Fatalf("sent away %d times, want %d", away, rs.MaxMoves)
	}
}
