package dispatch

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store"
	"switchyard/router/store/storetest"
)

// questions are the automatic messages of a ticket.
func (d *desk) questions(id router.TicketID) (out []router.Message) {
	d.t.Helper()
	ms, _, err := d.store.TicketMessages(d.ctx, id, "", 100)
	d.must(err)
	for _, m := range ms {
		if m.Automatic {
			out = append(out, m)
		}
	}
	return out
}

func (d *desk) decisionOf(t router.Ticket) router.Decision {
	d.t.Helper()
	r, err := store.Decisions(d.store).Get(d.ctx, t.Decision)
	d.must(err)
	return r.Value.Decision
}

func TestAQuestionIsAskedOnceAndKeepsThePlaceInLine(t *testing.T) {
	d := newDesk(t)
	first := d.message(router.ChannelChat, "v1", "I was charged twice, refund please")
	d.Advance(time.Minute) // triage comes late
	d.must(d.Triage(d.ctx, first.ID))
	ticket := d.TicketOf(first.ID)
	asked := d.questions(ticket.ID)
	if len(asked) != 1 || !slices.Equal(ticket.Asked, []string{"time", "amount", "payee"}) || ticket.State != router.StateWaiting || len(ticket.Outbox) != 0 {
		t.Fatalf("%+v %+v", asked, ticket)
	}
	q := asked[0]
	if q.Stage != router.StageQueued || q.Author != "" || q.Direction != router.DirectionOut || q.InReplyTo != first.ID || q.Language != "en" || !first.Before(q) || !strings.Contains(q.Text, "What was the amount?") {
		t.Fatalf("%+v", q)
	}
	if !slices.Contains(d.nudges, "message:deliver "+string(q.ID)) {
		t.Fatal("nobody was told to deliver it:", d.nudges)
	}
	if !ticket.AgeAt.Equal(first.ReceivedAt) || ticket.Case.Number != 1 || ticket.Case.Judged || ticket.Epoch != 0 || ticket.LastCustomer != first.ID || !ticket.ActedAt.IsZero() {
		t.Fatalf("the question changed its place in line: %+v", ticket)
	}

	d.Advance(time.Minute)
	again := d.Receive(router.ChannelChat, "v1", "yesterday at 14:30, 35.90 USD. It is still pending, can you cancel it?")
	if c := d.decisionOf(again).Classification; !slices.Equal(c.Missing, []string{"payee"}) {
		t.Fatalf("after the answer %v is missing", c.Missing)
	}
	if again.ID != ticket.ID || !again.AgeAt.Equal(ticket.AgeAt) || again.Case != ticket.Case || again.CutoffAt.IsZero() || len(d.questions(ticket.ID)) != 1 {
		t.Fatalf("the answer lost its place, found no cut-off, or was asked again: %+v", again)
	}

	d.Advance(time.Minute)
	moved := d.Receive(router.ChannelChat, "v1", "wait, that was not me at all, I was hacked, someone is paying from my account")
	if moved.ID != ticket.ID || moved.Queue != "security" || moved.Case.Number != 1 || len(d.questions(ticket.ID)) != 1 {
		t.Fatalf("an answer that changes the route moves it, and nothing is asked again: %+v", moved)
	}
	if got := moved.Wait(d.clock(), d.calendar(moved.Queue)); got != 3*time.Minute {
		t.Fatalf("its wait moves along: %v", got)
	}
}

