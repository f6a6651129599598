package dispatch

import (
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/incident"
	"switchyard/router/store"
	"switchyard/router/store/storetest"
)

var outage = router.Sentence{ZH: "支付有故障，正在处理", EN: "payments are down, we are on it"}

// standing opens an incident of a ticket's topic and gives an answer that stands.
func (d *desk) standing(of router.Ticket) incident.Incident {
	d.t.Helper()
	in, err := d.OpenIncident(d.ctx, "mia", of.Topic, "", "", router.Sentence{ZH: "故障", EN: "an outage"})
	d.must(err)
	d.must(d.WorkIncident(d.ctx, in.ID, alone))
	_, err = d.AnswerIncident(d.ctx, "mia", in.ID, outage, false, true)
	d.must(err)
	d.must(d.WorkIncident(d.ctx, in.ID, alone))
	return in
}

func (d *desk) expectAnswers(of router.Ticket, want int) {
	d.t.Helper()
	if got := d.sentTo(of.ID); got != want {
		d.t.Fatalf("%s of %s was answered %d times, want %d", of.ID, of.Handle.Address, got, want)
	}
}

// Who comes after an answer that stands gets it too, once, until another answer or the end.
func TestAStandingAnswerGoesToLaterTickets(t *testing.T) {
	d := newDesk(t)
	early := d.Receive(router.ChannelChat, "v1", refund)
	in := d.standing(early)
	d.expectAnswers(early, 1)
	late, other := d.Receive(router.ChannelChat, "v2", refund), d.Receive(router.ChannelChat, "v3", "I forgot my password and cannot log in")
	for range 3 {
		d.must(d.WorkIncident(d.ctx, in.ID, alone))
	}
	d.expectAnswers(early, 1)
	d.expectAnswers(late, 1)
	d.expectAnswers(other, 0)
	d.ExpectState(late.ID, router.StateWaiting)
	a, err := store.IncidentAnswers(d.store).Get(d.ctx, answerID(in.ID, 1))
	d.must(err)
	if a.Value.Total != 2 || a.Value.Sent != 2 {
		t.Fatalf("%+v", a.Value)
	}

	_, err = d.AnswerIncident(d.ctx, "mia", in.ID, outage, false, false)
	d.must(err)
	d.must(d.WorkIncident(d.ctx, in.ID, alone))
	after := d.Receive(router.ChannelChat, "v4", refund)
	d.must(d.WorkIncident(d.ctx, in.ID, alone))
	d.expectAnswers(late, 2)
	d.expectAnswers(after, 0)

	_, err = d.AnswerIncident(d.ctx, "mia", in.ID, outage, true, true)
	d.must(err)
	d.must(d.WorkIncident(d.ctx, in.ID, alone))
	last := d.Receive(router.ChannelChat, "v5", refund)
	if _, err := d.CloseIncident(d.ctx, "mia", in.ID); err != nil {
		t.Fatal(err)
	}
	d.must(d.WorkIncident(d.ctx, in.ID, alone))
	d.expectAnswers(last, 0)
	d.ExpectState(last.ID, router.StateWaiting)
	if left, err := store.IncidentOwings(d.store).All(d.ctx, in.ID); err != nil || len(left) > 0 {
		t.Fatalf("a closed incident owes %v (%v)", left, err)
	}
}

// A ticket that is being linked while the answer is given gets it when it is linked, whichever process comes first.
func TestAStandingAnswerMeetsTicketsBeingLinked(t *testing.T) {
	d := newDesk(t)
	first := d.Receive(router.ChannelChat, "v1", refund)
	in, err := d.OpenIncident(d.ctx, "mia", first.Topic, "", "", router.Sentence{ZH: "故障", EN: "an outage"})
	d.must(err)
	d.must(d.WorkIncident(d.ctx, in.ID, alone))
	other := d.other()
	d.setFault(func(op string) storetest.Fault {
		if op == "InsertTicket" { // the ticket stands in the list and is not there yet
			d.setFault(nil)
			_, err := other.AnswerIncident(d.ctx, "mia", in.ID, outage, false, true)
			d.must(err)
			d.must(other.WorkIncident(d.ctx, in.ID, alone))
		}
		return storetest.Pass
	})
	late := d.Receive(router.ChannelChat, "v2", refund)
	d.expectAnswers(late, 0)
	d.must(other.WorkIncident(d.ctx, in.ID, alone))
	d.expectAnswers(late, 1)
	d.Advance(owedFor + time.Minute)
	d.must(d.WorkIncident(d.ctx, in.ID, alone))
	if left, err := store.IncidentOwings(d.store).All(d.ctx, in.ID); err != nil || len(left) > 0 {
		t.Fatalf("it owes %v (%v)", left, err)
	}
}

// Whatever write fails, before it was done or after, everybody who came gets the answer once.
func TestAStandingAnswerUnderFaults(t *testing.T) {
	d := newDesk(t)
	in := d.standing(d.Receive(router.ChannelChat, "v0", refund))
	var late []router.Ticket
	for _, from := range []string{"v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12"} {
		late = append(late, d.Receive(router.ChannelChat, from, refund))
	}
	if crashes := d.workUnderFaults(in.ID); crashes < 2 {
		t.Fatalf("only %d crashes", crashes)
	}
	for _, w := range late {
		d.expectAnswers(w, 1)
	}
}
