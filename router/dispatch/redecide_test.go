package dispatch

import (
	"sync/atomic"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store"
	"switchyard/router/store/storetest"
)

func (d *desk) queueOf(ids []router.TicketID) map[router.QueueName]int {
	out := map[router.QueueName]int{}
	for _, id := range ids {
		out[d.Read(id).Queue]++
	}
	return out
}

// Numbers of a class re-order without a rewrite; what assigns is decided again, also after a crash in the middle.
func TestWaitingWorkIsDecidedAgain(t *testing.T) {
	d := newDesk(t)
	was := d.Live.View().Rules
	var ids []router.TicketID
	for range 150 {
		ids = append(ids, d.Receive(router.ChannelEmail, "w@x.y", "提现三天了还没到银行卡", func(m *router.Message) { m.ThreadKeys = []string{m.ExternalID} }).ID)
		d.now = d.now.Add(time.Second)
	}
	if got := d.queueOf(ids); got["withdrawals"] != 150 {
		t.Fatalf("before: %v", got)
	}
	if rules := d.policy(`weight: "2"`, `weight: "9"`); rules.Assigns != was.Assigns {
		t.Fatal("a weight is not an assignment")
	}
	rules := d.policy("queue: withdrawals\n    class: withdrawal", "queue: payments\n    class: payment")
	if rules.Assigns == was.Assigns {
		t.Fatal("a topic's queue is an assignment")
	}

	var saves atomic.Int64
	d.setFault(func(op string) storetest.Fault {
		if op == "SaveTicket" {
			if saves.Add(1) > 70 {
				return storetest.FailAfter
			}
		}
		return storetest.Pass
	})
	if err := d.Redecide(d.ctx, alone); err == nil {
		t.Fatal("the store failed and nobody noticed")
	}
	d.setFault(nil)
	d.must(d.Redecide(d.ctx, alone))
	if got := d.queueOf(ids); got["payments"] != 150 {
		t.Fatalf("after: %v", got)
	}
	rec, err := store.Redecisions(d.store).Get(d.ctx, "desk")
	d.must(err)
	if r := rec.Value; r.FinishedAt.IsZero() || r.Assigns != rules.Assigns || r.Done < 64 || r.Moved > 150 {
		t.Fatalf("progress: %+v", r)
	}
	for _, id := range ids {
		if tk := d.Read(id); tk.AgeAt.After(tk.CreatedAt) {
			t.Fatal("a wait was lost")
		}
	}
}

// The most urgent work is decided first.
func TestUrgentWorkIsDecidedAgainFirst(t *testing.T) {
	d := newDesk(t)
	general := d.Receive(router.ChannelEmail, "a@x.y", "请问手续费是多少")
	d.Advance(time.Minute)
	urgent := d.Receive(router.ChannelEmail, "b@x.y", "我的账户被盗了，有人盗刷")
	d.policy("calendar: always}", "calendar: always, on_call: {to: night}}")
	d.policy(`class: security
    facts`, `class: payment
    facts`)
	d.policy(`class: general
    words`, `class: payment
    words`)
	w, err := d.redecider(d.ctx, store.Redecision{After: map[router.RunKey]router.Head{}})
	d.must(err)
	key, _ := w.first()
	if key != d.Read(urgent.ID).Run().Key || d.Read(general.ID).Queue != "general" {
		t.Fatalf("first is %s", key)
	}
}
