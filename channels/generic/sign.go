package generic

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"switchyard/router"
)

// The headers of a signed call.
const (
	HeaderTimestamp = "X-Switchyard-Timestamp"
	HeaderSignature = "X-Switchyard-Signature"
)

// maxSkew is how far a timestamp may be off.
const maxSkew = 5 * time.Minute

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

// verify checks both headers. bad_signature, stale_timestamp.
func verify(h http.Header, secret string, now time.Time, body []byte) error {
	const op = "generic.verify"
	stamp, err := strconv.ParseInt(h.Get(HeaderTimestamp), 10, 64)
	if err != nil {
		return router.Fail(op, router.CodeBadSignature, "the header %s must be unix seconds", HeaderTimestamp)
	}
	given := strings.ToLower(strings.TrimSpace(h.Get(HeaderSignature)))
	if !hmac.Equal([]byte(given), []byte(Sign(secret, stamp, body))) {
		return router.Fail(op, router.CodeBadSignature, "the signature does not fit the body and the secret of this source")
	}
	if off := now.Sub(time.Unix(stamp, 0)); off > maxSkew || off < -maxSkew {
		return router.Fail(op, router.CodeStaleTimestamp, "the timestamp is more than five minutes off")
	}
	return nil
}
