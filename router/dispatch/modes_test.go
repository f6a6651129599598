package dispatch

import (
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
	"switchyard/router/route"
	"switchyard/router/store"
	"switchyard/router/store/storetest"
)

// moved moves the modes and looks again.
func (d *desk) moved() route.Overload {
	d.t.Helper()
	d.must(d.MoveModes(d.ctx))
	d.must(d.Live.Refresh(d.ctx))
	return d.Live.View().Modes.Overload
}

func (d *desk) audit() (acts []string) {
	d.t.Helper()
	es, err := d.store.ReadStream(d.ctx, store.AuditStream, 0, 100)
	d.must(err)
	for _, e := range es {
		acts = append(acts, string(e.Body))
	}
	return acts
}

func reasonOf(dec router.Decision, rule string) *router.Reason {
	for i := range dec.Reasons {
		if dec.Reasons[i].Rule == rule {
			return &dec.Reasons[i]
		}
	}
	return nil
}

// other is a second process on the same store and clock.
func (d *desk) other() *Service {
	d.t.Helper()
	live := NewLive(d.store, d.clock, time.LoadLocation, slog.New(slog.NewTextHandler(io.Discard, nil)))
	d.must(live.Refresh(d.ctx))
	return &Service{Store: d.store, Live: live, Bus: d, Nudger: d, Now: d.clock, Log: live.log, CanReply: d.CanReply}
}

// The load rises, the mode comes on, stays at_least, falls only below the leave mark; two processes agree; a restart keeps it.
func TestOverloadComesAndGoes(t *testing.T) {
	d := newDesk(t)
	d.use(overloadOf("load.waiting > 5", "load.waiting < 3"))
	told := func() (out []string) {
		for _, n := range d.notices() {
			out = append(out, n.Kind+" "+n.Text.EN)
		}
		return out
	}
	var tickets []router.TicketID
	for range 5 {
		tickets = append(tickets, d.Receive(router.ChannelEmail, "a@example.org", "I was charged twice, please refund me", ownThread).ID)
	}
	if d.Live.Refresh(d.ctx) != nil || d.moved().On {
		t.Fatal("five are not more than five")
	}
	tickets = append(tickets, d.Receive(router.ChannelEmail, "b@example.org", "I was charged twice, please refund me", ownThread).ID)
	d.must(d.Live.Refresh(d.ctx))
	on := d.moved()
	if !on.On || !on.Since.Equal(d.clock()) || !strings.Contains(on.Why.EN, "load.waiting > 5") || d.moved() != on {
		t.Fatalf("%+v", on)
	}
	if len(told()) != 1 || !strings.HasPrefix(told()[0], "mode Overload is on: ") || len(d.audit()) != 1 || !strings.Contains(d.audit()[0], "overload_on") {
		t.Fatal(told(), d.audit())
	}
	second := d.other()
	if second.Live.View().Modes.Overload != on || !second.Live.View().Snapshot.Overload {
		t.Fatal("a process that starts anew does not know of it")
	}
	d.must(second.MoveModes(d.ctx))
	if len(d.audit()) != 1 {
		t.Fatal("what another process told is in the audit twice")
	}
	finish := func(n int) {
		for range n {
			d.must(d.resolveAny(tickets[0]))
			tickets = tickets[1:]
		}
		d.must(d.Live.Refresh(d.ctx))
	}
	d.Advance(21 * time.Minute)
	finish(2) // four wait: neither more than five nor fewer than three
	if !d.moved().On {
		t.Fatal("it goes between its marks")
	}
	d.Advance(time.Minute)
	finish(2)
	off := d.moved()
	if off.On || !off.Since.Equal(d.clock()) || len(told()) != 2 || len(d.audit()) != 2 {
		t.Fatalf("%+v %v", off, told())
	}
	d.must(second.Live.Refresh(d.ctx))
	d.must(second.MoveModes(d.ctx))
	if second.Live.View().Modes.Overload != off || len(d.audit()) != 2 {
		t.Fatal("the processes do not agree")
	}
}

// overloadOf is the default policy with marks of overload that a test can reach.
func overloadOf(enter, leave string) string {
	before, rest, _ := strings.Cut(string(policy.Default()), "  enter: ")
	_, rest, _ = strings.Cut(rest, "\n  at_least: ")
	return before + "  enter: " + enter + "\n  leave: " + leave + "\n  at_least: " + rest
}

// resolveAny closes a waiting ticket.
func (d *desk) resolveAny(id router.TicketID) error {
	return d.ResolveMany(d.ctx, "mgr", []router.TicketID{id}, "")[0]
}

