package dispatch

import (
	"context"
	"slices"

	"switchyard/router"
	"switchyard/router/incident"
	"switchyard/router/store"
	"switchyard/workers/task"
)

// joined tells that a stored change put a ticket into an incident, or took it out.
func (s *Service) joined(ctx context.Context, before, t router.Ticket) {
	switch {
	case before.Incident == t.Incident:
	case t.Incident != "":
		s.life(ctx, t, "incident_join", "", t.Incident)
		if slices.ContainsFunc(s.Live.View().Incidents, func(i incident.Incident) bool { return i.ID == t.Incident && i.Standing > 0 }) {
			s.Nudger.Nudge(ctx, task.KindIncident, task.LaneTimers, t.Incident)
		}
	default:
		s.life(ctx, t, "incident_leave", "", before.Incident)
		if i, err := store.Incidents(s.Store).Get(ctx, before.Incident); err != nil || i.Value.State == incident.Closed {
			return // a closed incident keeps the list of what it had
		}
		if err := store.IncidentTickets(s.Store).Delete(ctx, string(t.ID)); err != nil {
			s.Log.Warn("a ticket is still in the list of its incident", "ticket", t.ID, "error", err)
		}
	}
}

// enlist puts a ticket into the list of its incident, which then owes it the standing answer. Twice is once. The list
// comes first: who begins to give an answer meets the ticket there, or is seen here.
func (s *Service) enlist(ctx context.Context, t router.Ticket) error {
	_, err := store.IncidentTickets(s.Store).Update(ctx, string(t.ID), func(e *store.IncidentTicket) (bool, error) {
		if e.Incident == t.Incident {
			return false, nil
		}
		*e = store.IncidentTicket{Incident: t.Incident, At: s.Now()}
		return true, nil
	})
	if err != nil {
		return err
	}
	i, err := store.Incidents(s.Store).Get(ctx, t.Incident)
	if err == nil && i.Value.Standing > 0 {
		err = s.owe(ctx, t.Incident, t.ID)
	}
	return err
}

// place is the open incident of a ticket under a decision, "" for none.
func (s *Service) place(t router.Ticket, d router.Decision) string {
	open := s.Live.View().Incidents
	if len(open) == 0 {
		return ""
	}
	topic, c := t.Topic, d.Classification
	if !t.FixTopic {
		topic = c.Topic
	}
	t.Language = c.Language
	return incident.Place(open, t, topic, c.Rejected && !t.FixTopic, s.Now())
}

// OpenIncidents stores what a plan opens and changes, and lets its tickets be linked. Another process that opens the
// same is as good.
func (s *Service) OpenIncidents(ctx context.Context, plan []incident.Incident) ([]incident.Incident, error) {
	var out []incident.Incident
	for _, p := range plan {
		i, err := s.openOne(ctx, p)
		if err != nil {
			return out, err
		}
		out = append(out, i)
	}
	return out, nil
}

func (s *Service) openOne(ctx context.Context, p incident.Incident) (incident.Incident, error) {
	fresh := p.ID == ""
	if fresh {
		p.ID = incident.NewID(p.Topic, p.Number)
	}
	r, err := store.Incidents(s.Store).Update(ctx, p.ID, func(i *incident.Incident) (bool, error) {
		switch {
		case i.ID == "":
			*i = p
		case fresh || i.State != incident.Open:
			return false, nil
		default:
			i.Channel, i.Language, i.Observed, i.Expected, i.LinkedAt = p.Channel, p.Language, p.Observed, p.Expected, p.LinkedAt
		}
		return true, nil
	})
	if err != nil {
		return r.Value, err
	}
	s.incidentNews(ctx, p.ID)
	if fresh && r.Value.OpenedBy == "" {
		id := router.HashID("a", "open_incident", p.ID)
		if _, err := store.AppendJSON(ctx, s.Store, store.AuditStream, id, s.Now(), store.AuditEntry{Act: "open_incident", Target: p.ID, Note: p.Why.EN}); err != nil {
			return r.Value, err
		}
		if err := s.Notice(ctx, "incident", p.ID, p.Why, ""); err != nil {
			return r.Value, err
		}
	}
	if r.Value.LinkedAt.IsZero() {
		s.Nudger.Nudge(ctx, task.KindIncident, task.LaneTimers, p.ID)
	}
	return r.Value, nil
}

