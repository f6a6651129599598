package dispatch

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"switchyard/router"
	"switchyard/router/incident"
	"switchyard/router/store"
	"switchyard/workers/task"
)

const (
	// answerChunk is how many tickets are answered before the progress is stored.
	answerChunk = 20
	// maxNotReached bounds the tickets that an answer names as not reached.
	maxNotReached = 1000
)

func answerID(id string, number int) string { return id + "." + strconv.Itoa(number) }

// AnswerIncident gives one answer to all tickets of an open incident, in the background: those that wait, are snoozed or pend get
// the text in their language as a message of by, and with resolve those that wait or are snoozed are closed by it; the
// agents of those in work get a note. With later the answer stands: tickets that are linked from now on get it too, until
// the next answer or the end of the incident. invalid_field: a text is missing; conflict: another answer came first.
func (s *Service) AnswerIncident(ctx context.Context, by router.AgentID, id string, text router.Sentence, resolve, later bool) (store.IncidentAnswer, error) {
	const op = "dispatch.answer_incident"
	for field, t := range map[string]string{"text.zh": text.ZH, "text.en": text.EN} {
		if strings.TrimSpace(t) == "" {
			return store.IncidentAnswer{}, router.FailField(op, field, "must not be empty: customers are answered in their language")
		}
	}
	ids, err := s.IncidentTickets(ctx, id)
	if err != nil {
		return store.IncidentAnswer{}, err
	}
	a := store.IncidentAnswer{Incident: id, By: by, At: s.Now(), Text: text, Resolve: resolve, Later: later, Total: len(ids)}
	r, err := store.Incidents(s.Store).Get(ctx, id)
	if err != nil {
		return a, err
	}
	if r.Value.State != incident.Open {
		return a, router.Fail(op, router.CodeInvalidTransition, "the incident is closed")
	}
	a.Number = r.Value.Answers + 1
	answers, given := store.IncidentAnswers(s.Store), store.Record[store.IncidentAnswer]{ID: answerID(id, a.Number), Value: a}
	_, err = answers.Put(ctx, given)
	taken := router.IsCode(err, router.CodeExists)
	if taken { // a crash may have come before it was counted
		given, err = answers.Get(ctx, given.ID)
	}
	if err == nil {
		err = s.countAnswer(ctx, given.Value)
	}
	if err != nil {
		return a, err
	}
	s.Nudger.Nudge(ctx, task.KindIncident, task.LaneTimers, id)
	if taken {
		return a, router.Fail(op, router.CodeConflict, "another answer was given at this moment; look at it first")
	}
	return a, nil
}

// countAnswer makes the incident know its answer. Twice is once.
func (s *Service) countAnswer(ctx context.Context, a store.IncidentAnswer) error {
	_, err := s.changeIncident(ctx, a.Incident, func(i incident.Incident) (incident.Incident, error) {
		if a.Number > i.Answers {
			i.Answers, i.Standing = a.Number, 0
			if a.Later {
				i.Standing = a.Number
			}
		}
		return i, nil
	})
	return err
}

// IncidentAnswers are the common answers of an incident so far, the first first.
func (s *Service) IncidentAnswers(ctx context.Context, i incident.Incident) ([]store.IncidentAnswer, error) {
	out := make([]store.IncidentAnswer, 0, i.Answers)
	for n := 1; n <= i.Answers; n++ {
		r, err := store.IncidentAnswers(s.Store).Get(ctx, answerID(i.ID, n))
		if err != nil {
			return out, err
		}
		out = append(out, r.Value)
	}
	return out, nil
}

// giveAnswer goes on with an answer where it stopped. Tickets of a chunk that a crash cut off are met again, and
// recognized by their marks.
func (s *Service) giveAnswer(ctx context.Context, in incident.Incident, number int, mine func(context.Context) (bool, error)) error {
	answers := store.IncidentAnswers(s.Store)
	r, err := answers.Get(ctx, answerID(in.ID, number))
	if err == nil && number > in.Answers { // a crash may have come before it was counted
		if err := s.countAnswer(ctx, r.Value); err != nil && !router.IsCode(err, router.CodeInvalidTransition) {
			return err
		}
	}
	for err == nil && r.Value.FinishedAt.IsZero() {
		if held, ask := mine(ctx); ask != nil || !held {
			return ask
		}
		page, listErr := store.IncidentTickets(s.Store).List(ctx, in.ID, r.Value.After, answerChunk)
		if listErr != nil {
			return listErr
		}
		for _, t := range page {
			how, linked, err := s.answerTicket(ctx, router.TicketID(t.ID), r.Value)
			if err == nil && how == "" && !linked && r.Value.Later { // it may be linked in a moment
				err = s.owe(ctx, in.ID, router.TicketID(t.ID))
			}
			if err != nil {
				return err
			}
			count(&r.Value, router.TicketID(t.ID), how)
			r.Value.After = t.ID
		}
		r.Value.SeenAt = s.Now()
		if len(page) < answerChunk {
			r.Value.FinishedAt = r.Value.SeenAt
		}
		r, err = answers.Put(ctx, r)
		s.publish(ctx, News{Kind: "incident", Incident: in.ID})
	}
	return err
}

