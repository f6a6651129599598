package generic

import (
	"context"
	"encoding/json"

	"switchyard/channels"
	"switchyard/router"
)

// Delivery is what deliver_url gets.
type Delivery struct {
	MessageID router.MessageID `json:"message_id"`
	TicketID  router.TicketID  `json:"ticket_id"`
	Handle    string           `json:"handle"`
	Text      string           `json:"text"`
	ThreadKey string           `json:"thread_key,omitempty"`
	InReplyTo string           `json:"in_reply_to,omitempty"`
	Automatic bool             `json:"automatic,omitempty"` // sent by the desk itself, by no agent
}

type sender struct {
	url    string
	secret string
	deps   channels.Deps
}

// Send implements channels.Sender: 2xx delivered; 429, 5xx and time-outs pass; anything else is final.
func (s *sender) Send(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
	const op = "generic.send"
	d := Delivery{MessageID: out.MessageID, TicketID: out.TicketID, Handle: out.Handle.Address, Text: out.Text, InReplyTo: out.InReplyTo, Automatic: out.Automatic}
	if n := len(out.ThreadKeys); n > 0 {
		d.ThreadKey = out.ThreadKeys[n-1]
	}
	body, err := json.Marshal(d)
	if err != nil {
		return channels.Receipt{}, router.Wrap(op, router.CodeInternal, err)
	}
	return channels.Receipt{}, channels.PostSigned(ctx, op, s.deps.HTTP, s.url, s.secret, s.deps.Now(), body)
}
