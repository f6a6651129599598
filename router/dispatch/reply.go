package dispatch

import (
	"context"
	"crypto/rand"

	"switchyard/router"
	"switchyard/workers/task"
)

// Then is what becomes of a ticket after a reply.
type Then string

// What may follow a reply.
const (
	ThenKeep    Then = "keep"
	ThenPending Then = "pending_customer"
	ThenResolve Then = "resolve"
)

// Reply is an agent's answer.
type Reply struct {
	Epoch       int64
	Text        string
	Attachments []router.Attachment
	Then        Then
	Seen        router.MessageID
	Key         string // idempotency key; the same key is the same reply
}

// outgoing makes a message of the desk. The same agent, ticket and key give the same id.
func (s *Service) outgoing(t router.Ticket, agent router.AgentID, text, key string) router.Message {
	if key == "" {
		key = rand.Text()
	}
	id := router.MessageID(router.HashID("m", "desk", string(agent), string(t.ID), key))
	now := s.Now()
	return router.Message{ID: id, Source: t.Source, Channel: t.Channel, Direction: router.DirectionOut, Kind: router.KindMessage,
		ExternalID: string(id), Handle: t.Handle, Text: text, Author: agent, InReplyTo: t.LastCustomer, SentAt: now, ReceivedAt: now,
		Stage: router.StageDraft, StageAt: now, TicketID: t.ID, ContactID: t.ContactID}
}

// Reply stores the text as a draft, commits it by the ticket's compare-and-set, and
// hands it to delivery. stale_claim and unseen_message keep the draft; cannot_reply
// and invalid_field store nothing.
func (s *Service) Reply(ctx context.Context, agent router.AgentID, id router.TicketID, r Reply) (router.Message, router.Ticket, error) {
	const op = "dispatch.reply"
	t, err := s.Store.Ticket(ctx, id)
	if err != nil {
		return router.Message{}, t, err
	}
	if r.Then != ThenKeep && r.Then != ThenPending && r.Then != ThenResolve {
		return router.Message{}, t, router.FailField(op, "then", "must be keep, pending_customer or resolve")
	}
	if err := s.CanReply(t.Source, len(r.Attachments)); err != nil {
		return router.Message{}, t, err
	}
	m := s.outgoing(t, agent, r.Text, r.Key)
	m.Attachments = r.Attachments
	if _, err := s.Store.InsertMessages(ctx, []router.Message{m}); err != nil {
		return m, t, err
	}
	if m, err = s.Store.Message(ctx, m.ID); err != nil {
		return m, t, err
	}
	if m.Stage != router.StageDraft { // the same reply was committed and delivered before
		return m, t, nil
	}
	t, err = s.commit(ctx, op, agent, id, r, m)
	if err != nil {
		return m, t, err
	}
	s.life(ctx, t, "reply", agent, "")
	t, err = s.Settle(ctx, t)
	if err != nil { // committed all the same; the sweep settles it
		s.Log.Warn("reply not settled yet", "ticket", id, "error", err)
	}
	m, err = s.Store.Message(ctx, m.ID)
	return m, t, err
}

// commit makes the reply final: from this write on it will be sent.
func (s *Service) commit(ctx context.Context, op string, agent router.AgentID, id router.TicketID, r Reply, m router.Message) (router.Ticket, error) {
	return s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		for _, c := range t.Outbox {
			if c.MessageID == m.ID {
				return t, unchanged{}
			}
		}
		if err := t.CheckClaim(op, agent, r.Epoch); err != nil {
			return t, err
		}
		if t.Expired(s.Now(), s.Live.View().Rules.ClaimMax) {
			return t, router.Fail(op, router.CodeStaleClaim, "your claim on this ticket has run out; your text is kept as a draft")
		}
		if err := s.unseen(ctx, op, t, r.Seen); err != nil {
			return t, err
		}
		now := s.Now()
		t = s.act(t).Answer(now, s.calendar(t.Queue))
		t.Outbox = append(append([]router.Commit{}, t.Outbox...), router.Commit{MessageID: m.ID, At: now})
		switch r.Then {
		case ThenPending:
			return t.Park(now, router.StatePendingCustomer, now.Add(s.Live.View().Rules.Pending))
		case ThenResolve:
			return t.Resolve(now)
		}
		return t, nil
	})
}

// Settle hands every committed reply of a ticket to delivery. It may run any number of times.
func (s *Service) Settle(ctx context.Context, t router.Ticket) (router.Ticket, error) {
	if len(t.Outbox) == 0 {
		return t, nil
	}
	done := map[router.MessageID]bool{}
	for _, c := range t.Outbox {
		m, err := s.Store.Message(ctx, c.MessageID)
		if err != nil {
			return t, err
		}
		if m.Stage == router.StageDraft {
			m.Stage, m.StageAt = router.StageQueued, s.Now()
			if _, err := s.Store.SaveMessage(ctx, m); err != nil && !router.IsCode(err, router.CodeConflict) {
				return t, err
			}
		}
		done[c.MessageID] = true
		s.Nudger.Nudge(ctx, task.KindDeliver, task.LaneDelivery, string(c.MessageID))
	}
	return s.change(ctx, t.ID, func(t router.Ticket) (router.Ticket, error) {
		var rest []router.Commit
		for _, c := range t.Outbox {
			if !done[c.MessageID] {
				rest = append(rest, c)
			}
		}
		if len(rest) == len(t.Outbox) {
			return t, unchanged{}
		}
		t.Outbox = rest
		return t, nil
	})
}
