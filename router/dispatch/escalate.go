package dispatch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"switchyard/router"
	"switchyard/router/escalate"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/workers/task"
)

// escalate carries out what a ticket is due for. The marks and what they change are one write; notices and
// calls follow it (tellEscalations), also after a crash in between.
func (s *Service) escalate(ctx context.Context, t router.Ticket) error {
	rules := s.Live.View().Rules.Ruleset
	if len(escalate.Due(rules, t, s.Now())) == 0 {
		return nil
	}
	t, err := s.change(ctx, t.ID, func(t router.Ticket) (router.Ticket, error) {
		next := t
		for _, e := range escalate.Due(rules, t, s.Now()) {
			next = escalate.Marked(rules, next, e.EscalationDoc, s.Now())
		}
		if len(next.Telling) == len(t.Telling) {
			return t, unchanged{}
		}
		return s.replaced(ctx, t, next)
	})
	if err != nil {
		return err
	}
	return s.tellEscalations(ctx, t)
}

// replaced decides a ticket again if it was raised or moved. A claimed one stays with its agent.
func (s *Service) replaced(ctx context.Context, t, next router.Ticket) (router.Ticket, error) {
	if next.RaisedTo == t.RaisedTo && next.MovedTo == t.MovedTo && next.FixQueue == t.FixQueue {
		return next, nil
	}
	if next.State == router.StateWaiting {
		placed, err := s.enqueue(ctx, next, next.Returned)
		if err == nil && placed.Queue == t.Queue {
			placed.KeptFor, placed.KeptUntil = t.KeptFor, t.KeptUntil
		}
		return placed, err
	}
	d, err := s.Decide(ctx, next)
	if err != nil {
		return t, err
	}
	next.Decision = d.ID
	if next.RaisedTo != "" {
		next.Class = d.Class
	}
	return next, nil
}

// tellEscalations writes what escalations that acted have to tell: the line in the ticket's life, the notice, the
// call. Each has an id of its own, so that it may run any number of times.
func (s *Service) tellEscalations(ctx context.Context, t router.Ticket) error {
	if len(t.Telling) == 0 {
		return nil
	}
	for _, told := range t.Telling {
		e, ok := escalate.Find(s.Live.View().Rules.Ruleset, told.Name)
		if !ok { // a policy without it is in force by now
			e = policy.EscalationDoc{Name: told.Name}
		}
		if err := s.tellOne(ctx, t, told, e); err != nil {
			return err
		}
	}
	_, err := s.change(ctx, t.ID, func(now router.Ticket) (router.Ticket, error) {
		rest := slices.DeleteFunc(slices.Clone(now.Telling), func(x router.Telling) bool { return slices.Contains(t.Telling, x) })
		if len(rest) == len(now.Telling) {
			return now, unchanged{}
		}
		now.Telling = rest
		return now, nil
	})
	return err
}

func (s *Service) tellOne(ctx context.Context, t router.Ticket, told router.Telling, e policy.EscalationDoc) error {
	id := router.HashID("e", string(t.ID), strconv.Itoa(told.Case), told.Name)
	why := whyOf(e)
	line := Life{Act: "escalate", State: t.State, Queue: string(t.Queue), Note: e.Name + ": " + why.ZH + " / " + why.EN}
	if _, err := store.AppendJSON(ctx, s.Store, store.TicketStream(t.ID), id, told.At, line); err != nil {
		return err
	}
	if e.Tell {
		if err := s.Notice(ctx, "escalation", id, s.escalated(t, told, why), t.ID); err != nil {
			return err
		}
	}
	if e.Webhook == "" {
		return nil
	}
	return s.call(ctx, id, t, told, e)
}

func whyOf(e policy.EscalationDoc) router.Sentence {
	if e.Why.ZH != "" || e.Why.EN != "" {
		return e.Why
	}
	return router.Sentence{ZH: "超过了规定的时间", EN: "it took longer than the policy allows"}
}

// escalated is the sentence of a notice.
func (s *Service) escalated(t router.Ticket, told router.Telling, why router.Sentence) router.Sentence {
	title := router.Sentence{ZH: string(t.Queue), EN: string(t.Queue)}
	if q := s.Live.View().Rules.Queues[t.Queue]; q != nil {
		title = q.Title
	}
	minutes := int(t.Wait(told.At, s.calendar(t.Queue)).Minutes())
	return router.Sentence{ZH: fmt.Sprintf("「%s」队列的一张工单：%s（已等待 %d 分钟）", title.ZH, why.ZH, minutes),
		EN: fmt.Sprintf("A ticket in %s: %s (waited %d min)", title.EN, why.EN, minutes)}
}

// Call is what a webhook of ours gets: never message text or handles.
type Call struct {
	ID         string          `json:"id"`
	Event      string          `json:"event"` // escalation
	At         time.Time       `json:"at"`
	Ticket     CallTicket      `json:"ticket"`
	Escalation string          `json:"escalation,omitempty"`
	Why        router.Sentence `json:"why"`
}

// CallTicket is what a call says of its ticket.
type CallTicket struct {
	ID          router.TicketID  `json:"id"`
	Queue       router.QueueName `json:"queue"`
	Topic       router.Topic     `json:"topic"`
	Class       router.ClassName `json:"class"`
	Channel     router.Channel   `json:"channel"`
	Language    router.Language  `json:"language"`
	WaitSeconds int              `json:"wait_seconds"`
	State       router.State     `json:"state"`
}

// call writes a webhook call down and asks for it to be made.
func (s *Service) call(ctx context.Context, id string, t router.Ticket, told router.Telling, e policy.EscalationDoc) error {
	wait := t.Wait(told.At, s.calendar(t.Queue))
	body, err := json.Marshal(Call{ID: id, Event: "escalation", At: told.At, Escalation: e.Name, Why: whyOf(e),
		Ticket: CallTicket{ID: t.ID, Queue: t.Queue, Topic: t.Topic, Class: t.Class, Channel: t.Channel, Language: t.Language, WaitSeconds: int(wait.Seconds()), State: t.State}})
	if err != nil {
		return router.Wrap("dispatch.call", router.CodeInternal, err)
	}
	_, err = store.WebhookCalls(s.Store).Ensure(ctx, id, store.WebhookCall{Webhook: e.Webhook, Ticket: t.ID, Body: body, State: store.CallPending, At: told.At})
	if err == nil {
		s.Nudger.Nudge(ctx, task.KindWebhook, task.LaneDelivery, id)
	}
	return err
}
