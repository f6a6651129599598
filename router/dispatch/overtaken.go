package dispatch

import (
	"context"
	"sort"
	"sync"
	"time"

	"switchyard/router"
	"switchyard/router/order"
	"switchyard/router/store"
)

const (
	// overtakenNoted bounds the overtaken tickets that one pull notes.
	overtakenNoted = 3
	// overtakenShown bounds those that are read of one ticket: the last.
	overtakenShown = 50
)

// Overtaking is one time that a ticket past its guard was passed over: an agent who could have served it
// was served another that had waited less.
type Overtaking struct {
	At    time.Time       `json:"at"`
	By    router.TicketID `json:"by_ticket"`
	Agent router.AgentID  `json:"agent"`
	Tier  int             `json:"tier"`  // of the one that was served
	Score float64         `json:"score"` // of the one that was served, rounded to 6 significant digits
}

// overtakenStream is the stream of a ticket's Overtakings.
func overtakenStream(id router.TicketID) string { return "overtaken:" + string(id) }

// Overtaken reads who overtook a ticket, newest first, at most the last 50.
func (s *Service) Overtaken(ctx context.Context, id router.TicketID) ([]Overtaking, error) {
	said, err := store.TailJSON[Overtaking](ctx, s.Store, overtakenStream(id), 0, overtakenShown)
	return store.Values(said), err
}

// starving are the heads past their guard that the agent may serve, those that starve most first. A few
// more than are noted: the one that is served may be among them.
func (v *sight) starving(p *pull, rs []reach) []order.Candidate {
	var out []order.Candidate
	for _, in := range rs {
		for _, c := range v.heads[in.key()] {
			if guarded(c) && c.Head.SkipFor != p.agent.ID {
				out = append(out, c)
			}
		}
	}
	hunger := func(c order.Candidate) float64 { return float64(c.Wait) / float64(c.Class.Target) }
	sort.Slice(out, func(i, j int) bool {
		if hunger(out[i]) != hunger(out[j]) {
			return hunger(out[i]) > hunger(out[j])
		}
		return out[i].Head.TicketID < out[j].Head.TicketID
	})
	return out[:min(len(out), 4*overtakenNoted)]
}

// overtook notes the starving tickets that the one served overtook, after its claim. Losing a note is
// logged, not fatal; the same claim is never noted twice. The notes are written side by side, so that a
// store that commits together makes them durable at once.
func (p *pull) overtook(ctx context.Context, t router.Ticket, won order.Ranked) {
	o := Overtaking{At: p.now, By: t.ID, Agent: p.agent.ID, Tier: won.Tier, Score: order.Round(won.Score)}
	id := router.HashID("o", string(t.ID), t.ClaimedAt.Format(time.RFC3339Nano), string(p.agent.ID))
	var notes sync.WaitGroup
	noted := 0
	for _, c := range p.starving {
		if noted == overtakenNoted {
			break
		}
		if c.Head.TicketID == t.ID || c.Wait <= won.Wait || p.seen.taken(c.Head.TicketID) {
			continue
		}
		noted++
		notes.Go(func() {
			if _, err := store.AppendJSON(ctx, p.s.Store, overtakenStream(c.Head.TicketID), id, p.now, o); err != nil {
				p.s.Log.Warn("a note of who overtook a ticket was lost", "ticket", c.Head.TicketID, "error", err)
			}
		})
	}
	notes.Wait()
}
