package dispatch

import (
	"context"
	"sync"
	"time"

	"switchyard/router"
)

const (
	// roundSize bounds the pulls that share one look.
	roundSize = 64
	// lookTimeout bounds a look, which no single caller may call off for the others.
	lookTimeout = 10 * time.Second
)

// round is pulls that wait at the same moment. They share one look, which
// begins after the last of them came, so that none is served by an old picture.
type round struct {
	pulls []*pull
	done  chan struct{}
}

// rounds holds one look at a time; the pulls that come meanwhile make up the next round.
type rounds struct {
	mu      sync.Mutex
	next    *round
	looking sync.Mutex
}

// join adds a pull to the round that gathers; the first of a round leads it.
func (r *rounds) join(p *pull) (mine *round, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if first = r.next == nil || len(r.next.pulls) >= roundSize; first {
		r.next = &round{done: make(chan struct{})}
	}
	r.next.pulls = append(r.next.pulls, p)
	return r.next, first
}

// shut ends the gathering of a round.
func (r *rounds) shut(x *round) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == x {
		r.next = nil
	}
}

// look gives the pull its order of heads, and the first of them that nobody else is claiming.
func (s *Service) look(ctx context.Context, p *pull) error {
	r, first := s.rounds.join(p)
	if first {
		s.lead(ctx, r)
	}
	<-r.done
	return p.err
}

func (s *Service) lead(ctx context.Context, r *round) {
	defer close(r.done)
	s.rounds.looking.Lock()
	defer s.rounds.looking.Unlock()
	s.rounds.shut(r)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
	defer cancel()
	s.serve(ctx, r.pulls)
}

// serve looks for all pulls together and hands each its head, in the order they came.
func (s *Service) serve(ctx context.Context, pulls []*pull) {
	for _, p := range pulls {
		p.err = router.Fail("dispatch.look", router.CodeInternal, "the look broke off")
	}
	skip := router.AgentID("")
	if len(pulls) == 1 {
		skip = pulls[0].skipFor()
	}
	seen, err := s.see(ctx, pulls, skip)
	for i, p := range pulls {
		if p.err = err; err == nil {
			p.err = seen.choose(ctx, p, len(pulls)-i)
		}
	}
}