// What an answer did with a ticket; the words stand in its marks.
const (
	answerSent     = "sent"
	answerResolved = "resolved"
	answerNoted    = "noted"
	answerMissed   = "not_reached"
)

func count(a *store.IncidentAnswer, id router.TicketID, how string) {
	switch how {
	case answerResolved:
		a.Sent, a.Resolved = a.Sent+1, a.Resolved+1
	case answerSent:
		a.Sent++
	case answerNoted:
		a.Noted++
	case answerMissed:
		a.Missed++
		if len(a.NotReached) < maxNotReached {
			a.NotReached = append(a.NotReached, id)
		}
	}
}

// answerTicket answers one ticket, once. An empty how says that nothing was to be done; linked, whether it is in the
// answer's incident.
func (s *Service) answerTicket(ctx context.Context, id router.TicketID, a store.IncidentAnswer) (how string, linked bool, err error) {
	t, err := s.Store.Ticket(ctx, id)
	if router.IsCode(err, router.CodeNotFound) {
		return "", false, nil // it was to be linked when it was made, and never was made
	}
	mark := "answer:" + answerID(a.Incident, a.Number) + ":"
	how = answered(t, mark)
	if err != nil || how != "" || t.Incident != a.Incident {
		_, settle := s.Settle(ctx, t)
		return how, t.Incident == a.Incident, cmp.Or(err, settle)
	}
	text := a.Text.EN
	if t.Language == router.LanguageZH {
		text = a.Text.ZH
	}
	m, note := s.outgoing(t, a.By, text, mark), s.outgoing(t, a.By, text, mark+"note")
	m.Language = t.Language
	note.Direction, note.Kind, note.Stage = router.DirectionNote, router.KindNote, router.StageRecorded
	t, err = s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		if how = answered(t, mark); how != "" || t.Incident != a.Incident {
			return t, unchanged{}
		}
		return s.answering(ctx, t, a, mark, m, note, &how)
	})
	if err == nil && (how == answerSent || how == answerResolved) {
		s.life(ctx, t, "incident_answer", a.By, a.Incident)
		_, err = s.Settle(ctx, t)
	}
	return how, t.Incident == a.Incident, err
}

// answering stores the text as a draft, or as a note, and names it in the ticket: that write commits it.
func (s *Service) answering(ctx context.Context, t router.Ticket, a store.IncidentAnswer, mark string, m, note router.Message, how *string) (router.Ticket, error) {
	put := m
	switch {
	case t.State == router.StateClaimed:
		put, *how = note, answerNoted
	case t.State != router.StateWaiting && t.State != router.StateSnoozed && t.State != router.StatePendingCustomer:
		*how = ""
		return t, unchanged{}
	case s.CanReply(t.Source, 0) != nil:
		*how = answerMissed
		return t, unchanged{}
	case a.Resolve && t.State != router.StatePendingCustomer:
		*how = answerResolved
	default:
		*how = answerSent
	}
	if _, err := s.Store.InsertMessages(ctx, []router.Message{put}); err != nil {
		return t, err
	}
	t = t.Marking(router.MessageID(mark + *how))
	if *how == answerNoted {
		return t, nil
	}
	t.Outbox = append(append([]router.Commit{}, t.Outbox...), router.Commit{MessageID: m.ID, At: s.Now()})
	if *how == answerResolved {
		return t.Resolve(s.Now())
	}
	return t, nil
}

// answered is what an answer did with a ticket before, "" if nothing.
func answered(t router.Ticket, mark string) string {
	for _, how := range []string{answerSent, answerResolved, answerNoted} {
		if t.HasApplied(router.MessageID(mark + how)) {
			return how
		}
	}
	return ""
}
