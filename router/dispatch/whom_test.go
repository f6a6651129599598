package dispatch

import (
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store/storetest"
)

func needs(skill string, level int) func(*router.User) {
	return func(u *router.User) { u.Skills = map[router.Skill]int{router.Skill(skill): level} }
}

// A skill nobody free has is asked for less and less: rings open by the wait, and a closed one hides nothing older.
func TestRingsRelax(t *testing.T) {
	d := newDesk(t)
	d.policy("{name: payments, title: {zh: 支付, en: Payments}, calendar: day, night: night}",
		"{name: payments, title: {zh: 支付, en: Payments}, calendar: day, night: night, needs: [{skill: refund, level: 2}], rings: [{after: 10m, lower: 1}, {after: 30m, drop: [refund]}]}")
	expert, junior, other := d.Agent("expert", needs("refund", 2)), d.Agent("junior", needs("refund", 1)), d.Agent("other", needs("kyc", 1))
	first := d.Receive(router.ChannelSocial, "v1", "refund please, charged twice")
	d.Advance(5 * time.Minute)
	second := d.Receive(router.ChannelSocial, "v2", "refund please, charged twice")
	d.ExpectEmpty(junior, EmptyNoSkill)
	d.Advance(5 * time.Minute)
	d.ExpectPull(junior, first.ID)
	d.ExpectEmpty(junior, EmptyNoSkill)
	third := d.Receive(router.ChannelSocial, "v3", "refund please, charged twice")
	d.ExpectPull(expert, second.ID)
	d.ExpectEmpty(other, EmptyNoSkill)
	_, err := d.Claim(d.ctx, other, third.ID)
	d.ExpectCode(err, router.CodeNotClaimable)
	d.Advance(30 * time.Minute)
	if got := d.ExpectPull(other, third.ID); got.Wait(d.clock(), d.calendar("payments")) < 30*time.Minute {
		t.Fatal("its wait was lost")
	}
}

// A ticket that is too young for the ring does not hide an older one whose cut-off is later.
func TestARingLooksPastTheYoung(t *testing.T) {
	d := newDesk(t)
	d.policy("{name: payments, title: {zh: 支付, en: Payments}, calendar: day, night: night}",
		"{name: payments, title: {zh: 支付, en: Payments}, calendar: day, night: night, needs: [{skill: refund, level: 2}], rings: [{after: 10m, lower: 1}]}")
	junior := d.Agent("junior", needs("refund", 1))
	text := "my payment is still pending, please cancel it"
	old := d.Receive(router.ChannelSocial, "v1", text)
	d.Advance(25 * time.Minute)
	d.Receive(router.ChannelSocial, "v2", text)
	if old.CutoffAt.IsZero() {
		t.Fatal("no cut-off")
	}
	d.ExpectPull(junior, old.ID)
}

// Off shift nobody is served, nor may take a ticket; the calendar's opening minute is the first.
func TestShifts(t *testing.T) {
	d := newDesk(t)
	d.policy("  night: {daily: [\"22:00-08:00\"]}", "  night: {daily: [\"22:00-08:00\"]}\n  late: {daily: [\"12:00-20:00\"]}")
	late := d.Agent("late", func(u *router.User) { u.Shift = "late" })
	tk := d.Receive(router.ChannelSocial, "v1", "refund please, charged twice")
	d.ExpectEmpty(late, EmptyOffShift)
	_, err := d.Claim(d.ctx, late, tk.ID)
	d.ExpectCode(err, router.CodeNotClaimable)
	d.Advance(2*time.Hour - time.Second)
	d.ExpectEmpty(late, EmptyOffShift)
	d.Advance(time.Second)
	d.ExpectPull(late, tk.ID)
}

// The last idle agent is kept for security; a second idle one serves everybody.
func TestTheLastIdleAgentIsKept(t *testing.T) {
	d := newDesk(t)
	d.policy("  - name: payment\n    title: {zh: 支付, en: Payment}", "  - name: payment\n    reserve: \"1\"\n    title: {zh: 支付, en: Payment}")
	ann := d.Agent("ann")
	pay := d.Receive(router.ChannelSocial, "v1", "refund please, charged twice")
	d.ExpectEmpty(ann, EmptyReserved)
	sec := d.Receive(router.ChannelSocial, "v2", "someone is paying from my account, it was hacked")
	bob := d.Agent("bob")
	d.ExpectPull(ann, sec.ID) // urgent work goes to anybody
	d.Advance(time.Second)
	d.ExpectEmpty(bob, EmptyReserved) // ann is busy now: bob is the last
	d.Agent("eve")
	d.ExpectPull(bob, pay.ID)
}

// An agent's profile turns the worth of two queues around.
func TestQueueWeights(t *testing.T) {
	d := newDesk(t)
	plain := d.Agent("plain")
	general := d.Agent("general", func(u *router.User) { u.Weights = map[router.QueueName]float64{"general": 10} })
	pay := d.Receive(router.ChannelSocial, "v1", "refund please, charged twice")
	ask := d.Receive(router.ChannelSocial, "v2", "请问手续费是多少")
	d.Advance(4*time.Hour - time.Minute) // both are pressing: the one past its guard, the other near its target
	d.ExpectPull(general, ask.ID)
	d.ExpectPull(plain, pay.ID)
}

// A limit per channel holds whatever room is left: a second chat waits, a mail does not.
func TestLimitsPerChannel(t *testing.T) {
	d := newDesk(t)
	d.policy("reserve_after: 3m", "limits: {chat: 1}\nreserve_after: 3m")
	ann := d.Agent("ann")
	first := d.Receive(router.ChannelChat, "v1", "refund please, charged twice")
	d.ExpectPull(ann, first.ID)
	second := d.Receive(router.ChannelChat, "v2", "refund please, charged twice")
	d.ExpectEmpty(ann, EmptyNoCapacity)
	_, err := d.Claim(d.ctx, ann, second.ID)
	d.ExpectCode(err, router.CodeNotClaimable)
	mail := d.Receive(router.ChannelEmail, "v3", "refund please, charged twice")
	d.ExpectPull(ann, mail.ID)
	d.ExpectPull(d.Agent("bob"), second.ID)
}

// Two processes that serve one agent at the same moment keep to his limits together: the later claim goes back.
func TestLimitsHoldAcrossProcesses(t *testing.T) {
	for name, c := range map[string]struct {
		policy string
		ch     router.Channel
	}{
		"of a channel": {"limits: {email: 1}\nreserve_after: 3m", router.ChannelEmail},
		"of capacity":  {"reserve_after: 3m", router.ChannelPhone},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.policy("reserve_after: 3m", c.policy)
			ann := d.Agent("ann")
			other := d.other()
			for _, from := range []string{"v1", "v2"} {
				d.Receive(c.ch, from, "refund please, charged twice")
			}
			var theirs Served
			d.setFault(func(op string) storetest.Fault {
				if op == "SaveTicket" {
					d.setFault(nil)
					var err error
					theirs, err = other.Pull(d.ctx, ann, nil)
					d.must(err)
				}
				return storetest.Pass
			})
			ours, err := d.Pull(d.ctx, ann, nil)
			d.must(err)
			held, err := d.store.ClaimedBy(d.ctx, ann.ID)
			d.must(err)
			if (ours.Ticket.ID == "") == (theirs.Ticket.ID == "") || len(held) != 1 {
				t.Fatalf("one process served %q, the other %q; %d are held", ours.Ticket.ID, theirs.Ticket.ID, len(held))
			}
		})
	}
}
