package generic

import (
	"crypto/hmac"
	"net/http"
	"strconv"
	"strings"
	"time"

	"switchyard/channels"
	"switchyard/router"
)

// maxSkew is how far a timestamp may be off.
const maxSkew = 5 * time.Minute

// verify checks both headers. bad_signature, stale_timestamp.
func verify(h http.Header, secret string, now time.Time, body []byte) error {
	const op = "generic.verify"
	stamp, err := strconv.ParseInt(h.Get(channels.HeaderTimestamp), 10, 64)
	if err != nil {
		return router.Fail(op, router.CodeBadSignature, "the header %s must be unix seconds", channels.HeaderTimestamp)
	}
	given := strings.ToLower(strings.TrimSpace(h.Get(channels.HeaderSignature)))
	if !hmac.Equal([]byte(given), []byte(channels.Sign(secret, stamp, body))) {
		return router.Fail(op, router.CodeBadSignature, "the signature does not fit the body and the secret of this source")
	}
	if off := now.Sub(time.Unix(stamp, 0)); off > maxSkew || off < -maxSkew {
		return router.Fail(op, router.CodeStaleTimestamp, "the timestamp is more than five minutes off")
	}
	return nil
}