// incidentNews tells pages and makes this process see the change at once.
func (s *Service) incidentNews(ctx context.Context, id string) {
	s.publish(ctx, News{Kind: "incident", Incident: id})
	if err := s.Live.Refresh(ctx); err != nil {
		s.Log.Warn("the view of the desk is stale", "error", err)
	}
}

// OpenIncident opens one by hand. invalid_field: no such topic; exists: it has an open one.
func (s *Service) OpenIncident(ctx context.Context, by router.AgentID, topic router.Topic, channel router.Channel, language router.Language, why router.Sentence) (incident.Incident, error) {
	const op = "dispatch.incident"
	rules := s.Live.View().Rules
	if rules.Topic(topic) == nil {
		return incident.Incident{}, router.FailField(op, "topic", "there is no topic %q", topic)
	}
	all, err := s.Incidents(ctx)
	if err != nil {
		return incident.Incident{}, err
	}
	number := 0
	for _, i := range all {
		if i.Topic != topic {
			continue
		}
		if i.State == incident.Open {
			return i, router.Fail(op, router.CodeExists, "the topic has an open incident already")
		}
		number = max(number, i.Number)
	}
	within := rules.Incidents.Within.D()
	return s.openOne(ctx, incident.Incident{Number: number + 1, Topic: topic, Channel: channel, Language: language, State: incident.Open, SinceAt: s.Now(),
		OpenedAt: s.Now(), OpenedBy: by, Why: why, Within: within})
}

// Incidents are all incidents, the newest first.
func (s *Service) Incidents(ctx context.Context) ([]incident.Incident, error) {
	rs, err := store.Incidents(s.Store).All(ctx, "")
	out := make([]incident.Incident, len(rs))
	for n, r := range rs {
		out[n] = r.Value
	}
	slices.SortFunc(out, func(a, b incident.Incident) int { return b.OpenedAt.Compare(a.OpenedAt) })
	return out, err
}

// CloseIncident ends one, which only a person does. Its tickets are free with their next decision.
func (s *Service) CloseIncident(ctx context.Context, by router.AgentID, id string) (incident.Incident, error) {
	ids, err := s.IncidentTickets(ctx, id)
	if err != nil {
		return incident.Incident{}, err
	}
	i, err := s.changeIncident(ctx, id, func(i incident.Incident) (incident.Incident, error) {
		i.State, i.ClosedAt, i.ClosedBy, i.Tickets, i.Standing = incident.Closed, s.Now(), by, len(ids), 0
		return i, nil
	})
	if err == nil {
		s.Nudger.Nudge(ctx, task.KindIncident, task.LaneTimers, id) // to forget what is owed
	}
	return i, err
}

// changeIncident changes an open incident. not_found; invalid_transition: it is closed.
func (s *Service) changeIncident(ctx context.Context, id string, do func(incident.Incident) (incident.Incident, error)) (incident.Incident, error) {
	r, err := store.Incidents(s.Store).Update(ctx, id, func(i *incident.Incident) (bool, error) {
		switch {
		case i.ID == "":
			return false, router.Fail("dispatch.incident", router.CodeNotFound, "there is no such incident")
		case i.State != incident.Open:
			return false, router.Fail("dispatch.incident", router.CodeInvalidTransition, "the incident is closed")
		}
		next, err := do(*i)
		if err == nil {
			*i = next
		}
		return err == nil, err
	})
	if err == nil {
		s.incidentNews(ctx, id)
	}
	return r.Value, err
}

// IncidentTickets are the tickets in an incident's list, by id. One that is being linked may not be linked yet.
func (s *Service) IncidentTickets(ctx context.Context, id string) ([]router.TicketID, error) {
	rs, err := store.IncidentTickets(s.Store).All(ctx, id)
	out := make([]router.TicketID, len(rs))
	for n, r := range rs {
		out[n] = router.TicketID(r.ID)
	}
	return out, err
}

