package chat

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"switchyard/router"
)

const (
	maxFrame      = 64 << 10
	maxClientID   = 128
	maxFiles      = 10 // of one message
	maxBlobIDSize = 64
)

// The types of frames.
const (
	frameHello    = "hello"
	frameMessage  = "message"
	frameTyping   = "typing"
	frameRead     = "read"
	frameReady    = "ready"
	frameAck      = "ack"
	framePosition = "position"
	frameError    = "error"
)

// clientFrame is what a visitor's page sends.
type clientFrame struct {
	Type        string          `json:"type"`
	Token       string          `json:"token"`
	After       int64           `json:"after"`
	ClientID    string          `json:"client_id"`
	Text        string          `json:"text"`
	Attachments []router.BlobID `json:"attachments"`
	Seq         int64           `json:"seq"`
}

// parseFrame reads one frame. invalid_json, invalid_field.
func parseFrame(b []byte) (clientFrame, error) {
	const op = "chat.frame"
	var f clientFrame
	if !utf8.Valid(b) || json.Unmarshal(b, &f) != nil {
		return clientFrame{}, router.Fail(op, router.CodeInvalidJSON, "the frame is not a JSON object of known fields")
	}
	switch f.Type {
	case frameHello, frameTyping, frameRead:
		return f, nil
	case frameMessage:
		return f, f.checkMessage()
	}
	return f, router.FailField(op, "type", "must be hello, message, typing or read")
}

func (f clientFrame) checkMessage() error {
	const op = "chat.frame"
	switch {
	case f.ClientID == "" || !plainLine(f.ClientID, maxClientID):
		return router.FailField(op, "client_id", "must be given, at most %d bytes", maxClientID)
	case strings.TrimSpace(f.Text) == "" && len(f.Attachments) == 0:
		return router.FailField(op, "text", "must not be empty")
	case len(f.Attachments) > maxFiles:
		return router.FailField(op, "attachments", "are more than %d", maxFiles)
	}
	for _, id := range f.Attachments {
		if id == "" || len(id) > maxBlobIDSize {
			return router.FailField(op, "attachments", "must be ids of uploaded files")
		}
	}
	return nil
}

// serverFrame is what we send; Type says which fields count.
type serverFrame struct {
	Type      string            `json:"type"`
	SessionID string            `json:"session_id,omitempty"`
	ClientID  string            `json:"client_id,omitempty"`
	MessageID router.MessageID  `json:"message_id,omitempty"`
	Seq       int64             `json:"seq,omitempty"`
	ID        string            `json:"id,omitempty"`
	Text      *string           `json:"text,omitempty"`
	From      string            `json:"from,omitempty"`
	At        string            `json:"at,omitempty"`
	Files     []file            `json:"attachments,omitempty"`
	Ahead     *int              `json:"ahead,omitempty"`
	Wait      *int              `json:"expected_wait_seconds,omitempty"`
	Waiting   *bool             `json:"waiting,omitempty"` // in position: false once an agent has the ticket
	Notes     []router.Sentence `json:"notes,omitempty"`   // in position: sentences to show with it
	Code      router.Code       `json:"code,omitempty"`
	Field     string            `json:"field,omitempty"`
	Detail    string            `json:"detail,omitempty"`
}
