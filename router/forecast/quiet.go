package forecast

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/hours"
	"switchyard/router/staffing"
)

// QuietOptions say where quiet hours are looked for.
type QuietOptions struct {
	Days     int                                            // local days, today's rest included; 0: 7
	Length   time.Duration                                  // of an interval, whole quarter-hours; 0: 1 h
	PerDay   int                                            // intervals a channel and day at most; 0: 2
	Open     map[router.Channel]*hours.Calendar             // channels that are looked at
	Agents   func(channel router.Channel, at time.Time) int // agents there will be; nil: not known
	Handling func(channel router.Channel) time.Duration     // with Agents: mean handling time
	Patience time.Duration                                  // with Agents: mean patience; 0: 10 min
}

// Quiet is an interval in which customers of a channel meet short lines.
type Quiet struct {
	Channel  router.Channel  `json:"channel"`
	FromAt   time.Time       `json:"from_at"`
	ToAt     time.Time       `json:"to_at"`
	PerHour  float64         `json:"per_hour"`       // arrivals expected
	Wait     time.Duration   `json:"wait,omitempty"` // expected, where agents are known
	ByWait   bool            `json:"by_wait"`        // chosen by expected wait, not by arrivals
	Why      router.Sentence `json:"why"`
	ordering float64
}

func (o QuietOptions) filled() (QuietOptions, error) {
	const op = "forecast.quietest"
	o.Days, o.PerDay = cmp.Or(o.Days, 7), cmp.Or(o.PerDay, 2)
	o.Length, o.Patience = cmp.Or(o.Length, time.Hour), cmp.Or(o.Patience, 10*time.Minute)
	switch {
	case o.Days < 1 || o.Days > 31:
		return o, router.FailField(op, "days", "must be 1 to 31, not %d", o.Days)
	case o.PerDay < 1 || o.PerDay > 24:
		return o, router.FailField(op, "per_day", "must be 1 to 24, not %d", o.PerDay)
	case o.Length < Slot || o.Length > 12*time.Hour || o.Length%Slot != 0:
		return o, router.FailField(op, "length", "must be whole quarter-hours up to 12 hours, not %s", o.Length)
	case o.Patience < 0:
		return o, router.FailField(op, "patience", "must not be negative, not %s", o.Patience)
	case o.Agents != nil && o.Handling == nil:
		return o, router.FailField(op, "handling", "is missing: without it a wait cannot be expected")
	}
	for c, calendar := range o.Open {
		if !c.Valid() || calendar == nil {
			return o, router.FailField(op, "open", "channel %q has no calendar or is none", c)
		}
	}
	return o, nil
}

