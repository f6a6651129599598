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

// givePage gives some tickets what they are owed and counts it. A crash before what is owed is forgotten counts it
// twice; a ticket is answered once all the same.
func (s *Service) givePage(ctx context.Context, in incident.Incident, page []store.Record[store.IncidentOwed]) error {
	var done []string
	given := map[router.TicketID]string{}
	for _, o := range page {
		id := router.TicketID(o.ID)
		how, settled, err := s.giveOne(ctx, in, id, o.Value.At)
		if err != nil {
			return err
		}
		if settled {
			done = append(done, o.ID)
		}
		if how != "" {
			given[id] = how
		}
	}
	if len(given) > 0 {
		_, err := store.IncidentAnswers(s.Store).Update(ctx, answerID(in.ID, in.Standing), func(a *store.IncidentAnswer) (bool, error) {
			for id, how := range given {
				a.Total++
				count(a, id, how)
			}
			a.SeenAt = s.Now()
			return true, nil
		})
		if err != nil {
			return err
		}
		s.publish(ctx, News{Kind: "incident", Incident: in.ID})
	}
	for _, id := range done {
		if err := store.IncidentOwings(s.Store).Delete(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// giveOne gives one ticket the standing answer. settled says that nothing more is owed to it.
func (s *Service) giveOne(ctx context.Context, in incident.Incident, id router.TicketID, since time.Time) (how string, settled bool, err error) {
	if in.Standing == 0 {
		return "", true, nil
	}
	t, err := s.Store.Ticket(ctx, id)
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return "", false, err
	}
	if err != nil || t.Incident != in.ID {
		return "", s.Now().Sub(since) > owedFor, nil
	}
	a, err := store.IncidentAnswers(s.Store).Get(ctx, answerID(in.ID, in.Standing))
	if err != nil {
		return "", false, err
	}
	how, err = s.answerTicket(ctx, id, a.Value)
	return how, err == nil, err
}
