package storetest

import (
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

func testMessageOnce(t *testing.T, s store.Store) {
	ctx := t.Context()
	m := mail("1", "a")
	answered := at(40)
	m.Call = &router.Call{Outcome: router.CallMissed, Incoming: true, StartedAt: at(30), AnsweredAt: &answered, Ring: time.Second}
	m.Attachments = []router.Attachment{{ID: "b1", Name: "圖.png", Type: "image/png", Size: 7}}
	equalAll(t, "first", got(s.InsertMessages(ctx, []router.Message{m}))(t), []bool{true})
	m.Version = 1
	if have := got(s.Message(ctx, m.ID))(t); !reflect.DeepEqual(have, m) {
		t.Fatalf("read back\n%+v\nwant\n%+v", have, m)
	}
	other := m
	other.Text, other.Stage = "another text", router.StageDead
	answer := got(s.InsertMessages(ctx, []router.Message{other, mail("2", "b"), mail("2", "b")}))(t)
	equalAll(t, "again", answer, []bool{false, true, false})
	equal(t, "the first text", got(s.Message(ctx, m.ID))(t).Text, m.Text)
	equal(t, "received", got(s.CountStages(ctx))(t)[router.StageReceived], 2)
	equal(t, "none", len(got(s.InsertMessages(ctx, nil))(t)), 0)

	_, err := s.Message(ctx, "mnone")
	wantCode(t, err, router.CodeNotFound)
	two := router.NewMessageID(mailbox, "2")
	ms := got(s.MessagesByID(ctx, []router.MessageID{two, "mnone", m.ID}))(t)
	equalAll(t, "by id", ids(ms), []router.MessageID{two, m.ID})
	_, err = s.MessagesByID(ctx, make([]router.MessageID, store.MaxLimit+1))
	wantCode(t, err, router.CodeTooLarge)
}

func ids(ms []router.Message) []router.MessageID {
	out := make([]router.MessageID, len(ms))
	for i, m := range ms {
		out[i] = m.ID
	}
	return out
}

func testMessageRace(t *testing.T, s store.Store) {
	var stored, failed atomic.Int32
	together(100, func(i int) {
		m := mail("same", "a")
		m.Text = fmt.Sprint("text ", i)
		answer, err := s.InsertMessages(t.Context(), []router.Message{m, mail(fmt.Sprint("own ", i), "a")})
		if err != nil || !answer[1] {
			failed.Add(1)
		} else if answer[0] {
			stored.Add(1)
		}
	})
	equal(t, "failed", failed.Load(), 0)
	equal(t, "stored", stored.Load(), 1)
	equal(t, "received", got(s.CountStages(t.Context()))(t)[router.StageReceived], 101)
}

func testMessageSave(t *testing.T, s store.Store) {
	ctx := t.Context()
	m := mail("1", "a")
	got(s.InsertMessages(ctx, []router.Message{m}))(t)
	m = got(s.Message(ctx, m.ID))(t)
	change := m
	change.Text, change.Subject, change.ExternalID = "forged", "forged", "forged"
	change.Stage, change.StageAt, change.TicketID, change.ContactID = router.StageTriaged, at(5), "t1", "c1"
	change.Attempts, change.RetryAt, change.ProviderID, change.Error = 3, at(9), "p", "e"
	saved := got(s.SaveMessage(ctx, change))(t)
	want := change
	want.Text, want.Subject, want.ExternalID, want.Version = m.Text, m.Subject, m.ExternalID, m.Version+1
	for _, have := range []router.Message{saved, got(s.Message(ctx, m.ID))(t)} {
		if !reflect.DeepEqual(have, want) {
			t.Fatalf("got\n%+v\nwant\n%+v", have, want)
		}
	}
	_, err := s.SaveMessage(ctx, change)
	wantCode(t, err, router.CodeConflict)
	change.ID = "mnone"
	_, err = s.SaveMessage(ctx, change)
	wantCode(t, err, router.CodeNotFound)
	equal(t, "received", got(s.CountStages(ctx))(t)[router.StageReceived], 0)

	var won atomic.Int32
	together(16, func(int) {
		if _, err := s.SaveMessage(ctx, saved); err == nil {
			won.Add(1)
		}
	})
	equal(t, "winners of one version", won.Load(), 1)
	ticketless := got(s.Message(ctx, m.ID))(t)
	ticketless.TicketID, ticketless.ContactID = "", ""
	got(s.SaveMessage(ctx, ticketless))(t)
	ms, _, err := s.TicketMessages(ctx, "t1", "", 10)
	must(t, err)
	equal(t, "messages of the ticket it left", len(ms), 0)
}

func testMessagePages(t *testing.T, s store.Store) {
	ctx := t.Context()
	var batch []router.Message
	for i := range 25 {
		m := mail(fmt.Sprint(i), "a")
		m.ReceivedAt, m.TicketID, m.ContactID = at(i/3), "t1", "c1" // several in one moment
		m.Stage = router.StageTriaged
		if i%5 == 0 {
			m.TicketID = "t2"
		}
		batch = append(batch, m)
	}
	got(s.InsertMessages(ctx, batch))(t)
	byAge := func(ms []router.Message, keep func(router.Message) bool, newest bool) []router.MessageID {
		var kept []router.Message
		for _, m := range ms {
			if keep(m) {
				kept = append(kept, m)
			}
		}
		sortBy(kept, func(a, b router.Message) bool { return a.Before(b) != newest })
		return ids(kept)
	}
	id := func(m router.Message) router.MessageID { return m.ID }
	for _, limit := range []int{1, 4, 20, 100} {
		have := pages(t, limit, id, func(after string) ([]router.Message, string, error) { return s.TicketMessages(ctx, "t1", after, limit) })
		equalAll(t, "ticket", have, byAge(batch, func(m router.Message) bool { return m.TicketID == "t1" }, false))
		have = pages(t, limit, id, func(after string) ([]router.Message, string, error) {
			return s.ContactMessages(ctx, "c1", after, limit)
		})
		equalAll(t, "contact", have, byAge(batch, func(router.Message) bool { return true }, true))
	}
	_, _, err := s.TicketMessages(ctx, "t1", "not a cursor", 5)
	wantCode(t, err, router.CodeInvalidField)
}

func testStaged(t *testing.T, s store.Store) {
	ctx := t.Context()
	var batch []router.Message
	add := func(name string, stage router.Stage, stageAt int, retryAt int) router.MessageID {
		m := mail(name, "a")
		m.Stage, m.StageAt = stage, at(stageAt)
		if retryAt != 0 {
			m.RetryAt = at(retryAt)
		}
		batch = append(batch, m)
		return m.ID
	}
	late := add("late", router.StageReceived, 5, 0)
	early := add("early", router.StageReceived, 1, 0)
	retried := add("retried", router.StageReceived, 2, 10)
	add("not yet", router.StageReceived, 3, 11)
	add("too new", router.StageReceived, 10, 0)
	add("done", router.StageTriaged, 1, 0)
	queued := add("queued", router.StageQueued, 1, 0)
	got(s.InsertMessages(ctx, batch))(t)
	equalAll(t, "received", ids(got(s.StagedMessages(ctx, router.StageReceived, at(10), 10))(t)), []router.MessageID{early, retried, late})
	equalAll(t, "limited", ids(got(s.StagedMessages(ctx, router.StageReceived, at(10), 2))(t)), []router.MessageID{early, retried})
	equalAll(t, "queued", ids(got(s.StagedMessages(ctx, router.StageQueued, at(10), 10))(t)), []router.MessageID{queued})
	_, err := s.StagedMessages(ctx, router.StageTriaged, at(10), 10)
	wantCode(t, err, router.CodeInvalidField)
	counts := got(s.CountStages(ctx))(t)
	if !reflect.DeepEqual(counts, map[router.Stage]int{router.StageReceived: 5, router.StageQueued: 1}) {
		t.Fatalf("counts: %v", counts)
	}
}
