package dispatch

import (
	"context"
	"errors"
	"time"

	"switchyard/router"
	"switchyard/router/forecast"
	"switchyard/router/store"
	"switchyard/router/thread"
	"switchyard/workers/task"
)

// Triage joins one received message to its ticket and decides it. It may run twice: what the
// first run wrote is recognized. A message in another stage is left alone.
func (s *Service) Triage(ctx context.Context, id router.MessageID) error {
	m, err := s.Store.Message(ctx, id)
	if err != nil || m.Stage != router.StageReceived {
		return err
	}
	contact, err := s.contact(ctx, m)
	if err != nil {
		return err
	}
	m.ContactID = contact.ID
	switch {
	case m.Kind == router.KindBounce && m.Bounce != nil && m.Bounce.MessageID != "":
		return s.bounce(ctx, m)
	case m.Kind == router.KindCall && !m.Call.NeedsCallback():
		return s.answeredCall(ctx, m)
	}
	return s.route(ctx, m)
}

func (s *Service) contact(ctx context.Context, m router.Message) (router.Contact, error) {
	key := m.Handle.Key(m.Source)
	return s.Store.EnsureContact(ctx, key, router.Contact{ID: router.NewContactID(key), Name: m.Name, Language: m.Language,
		Handles: []router.Handle{m.Handle}, CreatedAt: m.ReceivedAt, LastSeenAt: m.ReceivedAt})
}

// finish moves a message out of received. Somebody else having done so is fine.
func (s *Service) finish(ctx context.Context, m router.Message, t router.TicketID, stage router.Stage) error {
	m.TicketID, m.Stage, m.StageAt, m.Error, m.RetryAt = t, stage, s.Now(), "", time.Time{}
	_, err := s.Store.SaveMessage(ctx, m)
	if router.IsCode(err, router.CodeConflict) {
		return nil
	}
	return err
}

const (
	// routeTries bounds how often a ticket is looked for anew when another message starts one at the same moment.
	routeTries = 10
	// startWait is how long the message that starts a thread is waited for, in steps of startStep:
	// it is being worked on beside this one. If it takes longer, this one is tried again later.
	startWait = time.Second
	startStep = 10 * time.Millisecond
)

// route finds or starts the message's ticket.
func (s *Service) route(ctx context.Context, m router.Message) error {
	for range routeTries {
		known, err := s.started(ctx, m)
		if err != nil {
			return err
		}
		r := thread.Resolve(m, known, s.Live.View().Rules.Reopen, s.Now())
		if !m.FromCustomer() && known != nil { // automatic mail and lists: recorded, no state changes
			return s.finish(ctx, m, known.ID, router.StageRecorded)
		}
		t := router.Ticket{}
		if r.New {
			t, err = s.start(ctx, m, r)
		} else {
			t, err = s.join(ctx, m, r.Join)
		}
		if router.IsCode(err, router.CodeExists) {
			continue // another message of this customer was a moment faster: join its ticket
		}
		if err != nil {
			return err
		}
		if t, err = s.Settle(ctx, t); err != nil { // hands the automatic question to delivery, also when this step runs again
			return err
		}
		if err := s.offerNew(ctx, t); err != nil {
			return err
		}
		if err := s.Store.IndexTerms(ctx, t.ID, store.Terms(m.Subject+"\n"+m.Name+"\n"+m.Text)); err != nil {
			return err
		}
		return s.finish(ctx, m, t.ID, router.StageTriaged)
	}
	return router.Fail("dispatch.triage", router.CodeConflict, "its ticket is being changed by others")
}

// errStarting says that the keys lead to a ticket that is not written yet.
var errStarting = router.Fail("dispatch.triage", router.CodeUnavailable, "the message that starts this thread is still being worked on")

// started is known, after a short wait for a ticket that is being started at this moment.
func (s *Service) started(ctx context.Context, m router.Message) (*router.Ticket, error) {
	for waited := time.Duration(0); ; waited += startStep {
		t, err := s.known(ctx, m)
		if !errors.Is(err, errStarting) || waited >= startWait {
			return t, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(startStep):
		}
	}
}

// known is the ticket the message's keys or handle lead to, nil if there is none.
func (s *Service) known(ctx context.Context, m router.Message) (*router.Ticket, error) {
	if t, err := s.Store.Ticket(ctx, router.NewTicketID(m.ID)); err == nil {
		return &t, nil // this very message started it, in a run before
	} else if !router.IsCode(err, router.CodeNotFound) {
		return nil, err
	}
	if len(m.ThreadKeys) == 0 {
		t, err := s.Store.LatestTicket(ctx, m.Source, m.Handle.Key(m.Source))
		if router.IsCode(err, router.CodeNotFound) {
			return nil, nil
		}
		return &t, err
	}
	for _, key := range thread.Keys(m) {
		r, err := store.Threads(s.Store).Get(ctx, key)
		if router.IsCode(err, router.CodeNotFound) || err == nil && r.Value == router.NewTicketID(m.ID) {
			continue
		}
		if err != nil {
			return nil, err
		}
		t, err := s.Store.Ticket(ctx, r.Value)
		if router.IsCode(err, router.CodeNotFound) {
			err = errStarting
		}
		return &t, err
	}
	return nil, nil
}

