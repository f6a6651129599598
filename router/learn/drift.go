package learn

import (
	"context"
	"math"
	"sort"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

// driftDays is how many days before the last 24 hours the mix of topics is compared with.
const driftDays = 28

// TopicDrift is one topic's part of the tickets that came.
type TopicDrift struct {
	Topic      router.Topic
	Day, Weeks int     // tickets
	Share      float64 // of the day's tickets, 0–1
	ShareWeeks float64 // of the weeks' tickets, 0–1
}

// Drift is how the tickets of the last 24 hours differ from those of the 28 days before, by the hour. Shares from 0 to 1.
type Drift struct {
	Day, Weeks int     // tickets
	Below      float64 // share of the day's that were under the policy's threshold
	BelowWeeks float64
	Distance   float64 // total variation between both mixes of topics: ½ Σ |p − q|; 0 where either is empty
	Topics     []TopicDrift
}

// DriftOf reads the desk's drift.
func DriftOf(ctx context.Context, d store.Docs, now time.Time) (Drift, error) {
	now = now.UTC().Truncate(time.Hour)
	dayFrom := now.Add(-23 * time.Hour)
	from := dayFrom.AddDate(0, 0, -driftDays)
	days, err := store.DecidedDays(d).List(ctx, "", from.AddDate(0, 0, -1).Format(time.DateOnly), driftDays+3)
	if err != nil {
		return Drift{}, err
	}
	var day, weeks store.DecidedCounts
	for _, r := range days {
		at, err := time.Parse(time.DateOnly, r.ID)
		if err != nil {
			return Drift{}, router.Wrap("learn.drift", router.CodeInternal, err)
		}
		for h, counts := range r.Value.Hours {
			switch hour := at.Add(time.Duration(h) * time.Hour); {
			case hour.Before(from) || hour.After(now):
			case hour.Before(dayFrom):
				weeks = weeks.Plus(counts)
			default:
				day = day.Plus(counts)
			}
		}
	}
	return drift(day, weeks), nil
}

func drift(day, weeks store.DecidedCounts) Drift {
	var out Drift
	topics := map[router.Topic]bool{}
	sum := func(counts store.DecidedCounts) (n int, below float64) {
		b := 0
		for topic, c := range counts {
			topics[topic] = true
			n, b = n+c.N, b+c.Below
		}
		return n, share(b, n)
	}
	out.Day, out.Below = sum(day)
	out.Weeks, out.BelowWeeks = sum(weeks)
	for topic := range topics {
		d, w := day[topic].N, weeks[topic].N
		out.Topics = append(out.Topics, TopicDrift{topic, d, w, share(d, out.Day), share(w, out.Weeks)})
	}
	sort.Slice(out.Topics, func(i, j int) bool {
		a, b := out.Topics[i], out.Topics[j]
		return a.Day > b.Day || a.Day == b.Day && a.Topic < b.Topic
	})
	if out.Day > 0 && out.Weeks > 0 {
		for _, t := range out.Topics {
			out.Distance += math.Abs(t.Share-t.ShareWeeks) / 2
		}
	}
	return out
}

func share(part, all int) float64 {
	if all == 0 {
		return 0
	}
	return float64(part) / float64(all)
}
