package dispatch

import (
	"time"

	"switchyard/router"
	"switchyard/router/forecast"
	"switchyard/router/hours"
	"switchyard/router/match"
	"switchyard/router/staffing"
)

// DayPlan is what a local day is expected to bring, and whom it needs.
type DayPlan struct {
	From, To time.Time
	Forecast forecast.Forecast
	Plan     forecast.Plan
	OnShift  []int // agents on shift, by the plan's quarter-hours
}

// farthestDay is how many days from now a day may be that is asked for.
const farthestDay = 60

// Noon is the middle of a local date, at most two months away.
func (v *View) Noon(date string, now time.Time) (time.Time, error) {
	day, err := time.ParseInLocation(time.DateOnly, date, v.Rules.Zone)
	if err != nil || day.After(now.AddDate(0, 0, farthestDay)) || day.Before(now.AddDate(0, 0, -farthestDay)) {
		return day, router.FailField("dispatch.noon", "day", "must be a date like 2026-11-25, at most two months away")
	}
	return day.Add(12 * time.Hour), nil
}

// Outlook is the plan of the local day that holds a moment, for the keys that the filter takes. Staffing is for the
// policy's share of tickets served within the target of their class, customers as patient as it says, handling times as
// the order counts them now. Without a forecast Forecast.Basis says why, and there are no rows.
func (v *View) Outlook(at time.Time, f forecast.Filter) (DayPlan, error) {
	var p DayPlan
	p.From, p.To = hours.Day(at, v.Rules.Zone)
	if v.Forecast == nil {
		p.Forecast.Basis = forecast.Basis{None: true, Why: router.Sentence{ZH: "预测还没有算好。", EN: "The forecast is not worked out yet."}}
		return p, nil
	}
	var err error
	if p.Forecast, err = v.Forecast.Span(p.From, p.To, f); err != nil || p.Forecast.Basis.None {
		return p, err
	}
	want := forecast.Staffing{Handling: v.handling, Variation: 1, Patience: v.Rules.Staffing.Patience.D(),
		Target: staffing.Target{Share: v.Rules.Staffing.Share / 100, Within: v.within(f)}}
	if p.Plan, err = v.Forecast.Staff(p.From, p.To, f, want); err != nil {
		return p, err
	}
	for _, row := range p.Plan.Rows {
		p.OnShift = append(p.OnShift, v.onShift(row.At))
	}
	return p, nil
}

// handling is how long tickets of a key take an agent, for his whole attention: by the cost of the channel.
func (v *View) handling(k forecast.Key) time.Duration {
	class := v.Rules.Review.Class
	if t := v.Rules.Topic(k.Topic); t != nil && t.Class != "" {
		class = t.Class
	}
	p, ok := v.Snapshot.Classes[class]
	if !ok {
		return 10 * time.Minute
	}
	return max(time.Second, p.For(k.Channel).Handling*time.Duration(v.Rules.Capacity[k.Channel])/match.Full)
}

// within is the shortest target among the classes of the topics that a filter takes: security's, where all are.
func (v *View) within(f forecast.Filter) time.Duration {
	least := time.Duration(0)
	for _, t := range v.Rules.Topics {
		p, ok := v.Snapshot.Classes[t.Class]
		if ok && (f.Topic == "" || f.Topic == t.Name) && (least == 0 || p.Target < least) {
			least = p.Target
		}
	}
	return max(least, time.Minute)
}

func (v *View) onShift(at time.Time) int {
	n := 0
	for _, a := range v.Agents {
		if a.User.Role == router.RoleAgent && !a.User.Disabled && match.OnShift(v.Rules.Ruleset, a.User, at) {
			n++
		}
	}
	return n
}

// Quietest are the quietest hours of the coming days by channel, in the hours in which the desk's usual queue is open.
func (v *View) Quietest(now time.Time, days int) ([]forecast.Quiet, error) {
	if v.Forecast == nil {
		return nil, nil
	}
	open := map[router.Channel]*hours.Calendar{}
	for _, ch := range router.Channels() {
		open[ch] = v.Usual()
	}
	return v.Forecast.Quietest(now, forecast.QuietOptions{Days: days, PerDay: 1, Open: open})
}

// Usual is the calendar of the queue that general questions wait in: of the last topic that has one.
func (v *View) Usual() *hours.Calendar {
	for i := len(v.Rules.Topics) - 1; i >= 0; i-- {
		if q := v.Rules.Queues[v.Rules.Topics[i].Queue]; q != nil {
			return q.Hours
		}
	}
	return hours.Always(v.Rules.Zone)
}

// Expected is the wait that a customer of a topic is told now: that of its queue and class, as promised. ok is false
// where nobody works for the queue, or for the one that stands in for it: then no wait can be told.
func (v *View) Expected(topic router.Topic) (wait time.Duration, ok bool) {
	t := v.Rules.Topic(topic)
	if t == nil {
		return 0, false
	}
	name := t.Queue
	if q := v.Rules.Queues[name]; q != nil {
		name = q.Serves(v.Snapshot.At)
	}
	return v.Promise(v.Snapshot.Predicted(name, t.Class)), v.Snapshot.Queues[name].Agents > 0
}
