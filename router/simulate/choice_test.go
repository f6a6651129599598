package simulate

import (
	"math/rand/v2"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/order"
	"switchyard/router/prioritize"
)

// Invariant D: what an agent would be given by the heads of the lines is what a sort of all that waits puts first,
// under every rule, with several queues, rings, cut-offs, and numbers of classes that move.
func TestHeadsGiveWhatASortOfAllGives(t *testing.T) {
	compared := 0
	for i, rule := range order.Rules() {
		r := rand.New(rand.NewPCG(uint64(i), 5))
		d := desk(who("ann", map[router.Skill]int{"s": 1}), who("bob", nil))
		d.End = monday.Add(10 * time.Hour)
		d.Rules = map[router.QueueName]order.Rule{"q0": rule, "q1": order.Rules()[(i+3)%8]}
		d.Reach = func(u router.User, r router.Run) (time.Duration, bool) {
			return map[bool]time.Duration{true: 3 * time.Minute}[r.Channel == router.ChannelChat && r.Class == "low"], true
		}
		d.Live = func(now time.Time, _ *View) map[router.ClassName]prioritize.Params {
			out := map[router.ClassName]prioritize.Params{}
			for name, p := range d.Classes {
				p.Target = time.Duration(float64(p.Target) * (.3 + r.Float64()))
				p.Guard, p.Weight = 1+2*r.Float64(), p.Weight*(.5+r.Float64())
				out[name] = p
			}
			return out
		}
		d.Watch = func(v *View, e Event) {
			if e.Kind == Came && v.Waiting() > 3 {
				compare(t, v.p)
				compared++
			}
		}
		at := 0.0
		if _, err := Run(d.Setup, func(a *Arrival) bool {
			at += r.ExpFloat64() * 3
			run := router.Ticket{Queue: []router.QueueName{"q0", "q1"}[r.IntN(2)], Class: []router.ClassName{"low", "high"}[r.IntN(2)],
				Channel: []router.Channel{router.ChannelPhone, router.ChannelChat}[r.IntN(2)]}.Run()
			*a = Arrival{At: monday.Add(time.Duration(at * float64(time.Minute))), Run: &run, Service: time.Duration(1 + r.ExpFloat64()*float64(10*time.Minute))}
			if r.IntN(3) == 0 {
				a.CutoffAt = a.At.Add(time.Duration(r.Float64() * float64(40*time.Minute)))
			}
			if r.IntN(3) == 0 {
				a.Patience = time.Duration(1 + r.Float64()*float64(time.Hour))
			}
			return true
		}); err != nil {
			t.Fatal(err)
		}
	}
	if compared < 500 {
		t.Fatalf("only %d states were compared", compared)
	}
}

// compare asks for the first agent as if his hands were empty, and sorts all he may serve.
func compare(t *testing.T, p *play) {
	t.Helper()
	free := p.agents[0].free
	p.agents[0].free = full
	got := p.choose(0)
	p.agents[0].free = free
	var all []order.Candidate
	for slot := range p.pool {
		x := &p.pool[slot]
		if !x.waits {
			continue
		}
		l := p.lines[x.line]
		c := l.cand
		c.Head.TicketID, c.Head.AgeAt, c.Head.CutoffAt, c.Wait = x.arrival.ID, x.arrival.At, x.arrival.CutoffAt, time.Duration(p.wait(l, int32(slot)))
		if int64(c.Wait) >= l.after[0] {
			all = append(all, c)
		}
	}
	rules := map[router.QueueName]order.Rule{}
	for q, i := range p.queues {
		rules[q] = p.rules[i]
	}
	ranked := order.Merge(rules, all, p.time(p.now))
	if len(ranked) == 0 {
		if got != nobody {
			t.Fatal("something is chosen where nothing may be served")
		}
		return
	}
	want := ranked[0]
	if got == nobody || p.pool[got].arrival.ID != want.Head.TicketID {
		t.Fatalf("the heads give slot %d, a sort %s of tier %d in %s", got, want.Head.TicketID, want.Tier, want.Head.Run.Key)
	}
}
