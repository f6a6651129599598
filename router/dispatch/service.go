package dispatch

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/store"
	"switchyard/workers/task"
)

// Publisher tells others of a change. channels.Bus fulfils it.
type Publisher interface {
	Publish(ctx context.Context, topic string, data []byte) error
}

// Topic is the bus topic of all news of tickets and queues.
const Topic = "desk"

// News is what the bus says of a change: ids and states, never text.
type News struct {
	Kind     string           `json:"kind"` // ticket, queue, presence, notice, mode, redecide, offer, incident
	TicketID router.TicketID  `json:"ticket_id,omitempty"`
	State    router.State     `json:"state,omitempty"`
	Queue    router.QueueName `json:"queue,omitempty"`
	Agent    router.AgentID   `json:"agent,omitempty"`
	Version  int64            `json:"version,omitempty"`
	Incident string           `json:"incident,omitempty"`
}

// Life is one line of a ticket's life, for its timeline.
type Life struct {
	Act   string         `json:"act"`
	By    router.AgentID `json:"by,omitempty"`
	State router.State   `json:"state"`
	Queue string         `json:"queue,omitempty"`
	Note  string         `json:"note,omitempty"`
}

// Service carries out what happens to tickets.
type Service struct {
	Store  store.Store
	Live   *Live
	Bus    Publisher
	Nudger task.Nudger
	Now    func() time.Time // UTC, in whole milliseconds
	Log    *slog.Logger
	// CanReply says whether a source carries replies, and files; nil error: it does.
	CanReply func(source router.SourceName, files int) error

	Opinions Opinions // asked where the policy would send to review; nil: nobody is
	Embedder Embedder // asked for vectors where the text model in force was trained with its; nil: nobody is

	// Surges is what surges are seen in; nil: no incident opens by itself. Live.Quarter fulfils it.
	Surges Surges

	// Alone says that no other process serves agents: the lock on an agent's pulls is enough.
	Alone bool

	toldOverload time.Time // the change of overload that this process told last; of the sweep alone

	seen     sync.Map // router.AgentID → time.Time of the last pull that wrote a sign of life
	pulling  sync.Map // router.AgentID → *sync.Mutex: one pull of an agent at a time in this process
	rounds   rounds   // pulls of this process that share a look
	replays  replays  // back-tests of this process
	promised sync.Map // router.AgentID → router.RunKey that he makes room for
	inFlight inFlight // heads that pulls of this process are claiming right now
}

// saveTries bounds how often a change is tried again after a conflict.
const saveTries = 30

// errUnchanged is returned by a change that has nothing to write.
type unchanged struct{}

func (unchanged) Error() string { return "unchanged" }

// change reads a ticket, changes it and stores it, again and again while others are faster.
// do returns unchanged{} to leave it as it is.
func (s *Service) change(ctx context.Context, id router.TicketID, do func(router.Ticket) (router.Ticket, error)) (router.Ticket, error) {
	var last error
	for range saveTries {
		t, err := s.Store.Ticket(ctx, id)
		if err != nil {
			return t, err
		}
		next, err := do(t)
		if _, same := err.(unchanged); same {
			return t, nil
		}
		if err != nil {
			return t, err
		}
		if next, err = s.beforeSave(ctx, t, next); err != nil {
			return t, err
		}
		next, err = s.save(ctx, s.clocked(t, next))
		if err == nil {
			s.afterSave(ctx, t, next)
		}
		if !router.IsCode(err, router.CodeConflict) {
			return next, err
		}
		last = err
	}
	return router.Ticket{}, router.Wrap("dispatch.change", router.CodeUnavailable, last)
}

// beforeSave completes a changed ticket before it is stored: offers, and the list of its incident's tickets.
func (s *Service) beforeSave(ctx context.Context, before, t router.Ticket) (router.Ticket, error) {
	if t.Incident != before.Incident && t.Incident != "" {
		if err := s.enlist(ctx, t); err != nil {
			return t, err
		}
	}
	return s.offering(ctx, before, t)
}