// register makes the message's keys lead to its ticket, and the key that our own replies carry
// (thread.TicketKey). It answers the ticket they lead to if that is another.
func (s *Service) register(ctx context.Context, m router.Message, id router.TicketID) (router.TicketID, error) {
	keys := thread.Keys(m)
	if len(keys) > 0 {
		keys = append(keys, thread.Key(m.Source, m.Handle, thread.TicketKey(id)))
	}
	for _, key := range keys {
		r, err := store.Threads(s.Store).Ensure(ctx, key, id)
		if err != nil {
			return id, err
		}
		if r.Value != id {
			return r.Value, nil
		}
	}
	return id, nil
}

// Sent notes how the channel calls a reply it took: delivery reports and the customer's answers may name it so.
func (s *Service) Sent(ctx context.Context, m router.Message, providerID string) error {
	if providerID == "" {
		return nil
	}
	if _, err := store.Deliveries(s.Store).Ensure(ctx, store.DeliveryKey(m.Source, providerID), m.ID); err != nil {
		return err
	}
	t, err := s.Store.Ticket(ctx, m.TicketID)
	if err != nil || t.Keyless {
		return err
	}
	_, err = store.Threads(s.Store).Ensure(ctx, thread.Key(m.Source, m.Handle, providerID), m.TicketID)
	return err
}

// start makes the message's own ticket. exists: another message's ticket is the right one.
func (s *Service) start(ctx context.Context, m router.Message, r thread.Resolution) (router.Ticket, error) {
	t := router.Ticket{ID: router.NewTicketID(m.ID), State: router.StateNew, Channel: m.Channel, Source: m.Source, Handle: m.Handle,
		ContactID: m.ContactID, Subject: m.Subject, Language: m.Language, Keyless: r.Keyless, Previous: r.Previous, CreatedAt: m.ReceivedAt}
	t = t.Applying(m)
	d, err := s.Decide(ctx, t, m) // first: it may ask outside, and nobody must wait for a ticket that is being started
	if err != nil {
		return t, err
	}
	if err := s.own(ctx, m, r, t.ID); err != nil {
		return t, err
	}
	if t, err = s.Apply(t, d, "new"); err != nil {
		return t, err
	}
	if t.State == router.StateWaiting { // it waits since we have it, not since we looked at it
		t.AgeAt, t.Case.StartedAt = m.ReceivedAt, m.ReceivedAt
	}
	if t, err = s.ask(ctx, t, d); err != nil {
		return t, err
	}
	t = s.clocked(router.Ticket{State: router.StateNew, LastCustomer: t.LastCustomer}, t)
	t.UpdatedAt, t.EscalateAt = s.Now(), s.escalateAt(t)
	if t.Incident != "" {
		if err := s.enlist(ctx, t); err != nil {
			return t, err
		}
	}
	stored, err := s.Store.InsertTicket(ctx, t)
	if err != nil {
		return t, err
	}
	s.Live.Came(stored, d)
	s.joined(ctx, router.Ticket{}, stored)
	s.tell(ctx, stored)
	s.asked(ctx, stored)
	return stored, nil
}

// own makes the message's thread lead to its new ticket. exists: it leads to another one.
func (s *Service) own(ctx context.Context, m router.Message, r thread.Resolution, id router.TicketID) error {
	if r.Previous != "" {
		return s.takeOver(ctx, m, id)
	}
	owner, err := s.register(ctx, m, id)
	if err == nil && owner != id {
		err = router.Fail("dispatch.start", router.CodeExists, "the thread has a ticket")
	}
	return err
}

