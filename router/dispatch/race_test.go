package dispatch

import (
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store/storetest"
)

// Two messages of one thread arrive together: the second waits for the ticket that the first is starting,
// instead of failing and coming back seconds later.
func TestTheSecondOfAThreadWaitsForTheFirst(t *testing.T) {
	d := newDesk(t)
	keyed := func(m *router.Message) { m.ThreadKeys = []string{"<1>"} }
	first := d.message(router.ChannelEmail, "a@b.c", "payment failed", keyed)
	second := d.message(router.ChannelEmail, "a@b.c", "and it was 500", keyed)
	inserting, proceed := make(chan struct{}), make(chan struct{})
	d.setFault(func(op string) storetest.Fault {
		if op == "InsertTicket" {
			close(inserting)
			<-proceed
		}
		return storetest.Pass
	})
	done := make(chan error, 2)
	go func() { done <- d.Triage(d.ctx, first.ID) }()
	<-inserting
	go func() { done <- d.Triage(d.ctx, second.ID) }()
	time.AfterFunc(5*startStep, func() { close(proceed) })
	d.must(<-done)
	d.must(<-done)
	if a, b := d.TicketOf(first.ID), d.TicketOf(second.ID); a.ID != b.ID || a.MessageCount != 2 {
		t.Fatalf("tickets %s and %s, %d messages", a.ID, b.ID, a.MessageCount)
	}
}