// afterSave tells what a stored change began, and counts what it ended.
func (s *Service) afterSave(ctx context.Context, before, t router.Ticket) {
	s.offered(ctx, before, t)
	s.joined(ctx, before, t)
	if d, ok := worked(before, t); ok {
		s.Live.Worked(before.Class, before.Channel, d, t.UpdatedAt)
	}
	if t.Case.Judged && !before.Case.Judged {
		s.Live.Waited(t.Class, t.Case.Told, t.Case.Wait)
	}
}

// save stores a ticket and tells the bus.
func (s *Service) save(ctx context.Context, t router.Ticket) (router.Ticket, error) {
	t.UpdatedAt, t.EscalateAt = s.Now(), s.escalateAt(t)
	stored, err := s.Store.SaveTicket(ctx, t, t.DueAt(s.Live.View().Rules.ClaimMax))
	if err == nil {
		s.tell(ctx, stored)
	}
	return stored, err
}

func (s *Service) tell(ctx context.Context, t router.Ticket) {
	s.publish(ctx, News{Kind: "ticket", TicketID: t.ID, State: t.State, Queue: t.Queue, Agent: t.Agent, Version: t.Version})
}

func (s *Service) publish(ctx context.Context, n News) {
	body, err := json.Marshal(n)
	if err != nil {
		return
	}
	if err := s.Bus.Publish(ctx, Topic, body); err != nil {
		s.Log.Debug("news not told", "error", err)
	}
}

// live notes a line of a ticket's life. Losing one is logged, not fatal.
func (s *Service) life(ctx context.Context, t router.Ticket, act string, by router.AgentID, note string) {
	id := router.HashID("l", string(t.ID), act, string(by), t.UpdatedAt.Format(time.RFC3339Nano), note)
	_, err := store.AppendJSON(ctx, s.Store, store.TicketStream(t.ID), id, s.Now(), Life{Act: act, By: by, State: t.State, Queue: string(t.Queue), Note: note})
	if err != nil {
		s.Log.Warn("a line of a ticket's life was lost", "ticket", t.ID, "error", err)
	}
}

func (s *Service) calendar(q router.QueueName) router.Calendar {
	return s.Live.View().Rules.Calendar(q)
}

// enqueue puts a ticket into waiting: decided again with all its messages, so that
// topic, class, queue and cut-off fit what is known and open now.
func (s *Service) enqueue(ctx context.Context, t router.Ticket, why string, extra ...router.Message) (router.Ticket, error) {
	d, err := s.Decide(ctx, t, extra...)
	if err != nil {
		return t, err
	}
	return s.Apply(t, d, why)
}

// decideMessages bounds the messages of one ticket that a decision looks at: the newest.
const decideMessages = 50

// Decide makes and stores the decision about a ticket; extra are messages that are not yet joined to it.
func (s *Service) Decide(ctx context.Context, t router.Ticket, extra ...router.Message) (router.Decision, error) {
	in, d, err := s.consider(ctx, t, extra...)
	if err != nil {
		return d, err
	}
	return d, s.keep(ctx, in, d)
}

// consider makes a decision without storing it.
func (s *Service) consider(ctx context.Context, t router.Ticket, extra ...router.Message) (decide.Input, router.Decision, error) {
	var ms []router.Message
	if t.Version > 0 {
		var err error
		if ms, err = s.lastMessages(ctx, t); err != nil {
			return decide.Input{}, router.Decision{}, err
		}
	}
	for _, m := range extra {
		ms = insertMessage(ms, m)
	}
	contact, err := s.Store.Contact(ctx, t.ContactID)
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return decide.Input{}, router.Decision{}, err
	}
	in, d, err := s.decided(ctx, t, ms, contact)
	if to := s.place(t, d); err == nil && to != t.Incident { // routing looks at it
		t.Incident = to
		return s.decided(ctx, t, ms, contact)
	}
	return in, d, err
}

// keep stores a decision with what it can be made again from.
func (s *Service) keep(ctx context.Context, in decide.Input, d router.Decision) error {
	if err := s.Live.Keep(ctx, in.Snapshot); err != nil {
		return err
	}
	_, err := store.Decisions(s.Store).Put(ctx, store.Record[store.DecisionRecord]{ID: d.ID, Value: store.DecisionRecord{Input: in.Record(), Decision: d}})
	if router.IsCode(err, router.CodeExists) {
		return nil
	}
	return err
}

