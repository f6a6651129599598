package store

import (
	"encoding/json"
	"time"

	"switchyard/router"
)

// CallState is how far a webhook call has come.
type CallState string

// The states of a webhook call.
const (
	CallPending CallState = "pending" // to be tried, at RetryAt
	CallDone    CallState = "done"
	CallFailed  CallState = "failed"
)

// WebhookCall is one call of an outgoing webhook: written before it is tried, so that it is made
// even if the process ends in between. Its id says what it is about: the same cause makes it once.
type WebhookCall struct {
	Webhook  string          `json:"webhook"` // its name in the configuration
	Ticket   router.TicketID `json:"ticket,omitempty"`
	Body     json.RawMessage `json:"body"` // what is sent, the same in every try
	State    CallState       `json:"state"`
	At       time.Time       `json:"at"`
	Attempts int             `json:"attempts,omitempty"`
	RetryAt  time.Time       `json:"retry_at,omitzero"`
	Error    string          `json:"error,omitempty"` // a code, never an address or a secret
	EndedAt  time.Time       `json:"ended_at,omitzero"`
}

// WebhookCalls are the calls by id, listed by state.
func WebhookCalls(d Docs) Collection[WebhookCall] {
	return Collection[WebhookCall]{Docs: d, Kind: "webhook_call", Ref: func(c WebhookCall) string { return string(c.State) }}
}
