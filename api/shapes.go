package api

import (
	"context"
	"time"

	"switchyard/api/gate"
	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/dispatch"
)

// view turns tickets into their shape for one caller; it reads each contact once.
type view struct {
	s        *Server
	who      gate.Caller
	contacts map[router.ContactID]openapi.Contact
}

func (s *Server) view(who gate.Caller) *view {
	return &view{s: s, who: who, contacts: map[router.ContactID]openapi.Contact{}}
}

func (v *view) contact(ctx context.Context, t router.Ticket) (openapi.Contact, error) {
	if c, ok := v.contacts[t.ContactID]; ok {
		return c, nil
	}
	out := openapi.Contact{Id: t.ContactID, Handles: []router.Handle{t.Handle}}
	c, err := v.s.Store.Contact(ctx, t.ContactID)
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return out, err
	}
	if err == nil {
		out.Name = c.Name
		if len(c.Handles) > 0 {
			out.Handles = c.Handles
		}
	}
	v.contacts[t.ContactID] = out
	return out, nil
}

// ticket is the shape of a ticket, without its drafts.
func (v *view) ticket(ctx context.Context, t router.Ticket) (openapi.Ticket, error) {
	contact, err := v.contact(ctx, t)
	if err != nil {
		return openapi.Ticket{}, err
	}
	cal := v.s.Live.View().Rules.Calendar(t.Queue)
	out := openapi.Ticket{Id: t.ID, State: t.State, Queue: t.Queue, Topic: t.Topic, Class: t.Class, Channel: t.Channel, Source: t.Source,
		Language: t.Language, Contact: contact, Agent: t.Agent, WaitSeconds: seconds(t.Wait(v.s.Now(), cal)), SlaSeconds: seconds(t.Case.Target),
		CutoffAt: t.CutoffAt, CreatedAt: t.CreatedAt, Version: t.Version, Subject: t.Subject, UpdatedAt: t.UpdatedAt, MessageCount: t.MessageCount,
		LastMessage: t.LastCustomer, Needs: t.Needs, Speaks: t.Speaks, KeptFor: t.KeptFor, KeptUntil: t.KeptUntil, Offered: dispatch.Offered(t), Incident: t.Incident, LastAgent: t.LastAgent, WakeAt: t.WakeAt,
		ResolvedAt: t.ResolvedAt, Returned: t.Returned, Previous: t.Previous, Spam: t.Spam, Proposed: t.Proposed, Asked: t.Asked, Clocks: clocksOf(t.Readings(v.s.Now(), cal))}
	if t.State == router.StateClaimed && t.Agent == v.who.ID() {
		out.Claim = claimOf(t)
	}
	return out, nil
}

// whole is the shape of a ticket with the texts that were not sent.
func (v *view) whole(ctx context.Context, t router.Ticket) (openapi.Ticket, error) {
	out, err := v.ticket(ctx, t)
	if err != nil {
		return out, err
	}
	drafts, err := v.s.Desk.DraftsOf(ctx, t)
	if err != nil {
		return out, err
	}
	for _, d := range drafts {
		committed := false
		for _, c := range t.Outbox {
			committed = committed || c.MessageID == d.ID
		}
		if !committed {
			out.Drafts = append(out.Drafts, messageOf(d))
		}
	}
	return out, nil
}

func claimOf(t router.Ticket) openapi.Claim {
	return openapi.Claim{Epoch: t.Epoch, ExpiresAt: t.ExpiresAt}
}

func clocksOf(rs []router.Reading) []openapi.Clock {
	var out []openapi.Clock
	for _, r := range rs {
		c := openapi.Clock{Name: openapi.ClockName(r.Name), TargetSeconds: seconds(r.Target), SpentSeconds: seconds(r.Spent), Running: r.Running}
		if r.Judged {
			c.Met = &r.Met
		}
		out = append(out, c)
	}
	return out
}

// seconds rounds to whole milliseconds.
func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }

func messageOf(m router.Message) openapi.Message {
	out := openapi.Message{Id: m.ID, TicketId: m.TicketID, Direction: m.Direction, Kind: m.Kind, Stage: m.Stage, ExternalId: m.ExternalID,
		Handle: m.Handle.Address, Text: m.Text, Attachments: m.Attachments, SentAt: m.SentAt, Error: m.Error, Source: m.Source, Channel: m.Channel,
		ReceivedAt: m.ReceivedAt, Name: m.Name, Subject: m.Subject, Html: m.HTML, Author: m.Author, Automatic: m.Automatic, InReplyTo: m.InReplyTo, Failure: m.Failure,
		Masked: m.Masked, Warnings: m.Warnings, History: m.History, Attempts: m.Attempts, StageAt: m.StageAt}
	if out.Attachments == nil {
		out.Attachments = []router.Attachment{}
	}
	if c := m.Call; c != nil {
		out.Call = openapi.Call{Outcome: openapi.CallOutcome(c.Outcome), Incoming: c.Incoming, Dialed: c.Dialed, StartedAt: c.StartedAt,
			EndedAt: c.EndedAt, RingSeconds: seconds(c.Ring), TalkSeconds: seconds(c.Talk), Legs: c.Legs}
		if c.AnsweredAt != nil {
			out.Call.AnsweredAt = *c.AnsweredAt
		}
	}
	return out
}

func messagesOf(ms []router.Message) []openapi.Message {
	out := make([]openapi.Message, len(ms))
	for i, m := range ms {
		out[i] = messageOf(m)
	}
	return out
}

func userOf(u router.User, p router.PresenceState) openapi.User {
	out := openapi.User{Name: u.ID, Role: u.Role, Languages: u.Languages, Skills: map[string]int{}, Queues: u.Queues, Disabled: u.Disabled, CreatedAt: u.CreatedAt, Presence: p}
	if out.Languages == nil {
		out.Languages = []router.Language{}
	}
	if out.Queues == nil {
		out.Queues = []router.QueueName{}
	}
	out.Shift = u.Shift
	for q, w := range u.Weights {
		if out.QueueWeights == nil {
			out.QueueWeights = map[string]float64{}
		}
		out.QueueWeights[string(q)] = w
	}
	for k, level := range u.Skills {
		out.Skills[string(k)] = level
	}
	return out
}

func skillsOf(in map[string]int) map[router.Skill]int {
	if len(in) == 0 {
		return nil
	}
	out := make(map[router.Skill]int, len(in))
	for k, level := range in {
		out[router.Skill(k)] = level
	}
	return out
}
