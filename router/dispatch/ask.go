package dispatch

import (
	"context"
	"strings"
	"time"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/store"
)

const (
	// askPause is how long a customer whose messages start a ticket each is not asked on another one: whatever
	// answers our question by itself, with a new thread every time, would go on for ever.
	askPause = 24 * time.Hour
	// askLook is how many of the customer's newest tickets are looked at for that.
	askLook = 5
)

// mayAsk reports whether an automatic question about a new ticket would reach its customer (decide.Input).
func (s *Service) mayAsk(ctx context.Context, t router.Ticket) (bool, error) {
	if t.State != router.StateNew || s.CanReply(t.Source, 0) != nil {
		return false, nil
	}
	if t.Keyless {
		return true, nil
	}
	last, _, err := s.Store.ListTickets(ctx, store.TicketFilter{Contact: t.ContactID, Limit: askLook})
	if err != nil {
		return false, err
	}
	for _, o := range last {
		if (len(o.Asked) > 0 || o.Answered) && o.ID != t.ID && s.Now().Sub(o.CreatedAt) < askPause {
			return false, nil
		}
	}
	return true, nil
}

// ask puts the automatic question of a decision into the ticket's outbox: the draft is stored first, and the
// write that stores the ticket commits it, as with replies. Its id is the ticket's: a step that runs again makes the same one.
func (s *Service) ask(ctx context.Context, t router.Ticket, d router.Decision) (router.Ticket, error) {
	text := decide.Question(s.Live.View().Rules, d)
	if text == "" || t.State != router.StateWaiting {
		return t, nil
	}
	m := s.outgoing(t, "", text, "question")
	m.Automatic, m.Language = true, d.AskLanguage
	if !t.LastCustomerAt.Before(m.ReceivedAt) { // it stands after what it asks about
		m.ReceivedAt = t.LastCustomerAt.Add(time.Millisecond)
	}
	if _, err := s.Store.InsertMessages(ctx, []router.Message{m}); err != nil {
		return t, err
	}
	t.Asked, t.Answered = d.Ask, d.Answer
	t.Outbox = append(t.Outbox, router.Commit{MessageID: m.ID, At: s.Now()})
	return t, nil
}

// asked notes an automatic answer and question in the ticket's life, after they were committed.
func (s *Service) asked(ctx context.Context, t router.Ticket) {
	if t.Answered {
		s.life(ctx, t, "answer", "", string(t.Topic))
	}
	if len(t.Asked) > 0 {
		s.life(ctx, t, "ask", "", strings.Join(t.Asked, ","))
	}
}

// told decides a ticket that its agent keeps, with the customer's new message: state, queue and topic
// stay, and what it may be about now is proposed.
func (s *Service) told(ctx context.Context, t router.Ticket, m router.Message) (router.Ticket, error) {
	d, err := s.Decide(ctx, t, m)
	if err != nil {
		return t, err
	}
	c := d.Classification
	t.Decision, t.Proposed = d.ID, c.Proposed
	if t.Proposed == "" && !t.FixTopic && !c.Rejected && !c.Spam && c.Topic != t.Topic { // nobody has acted yet, but somebody reads it
		t.Proposed = c.Topic
	}
	return t, nil
}