// MoveIncidentTickets links and unlinks tickets by hand, each answered for by its own error or nil. What a person
// takes out no decision puts in again.
func (s *Service) MoveIncidentTickets(ctx context.Context, id string, add, remove []router.TicketID) ([]error, error) {
	_, err := s.changeIncident(ctx, id, func(i incident.Incident) (incident.Incident, error) {
		for _, t := range add {
			i = i.PutIn(t)
		}
		var err error
		for _, t := range remove {
			if i, err = i.TakeOut(t); err != nil {
				return i, err
			}
		}
		return i, nil
	})
	if err != nil {
		return nil, err
	}
	errs := make([]error, 0, len(add)+len(remove))
	set := func(ids []router.TicketID, from func(string) bool, to string) {
		for _, t := range ids {
			_, err := s.change(ctx, t, func(t router.Ticket) (router.Ticket, error) {
				if t.Incident == to || !from(t.Incident) {
					return t, unchanged{}
				}
				t.Incident = to
				return t, nil
			})
			errs = append(errs, err)
		}
	}
	set(add, func(string) bool { return true }, id)
	set(remove, func(have string) bool { return have == id }, "")
	return errs, nil
}

// linkIncident links what waits or is in work. It may run any number of times.
func (s *Service) linkIncident(ctx context.Context, i incident.Incident) error {
	open := []incident.Incident{i}
	for _, state := range []router.State{router.StateWaiting, router.StateClaimed} {
		for after, more := "", true; more; more = after != "" {
			ts, next, err := s.Store.ListTickets(ctx, store.TicketFilter{State: state, Topic: i.Topic, After: after, Limit: store.MaxLimit})
			if err != nil {
				return err
			}
			for _, t := range ts {
				if t.Incident != "" || incident.Place(open, t, t.Topic, false, s.Now()) == "" {
					continue
				}
				if err := s.link(ctx, t.ID, open); err != nil && !router.IsCode(err, router.CodeNotFound) {
					return err
				}
			}
			after = next
		}
	}
	_, err := s.changeIncident(ctx, i.ID, func(now incident.Incident) (incident.Incident, error) {
		if now.Channel == i.Channel && now.Language == i.Language { // else it was widened meanwhile
			now.LinkedAt = s.Now()
		}
		return now, nil
	})
	return err
}

// unsure reports whether a ticket waits for a person to say what it is about.
func (s *Service) unsure(ctx context.Context, t router.Ticket) (bool, error) {
	if t.FixTopic || t.Queue != s.Live.View().Rules.Review.Queue {
		return false, nil
	}
	d, err := store.Decisions(s.Store).Get(ctx, t.Decision)
	if router.IsCode(err, router.CodeNotFound) {
		return true, nil
	}
	return d.Value.Decision.Classification.Rejected, err
}

func (s *Service) link(ctx context.Context, id router.TicketID, open []incident.Incident) error {
	_, err := s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		unsure, err := s.unsure(ctx, t)
		if err != nil {
			return t, err
		}
		to := incident.Place(open, t, t.Topic, unsure, s.Now())
		if t.Incident != "" || to == "" || t.State != router.StateWaiting && t.State != router.StateClaimed {
			return t, unchanged{}
		}
		t.Incident = to
		return t, nil
	})
	return err
}

// WorkIncident does what is left to do for an incident: links its tickets, gives the answers that are not finished,
// and what later tickets are owed.
// mine is asked as progress is stored: false says that another process does this now.
func (s *Service) WorkIncident(ctx context.Context, id string, mine func(context.Context) (bool, error)) error {
	r, err := store.Incidents(s.Store).Get(ctx, id)
	if err != nil {
		return err
	}
	if r.Value.State == incident.Open && r.Value.LinkedAt.IsZero() {
		if err := s.linkIncident(ctx, r.Value); err != nil {
			return err
		}
	}
	for n := 1; ; n++ {
		if err := s.giveAnswer(ctx, r.Value, n, mine); router.IsCode(err, router.CodeNotFound) {
			return s.giveOwed(ctx, id, mine)
		} else if err != nil {
			return err
		}
	}
}
