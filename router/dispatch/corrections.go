package dispatch

import (
	"context"

	"switchyard/router"
	"switchyard/router/store"
)

// taught keeps what a person said a ticket is about as an example to learn from, where the decision said
// something else or was not sure. It runs after the ticket's compare-and-set; losing one is logged, not fatal.
func (s *Service) taught(ctx context.Context, t router.Ticket, topic router.Topic, by router.AgentID) {
	if topic == "" {
		return
	}
	s.correct(ctx, t, func(c *store.Correction, was router.Classification) bool {
		if topic == was.Topic && !was.Rejected && (c.Ticket == "" || c.Topic == topic) {
			return false // it was right, and nobody had said otherwise
		}
		if c.Ticket == "" {
			c.Was, c.Confidence = was.Topic, was.Confidence
		}
		c.Ticket, c.Topic, c.By, c.At = t.ID, topic, by, s.Now()
		return true
	})
}

// taughtNoSpam keeps that a ticket held as spam is none; what it is, its resolution tells.
func (s *Service) taughtNoSpam(ctx context.Context, t router.Ticket, by router.AgentID) {
	spam := s.Live.View().Rules.SpamTopic()
	s.correct(ctx, t, func(c *store.Correction, _ router.Classification) bool {
		*c = store.Correction{Ticket: t.ID, Was: spam, By: by, At: s.Now()}
		return true
	})
}

// correct changes the correction of a ticket; change sees what the decision in force said.
func (s *Service) correct(ctx context.Context, t router.Ticket, change func(*store.Correction, router.Classification) bool) {
	said, err := store.Decisions(s.Store).Get(ctx, t.Decision)
	if err == nil || router.IsCode(err, router.CodeNotFound) {
		_, err = store.Corrections(s.Store).Update(ctx, string(t.ID), func(c *store.Correction) (bool, error) {
			return change(c, said.Value.Decision.Classification), nil
		})
	}
	if err != nil {
		s.Log.Warn("a correction was lost", "ticket", t.ID, "error", err)
	}
}