// takeOver makes the keys of a closed ticket's thread lead to the new ticket that follows it.
func (s *Service) takeOver(ctx context.Context, m router.Message, id router.TicketID) error {
	for _, key := range thread.Keys(m) {
		_, err := store.Threads(s.Store).Update(ctx, key, func(v *router.TicketID) (bool, error) {
			changed := *v != id
			*v = id
			return changed, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// join adds a message to a ticket that is there.
func (s *Service) join(ctx context.Context, m router.Message, id router.TicketID) (router.Ticket, error) {
	if _, err := s.register(ctx, m, id); err != nil {
		return router.Ticket{}, err
	}
	return s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		if t.HasApplied(m.ID) {
			return t, unchanged{}
		}
		if t.State == router.StateResolved && s.Now().Sub(t.ResolvedAt) > s.Live.View().Rules.Reopen {
			return t, router.Fail("dispatch.join", router.CodeExists, "the ticket was closed too long ago")
		}
		before := t
		t = t.Applying(m)
		switch t.State {
		case router.StateClaimed:
			return s.told(ctx, t, m)
		case router.StateWaiting:
			next, err := s.enqueue(ctx, t, t.Returned, m)
			next.KeptFor, next.KeptUntil = before.KeptFor, before.KeptUntil
			return next, err
		case router.StateHeld:
			return s.enqueue(ctx, t, "customer_wrote", m)
		}
		return s.returned(ctx, t, "customer_wrote", m)
	})
}

// bounce notes that a reply of ours did not arrive.
func (s *Service) bounce(ctx context.Context, m router.Message) error {
	out, err := s.Store.Message(ctx, m.Bounce.MessageID)
	if router.IsCode(err, router.CodeNotFound) {
		return s.route(ctx, m) // of a mail that is not ours: held like other automatic mail
	}
	if err != nil {
		return err
	}
	if m.Bounce.Permanent && out.Direction == router.DirectionOut && out.Stage == router.StageSent {
		out.Stage, out.StageAt, out.Error = router.StageFailed, s.Now(), "bounced "+m.Bounce.Status
		if out, err = s.Store.SaveMessage(ctx, out); err != nil && !router.IsCode(err, router.CodeConflict) {
			return err
		}
	}
	if out.Stage == router.StageFailed {
		if err := s.TellFailure(ctx, out); err != nil {
			return err
		}
	}
	return s.finish(ctx, m, out.TicketID, router.StageRecorded)
}

// never is a RetryAt that keeps a failed message out of the sweep: its ticket was told.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// TellFailure returns the ticket of a failed reply to waiting, once.
func (s *Service) TellFailure(ctx context.Context, m router.Message) error {
	if m.Stage != router.StageFailed || m.RetryAt.Equal(never) {
		return nil
	}
	if err := s.DeliveryFailed(ctx, m); err != nil {
		return err
	}
	m.RetryAt = never
	_, err := s.Store.SaveMessage(ctx, m)
	if router.IsCode(err, router.CodeConflict) {
		return nil
	}
	return err
}

// answeredCall records a call that was answered; it settles the handle's open call-back.
func (s *Service) answeredCall(ctx context.Context, m router.Message) error {
	if m.Call != nil && m.Call.Outcome == router.CallAnswered {
		if m.Call.Incoming {
			s.Live.Demanded(m.Call.StartedAt, forecast.Key{Channel: m.Channel, Topic: store.ImportedTopic, Language: m.Language}, "")
		}
		t, err := s.Store.LatestTicket(ctx, m.Source, m.Handle.Key(m.Source))
		if err != nil && !router.IsCode(err, router.CodeNotFound) {
			return err
		}
		if err == nil && (t.State == router.StateWaiting || t.State == router.StateSnoozed) && m.Call.StartedAt.After(t.CreatedAt) {
			_, err := s.change(ctx, t.ID, func(t router.Ticket) (router.Ticket, error) {
				if t.State != router.StateWaiting && t.State != router.StateSnoozed {
					return t, unchanged{}
				}
				t.Returned = "call_answered"
				return t.Resolve(s.Now())
			})
			if err != nil {
				return err
			}
			return s.finish(ctx, m, t.ID, router.StageRecorded)
		}
	}
	return s.finish(ctx, m, "", router.StageRecorded)
}

// RetryDead puts a dead letter back among the received ones.
func (s *Service) RetryDead(ctx context.Context, id router.MessageID) error {
	m, err := s.Store.Message(ctx, id)
	if err != nil {
		return err
	}
	next := router.StageReceived
	if m.Direction == router.DirectionOut {
		next = router.StageQueued
	}
	if !m.Stage.CanMove(next) {
		return router.Fail("dispatch.retry", router.CodeInvalidTransition, "the message is %s, not failed or dead", m.Stage)
	}
	m.Stage, m.StageAt, m.Attempts, m.RetryAt, m.Error = next, s.Now(), 0, time.Time{}, ""
	if _, err := s.Store.SaveMessage(ctx, m); err != nil {
		return err
	}
	if next == router.StageQueued {
		s.Nudger.Nudge(ctx, task.KindDeliver, task.LaneDelivery, string(id))
	} else {
		s.Nudger.Nudge(ctx, task.KindTriage, task.LaneOf(m.Channel), string(id))
	}
	return nil
}