func TestOverloadStaysItsLeastTime(t *testing.T) {
	d := newDesk(t)
	d.use(overloadOf("load.waiting > 0", "load.waiting == 0"))
	id := d.Receive(router.ChannelChat, "v", "how do I change my fee plan?").ID
	d.must(d.Live.Refresh(d.ctx))
	if !d.moved().On {
		t.Fatal("not on")
	}
	d.must(d.resolveAny(id))
	d.Advance(20*time.Minute - time.Second)
	if !d.moved().On {
		t.Fatal("it went before at_least")
	}
	d.Advance(time.Second)
	if d.moved().On {
		t.Fatal("it stays after at_least")
	}
}

// overloaded is a desk in that mode.
func overloaded(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.use(overloadOf("load.waiting > 0", "load.waiting == 0"))
	d.Receive(router.ChannelChat, "v1", "how do I change my fee plan?")
	d.must(d.Live.Refresh(d.ctx))
	view := d.Live.View()
	if len(d.Live.View().Told(true)) != 0 || view.Promise(10*time.Minute) != 10*time.Minute {
		t.Fatal("told of it before it is")
	}
	d.moved()
	view = d.Live.View()
	if view.Promise(3*time.Minute) != 5*time.Minute || view.Promise(0) != 0 || len(view.Told(true)) != 2 || len(view.Told(false)) != 1 || !strings.Contains(view.Told(true)[1].EN, "phone number") {
		t.Fatal(view.Promise(3*time.Minute), view.Told(true))
	}
	return d
}

// What overload changes for customers stands in the trace, and the decision can be made again.
func TestWhatOverloadChanges(t *testing.T) {
	d := overloaded(t)
	general := d.Receive(router.ChannelChat, "v2", "how do I change my fee plan?")
	sent := d.questions(general.ID)
	if len(sent) != 1 || !strings.Contains(sent[0].Text, "under “Help”") || !general.Answered || len(general.Asked) != 0 || general.State != router.StateWaiting || !strings.Contains(sent[0].Text, "You keep your place in line") {
		t.Fatalf("%+v %+v", sent, general)
	}
	dec := d.decisionOf(general)
	if reasonOf(dec, "overload") == nil || reasonOf(dec, "overload-answer") == nil || reasonOf(dec, "overload-promise") == nil || reasonOf(dec, "overload-callback").Matched {
		t.Fatalf("%+v", dec.Reasons)
	}
	recovery := d.Receive(router.ChannelEmail, "c@example.org", "I changed my phone and am locked out, I want to recover my account", ownThread)
	sent = d.questions(recovery.ID)
	if len(sent) != 1 || !recovery.Answered || !slices.Equal(recovery.Asked, []string{"phone", "email"}) {
		t.Fatalf("one message, the answer before the question: %+v %+v", sent, recovery)
	}
	if a, q := strings.Index(sent[0].Text, "Recover account"), strings.Index(sent[0].Text, "Which phone number"); a < 0 || q < a {
		t.Fatal(sent[0].Text)
	}
	payment := d.Receive(router.ChannelChat, "v3", "I was charged twice, refund please")
	if payment.Answered || len(d.questions(payment.ID)) != 1 {
		t.Fatal("a topic without an answer only asks")
	}

	again := d.Receive(router.ChannelChat, "v2", "I cannot wait here, call me at +86 138 0013 8000")
	dec = d.decisionOf(again)
	if r := reasonOf(dec, "overload-callback"); r == nil || !r.Matched || r.Value != "phone" || len(d.questions(general.ID)) != 1 {
		t.Fatalf("%+v", dec.Reasons)
	}
	r, err := store.Decisions(d.store).Get(d.ctx, again.Decision)
	d.must(err)
	redone, err := d.Again(d.ctx, r.Value)
	d.must(err)
	if redone.ID != dec.ID || len(redone.Reasons) != len(dec.Reasons) {
		t.Fatal("made again it is another decision")
	}
}

// ownThread gives a mail a thread of its own.
func ownThread(m *router.Message) { m.ThreadKeys = []string{"<" + m.ExternalID + "@x>"} }

// A process that dies after the mode was stored and before it was told leaves the telling to the next.
func TestOverloadIsToldAfterACrash(t *testing.T) {
	d := newDesk(t)
	d.use(overloadOf("load.waiting > 0", "load.waiting == 0"))
	d.Receive(router.ChannelChat, "v1", "how do I change my fee plan?")
	d.must(d.Live.Refresh(d.ctx))
	d.setFault(func(op string) storetest.Fault {
		if op == "Append" {
			return storetest.FailBefore
		}
		return storetest.Pass
	})
	d.ExpectCode(d.MoveModes(d.ctx), router.CodeUnavailable)
	d.setFault(nil)
	if len(d.audit()) != 0 {
		t.Fatal("the fault did not strike")
	}
	next := d.other()
	d.must(next.MoveModes(d.ctx))
	if !next.Live.View().Modes.Overload.On || len(d.audit()) != 1 {
		t.Fatal(d.audit())
	}
}
