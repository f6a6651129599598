package dispatch

import (
	"testing"
	"time"

	"switchyard/router"
)

// What was predicted when a ticket came is kept with its case, and counted against its wait when an agent acts.
func TestToldWaitsAreCounted(t *testing.T) {
	d := newDesk(t)
	ann := d.Agent("ann", func(u *router.User) { u.Queues = []router.QueueName{"payments"} })
	d.holds(ann, router.ChannelChat, router.ChannelChat)
	for i := range 6 {
		d.Receive(router.ChannelSocial, "w"+string(rune('a'+i)), "refund please, charged twice")
	}
	d.Advance(time.Minute)
	tk := d.Receive(router.ChannelSocial, "v1", "refund please, charged twice")
	if tk.Case.Told < 5*time.Minute {
		t.Fatalf("told %v with six before it and one agent", tk.Case.Told)
	}
	d.Advance(10 * time.Minute)
	got, err := d.Claim(d.ctx, d.Agent("bob"), tk.ID)
	d.must(err)
	_, err = d.Resolve(d.ctx, "bob", tk.ID, got.Ticket.Epoch, "", "", "")
	d.must(err)
	d.Advance(tallyEvery)
	d.Advance(tallyEvery)
	w := d.Live.View().Waits["payment"]
	if w.N != 1 || w.Wait < 9.9 || w.Wait > 10.1 || w.Abs == 0 {
		t.Fatalf("%+v", w)
	}
}
