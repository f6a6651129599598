package dispatch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/order"
	"switchyard/router/policy"
	"switchyard/router/store"
)

var lineTexts = []string{"withdrawal has not arrived at my bank", "charged twice, refund please", "someone stole my account, freeze it", "how do I change my avatar", "forgot my password"}

// The line is what a full sort of all waiting tickets begins with.
func TestLineIsTheFrontOfTheFullSort(t *testing.T) {
	d, rnd := newDesk(t), rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		d.Receive(router.ChannelEmail, fmt.Sprintf("c%d@x.y", i), lineTexts[rnd.IntN(len(lineTexts))])
		d.Advance(time.Duration(1+rnd.IntN(8)) * time.Minute)
	}
	var all []order.Candidate
	view := d.Live.View()
	for _, q := range view.Rules.QueueList {
		ts, err := d.store.QueueTickets(d.ctx, q.Name, "", 1000)
		d.must(err)
		for _, x := range ts {
			all = append(all, order.Candidate{Head: router.Head{TicketID: x.ID, Run: x.Run(), AgeAt: x.AgeAt, CutoffAt: x.CutoffAt},
				Wait: x.Wait(d.clock(), q.Hours), Class: view.Snapshot.Classes[x.Class].For(x.Channel)})
		}
	}
	if len(all) != 60 {
		t.Fatalf("%d wait", len(all))
	}
	want := order.Merge(view.Rules.OrderRules(), all, d.clock())
	for _, n := range []int{1, 7, 60, 500} {
		got, err := d.Line(d.ctx, "", n, nil)
		d.must(err)
		if len(got.Tickets) != min(n, 60) || got.Policy != view.Rules.Version {
			t.Fatalf("%d of %d, policy %s", len(got.Tickets), n, got.Policy)
		}
		for i, r := range got.Tickets {
			if r.Head.TicketID != want[i].Head.TicketID || r.Tier != want[i].Tier || r.Wait != want[i].Wait {
				t.Fatalf("n %d: place %d is %+v, the full sort has %+v", n, i, r, want[i])
			}
		}
	}
	if _, err := d.Line(d.ctx, "nowhere", 5, nil); !router.IsCode(err, router.CodeInvalidField) {
		t.Fatal(err)
	}
}

// Another policy's numbers order the same tickets otherwise, and change nothing.
func TestLineUnderAnotherPolicy(t *testing.T) {
	d := newDesk(t)
	slow := d.Receive(router.ChannelEmail, "a@x.y", "how do I change my avatar")
	d.Advance(time.Minute)
	fast := d.Receive(router.ChannelEmail, "b@x.y", "someone stole my account, freeze it")
	doc, err := policy.SetClass(policy.Default(), slow.Class, "weight", "100000")
	d.must(err)
	doc, err = policy.SetClass(doc, slow.Class, "target", "5")
	d.must(err)
	under, err := decide.Compile(doc, time.LoadLocation)
	d.must(err)
	for _, c := range []struct {
		under *decide.Ruleset
		first router.TicketID
	}{{nil, fast.ID}, {under, slow.ID}, {nil, fast.ID}} {
		l, err := d.Line(d.ctx, "", 10, c.under)
		d.must(err)
		if len(l.Tickets) != 2 || l.Tickets[0].Head.TicketID != c.first {
			t.Fatalf("%+v, want %s first", l.Tickets, c.first)
		}
	}
	l, err := d.Line(d.ctx, fast.Queue, 10, nil)
	d.must(err)
	if len(l.Tickets) != 1 || l.Tickets[0].Head.TicketID != fast.ID || len(l.Classes) != 1 || l.Classes[0].Class != fast.Class {
		t.Fatalf("%+v", l)
	}
}

// A ticket past its guard says who was served before it, though it had waited longer.
func TestOvertakenPastTheGuardIsNoted(t *testing.T) {
	d := newDesk(t)
	ann := d.Agent("ann")
	old := d.Receive(router.ChannelEmail, "a@x.y", "how do I change my avatar")
	d.Advance(3*240*time.Minute - 2*time.Hour) // 10:00 to 20:00, near its guard
	d.Receive(router.ChannelEmail, "b@x.y", "someone stole my account, freeze it")
	served := d.ExpectPullOther(ann, old.ID)
	d.expectOvertaken(old.ID) // not past its guard yet
	d.must(d.release(ann, served))
	d.Advance(24 * time.Hour) // past the guard
	l, err := d.Line(d.ctx, "general", 5, nil)
	d.must(err)
	if len(l.Tickets) != 1 || !l.Tickets[0].Guarded || len(l.Classes) != 1 || !l.Classes[0].Guarded || l.Classes[0].Oldest <= l.Classes[0].Guard {
		t.Fatalf("%+v", l)
	}
	young := d.Receive(router.ChannelEmail, "c@x.y", "someone hijacked my login, freeze it")
	d.Advance(4 * time.Minute)
	first := d.ExpectPullOther(ann, old.ID) // the other security ticket, far past its own guard and worth more
	if first.ID == young.ID {
		t.Fatal("the older security ticket goes first")
	}
	second := d.ExpectPullOther(ann, old.ID)
	d.expectOvertaken(old.ID, second.ID)
	if second.ID != young.ID {
		t.Fatal(second.ID)
	}
	d.ExpectPull(ann, old.ID)
	d.expectOvertaken(young.ID)
}

// A note that cannot be written does not take the ticket from the agent.
func TestALostNoteOfOvertakingIsNotFatal(t *testing.T) {
	d := newDesk(t)
	ann := d.Agent("ann")
	old := d.Receive(router.ChannelEmail, "a@x.y", "how do I change my avatar")
	d.Advance(48 * time.Hour)
	young := d.Receive(router.ChannelEmail, "b@x.y", "someone stole my account, freeze it")
	d.Advance(4 * time.Minute)
	lost := false
	d.Service.Store = lossy{d.Service.Store, &lost}
	d.ExpectPull(ann, young.ID)
	if !lost {
		t.Fatal("no note was tried")
	}
	d.expectOvertaken(old.ID)
}

// lossy loses notes of overtaking.
type lossy struct {
	store.Store
	lost *bool
}

func (l lossy) Append(ctx context.Context, stream string, e store.Entry) (int64, error) {
	if strings.HasPrefix(stream, "overtaken:") {
		*l.lost = true
		return 0, router.Fail("test", router.CodeUnavailable, "lost")
	}
	return l.Store.Append(ctx, stream, e)
}

// ExpectPullOther pulls a ticket that is not this one.
func (d *desk) ExpectPullOther(u router.User, not router.TicketID) router.Ticket {
	d.t.Helper()
	s, err := d.Pull(d.ctx, u, nil)
	d.must(err)
	if s.Ticket.ID == "" || s.Ticket.ID == not {
		d.t.Fatalf("pulled %q (%s)", s.Ticket.ID, s.Empty)
	}
	return s.Ticket
}

func (d *desk) release(u router.User, t router.Ticket) error {
	_, err := d.Release(d.ctx, u.ID, t.ID, t.Epoch, "")
	return err
}

func (d *desk) expectOvertaken(id router.TicketID, by ...router.TicketID) {
	d.t.Helper()
	got, err := d.Overtaken(d.ctx, id)
	d.must(err)
	if len(got) != len(by) {
		d.t.Fatalf("%s was overtaken by %+v, want %v", id, got, by)
	}
	for i, o := range got {
		if o.By != by[i] || o.Agent == "" || o.Tier == 0 || o.At.IsZero() {
			d.t.Fatalf("%+v, want %s", o, by[i])
		}
	}
}
