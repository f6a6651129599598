package hours

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Invariant B on random instants: After is the earliest instant, so one moment before it less has passed.
func TestAfterIsTheEarliestInstant(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	base := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)
	for name, c := range calendars(t) {
		for range 500 {
			from := base.Add(time.Duration(r.Int64N(int64(250 * 24 * time.Hour))))
			d := 1 + time.Duration(r.Int64N(int64(60*time.Hour)))
			to := c.After(from, d)
			if got := c.Between(from, to); got != d {
				t.Fatalf("B %s: Between(%v, After(%v))=%v", name, from, d, got)
			}
			if got := c.Between(from, to.Add(-1)); got != d-1 {
				t.Fatalf("B %s: After(%v, %v)=%v is not the earliest: %v passed a moment before", name, from, d, to, got)
			}
		}
	}
}

func TestAfter(t *testing.T) {
	shanghai, berlin := zone(t, "Asia/Shanghai"), zone(t, "Europe/Berlin")
	day := must(t, shanghai, everyDay(Interval{480, 1320}), map[string][]Interval{"2026-10-01": nil, "2026-10-02": nil})
	round := must(t, berlin, everyDay(Interval{0, 1440}), map[string][]Interval{"2030-01-01": nil})
	nights := must(t, berlin, everyDay(Interval{1320, 1800}), nil)
	for name, c := range map[string]struct {
		cal      *Calendar
		from, to time.Time
		d        time.Duration
	}{
		"within a day":             {day, at(shanghai, "2026-05-04T10:00"), at(shanghai, "2026-05-04T12:00"), 2 * time.Hour},
		"to the closing minute":    {day, at(shanghai, "2026-05-04T20:00"), at(shanghai, "2026-05-04T22:00"), 2 * time.Hour},
		"across a night":           {day, at(shanghai, "2026-05-04T21:00"), at(shanghai, "2026-05-05T09:00"), 2 * time.Hour},
		"from a closed moment":     {day, at(shanghai, "2026-05-04T23:00"), at(shanghai, "2026-05-05T08:01"), time.Minute},
		"across two holidays":      {day, at(shanghai, "2026-09-30T21:30"), at(shanghai, "2026-10-03T08:30"), time.Hour},
		"a day of 23 hours":        {round, at(berlin, "2026-03-29T00:00"), at(berlin, "2026-03-30T00:00"), 23 * time.Hour},
		"a day of 25 hours":        {round, at(berlin, "2026-10-25T00:00"), at(berlin, "2026-10-26T00:00"), 25 * time.Hour},
		"a night of seven hours":   {nights, at(berlin, "2026-03-28T22:00"), at(berlin, "2026-03-29T06:00"), 7 * time.Hour},
		"a night of nine hours":    {nights, at(berlin, "2026-10-24T22:00"), at(berlin, "2026-10-25T06:00"), 9 * time.Hour},
		"nothing":                  {day, at(shanghai, "2026-05-04T23:00"), at(shanghai, "2026-05-04T23:00"), 0},
		"the calendar never shuts": {Always(shanghai), at(shanghai, "2026-05-04T23:00"), at(shanghai, "2026-05-05T05:00"), 6 * time.Hour},
	} {
		if got := c.cal.After(c.from, c.d); !got.Equal(c.to) {
			t.Errorf("%s: After(%v, %v) = %v, want %v", name, c.from, c.d, got.In(c.cal.Zone()), c.to)
		}
	}
}
