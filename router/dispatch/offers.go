package dispatch

import (
	"context"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/match"
	"switchyard/router/store"
)

// Offered reports whether a waiting ticket is offered to the agent it is kept for. One that is kept for its last agent is not.
func Offered(t router.Ticket) bool {
	n := len(t.Offered)
	return t.State == router.StateWaiting && t.KeptFor != "" && n > 0 && t.Offered[n-1] == t.KeptFor
}

// offering gives a ticket that is about to be stored to the best agent who was not asked, where its queue makes offers: when it
// comes to wait there, and when an offer or a keep for its last agent has ended. before is the ticket as it was.
// Nobody left: anybody may pull it.
func (s *Service) offering(ctx context.Context, before, t router.Ticket) (router.Ticket, error) {
	if t.Case.Number != before.Case.Number {
		t.Offered = nil
	}
	came := before.State != router.StateWaiting || before.Queue != t.Queue || before.KeptFor != ""
	q := s.Live.View().Rules.Queues[t.Queue]
	if t.State != router.StateWaiting || t.KeptFor != "" || !came || q == nil || q.Offer <= 0 {
		return t, nil
	}
	asked := t.Offered
	if before.KeptFor != "" {
		asked = append(slices.Clone(asked), before.KeptFor)
	}
	agent, ok, err := s.bestAgent(ctx, t, asked)
	if err != nil || !ok {
		return t, err
	}
	t.Offered = append(slices.Clone(t.Offered), agent)
	t.KeptFor, t.KeptUntil = agent, s.Now().Add(q.Offer.D())
	return t, nil
}

// bestAgent chooses among the agents who are there, on shift, have room and were not asked.
func (s *Service) bestAgent(ctx context.Context, t router.Ticket, asked []router.AgentID) (router.AgentID, bool, error) {
	view, now, run := s.Live.View(), s.Now(), t.Run()
	since, err := s.idleSince(ctx)
	if err != nil {
		return "", false, err
	}
	var as []match.Agent
	idle := 0
	for _, a := range view.Agents {
		if a.Presence != router.PresenceAvailable || !match.OnShift(view.Rules.Ruleset, a.User, now) {
			continue
		}
		if a.Held == 0 {
			idle++
		}
		if slices.Contains(asked, a.User.ID) || t.SkipAgent == a.User.ID && t.SkipUntil.After(now) {
			continue
		}
		as = append(as, match.Agent{User: a.User, Free: match.Full - a.Held, IdleSince: since[a.User.ID]})
	}
	if match.Reserved(view.Snapshot.Classes[t.Class].Reserve, idle) {
		return "", false, nil
	}
	rings, cost := view.Rules.Queues[t.Queue].Rings, view.Rules.Capacity[t.Channel]
	wait := t.Wait(now, s.calendar(t.Queue))
	for {
		best, ok := match.Choose(rings, as, run, wait, cost)
		if !ok {
			return "", false, nil
		}
		free, err := s.room(ctx, best.User.ID)
		if err != nil || free >= best.Free {
			return best.User.ID, err == nil, err
		}
		for i := range as { // the view is up to a second old, and knows no offers: choose again with what he has
			if as[i].User.ID == best.User.ID {
				as[i].Free = free
			}
		}
	}
}

// room is what an agent has left beside what he holds and what he was offered.
func (s *Service) room(ctx context.Context, agent router.AgentID) (int, error) {
	free, capacity := match.Full, s.Live.View().Rules.Capacity
	held, err := s.Store.ClaimedBy(ctx, agent)
	if err != nil {
		return 0, err
	}
	offers, err := s.Offers(ctx, agent)
	for _, t := range append(held, offers...) {
		free -= capacity[t.Channel]
	}
	return free, err
}

// Offers are the tickets that are offered to an agent now.
func (s *Service) Offers(ctx context.Context, agent router.AgentID) ([]router.Ticket, error) {
	kept, err := s.Store.KeptTickets(ctx, agent, maxOffers)
	return slices.DeleteFunc(kept, func(t router.Ticket) bool { return !Offered(t) }), err
}

// maxOffers bounds the kept tickets of one agent that are looked at.
const maxOffers = 100

// idleSince is when each agent last had something to do.
func (s *Service) idleSince(ctx context.Context) (map[router.AgentID]time.Time, error) {
	all, err := store.Presences(s.Store).All(ctx, "")
	out := map[router.AgentID]time.Time{}
	for _, p := range all {
		at := p.Value.Since
		if p.Value.FreedAt.After(at) {
			at = p.Value.FreedAt
		}
		out[p.Value.Agent] = at
	}
	return out, err
}

// offerNew offers a ticket that has just been made. It may run again: a ticket that was offered in this case is left alone.
func (s *Service) offerNew(ctx context.Context, t router.Ticket) error {
	q := s.Live.View().Rules.Queues[t.Queue]
	if t.State != router.StateWaiting || q == nil || q.Offer <= 0 || t.KeptFor != "" || len(t.Offered) > 0 {
		return nil
	}
	_, err := s.change(ctx, t.ID, func(t router.Ticket) (router.Ticket, error) {
		if t.State != router.StateWaiting || t.KeptFor != "" || len(t.Offered) > 0 {
			return t, unchanged{}
		}
		next, err := s.offering(ctx, router.Ticket{Case: t.Case}, t)
		if err == nil && next.KeptFor == "" {
			err = unchanged{}
		}
		return next, err
	})
	return err
}

// offered tells of an offer that was stored, and notes when an agent became free.
func (s *Service) offered(ctx context.Context, before, t router.Ticket) {
	if Offered(t) && (before.KeptFor != t.KeptFor || len(before.Offered) != len(t.Offered)) {
		s.life(ctx, t, "offer:"+string(t.KeptFor), "", "")
		s.publish(ctx, News{Kind: "offer", TicketID: t.ID, State: t.State, Queue: t.Queue, Agent: t.KeptFor, Version: t.Version})
	}
	if before.Agent == "" || before.Agent == t.Agent || !s.makesOffers() {
		return
	}
	_, err := store.Presences(s.Store).Update(ctx, string(before.Agent), func(p *router.Presence) (bool, error) {
		p.FreedAt = s.Now()
		return p.Agent != "", nil
	})
	if err != nil {
		s.Log.Warn("it was not noted when an agent became free", "agent", before.Agent, "error", err)
	}
}

func (s *Service) makesOffers() bool {
	for _, q := range s.Live.View().Rules.QueueList {
		if q.Offer > 0 {
			return true
		}
	}
	return false
}

// Decline gives an offer to the next agent. not_claimable: it is not offered to him.
func (s *Service) Decline(ctx context.Context, agent router.AgentID, id router.TicketID) (router.Ticket, error) {
	t, err := s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		if !Offered(t) || t.KeptFor != agent {
			return t, router.Fail("dispatch.decline", router.CodeNotClaimable, "the ticket is not offered to you")
		}
		return endKeep(t)
	})
	if err == nil {
		s.life(ctx, t, "decline", agent, "")
	}
	return t, err
}
