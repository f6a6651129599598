package simulate

import (
	"time"

	"switchyard/router"
)

// slice is how finely business time is remembered.
const slice = 15 * time.Minute

// clock counts a calendar's business time since Start. Instants are nanoseconds since Start and never
// go back; a slice wholly open or closed is asked for once.
type clock struct {
	cal   router.Calendar // nil: always open
	start time.Time
	from  int64 // of the present slice
	sum   int64 // business time until from
	open  int64 // business time within the slice

	asked, told int64 // the last answer
}

func newClock(cal router.Calendar, start time.Time) *clock {
	c := &clock{cal: cal, start: start, asked: -1}
	if cal != nil {
		c.open = int64(cal.Between(start, start.Add(slice)))
	}
	return c
}

func (c *clock) at(now int64) int64 {
	if c.cal == nil {
		return now
	}
	for now >= c.from+int64(slice) {
		c.sum += c.open
		c.from += int64(slice)
		from := c.start.Add(time.Duration(c.from))
		c.open = int64(c.cal.Between(from, from.Add(slice)))
	}
	switch c.open {
	case 0:
		return c.sum
	case int64(slice):
		return c.sum + now - c.from
	}
	if c.asked != now {
		from := c.start.Add(time.Duration(c.from))
		c.asked, c.told = now, c.sum+int64(c.cal.Between(from, c.start.Add(time.Duration(now))))
	}
	return c.told
}
