package dispatch

import (
	"context"
	"fmt"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/incident"
	"switchyard/router/store"
	"switchyard/router/store/storetest"
)

const refund = "I was charged twice, refund please"

// counting is a forecast of five tickets a quarter-hour of each kind, beside the tickets of the desk.
func (d *desk) counting(topics ...router.Topic) Surges {
	return func(ctx context.Context, begins time.Time) ([]incident.Count, bool, error) {
		by := map[router.Topic]*incident.Count{}
		out := make([]incident.Count, len(topics))
		for n, topic := range topics {
			out[n] = incident.Count{Topic: topic, Channel: router.ChannelChat, Language: "en", Expected: 5, Dispersion: 1}
			by[topic] = &out[n]
		}
		for after, more := "", true; more; more = after != "" {
			ts, next, err := d.store.ListTickets(ctx, store.TicketFilter{After: after, Limit: store.MaxLimit})
			if err != nil {
				return nil, false, err
			}
			for _, t := range ts {
				if c := by[t.Topic]; c != nil && !t.CreatedAt.Before(begins) && t.CreatedAt.Before(begins.Add(incident.Slot)) {
					c.Count++
				}
			}
			after = next
		}
		return out, true, nil
	}
}

func (d *desk) openOnes() []incident.Incident {
	d.t.Helper()
	d.must(d.Live.Refresh(d.ctx))
	return d.Live.View().Incidents
}

// sentTo counts the committed messages of the desk on a ticket.
func (d *desk) sentTo(id router.TicketID) (n int) {
	d.t.Helper()
	ms, _, err := d.store.TicketMessages(d.ctx, id, "", 100)
	d.must(err)
	for _, m := range ms {
		if m.Direction == router.DirectionOut && m.Author == "mia" && m.Stage == router.StageQueued {
			n++
		}
	}
	return n
}

// burst is 200 tickets of one topic in ten minutes beside some of another, watched each minute.
func (d *desk) burst() (refunds, others []router.Ticket, in incident.Incident) {
	d.t.Helper()
	for minute := range 10 {
		for n := range 20 {
			refunds = append(refunds, d.Receive(router.ChannelChat, fmt.Sprintf("r%d.%d", minute, n), refund))
		}
		others = append(others, d.Receive(router.ChannelChat, fmt.Sprintf("o%d", minute), "I forgot my password and cannot log in"))
		d.Advance(time.Minute)
		d.must(d.WatchSurges(d.ctx))
		if open := d.openOnes(); len(open) > 0 && open[0].LinkedAt.IsZero() {
			d.must(d.WorkIncident(d.ctx, open[0].ID, alone))
		}
	}
	open := d.openOnes()
	if len(open) != 1 {
		d.t.Fatalf("%d incidents, want one: %+v", len(open), open)
	}
	return refunds, others, open[0]
}

func TestABurstIsOneIncident(t *testing.T) {
	d := newDesk(t)
	first := d.Receive(router.ChannelChat, "probe", refund)
	other := d.Receive(router.ChannelChat, "probe2", "I forgot my password and cannot log in")
	if first.Topic == other.Topic {
		t.Fatal("the test needs two topics")
	}
	d.Surges = d.counting(first.Topic, other.Topic)
	refunds, others, in := d.burst()
	if in.Topic != first.Topic || in.Channel != "chat" || in.Language != "en" || in.Observed < 100 || in.OpenedBy != "" || in.LinkedAt.IsZero() {
		t.Fatalf("%+v", in)
	}
	for _, w := range refunds {
		now := d.Read(w.ID)
		if now.Incident != in.ID || now.Class != w.Class || !now.AgeAt.Equal(w.AgeAt) || now.Queue != w.Queue {
			t.Fatalf("linked, in its place: %+v", now)
		}
	}
	for _, w := range others {
		if now := d.Read(w.ID); now.Incident != "" {
			t.Fatalf("another topic: %+v", now)
		}
	}
	d.answersUnderFaults(in, refunds)
	_, err := d.CloseIncident(d.ctx, "mia", in.ID)
	d.must(err)
	d.must(d.WatchSurges(d.ctx))
	if open := d.openOnes(); len(open) != 0 {
		t.Fatalf("a person has just closed it: %+v", open)
	}
	if late := d.Receive(router.ChannelChat, "late", refund); late.Incident != "" {
		t.Fatalf("%+v", late)
	}
	_, err = d.AnswerIncident(d.ctx, "mia", in.ID, router.Sentence{ZH: "好", EN: "ok"}, false, false)
	d.ExpectCode(err, router.CodeInvalidTransition)
}

