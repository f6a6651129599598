package router

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// Calendar measures business time. Package hours implements it.
type Calendar interface {
	// Between is the business time from one instant to a later one; 0 if to is not later.
	Between(from, to time.Time) time.Duration
	// Before is the latest instant from which d of business time passes until t.
	Before(t time.Time, d time.Duration) time.Time
}

// Need is a skill a ticket asks of its agent, at least at this level.
type Need struct {
	Skill Skill `json:"skill" yaml:"skill"`
	Level int   `json:"level" yaml:"level"`
}

// Case is one spell of work on a ticket: from the moment it starts to wait
// until an agent acts. A returning ticket begins a new one.
type Case struct {
	Number    int           `json:"number"`
	StartedAt time.Time     `json:"started_at"`
	Target    time.Duration `json:"target"` // frozen at its start
	Judged    bool          `json:"judged"`
	Wait      time.Duration `json:"wait,omitempty"` // when judged
	Met       bool          `json:"met,omitempty"`  // when judged
	Told      time.Duration `json:"told,omitempty"` // the wait predicted at its start
}

// Commit is a reply that the ticket's compare-and-set made final, not yet handed to delivery.
type Commit struct {
	MessageID MessageID `json:"message_id"`
	At        time.Time `json:"at"`
}

// Telling is an escalation that the ticket's compare-and-set made final, whose notice and call are not written yet.
type Telling struct {
	Name string    `json:"name"`
	Case int       `json:"case"`
	At   time.Time `json:"at"`
}

