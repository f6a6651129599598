package generic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

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
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return channels.Receipt{}, router.Fail(op, router.CodeCannotReply, "deliver_url is not usable")
	}
	req.Header.Set("Content-Type", "application/json")
	SignRequest(req.Header, s.secret, s.deps.Now(), body)
	client := *s.deps.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		return channels.Receipt{}, &router.Error{Op: op, Code: router.CodeUnavailable, Detail: "deliver_url could not be reached", Err: withoutURL(err)}
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return channels.Receipt{}, nil
	case res.StatusCode == http.StatusTooManyRequests:
		return channels.Receipt{}, &channels.RetryAfter{After: retryAfter(res.Header, s.deps.Now()), Err: router.Fail(op, router.CodeRateLimited, "the receiver asks for a pause")}
	case res.StatusCode >= 500:
		return channels.Receipt{}, router.Fail(op, router.CodeUnavailable, "the receiver answered %d", res.StatusCode)
	}
	return channels.Receipt{}, router.Fail(op, router.CodeCannotReply, "the receiver refused the reply with %d", res.StatusCode)
}

// withoutURL drops the address from a client's error: it may carry a secret.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// retryAfter reads a pause, given in seconds or as a moment.
func retryAfter(h http.Header, now time.Time) time.Duration {
	given := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(given); err == nil {
		return time.Duration(min(max(seconds, 0), 24*3600)) * time.Second
	}
	if at, err := http.ParseTime(given); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
