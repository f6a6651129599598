package dispatch

import (
	"context"

	"switchyard/router"
	"switchyard/router/store"
)

// Empty says why a pull gave nothing.
type Empty string

// The reasons of an empty pull.
const (
	EmptyNothing    Empty = "nothing_waiting"
	EmptyNoSkill    Empty = "no_skill"
	EmptyNoCapacity Empty = "no_capacity"
	EmptyReserved   Empty = "reserved"
	EmptyKept       Empty = "kept"
	EmptyReleased   Empty = "released_by_you"
	EmptyOffShift   Empty = "off_shift"
)

// empty says why nothing was served.
func (p *pull) empty(ctx context.Context) Empty {
	counts := map[string]int{}
	for _, x := range p.passed {
		counts[x.Reason]++
	}
	switch {
	case counts["reserved"] > 0, counts[leftToOthers] > 0:
		return EmptyReserved
	case counts[noCapacity] > 0, counts[atLimit] > 0:
		return EmptyNoCapacity
	case counts[noSkill] > 0, counts[tooYoung] > 0:
		return EmptyNoSkill
	}
	if p.runs > 0 && p.skipped(ctx) {
		return EmptyReleased
	}
	for _, q := range p.queues {
		if p.keptElsewhere(ctx, q) {
			return EmptyKept
		}
	}
	return EmptyNothing
}

// skipped reports whether something waits that this agent has just released.
func (p *pull) skipped(ctx context.Context) bool {
	for _, q := range p.queues {
		ts, _, err := p.s.Store.ListTickets(ctx, store.TicketFilter{Queue: q, State: router.StateWaiting, Limit: 20})
		for _, t := range ts {
			if err == nil && t.SkipAgent == p.agent.ID && t.SkipUntil.After(p.now) {
				return true
			}
		}
	}
	return false
}

func (p *pull) keptElsewhere(ctx context.Context, q router.QueueName) bool {
	ts, _, err := p.s.Store.ListTickets(ctx, store.TicketFilter{Queue: q, State: router.StateWaiting, Limit: 20})
	for _, t := range ts {
		if err == nil && t.KeptFor != "" && t.KeptFor != p.agent.ID {
			return true
		}
	}
	return false
}
