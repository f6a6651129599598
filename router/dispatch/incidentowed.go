package dispatch

import (
	"context"
	"time"

	"switchyard/router"
	"switchyard/router/incident"
	"switchyard/router/store"
)

// owedFor is how long an answer is owed to a ticket that is not linked: it was being linked when it was noted.
const owedFor = 10 * time.Minute

// owe notes that a ticket is owed its incident's standing answer. Twice is once.
func (s *Service) owe(ctx context.Context, id string, t router.TicketID) error {
	_, err := store.IncidentOwings(s.Store).Update(ctx, string(t), func(o *store.IncidentOwed) (bool, error) {
		*o = store.IncidentOwed{Incident: id, At: s.Now()}
		return true, nil
	})
	return err
}

// giveOwed gives the standing answer to the tickets that it is owed to. An incident without one owes nothing.
func (s *Service) giveOwed(ctx context.Context, id string, mine func(context.Context) (bool, error)) error {
	owings := store.IncidentOwings(s.Store)
	for after := ""; ; {
		page, err := owings.List(ctx, id, after, answerChunk)
		if err != nil || len(page) == 0 {
			return err
		}
		if held, err := mine(ctx); err != nil || !held {
			return err
		}
		in, err := store.Incidents(s.Store).Get(ctx, id)
		if err != nil {
			return err
		}
		if err := s.givePage(ctx, in.Value, page); err != nil {
			return err
		}
		after = page[len(page)-1].ID
	}
}

// givePage gives some tickets what they are owed, and forgets it. A crash before that counts it twice; a ticket is
// answered once all the same.
func (s *Service) givePage(ctx context.Context, in incident.Incident, page []store.Record[store.IncidentOwed]) error {
	if in.Standing > 0 {
		var err error
		if page, err = s.giveStanding(ctx, in, page); err != nil {
			return err
		}
	}
	for _, o := range page {
		if err := store.IncidentOwings(s.Store).Delete(ctx, o.ID); err != nil {
			return err
		}
	}
	return nil
}

// giveStanding gives tickets the standing answer and counts it. settled are those that nothing more is owed to.
func (s *Service) giveStanding(ctx context.Context, in incident.Incident, page []store.Record[store.IncidentOwed]) (settled []store.Record[store.IncidentOwed], err error) {
	answers := store.IncidentAnswers(s.Store)
	r, err := answers.Get(ctx, answerID(in.ID, in.Standing))
	if err != nil {
		return nil, err
	}
	before := r.Value.Total
	for _, o := range page {
		id := router.TicketID(o.ID)
		how, linked, err := s.answerTicket(ctx, id, r.Value)
		if err != nil {
			return nil, err
		}
		if how != "" {
			r.Value.Total++
			count(&r.Value, id, how)
		}
		if how != "" || linked || s.Now().Sub(o.Value.At) > owedFor {
			settled = append(settled, o)
		}
	}
	if r.Value.Total == before {
		return settled, nil
	}
	r.Value.SeenAt = s.Now()
	_, err = answers.Put(ctx, r)
	s.publish(ctx, News{Kind: "incident", Incident: in.ID})
	return settled, err
}
