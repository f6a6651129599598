package dispatch

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/match"
	"switchyard/router/store"
)

// tape plays bytes as operations on one store through two dispatchers, as two processes would, and keeps a model
// of who holds what.
type tape struct {
	*desk
	sides   [2]*Service
	agents  []router.User
	tickets []router.TicketID
	holds   map[router.TicketID]hold // what was served and not given back, by the answers
}

type hold struct {
	agent router.AgentID
	epoch int64
}

func newTape(t *testing.T) *tape {
	d := newDesk(t)
	p := &tape{desk: d, holds: map[router.TicketID]hold{}}
	p.agents = []router.User{d.Agent("ann"), d.Agent("bob", func(u *router.User) { u.Queues = []router.QueueName{"payments", "security"} }), d.Agent("eve", func(u *router.User) { u.Skills = map[router.Skill]int{"card": 2} })}
	p.sides = [2]*Service{d.Service, d.other()}
	return p
}

// play runs one operation; a and b choose its side and subject.
func (p *tape) play(op, a, b byte) {
	p.t.Helper()
	s, u := p.sides[a&1], p.agents[int(a>>1)%len(p.agents)]
	var id router.TicketID
	if len(p.tickets) > 0 {
		id = p.tickets[int(b)%len(p.tickets)]
	}
	h, held := p.holds[id]
	switch op % 9 {
	case 0:
		texts := []string{"refund please, charged twice", "someone is paying from my account", "how do I see my fees", "提现三天没到账"}
		ch := []router.Channel{router.ChannelSocial, router.ChannelEmail, router.ChannelChat}[int(b)%3]
		tk := p.Receive(ch, fmt.Sprintf("c%d", p.count), texts[int(a)%len(texts)])
		p.tickets = append(p.tickets, tk.ID)
	case 1, 2:
		got, err := s.Pull(p.ctx, u, nil)
		p.must(err)
		p.took(got.Ticket, u)
	case 3:
		if got, err := s.Claim(p.ctx, u, id); err == nil {
			p.took(got.Ticket, u)
		}
	case 4:
		p.gave(id, held, h, func(agent router.AgentID, epoch int64) error {
			_, err := s.Release(p.ctx, agent, id, epoch, "")
			return err
		}, true)
	case 5:
		p.gave(id, held, h, func(agent router.AgentID, epoch int64) error {
			_, err := s.Resolve(p.ctx, agent, id, epoch, "", "", "")
			return err
		}, true)
	case 6:
		p.gave(id, held, h, func(agent router.AgentID, epoch int64) error {
			_, err := s.Heartbeat(p.ctx, agent, id, epoch)
			return err
		}, false)
	case 7:
		p.Advance(time.Duration(b) * time.Second)
		p.must(p.sides[1].Live.Refresh(p.ctx))
	case 8:
		due, err := p.store.DueTickets(p.ctx, p.clock(), store.MaxLimit)
		p.must(err)
		for _, id := range due {
			p.must(s.Due(p.ctx, id))
			if p.Read(id).State != router.StateClaimed {
				delete(p.holds, id)
			}
		}
	}
}

// took notes a claim: nobody else may hold the ticket by a claim that has not run out.
func (p *tape) took(t router.Ticket, u router.User) {
	p.t.Helper()
	if t.ID == "" {
		return
	}
	if h, held := p.holds[t.ID]; held && h.epoch >= t.Epoch {
		p.t.Fatalf("%s was given epoch %d of %s, %s has %d", u.ID, t.Epoch, t.ID, h.agent, h.epoch)
	}
	p.holds[t.ID] = hold{u.ID, t.Epoch}
}

// gave does something under a claim; under a stale epoch or another name it must be refused.
func (p *tape) gave(id router.TicketID, held bool, h hold, do func(router.AgentID, int64) error, ends bool) {
	p.t.Helper()
	if !held {
		return
	}
	p.ExpectCode(do(h.agent, h.epoch-1), router.CodeStaleClaim)
	p.ExpectCode(do("mallory", h.epoch), router.CodeStaleClaim)
	if err := do(h.agent, h.epoch); err != nil {
		p.ExpectCode(err, router.CodeStaleClaim) // it ran out
		return
	}
	if ends {
		delete(p.holds, id)
	}
}

// check holds the model against the store.
func (p *tape) check() {
	p.t.Helper()
	free := map[router.AgentID]int{}
	for _, id := range p.tickets {
		t := p.Read(id)
		h, held := p.holds[id]
		switch {
		case t.State == router.StateClaimed && (!held || h != (hold{t.Agent, t.Epoch})):
			p.t.Fatalf("%s is claimed by %s under %d; the answers said %+v %v", id, t.Agent, t.Epoch, h, held)
		case t.State != router.StateClaimed && held:
			p.t.Fatalf("%s is %s; %s believes that he holds it", id, t.State, h.agent)
		case t.State == router.StateClaimed:
			free[t.Agent] += p.Live.View().Rules.Capacity[t.Channel]
		case t.State == router.StateWaiting && t.Wait(p.clock(), p.calendar(t.Queue)) < 0:
			p.t.Fatalf("%s has waited less than nothing", id)
		}
	}
	for agent, cost := range free {
		if cost > match.Full {
			p.t.Fatalf("%s holds %d of %d", agent, cost, match.Full)
		}
	}
}

// Whatever two dispatchers do in whatever order, nobody holds a ticket twice, a stale claim writes nothing,
// and nothing is lost. SWITCHYARD_TEST_TAPES plays more than the usual number; a failure names its seed.
// (Go's own fuzzing instruments the embedded store's every line, and plays two tapes a minute.)
func TestTapesOfTwoDispatchers(t *testing.T) {
	tapes := 16
	if more, err := strconv.Atoi(os.Getenv("SWITCHYARD_TEST_TAPES")); err == nil {
		tapes = more
	}
	for seed := range uint64(tapes) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 9))
			p := newTape(t)
			for range 40 + r.IntN(80) {
				p.play(byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()))
				p.check()
			}
		})
	}
}
