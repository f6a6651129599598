package channels

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"switchyard/router"
)

// The headers of a signed call, to us and from us.
const (
	HeaderTimestamp = "X-Switchyard-Timestamp"
	HeaderSignature = "X-Switchyard-Signature"
)

// maxAnswer bounds what is read of a receiver's answer, so that its connection can be used again.
const maxAnswer = 64 << 10

// Sign is the signature header of a body sent at a moment (unix seconds): sha256= and the hex
// HMAC-SHA256 of timestamp, dot and body.
func Sign(secret string, timestamp int64, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(strconv.FormatInt(timestamp, 10)))
	mac.Write([]byte("."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// SignRequest sets both headers.
func SignRequest(h http.Header, secret string, now time.Time, body []byte) {
	h.Set(HeaderTimestamp, strconv.FormatInt(now.Unix(), 10))
	h.Set(HeaderSignature, Sign(secret, now.Unix(), body))
}

// PostSigned sends a JSON body that is signed. nil: the receiver answered 2xx. unavailable (5xx, not reached) and
// rate_limited (429, with RetryAfter) may pass; cannot_reply is final. Redirects are not followed. No error holds the address.
func PostSigned(ctx context.Context, op string, c *http.Client, address, secret string, now time.Time, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return router.Fail(op, router.CodeCannotReply, "the address is not usable")
	}
	req.Header.Set("Content-Type", "application/json")
	SignRequest(req.Header, secret, now, body)
	client := *c
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		return &router.Error{Op: op, Code: router.CodeUnavailable, Detail: "the receiver could not be reached", Err: withoutAddress(err)}
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, maxAnswer)
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return nil
	case res.StatusCode == http.StatusTooManyRequests:
		return &RetryAfter{After: pauseOf(res.Header, now), Err: router.Fail(op, router.CodeRateLimited, "the receiver asks for a pause")}
	case res.StatusCode >= 500:
		return router.Fail(op, router.CodeUnavailable, "the receiver answered %d", res.StatusCode)
	}
	return router.Fail(op, router.CodeCannotReply, "the receiver refused it with %d", res.StatusCode)
}

// withoutAddress drops the address from a client's error: it may carry a secret.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// pauseOf reads a pause, given in seconds or as a moment.
func pauseOf(h http.Header, now time.Time) time.Duration {
	given := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(given); err == nil {
		return time.Duration(min(max(seconds, 0), 24*3600)) * time.Second
	}
	if at, err := http.ParseTime(given); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
