package simulate

import (
	"time"

	"switchyard/router/match"
	"switchyard/router/order"
)

// fill gives the best of the agents who may serve a line a look: skill fit, then capacity, then longest idle (ROUTING §3).
// It goes on while what he took was another ticket and the line still waits.
func (p *play) fill(of int32) {
	l := p.lines[of]
	for l.n > 0 {
		best := nobody
		wait := p.wait(l, l.head)
		for i := range p.agents {
			a := &p.agents[i]
			if !a.there || a.free < l.cost || l.after[i] < 0 || l.after[i] > wait {
				continue
			}
			if best == nobody || p.fits(l, int32(i), best) {
				best = int32(i)
			}
		}
		if best == nobody || !p.serve(best) {
			return
		}
	}
}

func (p *play) fits(l *line, i, best int32) bool {
	a, b := &p.agents[i], &p.agents[best]
	switch {
	case l.after[i] != l.after[best]:
		return l.after[i] < l.after[best]
	case l.spare[i] != l.spare[best]:
		return l.spare[i] < l.spare[best]
	case a.free != b.free:
		return a.free > b.free
	}
	return a.idleSince < b.idleSince
}

// serve lets an agent take what comes first for him, as long as he has room.
func (p *play) serve(who int32) (took bool) {
	for p.waiting > 0 && p.agents[who].there && p.agents[who].free > 0 {
		slot := p.choose(who)
		if slot == nobody {
			return took
		}
		p.start(who, slot)
		took = true
	}
	return took
}

// choose finds what an agent would be given by a pull: within a queue its own rule decides, between the
// firsts of the queues atc does (order.Lines).
func (p *play) choose(who int32) int32 {
	var first, best, r order.Ranked
	slot, found := nobody, nobody
	now := p.time(p.now)
	if l := p.keeper(who); l != nil {
		if p.roomFor(l, who) {
			p.heads(l, who, p.rules[l.queue], now, &best, &r, &found)
		}
		if found != nobody {
			l.holder = nobody
		}
		return found
	}
	for q, lines := range p.byQueue {
		found = nobody
		for _, l := range lines {
			if l.n > 0 && p.roomFor(l, who) {
				p.heads(l, who, p.rules[q], now, &best, &r, &found)
			}
		}
		if found == nobody {
			continue
		}
		if len(p.byQueue) > 1 {
			best.Tier, best.Score = order.Score(order.ATC, best.Candidate, now)
		}
		if slot == nobody || order.Less(best, first) {
			first, slot = best, found
		}
	}
	return slot
}

// roomFor reports whether an agent has room for a line and its class is not reserved against him.
func (p *play) roomFor(l *line, who int32) bool {
	if l.after[who] < 0 || l.cost > p.agents[who].free {
		return false
	}
	return !match.Reserved(p.s.Reserve[l.cand.Head.Run.Class], p.idle)
}

// heads compares the few heads of a line with the best so far: its oldest guarded, late and timely, and its earliest cut-off.
func (p *play) heads(l *line, who int32, rule order.Rule, now time.Time, best, r *order.Ranked, found *int32) {
	try := func(slot int32) {
		t := &p.pool[slot]
		wait := p.wait(l, slot)
		if wait < l.after[who] {
			return
		}
		l.cand.Wait = time.Duration(wait)
		l.cand.Head.TicketID, l.cand.Head.AgeAt, l.cand.Head.CutoffAt = t.arrival.ID, t.arrival.At, t.arrival.CutoffAt
		r.Candidate = l.cand
		r.Tier, r.Score = order.Score(rule, l.cand, now)
		if *found == nobody || order.Less(*r, *best) {
			*best, *found = *r, slot
		}
	}
	try(l.head)
	if !rule.Tiered() {
		return
	}
	c := &l.cand.Class
	p.settle(l, int64(c.Target), int64(c.Guard*float64(c.Target)))
	if l.ripe != nobody && l.ripe != l.head {
		try(l.ripe)
	}
	if l.fresh != nobody && l.fresh != l.head && l.fresh != l.ripe {
		try(l.fresh)
	}
	from, to := order.CutoffWindow(now, *c)
	for len(l.cuts) > 0 && (!p.stands(l, l.cuts[0]) || l.cuts[0].at < int64(from.Sub(p.s.Start))) {
		l.cuts.pop()
	}
	if len(l.cuts) > 0 && l.cuts[0].at < int64(to.Sub(p.s.Start)) {
		try(l.cuts[0].slot)
	}
}

