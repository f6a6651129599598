package incident

import (
	"slices"
	"strconv"
	"time"

	"switchyard/router"
)

// State is whether an incident goes on.
type State string

// The states of an incident.
const (
	Open   State = "open"
	Closed State = "closed"
)

// Pause is how long after a person closed an incident no surge opens one of its topic again.
const Pause = 2 * time.Hour

// MaxRemoved bounds the tickets that are remembered as taken out of one incident.
const MaxRemoved = 1000

// Incident is many tickets about one thing. Channel and Language are empty where it is about all of them.
type Incident struct {
	ID       string          `json:"id"`
	Number   int             `json:"number"` // of its topic's incidents, from 1
	Topic    router.Topic    `json:"topic"`
	Channel  router.Channel  `json:"channel,omitempty"`
	Language router.Language `json:"language,omitempty"`
	State    State           `json:"state"`
	SinceAt  time.Time       `json:"since_at"` // when what came began to be too much; tickets from Within before it belong to it
	OpenedAt time.Time       `json:"opened_at"`
	OpenedBy router.AgentID  `json:"opened_by,omitempty"` // empty: a surge did
	ClosedAt time.Time       `json:"closed_at,omitzero"`
	ClosedBy router.AgentID  `json:"closed_by,omitempty"`
	Why      router.Sentence `json:"why"`
	Expected float64         `json:"expected"` // tickets since SinceAt by the forecast
	Observed int             `json:"observed"` // and those that came
	Tickets  int             `json:"tickets"`  // that were linked when they were last counted
	Within   time.Duration   `json:"within"`   // of the policy when it opened

	LinkedAt time.Time         `json:"linked_at,omitzero"` // when the tickets that were there had been linked
	Answers  int               `json:"answers"`            // common answers so far
	Standing int               `json:"standing,omitempty"` // the number of the answer that tickets linked from now on get too; 0: none
	Removed  []router.TicketID `json:"removed,omitempty"`  // a person took them out
}

// NewID names a topic's incident of this number; two processes that open it name it alike.
func NewID(topic router.Topic, number int) string {
	return router.HashID("inc", string(topic), strconv.Itoa(number))
}

// Fits reports whether the incident is about such tickets.
func (i Incident) Fits(topic router.Topic, channel router.Channel, language router.Language) bool {
	return i.State == Open && topic != "" && i.Topic == topic && (i.Channel == "" || i.Channel == channel) && (i.Language == "" || i.Language == language)
}

// Place says which of the open incidents a ticket belongs to, "" for none. topic is the ticket's now; one that is
// linked stays while its topic does, also where a person linked it.
func Place(open []Incident, t router.Ticket, topic router.Topic, rejected bool, now time.Time) string {
	for _, i := range open {
		if i.ID == t.Incident && i.State == Open && (topic == t.Topic || i.Fits(topic, t.Channel, t.Language)) {
			return i.ID
		}
	}
	if rejected {
		return ""
	}
	began := t.Case.StartedAt
	if began.IsZero() || t.State != router.StateWaiting && t.State != router.StateClaimed {
		began = now // it begins a case with this decision
	}
	for _, i := range open {
		if i.Fits(topic, t.Channel, t.Language) && !began.Before(i.SinceAt.Add(-i.Within)) && !slices.Contains(i.Removed, t.ID) {
			return i.ID
		}
	}
	return ""
}

// TakeOut notes that a person took a ticket out. invalid_field: too many were.
func (i Incident) TakeOut(id router.TicketID) (Incident, error) {
	if slices.Contains(i.Removed, id) {
		return i, nil
	}
	if len(i.Removed) >= MaxRemoved {
		return i, router.FailField("incident.remove", "remove", "more than %d tickets were taken out; close the incident and open a narrower one", MaxRemoved)
	}
	i.Removed = append(slices.Clone(i.Removed), id)
	return i, nil
}

// PutIn forgets that a ticket was taken out.
func (i Incident) PutIn(id router.TicketID) Incident {
	i.Removed = slices.DeleteFunc(slices.Clone(i.Removed), func(r router.TicketID) bool { return r == id })
	return i
}