func (s *Service) lastMessages(ctx context.Context, t router.Ticket) ([]router.Message, error) {
	var all []router.Message
	after := ""
	for {
		page, next, err := s.Store.TicketMessages(ctx, t.ID, after, store.MaxLimit)
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			if m.Direction == router.DirectionIn {
				all = append(all, m)
			}
		}
		if len(all) > decideMessages {
			all = all[len(all)-decideMessages:]
		}
		if next == "" {
			return all, nil
		}
		after = next
	}
}

// insertMessage puts a message in its place, once.
func insertMessage(ms []router.Message, m router.Message) []router.Message {
	at := len(ms)
	for i, have := range ms {
		if have.ID == m.ID {
			return ms
		}
		if m.Before(have) {
			at = min(at, i)
		}
	}
	return append(ms[:at], append([]router.Message{m}, ms[at:]...)...)
}

// Apply gives a ticket what was decided and moves it to waiting or held.
func (s *Service) Apply(t router.Ticket, d router.Decision, why string) (router.Ticket, error) {
	rules := s.Live.View().Rules
	now := d.At
	target := d.Target
	if d.State == router.StateHeld {
		if t.State == router.StateHeld {
			t.Decision = d.ID
			return t, nil
		}
		held, err := t.Hold(now)
		held.Decision, held.Topic, held.Language, held.Spam = d.ID, d.Classification.Topic, d.Classification.Language, d.Classification.Spam
		return held, err
	}
	next, err := t.Enqueue(now, d.Queue, rules.Calendar(d.Queue), rules.Calendar(t.Queue), target, why)
	if err != nil {
		return t, err
	}
	if !t.FixTopic {
		next.Topic = d.Classification.Topic
	}
	next.Class, next.Needs, next.Speaks, next.Language = d.Class, d.Needs, d.Speaks, d.Classification.Language
	next.Decision, next.Overflown, next.Guest, next.Spam, next.Proposed = d.ID, d.Overflown, d.Guest, false, d.Classification.Proposed
	if d.Away {
		next.Moves++
	}
	if next.Case.Number != t.Case.Number {
		next.Case.Told = s.Live.View().Snapshot.Predicted(next.Queue, next.Class)
	}
	next.Incident = s.place(t, d)
	if next.CutoffAt.IsZero() || !d.CutoffAt.IsZero() {
		next.CutoffAt = d.CutoffAt
	}
	return next, nil
}

// Again makes a stored decision again from its record. The result has the same bytes.
func (s *Service) Again(ctx context.Context, r store.DecisionRecord) (router.Decision, error) {
	in, err := s.recorded(ctx, r)
	if err != nil {
		return router.Decision{}, err
	}
	return decide.Decide(in)
}

// recorded is what a stored decision was made from.
func (s *Service) recorded(ctx context.Context, r store.DecisionRecord) (in decide.Input, err error) {
	in = decide.Input{MayAsk: r.Input.MayAsk, Given: r.Input.Given, Ticket: r.Input.Ticket, Contact: r.Input.Contact, Modes: r.Input.Modes,
		Opinion: r.Input.Opinion, Embedding: r.Input.Embedding, Now: r.Input.Now}
	if in.Rules, err = s.Live.Ruleset(ctx, r.Input.Policy); err != nil {
		return in, err
	}
	if in.Snapshot, err = s.Live.Snapshot(ctx, r.Input.Snapshot); err != nil {
		return in, err
	}
	if in.Model, err = s.Live.Model(ctx, r.Input.Model); err != nil {
		return in, err
	}
	in.Messages, err = s.Store.MessagesByID(ctx, r.Input.Messages)
	return in, err
}

// Changed tells the bus that something about a ticket changed that is not in the ticket itself.
func (s *Service) Changed(ctx context.Context, id router.TicketID) {
	s.publish(ctx, News{Kind: "ticket", TicketID: id})
}
