package dispatch

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/order"
	"switchyard/router/store/storetest"
)

// line fills a desk with n tickets, the same for the same seed: few ages and many runs, cut-offs,
// needs, tickets kept for one agent and tickets that one has just released.
func (d *desk) line(seed uint64, n int) {
	d.t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	rules := d.Live.View().Rules
	one := func(odds int) bool { return r.IntN(odds) == 0 }
	for i := range n {
		topic := rules.Topics[r.IntN(5)]
		age := d.clock().Add(-time.Duration(r.IntN(400)) * time.Minute)
		t := router.Ticket{ID: router.TicketID(router.HashID("t", fmt.Sprint(i))), State: router.StateWaiting, Queue: topic.Queue, Class: topic.Class, Topic: topic.Name,
			Channel: []router.Channel{router.ChannelEmail, router.ChannelSocial, router.ChannelChat}[r.IntN(3)], Source: "src",
			Handle: router.Handle{Channel: router.ChannelEmail, Address: fmt.Sprint(i)}, Speaks: router.LanguageZH,
			AgeAt: age, CreatedAt: age, UpdatedAt: age, Case: router.Case{Number: 1, StartedAt: age, Target: time.Hour}}
		if one(4) {
			t.CutoffAt = d.clock().Add(time.Duration(r.IntN(20)) * time.Minute)
		}
		if one(3) {
			t.Needs = []router.Need{{Skill: "card", Level: 1}}
		}
		if one(8) {
			t.KeptFor, t.KeptUntil = "a03", d.clock().Add(time.Hour)
		}
		if one(5) {
			t.SkipAgent, t.SkipUntil = "a05", d.clock().Add(time.Hour)
		}
		_, err := d.store.InsertTicket(d.ctx, t)
		d.must(err)
	}
	d.must(d.Live.Refresh(d.ctx))
}

// crew is n agents; every third lacks the skill, every fourth covers but two queues.
func (d *desk) crew(n int) (us []router.User) {
	for i := range n {
		us = append(us, d.Agent(fmt.Sprintf("a%02d", i), func(u *router.User) {
			if i%3 == 0 {
				u.Skills = map[router.Skill]int{"other": 1}
			}
			if i%4 == 0 {
				u.Queues = []router.QueueName{"payments", "general"}
			}
		}))
		if i%5 == 1 {
			d.holds(us[i], router.ChannelChat, router.ChannelChat, router.ChannelChat, router.ChannelEmail)
		}
	}
	return us
}

// byAge makes the queue payments serve by age, so that an order is not simply the same for everybody with gaps.
func (d *desk) byAge() {
	d.t.Helper()
	d.policy("{name: payments, ", "{name: payments, order: fifo, ")
	if d.Live.View().Rules.Queues["payments"].Order != order.FIFO {
		d.t.Fatal("the queue does not serve by age")
	}
}

// holds gives an agent tickets in his hands.
func (d *desk) holds(u router.User, channels ...router.Channel) {
	d.t.Helper()
	for i, c := range channels {
		_, err := d.store.InsertTicket(d.ctx, router.Ticket{ID: router.TicketID(router.HashID("t", string(u.ID), fmt.Sprint(i))), State: router.StateClaimed, Agent: u.ID, Channel: c, Source: "src",
			Queue: "general", CreatedAt: d.clock(), ClaimedAt: d.clock(), ExpiresAt: d.clock().Add(time.Hour), Epoch: 1})
		d.must(err)
	}
}

// Pulls that share a look are served exactly as if they had come one after another.
func TestARoundServesLikePullsOneAfterAnother(t *testing.T) {
	for seed := range uint64(6) {
		together, alone := newDesk(t), newDesk(t)
		var crew []router.User
		for _, d := range []*desk{together, alone} {
			d.byAge()
			crew = d.crew(30)
			d.line(seed, 200)
		}
		var pulls []*pull
		for _, u := range crew {
			p, err := together.newPull(together.ctx, u, nil)
			together.must(err)
			pulls = append(pulls, p)
		}
		together.serve(together.ctx, pulls)
		for i, p := range pulls {
			together.must(p.err)
			want, err := alone.Pull(alone.ctx, crew[i], nil)
			alone.must(err)
			var got router.TicketID
			if p.at < len(p.ranked) {
				got = p.ranked[p.at].Head.TicketID
			}
			if got != want.Ticket.ID {
				t.Fatalf("seed %d, %s: together %q, alone %q (%s)", seed, crew[i].ID, got, want.Ticket.ID, want.Empty)
			}
		}
	}
}

// gate holds calls of an operation until it is opened.
func (d *desk) gate(op string) (reached <-chan struct{}, open func()) {
	hold, first := make(chan struct{}), make(chan struct{})
	var once sync.Once
	d.setFault(func(o string) storetest.Fault {
		if o == op {
			once.Do(func() { close(first) })
			<-hold
		}
		return storetest.Pass
	})
	return first, func() { close(hold) }
}