// Ticket is the unit of work that is routed. Only the methods in state.go move
// its state; every stored change raises Version by one.
type Ticket struct {
	ID        TicketID   `json:"id"`
	State     State      `json:"state"`
	Queue     QueueName  `json:"queue,omitempty"` // empty while new or held
	Topic     Topic      `json:"topic,omitempty"`
	Class     ClassName  `json:"class,omitempty"`
	Channel   Channel    `json:"channel"`
	Source    SourceName `json:"source"`
	Handle    Handle     `json:"handle"`
	Language  Language   `json:"language,omitempty"`
	ContactID ContactID  `json:"contact_id"`
	Subject   string     `json:"subject,omitempty"`
	Needs     []Need     `json:"needs,omitempty"`
	Speaks    Language   `json:"speaks,omitempty"` // the language an agent must have; empty: any
	CutoffAt  time.Time  `json:"cutoff_at,omitzero"`
	Proposed  Topic      `json:"proposed,omitempty"` // what newer messages speak of, where an agent has touched the ticket
	Asked     []string   `json:"asked,omitempty"`    // the facts that the automatic first question asked for
	Answered  bool       `json:"answered,omitempty"` // its customer was sent the topic's answer automatically
	Spam      bool       `json:"spam,omitempty"`
	FixTopic  bool       `json:"fix_topic,omitempty"` // an agent said what it is about: decisions keep it
	FixQueue  QueueName  `json:"fix_queue,omitempty"` // a person put it in this queue: decisions keep it
	Overflown bool       `json:"overflown,omitempty"` // it went over once already
	Guest     bool       `json:"guest,omitempty"`     // it stands in a queue that overflow sent it to, behind that queue's own
	Moves     int        `json:"moves,omitempty"`     // between queues, by the engine, in this case

	Agent     AgentID   `json:"agent,omitempty"`
	Epoch     int64     `json:"epoch"`
	ClaimedAt time.Time `json:"claimed_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	ActedAt   time.Time `json:"acted_at,omitzero"` // last act of the agent in this claim
	LastAgent AgentID   `json:"last_agent,omitempty"`
	KeptFor   AgentID   `json:"kept_for,omitempty"`
	KeptUntil time.Time `json:"kept_until,omitzero"`
	SkipAgent AgentID   `json:"skip_agent,omitempty"` // released it: not given to him again until SkipUntil
	SkipUntil time.Time `json:"skip_until,omitzero"`
	Offered   []AgentID `json:"offered,omitempty"` // whom it was offered to in this case; the last of them while KeptFor is he

	AgeAt      time.Time     `json:"age_at,omitzero"` // waiting without a break since then would make its wait
	WaitedFor  time.Duration `json:"waited_for,omitempty"`
	Case       Case          `json:"case"`
	Clocks     Clocks        `json:"clocks,omitzero"`
	Handled    time.Duration `json:"handled,omitempty"`    // agents' time in claims in which they acted
	AnsweredAt time.Time     `json:"answered_at,omitzero"` // last answer of an agent: a reply, or a call that reached the customer
	Escalated  []string      `json:"escalated,omitempty"`  // the escalations that have acted in this case
	EscalateAt time.Time     `json:"escalate_at,omitzero"` // when the next escalation is due
	RaisedTo   ClassName     `json:"raised_to,omitempty"`  // an escalation raised it, for this case: decisions keep it
	MovedTo    QueueName     `json:"moved_to,omitempty"`   // an escalation moved it, for this case: decisions keep it
	Telling    []Telling     `json:"telling,omitempty"`    // escalations that have acted and are not told yet
	Incident   string        `json:"incident,omitempty"`   // the incident it belongs to
	WakeAt     time.Time     `json:"wake_at,omitzero"`     // end of a snooze, or of pending_customer
	Returned   string        `json:"returned,omitempty"`   // why it came back to waiting, in a word

	Outbox         []Commit    `json:"outbox,omitempty"`
	Applied        []MessageID `json:"applied,omitempty"`       // the last messages that were joined to it
	LastCustomer   MessageID   `json:"last_customer,omitempty"` // the customer's newest message
	LastCustomerAt time.Time   `json:"last_customer_at,omitzero"`
	LastInbound    string      `json:"last_inbound,omitempty"` // external id of the customer's last message
	MessageCount   int         `json:"message_count"`
	Previous       TicketID    `json:"previous,omitempty"` // the closed ticket this one follows
	Decision       string      `json:"decision,omitempty"` // id of the decision in force
	Pull           *PullTrace  `json:"pull,omitempty"`     // why it was served, at its last claim
	Keyless        bool        `json:"keyless,omitempty"`  // joined by handle: only one may be open

	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
	ResolvedAt time.Time `json:"resolved_at,omitzero"`
	Version    int64     `json:"version"`
}

// appliedLimit bounds Ticket.Applied: a repeated step is recognized among this many messages.
const appliedLimit = 64

// HasApplied reports whether joining this message was already written.
func (t Ticket) HasApplied(id MessageID) bool {
	for _, a := range t.Applied {
		if a == id {
			return true
		}
	}
	return false
}

// OpenKey is the uniqueness key of an open ticket that is joined by handle;
// empty when the ticket is closed or joined by thread keys.
func (t Ticket) OpenKey() string {
	if !t.Keyless || t.State == StateResolved {
		return ""
	}
	return string(t.Source) + "|" + t.Handle.Key(t.Source)
}

// Wait is the business time the ticket has waited in its present case, now.
func (t Ticket) Wait(now time.Time, cal Calendar) time.Duration {
	switch {
	case t.State == StateWaiting, t.State == StateClaimed && t.ActedAt.IsZero():
		return cal.Between(t.AgeAt, now)
	}
	return t.WaitedFor
}

// Escalating reports whether the ticket is where escalations look: waiting or claimed.
func (t Ticket) Escalating() bool { return t.State == StateWaiting || t.State == StateClaimed }

// DueAt is the next moment at which time alone changes this ticket; zero if none does.
// claimMax bounds a claim without any act of its agent.
func (t Ticket) DueAt(claimMax time.Duration) time.Time {
	due := time.Time{}
	earlier := func(at time.Time) {
		if !at.IsZero() && (due.IsZero() || at.Before(due)) {
			due = at
		}
	}
	if len(t.Outbox) > 0 {
		earlier(t.Outbox[0].At)
	}
	if len(t.Telling) > 0 {
		earlier(t.Telling[0].At)
	}
	earlier(t.EscalateAt)
	switch t.State {
	case StateClaimed:
		earlier(t.ExpiresAt)
		earlier(t.idleSince().Add(claimMax))
	case StateSnoozed, StatePendingCustomer:
		earlier(t.WakeAt)
	case StateWaiting:
		if t.KeptFor != "" {
			earlier(t.KeptUntil)
		}
	}
	return due
}

func (t Ticket) idleSince() time.Time {
	if t.ActedAt.IsZero() {
		return t.ClaimedAt
	}
	return t.ActedAt
}

// RunKey names a run: tickets that any agent may serve alike.
type RunKey string

// Run is the set of waiting tickets that share queue, class, channel, needs,
// language and, where they are kept for someone, the agent.
type Run struct {
	Key     RunKey    `json:"key"`
	Queue   QueueName `json:"queue"`
	Class   ClassName `json:"class"`
	Channel Channel   `json:"channel"`
	Needs   []Need    `json:"needs,omitempty"`
	Speaks  Language  `json:"speaks,omitempty"`
	KeptFor AgentID   `json:"kept_for,omitempty"`
	Guest   bool      `json:"guest,omitempty"` // sent here by overflow
}

// Run is the run this ticket stands in while it waits.
func (t Ticket) Run() Run {
	r := Run{Queue: t.Queue, Class: t.Class, Channel: t.Channel, Needs: t.Needs, Speaks: t.Speaks, KeptFor: t.KeptFor, Guest: t.Guest}
	needs := make([]string, len(t.Needs))
	for i, n := range t.Needs {
		needs[i] = fmt.Sprintf("%s:%d", n.Skill, n.Level)
	}
	sort.Strings(needs)
	r.Key = RunKey(strings.Join([]string{string(r.Queue), string(r.Class), string(r.Channel),
		strings.Join(needs, ","), string(r.Speaks), string(r.KeptFor)}, "|"))
	if r.Guest {
		r.Key += "|guest"
	}
	return r
}

// Head is one of the few tickets of a run that a pull looks at.
type Head struct {
	TicketID TicketID  `json:"ticket_id"`
	Run      Run       `json:"run"`
	AgeAt    time.Time `json:"age_at"`
	CutoffAt time.Time `json:"cutoff_at,omitzero"`
	SkipFor  AgentID   `json:"skip_for,omitempty"` // the agent it is to be skipped for now
	Version  int64     `json:"version"`
}
