package store

import (
	"context"
	"strings"
	"time"

	"switchyard/router"
	"switchyard/router/forecast"
	"switchyard/router/pace"
	"switchyard/router/told"
)

// ImportedTopic is the topic under which imported history is counted: nobody decided what it was about.
const ImportedTopic router.Topic = "general"

func demandID(k forecast.Key) string {
	return string(k.Channel) + "|" + string(k.Language) + "|" + string(k.Topic)
}

func parseDemandID(id string) forecast.Key {
	channel, rest, _ := strings.Cut(id, "|")
	language, topic, _ := strings.Cut(rest, "|")
	return forecast.Key{Channel: router.Channel(channel), Topic: router.Topic(topic), Language: router.Language(language)}
}

// DemandDay counts the contacts of customers that came on one day of UTC: tickets at their first decision, and
// incoming calls that were answered at once. Spam and automatic mail are not counted. Slots are the day's
// quarter-hours, 0 to 95; what had none is not there.
type DemandDay struct {
	Slots map[int]map[string]int `json:"slots"`
}

// OneDemand is one contact at a moment: the id of its day's record, and what to add to it.
func OneDemand(at time.Time, key forecast.Key) (id string, day DemandDay) {
	at = at.UTC()
	slot := (at.Hour()*60 + at.Minute()) / 15
	return at.Format(time.DateOnly), DemandDay{Slots: map[int]map[string]int{slot: {demandID(key): 1}}}
}

// Plus is the sum of both days, in d where it is there.
func (d DemandDay) Plus(o DemandDay) DemandDay {
	if d.Slots == nil {
		d.Slots = map[int]map[string]int{}
	}
	for slot, counts := range o.Slots {
		if d.Slots[slot] == nil {
			d.Slots[slot] = map[string]int{}
		}
		for key, n := range counts {
			d.Slots[slot][key] += n
		}
	}
	return d
}

// Rows are the counts of a day's record. An id that is no date has none.
func (d DemandDay) Rows(id string) []forecast.Row {
	day, err := time.Parse(time.DateOnly, id)
	if err != nil {
		return nil
	}
	var out []forecast.Row
	for slot, counts := range d.Slots {
		for key, n := range counts {
			out = append(out, forecast.Row{At: day.Add(time.Duration(slot) * forecast.Slot), Key: parseDemandID(key), Count: n})
		}
	}
	return out
}

// DemandDays are the counts by day, under ids like 2026-05-04.
func DemandDays(d Docs) Collection[DemandDay] {
	return Collection[DemandDay]{Docs: d, Kind: "demand"}
}

// DemandOf are the counts of the day of UTC that holds a moment; none where nothing came.
func DemandOf(ctx context.Context, d Docs, at time.Time) ([]forecast.Row, error) {
	id := at.UTC().Format(time.DateOnly)
	day, err := DemandDays(d).Get(ctx, id)
	if router.IsCode(err, router.CodeNotFound) {
		return nil, nil
	}
	return day.Value.Rows(id), err
}

// keptMinutes is how many minutes of arrivals are kept.
const keptMinutes = 20

// Arrivals counts, over all processes, what came in the last minutes by class; class "" is what became no ticket.
type Arrivals struct {
	FromAt  time.Time                          `json:"from_at"` // when counting began
	Minutes map[int64]map[router.ClassName]int `json:"minutes"` // by Unix minute
}

// OneArrival is one that came at a moment.
func OneArrival(at time.Time, class router.ClassName) Arrivals {
	return Arrivals{FromAt: at.UTC(), Minutes: map[int64]map[router.ClassName]int{at.Unix() / 60: {class: 1}}}
}

// Plus is the sum of both, without the minutes long before the newest.
func (a Arrivals) Plus(o Arrivals) Arrivals {
	out := Arrivals{FromAt: a.FromAt, Minutes: map[int64]map[router.ClassName]int{}}
	if a.FromAt.IsZero() || !o.FromAt.IsZero() && o.FromAt.Before(a.FromAt) {
		out.FromAt = o.FromAt
	}
	newest := int64(0)
	for _, part := range []Arrivals{a, o} {
		for minute := range part.Minutes {
			newest = max(newest, minute)
		}
	}
	for _, part := range []Arrivals{a, o} {
		for minute, counts := range part.Minutes {
			if minute <= newest-keptMinutes {
				continue
			}
			if out.Minutes[minute] == nil {
				out.Minutes[minute] = map[router.ClassName]int{}
			}
			for class, n := range counts {
				out.Minutes[minute][class] += n
			}
		}
	}
	return out
}

// Since are the counts by class of the minutes from the one that holds from up to now, and how long that
// is: less where counting began later, and at least a minute.
func (a Arrivals) Since(from, now time.Time) (by map[router.ClassName]int, over time.Duration) {
	by = map[router.ClassName]int{}
	for minute, counts := range a.Minutes {
		if minute > from.Unix()/60 && minute <= now.Unix()/60 {
			for class, n := range counts {
				by[class] += n
			}
		}
	}
	if a.FromAt.After(from) {
		from = a.FromAt
	}
	return by, max(time.Minute, now.Sub(from))
}

// DeskArrivals is the one record, under the id "desk", of the last arrivals.
func DeskArrivals(d Docs) Collection[Arrivals] {
	return Collection[Arrivals]{Docs: d, Kind: "arrivals"}
}

// Paces are learned service times by pace.Key.ID.
func Paces(d Docs) Collection[pace.Meter] { return Collection[pace.Meter]{Docs: d, Kind: "pace"} }

// ToldWaits are how good told waits were, by class.
func ToldWaits(d Docs) Collection[told.Told] { return Collection[told.Told]{Docs: d, Kind: "told"} }
