package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

// Run checks a store against every promise of package store. open gives a store
// of its own, not migrated yet, that ends with the test it is given.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s store.Store)
	}{
		{"A/migrate ping close", testLife},
		{"A/canceled context", testCanceled},
		{"B/message inserted once", testMessageOnce},
		{"B/100 insert one external id", testMessageRace},
		{"C/message moves by version", testMessageSave},
		{"E/messages of a ticket and a contact page", testMessagePages},
		{"E/staged messages", testStaged},
		{"B/ticket inserted once", testTicketOnce},
		{"C/stale ticket refused", testTicketStale},
		{"C/expiry against heartbeat", testExpiry},
		{"D/open key", testOpenKey},
		{"D/two first messages of one handle", testFirstTwo},
		{"E/latest ticket", testLatest},
		{"E/ticket lists page", testTicketLists},
		{"E/terms", testTerms},
		{"E/due, claimed, kept, queue", testWorkLists},
		{"E/heads against a model", testHeadsModel},
		{"E/64 claim 1000", testClaims},
		{"F/64 claim 1000, a tenth of the answers lost", testClaimsLost},
		{"F/a step that crashed runs again", testSteps},
		{"B/contact", testContact},
		{"C/docs", testDocs},
		{"E/lists are bounded", testBounds},
		{"C/updates under contention", testUpdates},
		{"C/leases", testLeases},
		{"B/streams", testStreams},
		{"B/streams from 32", testStreamRace},
		{"B/blobs", testBlobs},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, fresh(t, open)) })
	}
}

// fresh opens a store and migrates it twice: the second time changes nothing.
func fresh(t *testing.T, open func(t *testing.T) store.Store) store.Store {
	t.Helper()
	s := open(t)
	t.Cleanup(func() { must(t, s.Close()) })
	for range 2 {
		must(t, s.Migrate(t.Context()))
	}
	return s
}

// at is a moment of the tests; they have no clock.
func at(seconds int) time.Time {
	return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
}

// wall is a calendar that is always open.
type wall struct{}

func (wall) Between(from, to time.Time) time.Duration      { return max(0, to.Sub(from)) }
func (wall) Before(t time.Time, d time.Duration) time.Time { return t.Add(-d) }

var _ router.Calendar = wall{}

const mailbox router.SourceName = "support"

func handleOf(name string) router.Handle {
	return router.Handle{Channel: router.ChannelEmail, Address: name + "@example.org"}
}

// mail is a message that was just received.
func mail(external, from string) router.Message {
	return router.Message{
		ID: router.NewMessageID(mailbox, external), Source: mailbox, Channel: router.ChannelEmail, Direction: router.DirectionIn,
		Kind: router.KindMessage, ExternalID: external, Handle: handleOf(from), Subject: "退款 refund", Text: "text of " + external,
		ThreadKeys: []string{external}, ReceivedAt: at(0), SentAt: at(-1), Stage: router.StageReceived, StageAt: at(0),
	}
}

// waiting is a ticket that waits.
func waiting(name string) router.Ticket {
	id := router.NewTicketID(router.NewMessageID(mailbox, name))
	return router.Ticket{
		ID: id, State: router.StateWaiting, Queue: "payments", Class: "normal", Topic: "payment_error", Channel: router.ChannelEmail,
		Source: mailbox, Handle: handleOf(name), ContactID: router.NewContactID(name), Needs: []router.Need{{Skill: "refund", Level: 1}},
		AgeAt: at(0), CreatedAt: at(0), UpdatedAt: at(0),
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func got[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func wantCode(t *testing.T, err error, code router.Code) {
	t.Helper()
	if router.CodeOf(err) != code {
		t.Fatalf("got error %v, want code %q", err, code)
	}
}

func equal[T comparable](t *testing.T, what string, have, want T) {
	t.Helper()
	if have != want {
		t.Fatalf("%s: got %v, want %v", what, have, want)
	}
}

func equalAll[T comparable](t *testing.T, what string, have, want []T) {
	t.Helper()
	if fmt.Sprint(have) != fmt.Sprint(want) {
		t.Fatalf("%s: got %v, want %v", what, have, want)
	}
}

// together starts n goroutines at once and waits for all of them.
func together(n int, fn func(i int)) {
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range n {
		done.Add(1)
		go func() {
			defer done.Done()
			start.Wait()
			fn(i)
		}()
	}
	start.Done()
	done.Wait()
}

// pages reads a list to its end and gives the ids, which must come in pages of at most limit.
func pages[T any, ID comparable](t *testing.T, limit int, id func(T) ID, read func(after string) ([]T, string, error)) []ID {
	t.Helper()
	var all []ID
	seen := map[ID]bool{}
	for after := ""; ; {
		items, next, err := read(after)
		must(t, err)
		if len(items) > limit {
			t.Fatalf("a page has %d items, limit %d", len(items), limit)
		}
		for _, item := range items {
			if seen[id(item)] {
				t.Fatalf("%v is in two pages", id(item))
			}
			seen[id(item)] = true
			all = append(all, id(item))
		}
		if next == "" {
			return all
		}
		after = next
	}
}

func testLife(t *testing.T, s store.Store) {
	ctx := t.Context()
	must(t, s.Ping(ctx))
	must(t, s.Migrate(ctx))
	got(s.InsertMessages(ctx, []router.Message{mail("1", "a")}))(t)
	must(t, s.Migrate(ctx))
	got(s.Message(ctx, router.NewMessageID(mailbox, "1")))(t)
	must(t, s.Close())
	must(t, s.Close())
	wantCode(t, s.Ping(ctx), router.CodeUnavailable)
	_, err := s.Message(ctx, "m1")
	wantCode(t, err, router.CodeUnavailable)
	_, err = s.InsertMessages(ctx, []router.Message{mail("2", "a")})
	wantCode(t, err, router.CodeUnavailable)
}

func testCanceled(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.InsertTicket(ctx, waiting("1"))
	wantCode(t, err, router.CodeUnavailable)
	_, err = s.Heads(ctx, "", at(0), []store.HeadQuery{{Run: waiting("1").Run().Key, Limit: 1}})
	wantCode(t, err, router.CodeUnavailable)
}
