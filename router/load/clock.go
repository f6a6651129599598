package load

import (
	"maps"
	"time"

	"switchyard/router/policy"
)

// Clock is what expressions see of a moment: hours and calendar.
func Clock(rs *policy.Ruleset, at time.Time) (hours, calendar map[string]any) {
	local := at.In(rs.Zone)
	hours = map[string]any{"hour": float64(local.Hour()), "minute_of_day": float64(local.Hour()*60 + local.Minute()),
		"weekday": float64(local.Weekday()), "is_night": local.Hour() < 8 || local.Hour() >= 22, "open": true,
		"minutes_to_close": 1e6, "minutes_to_open": 0.0}
	calendar = map[string]any{"holiday": false}
	day := rs.Calendars["day"]
	if day == nil {
		return hours, calendar
	}
	open := day.Open(at)
	hours["open"], hours["is_night"], calendar["holiday"] = open, !open, day.Holiday(at)
	edge := day.NextEdge(at)
	switch {
	case edge.IsZero():
	case open:
		hours["minutes_to_close"] = edge.Sub(at).Minutes()
	default:
		hours["minutes_to_open"] = edge.Sub(at).Minutes()
	}
	return hours, calendar
}

// Moved is the snapshot as it would be at another moment with the same load: only what expressions see of the
// clock changes. It has no digest and is not to be stored.
func (s *Snapshot) Moved(rs *policy.Ruleset, at time.Time) *Snapshot {
	next := *s
	next.At, next.digest = at, ""
	next.Vars = maps.Clone(s.Vars)
	hours, calendar := Clock(rs, at)
	next.Vars["hours"], next.Vars["calendar"] = hours, calendar
	return &next
}
