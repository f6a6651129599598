package classify

import (
	"fmt"
	"strconv"
	"time"
)

// base says from where a moment counts.
type base int

const (
	noBase       base = iota
	onDay             // year (0: the last such day), month, day
	dayOnly           // a day of the month, the last such day
	daysBefore        // n days before
	weekdayOf         // a weekday: n weeks before, or the last one (-1)
	weeksBefore       // the whole week
	monthsBefore      // the whole month, or its day
	agoTime           // a length before
)

// moment is a time as it was said.
type moment struct {
	base             base
	year, month, day int
	n, weekday       int
	part             part
	hasClock         bool
	hour, min, sec   int
	half             byte // a or p of am and pm
	zoned            bool
	zone             int // minutes east
	back             time.Duration
}

func (m moment) clockMayFollow() bool { return m.base == onDay && m.year > 0 && !m.hasClock }

// complete reports whether what was said is a time.
func (m moment) complete() bool { return m.base != noBase || m.hasClock || m.part != anyPart }

// onDate sets the day, if there is such a day.
func (m *moment) onDate(year, month, day int) bool {
	leap := year
	if year == 0 {
		leap = 2000
	}
	if month < 1 || month > 12 || day < 1 || time.Date(leap, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() != day || year != 0 && (year < 2000 || year > 2099) {
		return false
	}
	m.base, m.year, m.month, m.day = onDay, year, month, day
	return true
}

// before sets a length of time before.
func (m *moment) before(n float64, unit time.Duration, days int, month bool) bool {
	switch {
	case unit > 0:
		m.base, m.back = agoTime, time.Duration(n*float64(unit))
	case n != float64(int(n)) && days == 1:
		m.base, m.back = agoTime, time.Duration(n*float64(24*time.Hour))
	case n != float64(int(n)):
		return false
	case month:
		m.base, m.n = monthsBefore, int(n)
	default:
		m.base, m.n = daysBefore, int(n)*days
	}
	return true
}

// clockHour is the hour of 24, and whether it is of the next day: twelve at night, and the small hours of an evening.
func (m moment) clockHour() (hour int, next bool) {
	h := m.hour
	switch {
	case m.half == 'p' && h < 12:
		return h + 12, false
	case m.half == 'a' && h == 12:
		return 0, false
	case m.half != 0:
		return h, false
	}
	switch m.part {
	case afternoon:
		if h < 12 {
			h += 12
		}
	case noon:
		if h < 3 {
			h += 12
		}
	case evening:
		switch {
		case h >= 5 && h < 12:
			h += 12
		case h == 12 || h < 5:
			return h % 12, true
		}
	case smallHours, morning:
		if h == 12 && m.part == smallHours {
			h = 0
		}
	}
	if h == 24 {
		return 0, true
	}
	return h, false
}

// resolve gives the value of a moment in a message that was sent at. What is said without day is the
// last such hour; without year, the last such day.
func (m moment) resolve(at time.Time) string {
	if at.IsZero() && (m.base != onDay || m.year == 0) {
		return m.String()
	}
	zone := at.Location()
	if m.zoned {
		zone = time.FixedZone("", m.zone*60)
	}
	if m.base == agoTime {
		return at.Add(-m.back).Truncate(time.Second).Format(time.RFC3339)
	}
	today := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, zone)
	day := m.date(today)
	switch {
	case m.base == weeksBefore:
		year, week := day.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case m.base == monthsBefore && m.day == 0:
		return day.Format("2006-01")
	case !m.hasClock:
		if m.base == noBase && m.part == evening && at.Hour() < 17 || m.base == noBase && m.part == afternoon && at.Hour() < 12 {
			day = day.AddDate(0, 0, -1)
		}
		return day.Format(time.DateOnly)
	}
	hour, next := m.clockHour()
	t := time.Date(day.Year(), day.Month(), day.Day(), hour, m.min, m.sec, 0, zone)
	if next {
		t = t.AddDate(0, 0, 1)
	}
	if m.base == noBase && t.After(at) {
		t = t.AddDate(0, 0, -1)
	}
	if at.IsZero() && !m.zoned {
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format(time.RFC3339)
}

// date is the day meant, or a day of the week or month meant.
func (m moment) date(today time.Time) time.Time {
	weekday := (int(today.Weekday())+6)%7 + 1
	switch m.base {
	case onDay:
		if m.year > 0 {
			return time.Date(m.year, time.Month(m.month), m.day, 0, 0, 0, 0, today.Location())
		}
		for year := today.Year(); ; year-- { // at most eight steps, to a leap year
			if d := time.Date(year, time.Month(m.month), m.day, 0, 0, 0, 0, today.Location()); d.Day() == m.day && !d.After(today) {
				return d
			}
		}
	case dayOnly:
		for month := 0; ; month-- {
			if d := time.Date(today.Year(), today.Month()+time.Month(month), m.day, 0, 0, 0, 0, today.Location()); d.Day() == m.day && !d.After(today) {
				return d
			}
		}
	case daysBefore:
		return today.AddDate(0, 0, -m.n)
	case weekdayOf:
		if m.n >= 0 {
			return today.AddDate(0, 0, m.weekday-weekday-7*m.n)
		}
		back := (weekday - m.weekday + 7) % 7
		if back == 0 {
			back = 7
		}
		return today.AddDate(0, 0, -back)
	case weeksBefore:
		return today.AddDate(0, 0, -7*m.n)
	case monthsBefore:
		first := time.Date(today.Year(), today.Month()-time.Month(m.n), 1, 0, 0, 0, 0, today.Location())
		if m.day == 0 {
			return first
		}
		return first.AddDate(0, 0, m.day-1)
	}
	return today
}

func hoursMinutes(d time.Duration) string {
	h, m := int(d.Hours()), int(d.Minutes())%60
	switch {
	case h > 0 && m > 0:
		return fmt.Sprintf("%dH%dM", h, m)
	case h > 0:
		return fmt.Sprintf("%dH", h)
	}
	return fmt.Sprintf("%dM", m)
}

// String is what was said, where it is not known when, in the manner of ISO 8601:
//
//	-P1D           yesterday; -P1DT15:00 with an hour
//	-PT2H30M       two and a half hours before; -PT0M just now
//	--10-03, ---03 a day without year, without month
//	-W-5           last Friday; -P1W-5 Friday of the week before, -P0W-5 of this week
//	-P1W, -P1M     last week, last month; -P1M---15 its 15th
//	T14:32         an hour alone; T-PM a part of a day
func (m moment) String() string {
	out := ""
	switch m.base {
	case onDay:
		out = fmt.Sprintf("--%02d-%02d", m.month, m.day)
	case dayOnly:
		out = fmt.Sprintf("---%02d", m.day)
	case daysBefore:
		out = "-P" + strconv.Itoa(m.n) + "D"
	case weekdayOf:
		if out = "-W-"; m.n >= 0 {
			out = "-P" + strconv.Itoa(m.n) + "W-"
		}
		out += strconv.Itoa(m.weekday)
	case weeksBefore:
		return "-P" + strconv.Itoa(m.n) + "W"
	case monthsBefore:
		if out = "-P" + strconv.Itoa(m.n) + "M"; m.day > 0 {
			out += fmt.Sprintf("---%02d", m.day)
		}
	case agoTime:
		return "-PT" + hoursMinutes(m.back)
	}
	if m.hasClock {
		hour, next := m.clockHour()
		if next {
			hour += 24
		}
		return out + fmt.Sprintf("T%02d:%02d", hour, m.min)
	}
	if out == "" {
		return "T-" + [...]string{"", "AM", "NOON", "PM", "EVE", "NIGHT"}[m.part]
	}
	return out
}
