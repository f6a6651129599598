package dispatch

import (
	"sync"
	"testing"
	"time"

	"switchyard/router"
)

// offeringDesk puts a policy in force whose queue payments makes offers.
func offeringDesk(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	if rules := d.policy("{name: payments, ", "{name: payments, offer: 30s, "); rules.Queues["payments"].Offer.D() != 30*time.Second {
		t.Fatal("the default policy has changed its shape")
	}
	return d
}

func (d *desk) expectOffer(id router.TicketID, to router.AgentID) router.Ticket {
	d.t.Helper()
	t := d.Read(id)
	if !Offered(t) || t.KeptFor != to || !t.KeptUntil.Equal(d.clock().Add(30*time.Second)) {
		d.t.Fatalf("offered to %q until %v (asked %v), want %q", t.KeptFor, t.KeptUntil, t.Offered, to)
	}
	return t
}

func TestOffersGoRoundAndEnd(t *testing.T) {
	d := offeringDesk(t)
	ann := d.Agent("ann")
	d.Advance(time.Minute)
	bob := d.Agent("bob")
	w := d.Receive(router.ChannelChat, "v1", "I was charged twice, refund please")
	d.expectOffer(w.ID, "ann") // idle longest
	_, err := d.Claim(d.ctx, bob, w.ID)
	d.ExpectCode(err, router.CodeNotClaimable)
	_, err = d.Decline(d.ctx, "bob", w.ID)
	d.ExpectCode(err, router.CodeNotClaimable)
	due, err := d.store.DueTickets(d.ctx, d.clock().Add(30*time.Second), 10)
	d.must(err)
	if len(due) != 1 || due[0] != w.ID {
		t.Fatalf("an offer that no process remembers would never lapse: %v", due)
	}
	d.Advance(30 * time.Second)
	d.must(d.Due(d.ctx, w.ID))
	d.expectOffer(w.ID, "bob")
	_, err = d.Decline(d.ctx, "bob", w.ID)
	d.must(err)
	left := d.ExpectState(w.ID, router.StateWaiting)
	if left.KeptFor != "" || len(left.Offered) != 2 || left.Wait(d.clock(), d.calendar(left.Queue)) != 30*time.Second {
		t.Fatalf("nobody is left: %+v", left)
	}
	d.must(d.Triage(d.ctx, d.message(router.ChannelChat, "v1", "hello?").ID))
	if again := d.Read(w.ID); again.KeptFor != "" {
		t.Fatalf("offered anew in the same case: %+v", again)
	}
	d.ExpectPull(ann, w.ID)
}

func TestAnOfferIsTaken(t *testing.T) {
	d := offeringDesk(t)
	ann := d.Agent("ann")
	d.Advance(time.Minute)
	d.Agent("bob")
	w := d.Receive(router.ChannelChat, "v1", "I was charged twice, refund please")
	d.expectOffer(w.ID, "ann")
	second := d.Receive(router.ChannelChat, "v2", "I was charged twice, refund please")
	d.expectOffer(second.ID, "bob") // ann has less room: what is offered to her counts
	got, err := d.Claim(d.ctx, ann, w.ID)
	d.must(err)
	if got.Ticket.Agent != "ann" || got.Ticket.KeptFor != "" {
		t.Fatalf("%+v", got.Ticket)
	}
	d.Advance(time.Second)
	_, err = d.Resolve(d.ctx, "ann", w.ID, got.Ticket.Epoch, "", "", "")
	d.must(err)
	p, err := d.Presence(d.ctx, "ann")
	d.must(err)
	if !p.FreedAt.Equal(d.clock()) {
		t.Fatalf("when she became free: %+v", p)
	}
	d.must(d.SetPresence(d.ctx, "bob", router.PresenceAway)) // his offer goes on at once
	d.expectOffer(second.ID, "ann")
	other := d.Receive(router.ChannelChat, "v3", "how do I see my fees?")
	if Offered(other) {
		t.Fatalf("its queue makes no offers: %+v", other)
	}
}

func TestTheLastAgentGoesFirst(t *testing.T) {
	d := offeringDesk(t)
	d.Agent("ann")
	d.Advance(time.Minute)
	bob := d.Agent("bob")
	w := d.Receive(router.ChannelChat, "v1", "I was charged twice, refund please")
	_, err := d.Decline(d.ctx, "ann", w.ID)
	d.must(err)
	got, err := d.Claim(d.ctx, bob, w.ID)
	d.must(err)
	_, _, err = d.Reply(d.ctx, "bob", w.ID, Reply{Epoch: got.Ticket.Epoch, Text: "done", Then: ThenResolve})
	d.must(err)
	d.Advance(time.Minute)
	d.must(d.Triage(d.ctx, d.message(router.ChannelChat, "v1", "still charged twice").ID))
	back := d.Read(w.ID)
	if back.KeptFor != "bob" || Offered(back) || len(back.Offered) != 0 {
		t.Fatalf("kept for its last agent, and a new case begins with nobody asked: %+v", back)
	}
	d.Advance(back.KeptUntil.Sub(d.clock()))
	d.must(d.Due(d.ctx, w.ID))
	d.expectOffer(w.ID, "ann") // and not bob, who had his time
}

// Two processes end one offer at once: one next offer is made.
func TestTwoProcessesOfferOnce(t *testing.T) {
	d := offeringDesk(t)
	for _, name := range []string{"ann", "bob", "cid"} {
		d.Agent(name)
	}
	other := d.other()
	var ids []router.TicketID
	for _, from := range []string{"v1", "v2", "v3", "v4", "v5", "v6"} {
		ids = append(ids, d.Receive(router.ChannelChat, from, "I was charged twice, refund please").ID)
	}
	d.Advance(30 * time.Second)
	d.must(other.Live.Refresh(d.ctx))
	var wg sync.WaitGroup
	errs := make(chan error, 2*len(ids))
	for _, id := range ids {
		for _, s := range []*Service{d.Service, other} {
			wg.Add(1)
			go func() { defer wg.Done(); errs <- s.Due(d.ctx, id) }()
		}
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		d.must(err)
	}
	for _, id := range ids {
		if w := d.Read(id); !Offered(w) || len(w.Offered) != 2 || w.Offered[0] == w.Offered[1] {
			t.Fatalf("%+v", w.Offered)
		}
	}
}