// Quietest are the quietest intervals of each channel in the coming days, in the order
// of channels and time: whole inside the channel's open hours and after now, by expected
// wait where agents are known, else by arrivals. A channel without arrivals in the
// history has none, and so has a model without history.
func (m *Model) Quietest(now time.Time, options QuietOptions) ([]Quiet, error) {
	o, err := options.filled()
	if err != nil {
		return nil, err
	}
	if now.IsZero() {
		return nil, router.FailField("forecast.quietest", "now", "is missing")
	}
	out := []Quiet{}
	if m.grid == nil {
		return out, nil
	}
	for _, channel := range router.Channels() {
		calendar := o.Open[channel]
		if calendar == nil {
			continue
		}
		found, err := m.quietOf(now, channel, calendar, o)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// quietSlot is a slot that could be part of an interval.
type quietSlot struct {
	at       time.Time
	arrivals float64
	wait     float64 // hours
	open     bool
}

func (m *Model) quietOf(now time.Time, channel router.Channel, calendar *hours.Calendar, o QuietOptions) ([]Quiet, error) {
	y, mo, d := now.In(m.days.zone).Date()
	p, out := m.mean(Filter{Channel: channel}), []Quiet{}
	var mine [][]quietSlot
	open, arrivals, waits := 0.0, 0.0, 0.0
	for i := range o.Days {
		var slots []quietSlot
		for at := m.days.midnight(y, mo, d+i); at.Before(m.days.midnight(y, mo, d+i+1)); at = at.Add(Slot) {
			s := quietSlot{at: at, arrivals: p[m.days.kind(at)][m.days.slot(at)]}
			s.open = !at.Before(now) && calendar.Between(at, at.Add(Slot)) == Slot
			if err := s.expect(channel, o); err != nil {
				return nil, err
			}
			if s.open {
				open, arrivals, waits = open+1, arrivals+s.arrivals, waits+s.wait*s.arrivals
			}
			slots = append(slots, s)
		}
		mine = append(mine, slots)
	}
	if arrivals == 0 {
		return out, nil
	}
	usual := Quiet{PerHour: arrivals / open / Slot.Hours(), Wait: time.Duration(waits / arrivals * float64(time.Hour))}
	for _, slots := range mine {
		out = append(out, m.pick(slots, channel, usual, o)...)
	}
	return out, nil
}

// expect is the wait of a slot with the agents there are; nobody there means not open.
func (s *quietSlot) expect(channel router.Channel, o QuietOptions) error {
	if o.Agents == nil || !s.open {
		return nil
	}
	n := o.Agents(channel, s.at)
	if n < 1 {
		s.open = false
		return nil
	}
	steady, err := staffing.Settle(staffing.Line{PerHour: s.arrivals / Slot.Hours(), Handling: o.Handling(channel), Patience: o.Patience, Agents: n})
	s.wait = steady.Wait.Hours()
	return router.Wrap("forecast.quietest", router.CodeInvalidField, err)
}

// pick takes the quietest intervals of one day that do not overlap, and only those that
// are quieter than usual.
func (m *Model) pick(slots []quietSlot, channel router.Channel, usual Quiet, o QuietOptions) []Quiet {
	var all, out []Quiet
	n := int(o.Length / Slot)
	for i := 0; i+n <= len(slots); i++ {
		if q, ok := window(slots[i:i+n], o); ok && (!q.ByWait && q.PerHour < usual.PerHour || q.ByWait && q.Wait < usual.Wait) {
			q.Channel = channel
			all = append(all, q)
		}
	}
	slices.SortFunc(all, func(a, b Quiet) int { return cmp.Or(cmp.Compare(a.ordering, b.ordering), a.FromAt.Compare(b.FromAt)) })
	for _, q := range all {
		if len(out) < o.PerDay && !slices.ContainsFunc(out, func(x Quiet) bool { return q.FromAt.Before(x.ToAt) && x.FromAt.Before(q.ToAt) }) {
			out = append(out, q)
		}
	}
	slices.SortFunc(out, func(a, b Quiet) int { return a.FromAt.Compare(b.FromAt) })
	for i := range out {
		out[i].Why = m.why(out[i], usual)
	}
	return out
}

func window(slots []quietSlot, o QuietOptions) (Quiet, bool) {
	n := float64(len(slots))
	q := Quiet{FromAt: slots[0].at, ToAt: slots[len(slots)-1].at.Add(Slot), ByWait: o.Agents != nil}
	wait := 0.0
	for _, s := range slots {
		if !s.open {
			return q, false
		}
		q.PerHour += s.arrivals / n / Slot.Hours()
		wait += s.wait / n
	}
	q.Wait = time.Duration(wait * float64(time.Hour))
	q.ordering = q.PerHour
	if q.ByWait {
		q.ordering = wait
	}
	return q, true
}

func (m *Model) why(q, usual Quiet) router.Sentence {
	from, to := q.FromAt.In(m.days.zone).Format("15:04"), q.ToAt.In(m.days.zone).Format("15:04")
	if q.ByWait {
		here, mean := minutes(q.Wait), minutes(usual.Wait)
		return router.Sentence{ZH: fmt.Sprintf("%s–%s 排队最短：预计等候约 %s 分钟，开放时间内平均约 %s 分钟。", from, to, here, mean),
			EN: fmt.Sprintf("Lines are shortest from %s to %s: about %s minutes to wait, against %s on average in open hours.", from, to, here, mean)}
	}
	here, mean := amount(q.PerHour), amount(usual.PerHour)
	return router.Sentence{ZH: fmt.Sprintf("%s–%s 联系我们的人最少：预计每小时约 %s 件，开放时间内平均约 %s 件。", from, to, here, mean),
		EN: fmt.Sprintf("Fewest people write from %s to %s: about %s an hour, against %s on average in open hours.", from, to, here, mean)}
}

func minutes(d time.Duration) string { return amount(d.Minutes()) }

// amount shows small numbers with one decimal.
func amount(x float64) string {
	if x >= 9.95 {
		return fmt.Sprintf("%.0f", math.Round(x))
	}
	return fmt.Sprintf("%.1f", x)
}
