package store

import (
	"math"
	"strconv"
	"strings"
	"time"

	"switchyard/router"
)

// Page is a limit as every list understands it: at least 1, at most MaxLimit,
// and MaxLimit where none is given.
func Page(limit int) int {
	if limit <= 0 || limit > MaxLimit {
		return MaxLimit
	}
	return limit
}

// Cursor is the place in a list after its last item: the moment the list is
// ordered by, then the id. Its text is opaque to whoever pages.
func Cursor(at time.Time, id string) string {
	return strconv.FormatInt(Stamp(at), 36) + "." + id
}

// ParseCursor reads what Cursor made. invalid_field.
func ParseCursor(cursor string) (stamp int64, id string, err error) {
	num, id, found := strings.Cut(cursor, ".")
	stamp, bad := strconv.ParseInt(num, 36, 64)
	if !found || bad != nil || id == "" {
		return 0, "", router.FailField("store.page", "cursor", "this is not a cursor of this list")
	}
	return stamp, id, nil
}

// Stamp is a moment as stores index it: nanoseconds since 1970, 0 for the zero
// time, and the nearest that can be said for moments beyond 1677–2262.
func Stamp(at time.Time) int64 {
	const farthest = 9214560000 // seconds, 292 years
	switch sec := at.Unix(); {
	case at.IsZero():
		return 0
	case sec < -farthest:
		return math.MinInt64
	case sec > farthest:
		return math.MaxInt64
	}
	return at.UnixNano()
}

// AtStamp is the moment of a stamp, in UTC.
func AtStamp(stamp int64) time.Time {
	if stamp == 0 {
		return time.Time{}
	}
	return time.Unix(0, stamp).UTC()
}