// answersUnderFaults gives two answers while every ninth call of the store fails, after it was done or before.
func (d *desk) answersUnderFaults(in incident.Incident, refunds []router.Ticket) {
	d.t.Helper()
	ann := d.Agent("ann")
	claimed, err := d.Claim(d.ctx, ann, refunds[3].ID)
	d.must(err)
	a, err := d.AnswerIncident(d.ctx, "mia", in.ID, router.Sentence{ZH: "一", EN: "one"}, false, false)
	d.must(err)
	crashes := d.workUnderFaults(in.ID)
	b, err := d.AnswerIncident(d.ctx, "mia", in.ID, router.Sentence{ZH: "二", EN: "two"}, true, false)
	d.must(err)
	crashes += d.workUnderFaults(in.ID)
	if crashes < 10 || a.Number != 1 || b.Number != 2 {
		d.t.Fatalf("%d crashes, answers %d and %d", crashes, a.Number, b.Number)
	}
	for _, w := range refunds {
		now, want := d.Read(w.ID), 2
		if w.ID == claimed.Ticket.ID {
			want = 0
			if now.State != router.StateClaimed || now.Agent != "ann" {
				d.t.Fatalf("taken from its agent: %+v", now)
			}
		} else if now.State != router.StateResolved {
			d.t.Fatalf("not resolved: %+v", now)
		}
		if got := d.sentTo(w.ID); got != want {
			d.t.Fatalf("%s was answered %d times, want %d", w.ID, got, want)
		}
	}
	r, err := store.IncidentAnswers(d.store).Get(d.ctx, answerID(in.ID, 2))
	d.must(err)
	if v := r.Value; v.Sent != v.Resolved || v.Sent < len(refunds)-1 || v.Noted != 1 || v.Missed != 0 || v.FinishedAt.IsZero() {
		d.t.Fatalf("%+v", v)
	}
}

func (d *desk) workUnderFaults(id string) (crashes int) {
	d.t.Helper()
	calls := 0
	d.setFault(func(string) storetest.Fault {
		d.mu.Lock()
		defer d.mu.Unlock()
		calls++
		switch {
		case calls%97 == 0:
			return storetest.FailAfter
		case calls%61 == 0:
			return storetest.FailBefore
		}
		return storetest.Pass
	})
	defer d.setFault(nil)
	for range 2000 {
		if err := d.WorkIncident(d.ctx, id, alone); err == nil {
			return crashes
		}
		crashes++
	}
	d.t.Fatal("it does not come to an end")
	return crashes
}

