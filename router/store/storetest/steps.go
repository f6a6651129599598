package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

// join is a step as the desk has many: it stores a message, its contact and its
// ticket, joins them, writes the ticket's life and ends with the message's stage.
func join(ctx context.Context, s store.Store, m router.Message) error {
	if _, err := s.InsertMessages(ctx, []router.Message{m}); err != nil {
		return err
	}
	m, err := s.Message(ctx, m.ID)
	if err != nil || m.Stage != router.StageReceived {
		return err
	}
	key := m.Handle.Key(m.Source)
	c, err := s.EnsureContact(ctx, key, router.Contact{ID: router.NewContactID(key), Handles: []router.Handle{m.Handle}, CreatedAt: m.ReceivedAt})
	if err != nil {
		return err
	}
	w, err := openTicket(ctx, s, m, c, key)
	if err != nil {
		return err
	}
	for !w.HasApplied(m.ID) {
		saved, err := s.SaveTicket(ctx, w.Applying(m), time.Time{})
		if router.IsCode(err, router.CodeConflict) {
			saved, err = s.Ticket(ctx, w.ID)
		}
		if err != nil {
			return err
		}
		w = saved
	}
	if err := s.IndexTerms(ctx, w.ID, store.Terms(m.Subject)); err != nil {
		return err
	}
	if _, err := s.Append(ctx, "ticket/"+string(w.ID), store.Entry{ID: string(m.ID), At: m.ReceivedAt, Body: []byte(`{"verb":"joined"}`)}); err != nil {
		return err
	}
	m.Stage, m.StageAt, m.TicketID, m.ContactID = router.StageTriaged, at(1), w.ID, c.ID
	_, err = s.SaveMessage(ctx, m)
	return err
}

func openTicket(ctx context.Context, s store.Store, m router.Message, c router.Contact, key string) (router.Ticket, error) {
	w, err := s.LatestTicket(ctx, m.Source, key)
	if err == nil && w.State.Open() || err != nil && !router.IsCode(err, router.CodeNotFound) {
		return w, err
	}
	w, err = s.InsertTicket(ctx, router.Ticket{
		ID: router.NewTicketID(m.ID), State: router.StateWaiting, Queue: "payments", Class: "normal", Channel: m.Channel, Source: m.Source,
		Handle: m.Handle, ContactID: c.ID, Keyless: true, AgeAt: m.ReceivedAt, CreatedAt: m.ReceivedAt, UpdatedAt: m.ReceivedAt,
	})
	if router.IsCode(err, router.CodeExists) {
		return s.LatestTicket(ctx, m.Source, key)
	}
	return w, err
}

var writes = map[string]bool{
	"InsertMessages": true, "EnsureContact": true, "InsertTicket": true, "SaveTicket": true, "IndexTerms": true, "Append": true, "SaveMessage": true,
}

// testSteps ends the step at each of its writes, before it and after it, and runs it again; and
// then lets messages of few handles arrive together while answers are lost.
func testSteps(t *testing.T, s store.Store) {
	for _, fault := range []Fault{FailBefore, FailAfter} {
		for k := range len(writes) {
			m := mail(fmt.Sprint("crash ", fault, k), fmt.Sprint("handle ", fault, k))
			n := -1
			flaky := NewFlaky(s, func(op string) Fault {
				if writes[op] {
					if n++; n == k {
						return fault
					}
				}
				return Pass
			})
			wantCode(t, join(t.Context(), flaky, m), router.CodeUnavailable)
			must(t, join(t.Context(), s, m))
			must(t, join(t.Context(), s, m))
			checkJoined(t, s, m.Handle, []router.Message{m})
		}
	}
	testStepsTogether(t, s)
}

func testStepsTogether(t *testing.T, s store.Store) {
	by := map[router.Handle][]router.Message{}
	var all []router.Message
	for i := range 24 {
		m := mail(fmt.Sprint("together ", i), fmt.Sprint("crowd ", i%4))
		by[m.Handle] = append(by[m.Handle], m)
		all = append(all, m)
	}
	together(2*len(all), func(i int) { // every message arrives twice
		n := 0
		flaky := NewFlaky(s, func(string) Fault {
			if n++; n%9 == i%9 && n < 40 {
				return FailAfter
			}
			return Pass
		})
		for range 200 {
			if join(t.Context(), flaky, all[i/2]) == nil {
				return
			}
		}
	})
	for h, ms := range by {
		checkJoined(t, s, h, ms)
	}
}

func checkJoined(t *testing.T, s store.Store, h router.Handle, ms []router.Message) {
	t.Helper()
	ctx := t.Context()
	w := got(s.LatestTicket(ctx, mailbox, h.Key(mailbox)))(t)
	equal(t, "messages counted", w.MessageCount, len(ms))
	es := got(s.ReadStream(ctx, "ticket/"+string(w.ID), 0, 100))(t)
	equal(t, "lines of its life", len(es), len(ms))
	joined, _, err := s.TicketMessages(ctx, w.ID, "", 100)
	must(t, err)
	equal(t, "messages joined", len(joined), len(ms))
	c := got(s.ContactByHandle(ctx, h.Key(mailbox)))(t)
	tickets, _, err := s.ListTickets(ctx, store.TicketFilter{Contact: c.ID, Terms: store.Terms("refund")})
	must(t, err)
	equal(t, "tickets of the contact", len(tickets), 1)
	for _, m := range ms {
		now := got(s.Message(ctx, m.ID))(t)
		if now.Stage != router.StageTriaged || now.TicketID != w.ID || now.ContactID != c.ID {
			t.Fatalf("the message is %s on %q of %q", now.Stage, now.TicketID, now.ContactID)
		}
	}
}