func TestWhoIsNotAsked(t *testing.T) {
	d := newDesk(t)
	none := func(what string, ticket router.Ticket) {
		t.Helper()
		if q := d.questions(ticket.ID); ticket.ID == "" || len(q) != 0 || len(ticket.Asked) != 0 {
			t.Errorf("%s: %v of %q", what, q, ticket.ID)
		}
	}
	const text = "I was charged twice, refund please"
	keyed := func(key string, kind router.Kind) func(*router.Message) {
		return func(m *router.Message) { m.Kind, m.ThreadKeys = kind, []string{key} }
	}
	none("automatic mail", d.Receive(router.ChannelEmail, "a@b.c", text, keyed("<1>", router.KindAutoReply)))
	none("a mailing list", d.Receive(router.ChannelEmail, "l@b.c", text, keyed("<2>", router.KindList)))
	none("a general question", d.Receive(router.ChannelChat, "v1", "how do I see my fees?"))
	none("a call", d.Receive(router.ChannelPhone, "+8613800138000", "", func(m *router.Message) {
		m.Kind, m.Call = router.KindCall, &router.Call{Incoming: true, Outcome: router.CallMissed, StartedAt: d.clock()}
	}))

	d.CanReply = func(router.SourceName, int) error { return router.Fail("test", router.CodeCannotReply, "no way back") }
	none("a source that carries no replies", d.Receive(router.ChannelChat, "v2", text))
	d.CanReply = func(router.SourceName, int) error { return nil }

	// Whoever answers every mail with a new one is asked once a day, not for ever.
	if first := d.Receive(router.ChannelEmail, "robot@b.c", text, keyed("<3>", router.KindMessage)); len(first.Asked) == 0 {
		t.Fatal("the first mail is asked about")
	}
	d.Advance(time.Minute)
	none("a second mail of the same customer", d.Receive(router.ChannelEmail, "robot@b.c", text, keyed("<4>", router.KindMessage)))
	d.Advance(25 * time.Hour)
	if later := d.Receive(router.ChannelEmail, "robot@b.c", text, keyed("<5>", router.KindMessage)); len(later.Asked) == 0 {
		t.Fatal("on another day it is asked again")
	}
	// What a machine answers to our question is recorded on the ticket and changes nothing.
	ticket := d.Receive(router.ChannelEmail, "away@b.c", text, keyed("<6>", router.KindMessage))
	m := d.message(router.ChannelEmail, "away@b.c", "out of office", keyed("<7>", router.KindAutoReply), func(m *router.Message) { m.ThreadKeys = append(m.ThreadKeys, "<6>") })
	d.must(d.Triage(d.ctx, m.ID))
	if after := d.TicketOf(m.ID); after.ID != ticket.ID || after.State != router.StateWaiting || len(d.questions(ticket.ID)) != 1 {
		t.Fatalf("%+v", after)
	}
}

// Invariant C for questions: a crash before or after every write, then the step again: one question, committed and handed over.
func TestAQuestionSurvivesACrashAtEveryWrite(t *testing.T) {
	for _, how := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		for n := 1; ; n++ {
			d := newDesk(t)
			m := d.message(router.ChannelChat, "v1", "refund please, charged twice")
			seen := d.crashAt(n, how)
			err := d.Triage(d.ctx, m.ID)
			d.setFault(nil)
			if err == nil && *seen < n {
				if n < 8 {
					t.Fatalf("a triage with a question makes only %d writes", n-1)
				}
				break
			}
			d.must(d.Triage(d.ctx, m.ID))
			d.must(d.Triage(d.ctx, m.ID))
			got := d.TicketOf(m.ID)
			q := d.questions(got.ID)
			if len(q) != 1 || q[0].Stage != router.StageQueued || len(got.Outbox) != 0 || len(got.Asked) != 3 || got.Case.Judged || !got.AgeAt.Equal(m.ReceivedAt) {
				t.Fatalf("crash %v at write %d: %+v %+v", how, n, q, got)
			}
			if !slices.Contains(d.nudges, "message:deliver "+string(q[0].ID)) {
				t.Fatalf("crash %v at write %d: it was handed to nobody", how, n)
			}
		}
	}
}

// The decision that asks is made again from its record with the same bytes.
func TestAQuestionIsReproducible(t *testing.T) {
	d := newDesk(t)
	ticket := d.Receive(router.ChannelChat, "v1", "提现没到账")
	r, err := store.Decisions(d.store).Get(d.ctx, ticket.Decision)
	d.must(err)
	again, err := d.Again(d.ctx, r.Value)
	d.must(err)
	a, _ := json.Marshal(r.Value.Decision)
	b, _ := json.Marshal(again)
	if !bytes.Equal(a, b) || len(again.Ask) != 3 || again.AskLanguage != "zh" {
		t.Fatalf("%s\n%s", a, b)
	}
}

