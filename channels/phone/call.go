package phone

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"switchyard/router"
)

// rules tell what a call was.
type rules struct {
	region  string
	inbound map[string]bool
}

// machines are applications that answer for nobody: somebody must have been dialed beside them.
var machines = map[string]bool{"queue": true, "voicemail": true, "voicemailmain": true, "playback": true, "background": true, "ivr": true, "read": true,
	"waitexten": true, "answer": true, "wait": true, "musiconhold": true, "busy": true, "congestion": true, "playtones": true}

// spoke reports whether somebody of the desk talked on this leg. The row of a queue that an
// agent answered names the agent's channel; a machine's own has none.
func (l leg) spoke() bool {
	if l.disposition != "ANSWERED" || l.billsec <= 0 {
		return false
	}
	app := strings.ToLower(l.lastApp)
	return !machines[app] || app == "queue" && l.dstChannel != ""
}

// sortLegs puts the legs of a call in order: by start, then by row.
func sortLegs(legs []leg) {
	slices.SortStableFunc(legs, func(a, b leg) int {
		return cmp.Or(a.start.Compare(b.start), cmp.Compare(a.line, b.line), cmp.Compare(a.id, b.id))
	})
}

// call makes a message of a call's legs.
func (r rules) call(source router.SourceName, legs []leg) router.Inbound {
	sortLegs(legs)
	c, first := r.judge(legs)
	in := router.Inbound{Source: source, Channel: router.ChannelPhone, Kind: router.KindCall, ExternalID: callID(legs), Call: &c, SentAt: first.start, Name: first.name}
	number := first.dst
	if c.Incoming {
		number = first.src
		if anonymous[strings.ToLower(number)] {
			number = first.number
		}
	} else {
		in.Name = ""
	}
	address, ok := cleanNumber(number, r.region)
	if !ok {
		address = "anonymous:" + cmp.Or(first.call, first.id)
	}
	if in.Name == number {
		in.Name = ""
	}
	in.Handle = router.Handle{Channel: router.ChannelPhone, Address: address}
	in.Text = describe(c)
	for _, l := range legs {
		in.Warnings = append(in.Warnings, l.warnings...)
		in.Raw = append(append(in.Raw, l.raw...), '\n')
	}
	slices.Sort(in.Warnings)
	in.Warnings = slices.Compact(in.Warnings)
	return in
}

// callID is the external id of a call: the same whichever of its rows were read first.
func callID(legs []leg) string {
	if legs[0].call == "" {
		return legs[0].id
	}
	return router.HashID("call", legs[0].call)
}

// judge says what a call was over all its legs, and which leg the customer was on.
func (r rules) judge(legs []leg) (router.Call, leg) {
	c := router.Call{StartedAt: legs[0].start, EndedAt: legs[0].end, Legs: len(legs)}
	first, found := legs[0], false
	failed, queued := true, false
	for _, l := range legs {
		if r.inbound[l.context] && !found {
			first, found, c.Incoming = l, true, true
		}
		if l.end.After(c.EndedAt) {
			c.EndedAt = l.end
		}
		if l.spoke() {
			c.Talk += l.billsec
			at := l.answer
			if at.IsZero() {
				at = l.end.Add(-l.billsec)
			}
			if c.AnsweredAt == nil || at.Before(*c.AnsweredAt) {
				c.AnsweredAt = &at
			}
		}
		failed = failed && (l.disposition == "FAILED" || l.disposition == "CONGESTION")
		queued = queued || strings.EqualFold(l.lastApp, "queue")
	}
	switch {
	case c.AnsweredAt != nil:
		c.Outcome = router.CallAnswered
	case failed:
		c.Outcome = router.CallFailed
	case queued:
		c.Outcome = router.CallAbandoned
	default:
		c.Outcome = router.CallMissed
	}
	c.Ring = c.EndedAt.Sub(c.StartedAt)
	if c.AnsweredAt != nil {
		c.Ring = max(c.AnsweredAt.Sub(c.StartedAt), 0)
	}
	c.Dialed = dialed(legs, first)
	return c, first
}

// dialed is the number the caller chose: the first that is more than a place in the dial plan.
func dialed(legs []leg, first leg) string {
	for _, l := range append([]leg{first}, legs...) {
		if len(l.dst) > 1 && len(l.dst) <= maxNumber {
			return l.dst
		}
	}
	return ""
}

// describe is a short line for the list of tickets.
func describe(c router.Call) string {
	s := map[router.CallOutcome]string{router.CallAnswered: "Answered call", router.CallMissed: "Missed call", router.CallAbandoned: "Abandoned call", router.CallFailed: "Failed call"}[c.Outcome]
	if !c.Incoming {
		s = "Outgoing call"
		if c.Outcome != router.CallAnswered {
			s += " · not answered"
		}
	}
	if c.Outcome == router.CallAnswered {
		s += fmt.Sprintf(" · talked %s", short(c.Talk))
	} else {
		s += fmt.Sprintf(" · rang %s", short(c.Ring))
	}
	if c.Dialed != "" {
		s += " · dialed " + c.Dialed
	}
	return s
}

func short(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%d s", int(d/time.Second))
	}
	return fmt.Sprintf("%d min", int(d.Round(time.Minute)/time.Minute))
}
