package router

import "time"

// Direction tells what came in from what went out.
type Direction string

// The directions of a message. A note goes nowhere: only the desk sees it.
const (
	DirectionIn   Direction = "in"
	DirectionOut  Direction = "out"
	DirectionNote Direction = "note"
)

// Kind tells a customer's own words from what machines send.
type Kind string

// The kinds of messages.
const (
	KindMessage   Kind = "message"
	KindBounce    Kind = "bounce"
	KindAutoReply Kind = "auto_reply"
	KindList      Kind = "list"
	KindCall      Kind = "call"
	KindNote      Kind = "note"
)

// Valid reports whether k is one of the kinds.
func (k Kind) Valid() bool {
	switch k {
	case KindMessage, KindBounce, KindAutoReply, KindList, KindCall, KindNote:
		return true
	}
	return false
}

// Stage is how far a message has come.
type Stage string

// The stages: in received → triaged | recorded | dead, out draft → queued → sent | failed.
const (
	StageReceived Stage = "received"
	StageTriaged  Stage = "triaged"
	StageRecorded Stage = "recorded"
	StageDead     Stage = "dead"
	StageDraft    Stage = "draft"
	StageQueued   Stage = "queued"
	StageSent     Stage = "sent"
	StageFailed   Stage = "failed"
)

var stageMoves = map[Stage][]Stage{
	StageReceived: {StageTriaged, StageRecorded, StageDead},
	StageDead:     {StageReceived},
	StageDraft:    {StageQueued},
	StageQueued:   {StageSent, StageFailed},
	StageSent:     {StageFailed},
	StageFailed:   {StageQueued},
}

// CanMove reports whether a message may go from one stage to the other.
func (s Stage) CanMove(to Stage) bool {
	for _, t := range stageMoves[s] {
		if t == to {
			return true
		}
	}
	return false
}

// Attachment is a stored file of a message. Its bytes are sealed under Blob.
type Attachment struct {
	ID   BlobID `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
	Note string `json:"note,omitempty"` // why the file could not be had; then ID is empty
}

// Message is one thing received or sent. Everything above the line is written
// once; below it stands what moves with the stage, guarded by Version.
type Message struct {
	ID          MessageID    `json:"id"`
	Source      SourceName   `json:"source"`
	Channel     Channel      `json:"channel"`
	Direction   Direction    `json:"direction"`
	Kind        Kind         `json:"kind"`
	ExternalID  string       `json:"external_id"`
	Handle      Handle       `json:"handle"`
	Name        string       `json:"name,omitempty"`
	Subject     string       `json:"subject,omitempty"`
	Text        string       `json:"text"`
	HTML        string       `json:"html,omitempty"`
	ThreadKeys  []string     `json:"thread_keys,omitempty"`
	Language    Language     `json:"language,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
	Call        *Call        `json:"call,omitempty"`
	Bounce      *Bounce      `json:"bounce,omitempty"`
	Raw         BlobID       `json:"raw,omitempty"`
	Failure     string       `json:"failure,omitempty"`
	Warnings    []string     `json:"warnings,omitempty"`
	Masked      []string     `json:"masked,omitempty"` // kinds of secrets that were masked
	History     bool         `json:"history,omitempty"`
	SentAt      time.Time    `json:"sent_at"`     // by the customer's clock, or the provider's
	ReceivedAt  time.Time    `json:"received_at"` // by ours
	Author      AgentID      `json:"author,omitempty"`
	Automatic   bool         `json:"automatic,omitempty"` // sent by the desk itself, by no agent
	InReplyTo   MessageID    `json:"in_reply_to,omitempty"`

	Stage      Stage     `json:"stage"`
	StageAt    time.Time `json:"stage_at"`
	TicketID   TicketID  `json:"ticket_id,omitempty"`
	ContactID  ContactID `json:"contact_id,omitempty"`
	Attempts   int       `json:"attempts,omitempty"`
	RetryAt    time.Time `json:"retry_at,omitzero"`     // not to be tried before
	ProviderID string    `json:"provider_id,omitempty"` // what the channel called it when it took it
	Error      string    `json:"error,omitempty"`
	Version    int64     `json:"version"`
}

// FromCustomer reports whether this is a "message of the customer": their own
// words, or a call of theirs that nobody answered.
func (m Message) FromCustomer() bool {
	if m.Direction != DirectionIn || m.History {
		return false
	}
	return m.Kind == KindMessage || (m.Kind == KindCall && m.Call.NeedsCallback())
}

// Before orders messages of a ticket: by the time we received them, then by id.
func (m Message) Before(o Message) bool {
	if !m.ReceivedAt.Equal(o.ReceivedAt) {
		return m.ReceivedAt.Before(o.ReceivedAt)
	}
	return m.ID < o.ID
}