func TestAQuestionThatDoesNotArriveReopensNothing(t *testing.T) {
	d := newDesk(t)
	ann := d.Agent("ann")
	ticket := d.Receive(router.ChannelChat, "v1", "I was charged twice, refund please")
	d.Advance(time.Second)
	other := d.Receive(router.ChannelChat, "v2", "I was charged twice, refund please")
	fail := func(id router.TicketID) {
		q := d.questions(id)[0]
		q.Stage, q.Error = router.StageFailed, "invalid_field"
		q, err := d.store.SaveMessage(d.ctx, q)
		d.must(err)
		d.must(d.TellFailure(d.ctx, q))
	}
	got := d.ExpectPull(ann, ticket.ID)
	_, err := d.Resolve(d.ctx, ann.ID, ticket.ID, got.Epoch, "", "", "")
	d.must(err)
	fail(ticket.ID)
	d.ExpectState(ticket.ID, router.StateResolved)
	fail(other.ID)
	if w := d.ExpectState(other.ID, router.StateWaiting); w.Returned != "delivery_failed" {
		t.Fatalf("its agent is not told: %+v", w)
	}
}

// A change of topic after an agent has touched the ticket is proposed, never forced.
func TestAnotherTopicIsProposedNeverForced(t *testing.T) {
	d := newDesk(t)
	ann := d.Agent("ann")
	ticket := d.Receive(router.ChannelChat, "v1", "I was charged twice, refund please")
	got := d.ExpectPull(ann, ticket.ID)
	first := got.Decision
	const hacked = "and someone hacked my account, unauthorized payments, freeze it"

	d.Advance(time.Second)
	claimed := d.Receive(router.ChannelChat, "v1", hacked)
	if claimed.State != router.StateClaimed || claimed.Topic != "payment_error" || claimed.Queue != "payments" || claimed.Epoch != got.Epoch || claimed.Proposed != "account_security" || claimed.Decision == first {
		t.Fatalf("while claimed: %+v", claimed)
	}
	_, parked, err := d.Reply(d.ctx, ann.ID, ticket.ID, Reply{Epoch: got.Epoch, Text: "we look at it", Then: ThenPending})
	d.must(err)
	if parked.Proposed != "account_security" {
		t.Fatalf("a reply does not answer the proposal: %+v", parked)
	}
	d.Advance(time.Minute)
	back := d.Receive(router.ChannelChat, "v1", "there are more payments that were not me")
	if c := d.decisionOf(back).Classification; back.State != router.StateWaiting || back.Topic != "payment_error" || back.Queue != "payments" || back.Proposed != "account_security" || c.Proposed != "account_security" || len(c.Missing) == 0 {
		t.Fatalf("when it returns: %+v", back)
	}
	got = d.ExpectPull(ann, ticket.ID)
	done, err := d.Resolve(d.ctx, ann.ID, ticket.ID, got.Epoch, "account_security", "", "")
	d.must(err)
	if done.Proposed != "" || done.Topic != "account_security" {
		t.Fatalf("a correction answers the proposal: %+v", done)
	}
	d.Advance(time.Minute)
	if again := d.Receive(router.ChannelChat, "v1", "I was charged twice, refund please"); again.Topic != "account_security" || again.Proposed != "" {
		t.Fatalf("what an agent said is kept: %+v", again)
	}
}

// A topic that an agent has not acted under is free once his claim has ended.
func TestAClaimWithoutAnActForcesNothing(t *testing.T) {
	d := newDesk(t)
	ann := d.Agent("ann")
	ticket := d.Receive(router.ChannelChat, "v1", "how do I see my fees?")
	got := d.ExpectPull(ann, ticket.ID)
	d.Advance(time.Second)
	if told := d.Receive(router.ChannelChat, "v1", "I was hacked, someone is paying from my account, unauthorized"); told.Topic != "general" || told.Proposed != "account_security" {
		t.Fatalf("%+v", told)
	}
	freed, err := d.Release(d.ctx, ann.ID, ticket.ID, got.Epoch, "not mine")
	d.must(err)
	if freed.Topic != "account_security" || freed.Queue != "security" || freed.Proposed != "" {
		t.Fatalf("%+v", freed)
	}
}
