package incident

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"switchyard/router"
	"switchyard/router/forecast"
)

// Slot is the length of time that counts are compared over.
const Slot = forecast.Slot

// Count is how many tickets of a kind came in a slot beside what was forecast for all of it.
// Dispersion is the variance of such counts over their mean; 1 for Poisson's.
type Count struct {
	Topic      router.Topic
	Channel    router.Channel
	Language   router.Language
	Count      int
	Expected   float64
	Dispersion float64
}

func (c Count) key() string {
	return strings.Join([]string{string(c.Topic), string(c.Channel), string(c.Language)}, "|")
}

// Watch is the state of the watches over all kinds, after a finished slot.
type Watch struct {
	At    time.Time                 `json:"at"` // end of the last finished slot
	Kinds map[string]forecast.Surge `json:"kinds,omitempty"`
}

// Finish takes in a slot that is over, and answers what is surging then. A kind that has no count and no forecast is calm.
func (w Watch) Finish(begins time.Time, counts []Count, rule forecast.SurgeRule) (Watch, []Alarm, error) {
	next := Watch{At: begins.Add(Slot), Kinds: map[string]forecast.Surge{}}
	var alarms []Alarm
	for _, c := range kinds(counts, w) {
		s, change, err := w.Kinds[c.key()].Observe(begins, c.Count, c.Expected, c.Dispersion, rule)
		if err != nil {
			return w, nil, err
		}
		if s.Active || s.Score > 0 {
			next.Kinds[c.key()] = s
		}
		if s.Active && change != forecast.SurgeEnded {
			alarms = append(alarms, Alarm{c.Topic, c.Channel, c.Language, s.SinceAt, s.Usual, s.Count})
		}
	}
	return next, alarms, nil
}

// Look is what surges if the slot that is going on ended with what came so far. Since counts only rise and
// the whole slot's forecast is held against them, the finished slot alarms where this does (invariant E).
func (w Watch) Look(begins time.Time, counts []Count, rule forecast.SurgeRule) ([]Alarm, error) {
	_, alarms, err := w.Finish(begins, counts, rule)
	return alarms, err
}

// kinds are the counts of each topic, channel and language, those of each whole topic, and nothing for
// kinds that only the watch knows; in the order of their keys.
func kinds(counts []Count, w Watch) []Count {
	by := map[string]Count{}
	add := func(c Count) {
		have, ok := by[c.key()]
		if !ok {
			by[c.key()] = c
			return
		}
		have.Count, have.Expected, have.Dispersion = have.Count+c.Count, have.Expected+c.Expected, max(have.Dispersion, c.Dispersion)
		by[c.key()] = have
	}
	sorted := slices.Clone(counts) // sums of fractions depend on their order
	slices.SortFunc(sorted, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.key(), b.key()), cmp.Compare(a.Count, b.Count), cmp.Compare(a.Expected, b.Expected))
	})
	for _, c := range sorted {
		if c.Topic == "" {
			continue
		}
		add(c)
		c.Channel, c.Language = "", ""
		add(c)
	}
	for key := range w.Kinds {
		if parts := strings.Split(key, "|"); len(parts) == 3 {
			if _, ok := by[key]; !ok {
				by[key] = Count{Topic: router.Topic(parts[0]), Channel: router.Channel(parts[1]), Language: router.Language(parts[2])}
			}
		}
	}
	out := make([]Count, 0, len(by))
	for _, c := range by {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Compare(a.key(), b.key()) })
	return out
}
