package incident

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// Alarm is a surge of one kind of tickets. An empty Channel or Language is all of them.
type Alarm struct {
	Topic    router.Topic
	Channel  router.Channel
	Language router.Language
	SinceAt  time.Time
	Expected float64 // tickets since SinceAt
	Observed int
}

// excess is how many tickets came beyond those expected.
func (a Alarm) excess() float64 { return float64(a.Observed) - a.Expected }

// explains is the share of a topic's excess that the surges of some of its channels and languages must
// make up for the incident to be theirs alone.
const explains = 0.8

// Merge makes one alarm of those of one topic. Its channel and language are those that all surges share, unless
// the surge of the whole topic is more than they explain.
func Merge(as []Alarm) []Alarm {
	by := map[router.Topic][]Alarm{}
	for _, a := range as {
		by[a.Topic] = append(by[a.Topic], a)
	}
	var out []Alarm
	for _, all := range by {
		out = append(out, merge(all))
	}
	slices.SortFunc(out, func(a, b Alarm) int { return cmp.Compare(a.Topic, b.Topic) })
	return out
}

func merge(as []Alarm) Alarm {
	var parts, whole []Alarm
	for _, a := range as {
		if a.Channel == "" && a.Language == "" {
			whole = append(whole, a)
		} else {
			parts = append(parts, a)
		}
	}
	if len(parts) == 0 {
		return whole[0]
	}
	m := parts[0]
	m.Expected, m.Observed = 0, 0
	for _, p := range parts {
		if p.Channel != m.Channel {
			m.Channel = ""
		}
		if p.Language != m.Language {
			m.Language = ""
		}
		if p.SinceAt.Before(m.SinceAt) {
			m.SinceAt = p.SinceAt
		}
		m.Expected, m.Observed = m.Expected+p.Expected, m.Observed+p.Observed
	}
	if len(whole) > 0 && m.excess() < explains*whole[0].excess() {
		return whole[0]
	}
	return m
}

// Plan says what alarms change: incidents to open (they have no ID yet) and open ones with new numbers or a wider
// reach, which keep theirs. last are the newest incidents of each topic, open or closed.
func Plan(as []Alarm, last []Incident, doc policy.IncidentsDoc, now time.Time) []Incident {
	of := map[router.Topic]Incident{}
	for _, i := range last {
		if have, ok := of[i.Topic]; !ok || i.Number > have.Number {
			of[i.Topic] = i
		}
	}
	var out []Incident
	for _, a := range Merge(as) {
		i, known := of[a.Topic]
		switch {
		case known && i.State == Open:
			if next := widen(i, a); next.Channel != i.Channel || next.Language != i.Language || next.Observed != i.Observed || next.Expected != i.Expected {
				out = append(out, next)
			}
		case a.Observed < doc.AtLeast, known && now.Sub(i.ClosedAt) < Pause:
		default:
			out = append(out, Incident{Number: i.Number + 1, Topic: a.Topic, Channel: a.Channel, Language: a.Language, State: Open, SinceAt: a.SinceAt,
				OpenedAt: now, Why: why(a, now), Expected: a.Expected, Observed: a.Observed, Within: doc.Within.D()})
		}
	}
	return out
}

// widen takes an alarm's numbers, and its reach where that is wider. A widened incident links anew.
func widen(i Incident, a Alarm) Incident {
	next := i
	next.Observed, next.Expected = a.Observed, a.Expected
	if i.Channel != a.Channel {
		next.Channel = ""
	}
	if i.Language != a.Language {
		next.Language = ""
	}
	if next.Channel != i.Channel || next.Language != i.Language {
		next.LinkedAt = time.Time{}
	}
	return next
}

func why(a Alarm, now time.Time) router.Sentence {
	minutes, usual := math.Max(1, math.Round(now.Sub(a.SinceAt).Minutes())), math.Round(a.Expected*10)/10
	return router.Sentence{
		ZH: fmt.Sprintf("最近 %.0f 分钟来了 %d 张同类工单，按预测约为 %v 张。", minutes, a.Observed, usual),
		EN: fmt.Sprintf("%d tickets of one kind came in %.0f minutes; the forecast was about %v.", a.Observed, minutes, usual),
	}
}