// pullAll lets agents pull at once; wait answers what they were served.
func (d *desk) pullAll(us []router.User) (wait func() []Served) {
	out := make([]Served, len(us))
	errs := make([]error, len(us))
	var all sync.WaitGroup
	for i, u := range us {
		all.Go(func() { out[i], errs[i] = d.Pull(d.ctx, u, nil) })
	}
	return func() []Served {
		d.t.Helper()
		all.Wait()
		for _, err := range errs {
			d.must(err)
		}
		return out
	}
}

// gathered blocks until n pulls are gathered for the next look.
func (d *desk) gathered(n int) {
	for {
		d.rounds.mu.Lock()
		have := 0
		if d.rounds.next != nil {
			have = len(d.rounds.next.pulls)
		}
		d.rounds.mu.Unlock()
		if have == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Pulls that wait while another looks share one look, get a ticket each, and say which were taken before theirs.
func TestPullsThatWaitShareALook(t *testing.T) {
	d := newDesk(t)
	var us []router.User
	for i := range 20 {
		us = append(us, d.Agent(fmt.Sprint("u", i)))
	}
	d.line(1, 100)
	reached, open := d.gate("Runs")
	first := d.pullAll(us[:1])
	<-reached
	rest := d.pullAll(us[1:])
	d.gathered(19)
	var looks int
	open()
	d.setFault(func(op string) storetest.Fault {
		if op == "Runs" {
			looks++
		}
		return storetest.Pass
	})
	served := append(first(), rest()...)
	seen, taken := map[router.TicketID]bool{}, 0
	for _, s := range served {
		if s.Ticket.ID == "" || seen[s.Ticket.ID] {
			t.Fatalf("served %q twice, or nothing (%s)", s.Ticket.ID, s.Empty)
		}
		seen[s.Ticket.ID] = true
		for _, x := range s.Trace.Passed {
			if x.Reason == "taken" {
				taken++
			}
		}
	}
	if looks > 1 || taken == 0 {
		t.Errorf("%d looks for 19 pulls, %d heads said to be taken", looks, taken)
	}
}

// More agents than tickets: each ticket is served once, the others learn that nothing is left, nobody is sent away.
func TestMoreAgentsThanTickets(t *testing.T) {
	d := newDesk(t)
	var us []router.User
	for i := range 40 {
		us = append(us, d.Agent(fmt.Sprint("u", i)))
	}
	for i := range 5 {
		d.Receive(router.ChannelSocial, fmt.Sprint("v", i), "refund please, charged twice")
	}
	reached, open := d.gate("SaveTicket")
	wait := d.pullAll(us)
	<-reached
	time.AfterFunc(50*time.Millisecond, open)
	n := map[Empty]int{}
	for _, s := range wait() {
		n[s.Empty]++
	}
	if n[""] != 5 || n[EmptyNothing] != 35 {
		t.Errorf("%v, want 5 served and 35 times nothing", n)
	}
}

// A look that fails fails its pulls, and leaves no ticket behind as being claimed.
func TestALookThatFails(t *testing.T) {
	d := newDesk(t)
	ann := d.Agent("ann")
	ticket := d.Receive(router.ChannelSocial, "v1", "refund please, charged twice")
	for _, op := range []string{"Runs", "Heads", "SaveTicket"} {
		d.setFault(func(o string) storetest.Fault {
			if o == op {
				return storetest.FailBefore
			}
			return storetest.Pass
		})
		_, err := d.Pull(d.ctx, ann, nil)
		d.ExpectCode(err, router.CodeUnavailable)
	}
	d.setFault(nil)
	d.ExpectPull(ann, ticket.ID)
	if len(d.inFlight.ids) > 0 || len(d.inFlight.runs) > 0 {
		t.Errorf("still in flight: %v %v", d.inFlight.ids, d.inFlight.runs)
	}
}

// Who released a ticket is not served it in a round either, and what waits behind it is.
func TestARoundSkipsWhatOneReleased(t *testing.T) {
	d := newDesk(t)
	ann, bob := d.Agent("ann"), d.Agent("bob")
	first := d.Receive(router.ChannelSocial, "v1", "refund please, charged twice")
	d.Advance(time.Minute)
	second := d.Receive(router.ChannelSocial, "v2", "refund please, charged twice")
	got := d.ExpectPull(ann, first.ID)
	_, err := d.Release(d.ctx, ann.ID, first.ID, got.Epoch, "")
	d.must(err)
	var pulls []*pull
	for _, u := range []router.User{ann, bob} {
		p, err := d.newPull(d.ctx, u, nil)
		d.must(err)
		pulls = append(pulls, p)
	}
	d.serve(d.ctx, pulls)
	for i, want := range []router.TicketID{second.ID, first.ID} {
		if p := pulls[i]; p.err != nil || p.ranked[p.at].Head.TicketID != want {
			t.Errorf("%s: %v, %v at %d", p.agent.ID, p.err, p.ranked, p.at)
		}
	}
}
