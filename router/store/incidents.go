package store

import (
	"time"

	"switchyard/router"
	"switchyard/router/incident"
)

// Incidents are all incidents by id, listed by state.
func Incidents(d Docs) Collection[incident.Incident] {
	return Collection[incident.Incident]{Docs: d, Kind: "incident", Ref: func(i incident.Incident) string { return string(i.State) }}
}

// IncidentTicket says that a ticket was linked to an incident. It is written before the ticket, which has the last word.
type IncidentTicket struct {
	Incident string    `json:"incident"`
	At       time.Time `json:"at"`
}

// IncidentTickets are by ticket, listed by incident.
func IncidentTickets(d Docs) Collection[IncidentTicket] {
	return Collection[IncidentTicket]{Docs: d, Kind: "incident_ticket", Ref: func(t IncidentTicket) string { return t.Incident }}
}

// IncidentAnswer is one answer to all tickets of an incident, and how far it was given.
type IncidentAnswer struct {
	Incident   string            `json:"incident"`
	Number     int               `json:"number"` // from 1
	By         router.AgentID    `json:"by"`
	At         time.Time         `json:"at"`
	Text       router.Sentence   `json:"text"`
	Resolve    bool              `json:"resolve"`
	Later      bool              `json:"later"`           // it stands: tickets that are linked later get it too, until the next answer
	After      string            `json:"after,omitempty"` // the last ticket done
	Total      int               `json:"total"`           // tickets when it was asked for, and those later ones that were looked at
	Sent       int               `json:"sent"`            // committed to their customers
	Resolved   int               `json:"resolved"`        // of those sent
	Noted      int               `json:"noted"`           // in work: their agents were told
	NotReached []router.TicketID `json:"not_reached,omitempty"`
	Missed     int               `json:"missed"` // not reached in all; NotReached has the first of them
	SeenAt     time.Time         `json:"seen_at,omitzero"`
	FinishedAt time.Time         `json:"finished_at,omitzero"`
}

// IncidentAnswers are answers by AnswerID; those that are not finished are listed under "running".
func IncidentAnswers(d Docs) Collection[IncidentAnswer] {
	return Collection[IncidentAnswer]{Docs: d, Kind: "incident_answer", Ref: func(a IncidentAnswer) string {
		if a.FinishedAt.IsZero() {
			return "running"
		}
		return "finished"
	}}
}

// IncidentOwed says that a ticket which was linked later is owed its incident's standing answer. It is written before
// the ticket is.
type IncidentOwed struct {
	Incident string    `json:"incident"`
	At       time.Time `json:"at"`
}

// IncidentOwings are by ticket, listed by incident.
func IncidentOwings(d Docs) Collection[IncidentOwed] {
	return Collection[IncidentOwed]{Docs: d, Kind: "incident_owed", Ref: func(o IncidentOwed) string { return o.Incident }}
}

// SurgeWatch is the one record, under the id "desk", of the watch for surges.
func SurgeWatch(d Docs) Collection[incident.Watch] {
	return Collection[incident.Watch]{Docs: d, Kind: "surge_watch"}
}
