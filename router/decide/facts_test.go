package decide

import (
	"slices"
	"testing"
	"time"

	"switchyard/router"
)

// Facts are looked for in all messages of a ticket, and times counted from when the customer
// wrote, in the desk's zone.
func TestFactsOfAllMessages(t *testing.T) {
	rs := rules(t)
	now := time.Date(2026, 11, 4, 17, 0, 0, 0, time.UTC) // already the 5th in Shanghai
	said := func(id string, text string, sent time.Duration) router.Message {
		return router.Message{ID: router.MessageID(id), Channel: router.ChannelChat, Direction: router.DirectionIn, Kind: router.KindMessage, Text: text, SentAt: now.Add(sent), ReceivedAt: now}
	}
	decide := func(ms ...router.Message) router.Classification {
		in := Input{Ticket: router.Ticket{ID: "t1", State: router.StateNew, Channel: router.ChannelChat}, Messages: ms, Snapshot: snapshot(t, rs, now), Rules: rs, Now: now}
		d, err := Decide(in)
		if err != nil {
			t.Fatal(err)
		}
		return d.Classification
	}
	first := said("m1", "提现失败了，尾号 4242", -2*time.Minute)
	if c := decide(first); !slices.Equal(c.Missing, []string{"amount", "time"}) {
		t.Errorf("missing %v of %+v", c.Missing, c.Signals)
	}
	c := decide(first, said("m2", "300元，昨天下午三点申请的", -time.Minute))
	if len(c.Missing) > 0 {
		t.Errorf("missing %v of %+v", c.Missing, c.Signals)
	}
	if got := c.Signals[len(c.Signals)-1]; got.Value != "2026-11-04T15:00:00+08:00" {
		t.Errorf("the time is %+v", got)
	}
	// A clock ahead of ours is not believed.
	if c := decide(said("m1", "昨天提现失败", 48*time.Hour)); c.Signals[0].Value != "2026-11-04" {
		t.Errorf("the day is %+v", c.Signals[0])
	}
}

// A fact may be met by any of several kinds of signals, and a consent of either answer is one.
func TestFactsOfSecurity(t *testing.T) {
	rs := rules(t)
	now := time.Date(2026, 11, 4, 3, 0, 0, 0, time.UTC)
	for text, want := range map[string][]string{
		"我的账户被盗刷":                        {"transactions", "since", "freeze"},
		"昨天被盗刷了，订单号 20261103118":         {"freeze"},
		"有人盗刷我，三笔共 800元，昨天开始的，先别冻结":      {},
		"I was hacked, please freeze it": {"transactions", "since"},
	} {
		m := router.Message{ID: "m1", Channel: router.ChannelChat, Direction: router.DirectionIn, Kind: router.KindMessage, Text: text, SentAt: now, ReceivedAt: now}
		d, err := Decide(Input{Ticket: router.Ticket{ID: "t1", State: router.StateNew, Channel: router.ChannelChat}, Messages: []router.Message{m}, Snapshot: snapshot(t, rs, now), Rules: rs, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if c := d.Classification; c.Topic != "account_security" || len(c.Missing)+len(want) > 0 && !slices.Equal(c.Missing, want) {
			t.Errorf("%q: %s misses %v, want %v (%+v)", text, c.Topic, c.Missing, want, c.Signals)
		}
	}
}
