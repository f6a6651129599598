package hours

import (
	"fmt"
	"sort"
	"time"
)

// horizonDays bounds how far a calendar looks back or ahead.
const horizonDays = 800

// Interval is a part of a day in minutes since its midnight. Close is later than
// Open; beyond 1440 it reaches into the next day.
type Interval struct{ Open, Close int }

// Calendar says when a queue is open. Build one with New; it is immutable.
type Calendar struct {
	zone     *time.Location
	week     [7][]Interval // by time.Weekday
	holidays map[string][]Interval
	always   bool
}

// New makes a calendar. holidays maps dates (2006-01-02) to the intervals that
// replace the weekday's; an empty list is a closed day.
func New(zone *time.Location, week [7][]Interval, holidays map[string][]Interval) (*Calendar, error) {
	c := &Calendar{zone: zone, holidays: map[string][]Interval{}}
	open := 0
	for d, day := range week {
		tidy, err := tidyDay(day)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", time.Weekday(d), err)
		}
		c.week[d] = tidy
		for _, i := range tidy {
			open += i.Close - i.Open
		}
	}
	if open == 0 {
		return nil, fmt.Errorf("the calendar is never open")
	}
	for date, day := range holidays {
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			return nil, fmt.Errorf("holiday %q is not a date like 2026-10-01", date)
		}
		tidy, err := tidyDay(day)
		if err != nil {
			return nil, fmt.Errorf("holiday %s: %w", date, err)
		}
		c.holidays[date] = tidy
	}
	c.always = open >= 7*1440 && len(holidays) == 0
	return c, nil
}

// Always is the calendar that never closes.
func Always(zone *time.Location) *Calendar {
	c := &Calendar{zone: zone, always: true, holidays: map[string][]Interval{}}
	for d := range c.week {
		c.week[d] = []Interval{{0, 1440}}
	}
	return c
}

func tidyDay(day []Interval) ([]Interval, error) {
	out := append([]Interval{}, day...)
	sort.Slice(out, func(i, j int) bool { return out[i].Open < out[j].Open })
	for i, v := range out {
		if v.Open < 0 || v.Open >= 1440 || v.Close <= v.Open || v.Close > v.Open+1440 {
			return nil, fmt.Errorf("interval %s is not within a day", v)
		}
		if i > 0 && v.Open < out[i-1].Close {
			return nil, fmt.Errorf("intervals %s and %s overlap", out[i-1], v)
		}
	}
	return out, nil
}

func (i Interval) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", i.Open/60, i.Open%60, i.Close/60, i.Close%60)
}

// Day is the local day that holds a moment, from midnight to midnight.
func Day(at time.Time, zone *time.Location) (from, to time.Time) {
	y, m, d := at.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone), time.Date(y, m, d+1, 0, 0, 0, 0, zone)
}

// Zone is the calendar's time zone.
func (c *Calendar) Zone() *time.Location { return c.zone }

// Holiday reports whether the local day of t is one of the calendar's holidays.
func (c *Calendar) Holiday(t time.Time) bool {
	_, ok := c.holidays[t.In(c.zone).Format(time.DateOnly)]
	return ok
}

// span is a piece of real time in which the calendar is open.
type span struct{ from, to time.Time }

// spans gives the open pieces that begin on the local day (y, m, d).
func (c *Calendar) spans(y int, m time.Month, d int) []span {
	noon := time.Date(y, m, d, 12, 0, 0, 0, c.zone)
	day := c.week[noon.Weekday()]
	if len(c.holidays) > 0 {
		if h, ok := c.holidays[noon.Format(time.DateOnly)]; ok {
			day = h
		}
	}
	out := make([]span, 0, len(day))
	for _, i := range day {
		s := span{time.Date(y, m, d, 0, i.Open, 0, 0, c.zone), time.Date(y, m, d, 0, i.Close, 0, 0, c.zone)}
		if s.to.After(s.from) {
			out = append(out, s)
		}
	}
	return out
}

// around gives the disjoint open pieces of the days from days before t to days
// after it, in order.
func (c *Calendar) around(t time.Time, from, to int) []span {
	y, m, d := t.In(c.zone).Date()
	var out []span
	for i := from; i <= to; i++ {
		for _, s := range c.spans(y, m, d+i) {
			if n := len(out); n > 0 && !s.from.After(out[n-1].to) {
				if s.to.After(out[n-1].to) {
					out[n-1].to = s.to
				}
				continue
			}
			out = append(out, s)
		}
	}
	return out
}

// Open reports whether the calendar is open at t.
func (c *Calendar) Open(t time.Time) bool {
	if c.always {
		return true
	}
	for _, s := range c.around(t, -1, 0) {
		if !t.Before(s.from) && t.Before(s.to) {
			return true
		}
	}
	return false
}

// NextEdge is the next moment after t at which the calendar opens or closes; zero
// if it does not within the horizon.
func (c *Calendar) NextEdge(t time.Time) time.Time {
	if c.always {
		return time.Time{}
	}
	for days := 8; days <= horizonDays; days *= 4 {
		for _, s := range c.around(t, -1, days) {
			if s.from.After(t) {
				return s.from
			}
			if s.to.After(t) && s.to.Before(t.AddDate(0, 0, days-1)) {
				return s.to
			}
		}
	}
	return time.Time{}
}

// Between is the business time from one instant to a later one; 0 if to is not later.
func (c *Calendar) Between(from, to time.Time) time.Duration {
	if from.IsZero() || !to.After(from) {
		return 0
	}
	if c.always {
		return to.Sub(from)
	}
	if earliest := to.AddDate(0, 0, -horizonDays); from.Before(earliest) {
		from = earliest
	}
	days := int(to.Sub(from)/(24*time.Hour)) + 2
	total := time.Duration(0)
	for _, s := range c.around(from, -1, days) {
		a, b := s.from, s.to
		if a.Before(from) {
			a = from
		}
		if b.After(to) {
			b = to
		}
		if b.After(a) {
			total += b.Sub(a)
		}
	}
	return total
}

// Before is the latest instant from which d of business time passes until t.
// Beyond the horizon it gives the horizon.
func (c *Calendar) Before(t time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return t
	}
	if c.always {
		return t.Add(-d)
	}
	for days := 4; ; days *= 4 {
		spans := c.around(t, -min(days, horizonDays)-1, 0)
		left := d
		for i := len(spans) - 1; i >= 0; i-- {
			a, b := spans[i].from, spans[i].to
			if b.After(t) {
				b = t
			}
			if !b.After(a) {
				continue
			}
			if left <= b.Sub(a) {
				return b.Add(-left)
			}
			left -= b.Sub(a)
		}
		if days >= horizonDays {
			return t.AddDate(0, 0, -horizonDays)
		}
	}
}

// After is the earliest instant until which d of business time passes from t: the mirror of Before.
// Beyond the horizon it gives the horizon.
func (c *Calendar) After(t time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return t
	}
	if c.always {
		return t.Add(d)
	}
	for days := 4; ; days *= 4 {
		left := d
		for _, s := range c.around(t, -1, min(days, horizonDays)) {
			from := s.from
			if from.Before(t) {
				from = t
			}
			if !s.to.After(from) {
				continue
			}
			if left <= s.to.Sub(from) {
				return from.Add(left)
			}
			left -= s.to.Sub(from)
		}
		if days >= horizonDays {
			return t.AddDate(0, 0, horizonDays)
		}
	}
}