// keeper finds the line for which an agent empties his hands, nil if there is none. A line that costs more than
// he has free, has waited longer for room than Setup.Rooms, and finds room nowhere reserves the next agent who asks,
// one at a time; once his hands are empty he takes from it first.
func (p *play) keeper(who int32) *line {
	if p.s.Rooms == 0 {
		return nil
	}
	a := &p.agents[who]
	for _, l := range p.lines {
		switch {
		case l.holder != nobody && (l.n == 0 || !p.agents[l.holder].there || p.wait(l, l.head) <= int64(p.s.Rooms)):
			l.holder = nobody // what it was for is gone
		case l.holder == who:
			return l
		}
	}
	for _, l := range p.lines {
		if l.n > 0 && l.holder == nobody && l.cost > a.free && l.after[who] >= 0 && p.wait(l, l.head) > max(int64(p.s.Rooms), l.after[who]) && !p.roomElsewhere(l, who) {
			l.holder = who
			return l
		}
	}
	return nil
}

func (p *play) roomElsewhere(l *line, who int32) bool {
	for i := range p.agents {
		if int32(i) != who && p.agents[i].there && p.agents[i].free >= l.cost && l.after[i] >= 0 {
			return true
		}
	}
	return false
}

// start puts a ticket into an agent's hands. If it stands in the wrong place and he cannot help, he will pass it on.
func (p *play) start(who, slot int32) {
	t, a := &p.pool[slot], &p.agents[who]
	l := p.lines[t.line]
	work := int64(t.arrival.Service)
	t.agent = who
	if after := p.lines[t.truth].after[who]; t.truth != t.line && after < 0 {
		t.passing, work = true, min(work, int64(p.s.PassOn))
		p.remove(l, slot)
		p.tell(slot, PassedOn, who, p.wait(l, slot))
	} else {
		p.leave(slot, Started, who)
	}
	if a.free == full {
		p.idle--
	}
	a.free -= l.cost
	p.busy++
	a.worked += work * int64(l.cost) / full
	p.agenda.add(event{at: p.now + work, kind: served, who: slot, gen: t.gen})
}

// done frees an agent. What he passed on stands in its right line now, and its wait went on: the claim was not answered.
func (p *play) done(slot int32) {
	t := &p.pool[slot]
	who := t.agent
	a := &p.agents[who]
	a.free += p.lines[t.line].cost
	p.busy--
	if a.free == full {
		a.idleSince = p.now
		if a.there {
			p.idle++
		}
	}
	if t.passing {
		wait := p.wait(p.lines[t.line], slot)
		t.passing, t.agent, t.line = false, nobody, t.truth
		l := p.lines[t.line]
		t.age = l.clock.at(p.now) - wait
		p.insert(l, slot)
		p.serve(who)
		p.fill(t.line)
		return
	}
	p.free(slot)
	p.serve(who)
}

// look is what happens every so often: numbers of classes, waiting tickets looked at again, idle agents looking again.
func (p *play) look() {
	now := p.time(p.now)
	if p.s.Live != nil {
		classes := p.s.Live(now, &p.view)
		for _, l := range p.lines {
			if params, ok := classes[l.cand.Head.Run.Class]; ok {
				l.cand.Class = params.For(l.cand.Head.Run.Channel)
			}
		}
	}
	if p.s.Review != nil {
		p.review(now)
	}
	for i := range p.agents {
		if p.waiting == 0 {
			return
		}
		p.serve(int32(i))
	}
}

func (p *play) review(now time.Time) {
	for slot := range p.pool {
		t := &p.pool[slot]
		if !t.waits {
			continue
		}
		l := p.lines[t.line]
		wait := p.wait(l, int32(slot))
		to := p.s.Review(now, &p.view, Waiting{t.arrival.ID, &l.cand.Head.Run, time.Duration(wait), t.arrival.CutoffAt})
		if to == nil || to.Key == l.cand.Head.Run.Key {
			continue
		}
		p.remove(l, int32(slot))
		right := t.truth == t.line
		t.line = p.lineOf(to)
		if p.err != nil {
			return
		}
		if right {
			t.truth = t.line
		}
		l = p.lines[t.line]
		t.age = l.clock.at(p.now) - wait
		p.insert(l, int32(slot))
	}
}
