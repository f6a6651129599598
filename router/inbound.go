package router

import "time"

// Inbound is one contact of a customer as an adapter normalized it: UTF-8 text,
// a stable external id, the handle it came from. It is not stored yet and not
// masked yet; only channels/intake may turn it into a Message.
type Inbound struct {
	Source     SourceName
	Channel    Channel
	Kind       Kind
	ExternalID string // unique within the source, the same on every re-delivery
	Handle     Handle
	Name       string
	Subject    string
	Text       string
	HTML       string   // sanitized, only for showing
	ThreadKeys []string // keys of the thread this belongs to, its own first; empty: the handle's open ticket is joined
	Language   Language // a hint of the channel, may be empty
	SentAt     time.Time
	Call       *Call
	Bounce     *Bounce
	Attach     []InboundAttachment
	Raw        []byte   // the input as it came; kept sealed
	Failure    string   // why it could not be read; it becomes a ticket in the review queue
	Warnings   []string // what was repaired on the way
	History    bool     // recorded only: no ticket, no automatic answer
}

// InboundAttachment is a file that came with a message, or a note why it could not be had.
type InboundAttachment struct {
	Name string
	Type string // MIME type as declared, checked again before it is served
	Data []byte
	Note string // set when Data could not be fetched
}

// Call says what a phone message was. Durations are whole talk and ring times of all its legs.
type Call struct {
	Outcome    CallOutcome   `json:"outcome"`
	Incoming   bool          `json:"incoming"`
	Dialed     string        `json:"dialed,omitempty"`
	StartedAt  time.Time     `json:"started_at"`
	AnsweredAt *time.Time    `json:"answered_at,omitempty"`
	EndedAt    time.Time     `json:"ended_at"`
	Ring       time.Duration `json:"ring"`
	Talk       time.Duration `json:"talk"`
	Legs       int           `json:"legs"`
}

// CallOutcome is how a call ended, over all its legs.
type CallOutcome string

// The outcomes of calls. A missed call rang unanswered, an abandoned one was given up while waiting.
const (
	CallAnswered  CallOutcome = "answered"
	CallMissed    CallOutcome = "missed"
	CallAbandoned CallOutcome = "abandoned"
	CallFailed    CallOutcome = "failed"
)

// NeedsCallback reports whether somebody tried to reach the desk and did not.
func (c *Call) NeedsCallback() bool {
	return c != nil && c.Incoming && c.Outcome != CallAnswered
}

// Bounce says which of our messages was not delivered.
type Bounce struct {
	MessageID MessageID `json:"message_id,omitempty"` // ours, when the report names it
	Address   string    `json:"address,omitempty"`
	Status    string    `json:"status,omitempty"` // RFC 3463, for example 5.1.1
	Detail    string    `json:"detail,omitempty"`
	Permanent bool      `json:"permanent"`
}
