package storetest

import (
	"fmt"
	"reflect"
	"sort"
	"sync/atomic"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

func sortBy[T any](items []T, less func(a, b T) bool) {
	sort.Slice(items, func(i, j int) bool { return less(items[i], items[j]) })
}

func testTicketOnce(t *testing.T, s store.Store) {
	ctx := t.Context()
	w := waiting("1")
	w.CutoffAt, w.SkipAgent, w.SkipUntil = at(60), "lin", at(30)
	w.Outbox = []router.Commit{{MessageID: "m9", At: at(3)}}
	saved := got(s.InsertTicket(ctx, w))(t)
	w.Version = 1
	for _, have := range []router.Ticket{saved, got(s.Ticket(ctx, w.ID))(t)} {
		if !reflect.DeepEqual(have, w) {
			t.Fatalf("got\n%+v\nwant\n%+v", have, w)
		}
	}
	other := w
	other.Subject = "another"
	_, err := s.InsertTicket(ctx, other)
	wantCode(t, err, router.CodeExists)
	equal(t, "subject", got(s.Ticket(ctx, w.ID))(t).Subject, w.Subject)
	_, err = s.Ticket(ctx, "tnone")
	wantCode(t, err, router.CodeNotFound)
	equal(t, "counted", got(s.CountStates(ctx))(t)[router.StateWaiting], 1)
	equal(t, "loaded", got(s.Load(ctx))(t)[0].Waiting, 1)
}

func testTicketStale(t *testing.T, s store.Store) {
	ctx := t.Context()
	first := got(s.InsertTicket(ctx, waiting("1")))(t)
	claimed := got(first.Claim(at(1), "lin", time.Minute))(t)
	saved := got(s.SaveTicket(ctx, claimed, at(61)))(t)
	equal(t, "version", saved.Version, first.Version+1)
	equal(t, "epoch", saved.Epoch, 1)
	_, err := s.SaveTicket(ctx, claimed, at(61))
	wantCode(t, err, router.CodeConflict)
	late := got(first.Claim(at(2), "wang", time.Minute))(t)
	_, err = s.SaveTicket(ctx, late, at(62))
	wantCode(t, err, router.CodeConflict)
	if have := got(s.Ticket(ctx, first.ID))(t); !reflect.DeepEqual(have, saved) {
		t.Fatalf("got\n%+v\nwant\n%+v", have, saved)
	}
	late.ID = "tnone"
	_, err = s.SaveTicket(ctx, late, time.Time{})
	wantCode(t, err, router.CodeNotFound)
	equal(t, "nothing waits", len(got(s.Load(ctx))(t)), 0)
	ahead := saved
	ahead.Version += 5
	_, err = s.SaveTicket(ctx, ahead, time.Time{})
	wantCode(t, err, router.CodeConflict)
}

func testExpiry(t *testing.T, s store.Store) {
	ctx := t.Context()
	for i := range 20 {
		first := got(s.InsertTicket(ctx, waiting(fmt.Sprint(i))))(t)
		claimed := got(first.Claim(at(1), "lin", time.Minute))(t)
		held := got(s.SaveTicket(ctx, claimed, at(61)))(t)
		expired := got(held.Enqueue(at(61), held.Queue, wall{}, wall{}, time.Hour, "expired"))(t)
		beating := held
		beating.ExpiresAt = at(121)
		var won atomic.Int32
		together(2, func(i int) {
			next, due := expired, time.Time{}
			if i == 1 {
				next, due = beating, beating.ExpiresAt
			}
			if _, err := s.SaveTicket(ctx, next, due); err == nil {
				won.Add(1)
			} else if !router.IsCode(err, router.CodeConflict) {
				won.Add(100)
			}
		})
		equal(t, "winners", won.Load(), 1)
		now := got(s.Ticket(ctx, first.ID))(t)
		heads := got(s.Heads(ctx, "", at(61), []store.HeadQuery{{Run: first.Run().Key, Limit: 100}}))(t)
		equal(t, "it waits if and only if it expired", headed(heads, first.ID), now.State == router.StateWaiting)
	}
}

func headed(hs []router.Head, id router.TicketID) bool {
	for _, h := range hs {
		if h.TicketID == id {
			return true
		}
	}
	return false
}

func testOpenKey(t *testing.T, s store.Store) {
	ctx := t.Context()
	keyless := func(name string) router.Ticket {
		w := waiting(name)
		w.Keyless, w.Handle = true, handleOf("one")
		return w
	}
	first := got(s.InsertTicket(ctx, keyless("1")))(t)
	_, err := s.InsertTicket(ctx, keyless("2"))
	wantCode(t, err, router.CodeExists)
	elsewhere := keyless("3")
	elsewhere.Source = "sales"
	got(s.InsertTicket(ctx, elsewhere))(t)
	threaded := keyless("4")
	threaded.Keyless = false
	got(s.InsertTicket(ctx, threaded))(t)

	closed := got(first.Resolve(at(5)))(t)
	closed = got(s.SaveTicket(ctx, closed, time.Time{}))(t)
	second := got(s.InsertTicket(ctx, keyless("2")))(t)
	reopened := got(closed.Enqueue(at(9), closed.Queue, wall{}, wall{}, time.Hour, "reply"))(t)
	_, err = s.SaveTicket(ctx, reopened, time.Time{})
	wantCode(t, err, router.CodeExists)
	equal(t, "unchanged", got(s.Ticket(ctx, first.ID))(t).Version, closed.Version)
	equal(t, "waiting", got(s.CountStates(ctx))(t)[router.StateWaiting], 3)
	got(s.SaveTicket(ctx, got(second.Resolve(at(10)))(t), time.Time{}))(t)
	got(s.SaveTicket(ctx, reopened, time.Time{}))(t)

	var stored atomic.Int32
	together(32, func(i int) {
		w := keyless(fmt.Sprint("race ", i))
		w.Handle = handleOf("two")
		if _, err := s.InsertTicket(ctx, w); err == nil {
			stored.Add(1)
		} else if !router.IsCode(err, router.CodeExists) {
			stored.Add(100)
		}
	})
	equal(t, "open tickets of one handle", stored.Load(), 1)
}

func testFirstTwo(t *testing.T, s store.Store) {
	ctx := t.Context()
	for round := range 10 {
		name := fmt.Sprint("round ", round)
		var opened, refused atomic.Int32
		contacts := make([]router.Contact, 2)
		together(2, func(i int) {
			w := waiting(fmt.Sprint(name, i))
			w.Keyless, w.Handle = true, handleOf(name)
			key := w.Handle.Key(mailbox)
			c, err := s.EnsureContact(ctx, key, router.Contact{ID: router.ContactID(fmt.Sprint(name, i)), Handles: []router.Handle{w.Handle}})
			if err != nil {
				return
			}
			contacts[i] = c
			switch _, err = s.InsertTicket(ctx, w); {
			case err == nil:
				opened.Add(1)
			case router.IsCode(err, router.CodeExists):
				refused.Add(1)
			}
		})
		equal(t, "opened", opened.Load(), 1)
		equal(t, "refused", refused.Load(), 1)
		equal(t, "one contact", contacts[0].ID, contacts[1].ID)
	}
}

func testLatest(t *testing.T, s store.Store) {
	ctx := t.Context()
	key := handleOf("one").Key(mailbox)
	_, err := s.LatestTicket(ctx, mailbox, key)
	wantCode(t, err, router.CodeNotFound)
	var last router.Ticket
	for i := range 4 {
		w := waiting(fmt.Sprint(i))
		w.Keyless, w.Handle, w.State, w.CreatedAt = true, handleOf("one"), router.StateResolved, at(i/2)
		w = got(s.InsertTicket(ctx, w))(t)
		if i >= 2 && w.ID > last.ID {
			last = w
		}
	}
	threaded := waiting("threaded")
	threaded.Handle, threaded.CreatedAt = handleOf("one"), at(50)
	got(s.InsertTicket(ctx, threaded))(t)
	equal(t, "latest", got(s.LatestTicket(ctx, mailbox, key))(t).ID, last.ID)
	_, err = s.LatestTicket(ctx, "sales", key)
	wantCode(t, err, router.CodeNotFound)
}