func TestIncidentsByHand(t *testing.T) {
	d := newDesk(t)
	w := d.Receive(router.ChannelChat, "v1", refund)
	phone := d.Receive(router.ChannelPhone, "+8613800138000", "", func(m *router.Message) {
		m.Kind, m.Call = router.KindCall, &router.Call{Incoming: true, Outcome: router.CallMissed, StartedAt: d.clock()}
	})
	d.CanReply = func(router.SourceName, int) error { return nil }
	_, err := d.OpenIncident(d.ctx, "mia", "no_such_topic", "", "", router.Sentence{})
	d.ExpectCode(err, router.CodeInvalidField)
	in, err := d.OpenIncident(d.ctx, "mia", w.Topic, "", "", router.Sentence{ZH: "故障", EN: "an outage"})
	d.must(err)
	_, err = d.OpenIncident(d.ctx, "mia", w.Topic, "", "", router.Sentence{})
	d.ExpectCode(err, router.CodeExists)
	d.must(d.WorkIncident(d.ctx, in.ID, alone))
	if now := d.Read(w.ID); now.Incident != in.ID {
		t.Fatalf("what waited is linked: %+v", now)
	}
	errs, err := d.MoveIncidentTickets(d.ctx, in.ID, []router.TicketID{phone.ID, "none"}, []router.TicketID{w.ID})
	d.must(err)
	if errs[0] != nil || !router.IsCode(errs[1], router.CodeNotFound) || errs[2] != nil {
		t.Fatal(errs)
	}
	d.must(d.Triage(d.ctx, d.message(router.ChannelChat, "v1", refund).ID))
	if out, put := d.Read(w.ID), d.Read(phone.ID); out.Incident != "" || put.Incident != in.ID {
		t.Fatalf("what a person moved stays moved: %q %q", out.Incident, put.Incident)
	}
	d.CanReply = func(router.SourceName, int) error { return router.Fail("test", router.CodeCannotReply, "no replies") }
	_, err = d.AnswerIncident(d.ctx, "mia", in.ID, router.Sentence{ZH: "好", EN: " "}, true, false)
	d.ExpectCode(err, router.CodeInvalidField)
	_, err = d.AnswerIncident(d.ctx, "mia", in.ID, router.Sentence{ZH: "好", EN: "ok"}, true, false)
	d.must(err)
	d.must(d.WorkIncident(d.ctx, in.ID, alone))
	r, err := store.IncidentAnswers(d.store).Get(d.ctx, answerID(in.ID, 1))
	d.must(err)
	if v := r.Value; v.Sent != 0 || v.Missed != 1 || v.NotReached[0] != phone.ID {
		t.Fatalf("%+v", v)
	}
	d.ExpectState(phone.ID, router.StateWaiting)

	// a crash between storing an answer and counting it: the answer is given all the same
	d.CanReply = func(router.SourceName, int) error { return nil }
	puts := 0
	d.setFault(func(op string) storetest.Fault {
		if op == "PutDoc" {
			if puts++; puts == 1 {
				return storetest.FailAfter
			}
		}
		return storetest.Pass
	})
	_, err = d.AnswerIncident(d.ctx, "mia", in.ID, router.Sentence{ZH: "好", EN: "ok"}, true, false)
	d.ExpectCode(err, router.CodeUnavailable)
	d.setFault(nil)
	d.must(d.WorkIncident(d.ctx, in.ID, alone))
	d.ExpectState(phone.ID, router.StateResolved)
}

// Where the review queue is a working one too, what is surely of the topic is linked from it, what is unsure is not.
func TestTheReviewQueueMayBeAWorkingOne(t *testing.T) {
	d := newDesk(t)
	d.policy("queue: payments\n    class: payment", "queue: review\n    class: payment")
	sure := d.Receive(router.ChannelChat, "v1", refund)
	unsure := d.Receive(router.ChannelChat, "v2", "please help with my card payment or password")
	if sure.Queue != "review" || unsure.Queue != "review" || sure.Topic != unsure.Topic {
		t.Fatalf("%s in %s, %s in %s", sure.Topic, sure.Queue, unsure.Topic, unsure.Queue)
	}
	in, err := d.OpenIncident(d.ctx, "mia", sure.Topic, "", "", router.Sentence{ZH: "故障", EN: "an outage"})
	d.must(err)
	d.must(d.WorkIncident(d.ctx, in.ID, alone))
	got, err := d.IncidentTickets(d.ctx, in.ID)
	d.must(err)
	if len(got) != 1 || got[0] != sure.ID {
		t.Errorf("linked %v, want %s alone", got, sure.ID)
	}
}

func TestNoForecastOpensNothing(t *testing.T) {
	d := newDesk(t)
	d.Surges = func(context.Context, time.Time) ([]incident.Count, bool, error) { return nil, false, nil }
	for n := range 40 {
		d.Receive(router.ChannelChat, fmt.Sprint(n), refund)
	}
	d.must(d.WatchSurges(d.ctx))
	if open := d.openOnes(); len(open) != 0 {
		t.Fatalf("%+v", open)
	}
}
