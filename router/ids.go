package router

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// Ids are types of their own, so that a ticket's id cannot be passed for a message's.
type (
	// MessageID names one Message, received or sent.
	MessageID string
	// TicketID names one Ticket.
	TicketID string
	// ContactID names one Contact.
	ContactID string
	// AgentID is the sign-in name of an agent, manager, auditor or machine.
	AgentID string
	// SourceName is the configured name of one Source.
	SourceName string
	// QueueName is the name of a Queue in the policy.
	QueueName string
	// ClassName is the name of a class of tickets in the policy.
	ClassName string
	// Topic is what a ticket is about, a name in the policy.
	Topic string
	// BlobID names sealed bytes: raw input or an attachment.
	BlobID string
	// Skill is a tag that an agent has at a level and a ticket may need.
	Skill string
)

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// HashID is a stable name of 26 characters for a list of parts (128 bits of SHA-256).
// Two lists have the same name only if they have the same parts.
func HashID(prefix string, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte{byte(len(p) >> 24), byte(len(p) >> 16), byte(len(p) >> 8), byte(len(p))})
		h.Write([]byte(p))
	}
	return prefix + idEncoding.EncodeToString(h.Sum(nil)[:16])
}

// NewMessageID is the id of what a source calls externalID.
func NewMessageID(source SourceName, externalID string) MessageID {
	return MessageID(HashID("m", string(source), externalID))
}

// NewTicketID is the id of the ticket that this message starts, if it starts one.
func NewTicketID(first MessageID) TicketID {
	return TicketID("t" + strings.TrimPrefix(string(first), "m"))
}

// NewContactID is the id of the contact first met under this handle key.
func NewContactID(handleKey string) ContactID {
	return ContactID(HashID("c", handleKey))
}
