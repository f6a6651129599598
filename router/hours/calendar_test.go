package hours

import (
	"math/rand/v2"
	"testing"
	"time"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func everyDay(is ...Interval) (w [7][]Interval) {
	for d := range w {
		w[d] = is
	}
	return w
}

func must(t testing.TB, z *time.Location, w [7][]Interval, h map[string][]Interval) *Calendar {
	t.Helper()
	c, err := New(z, w, h)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func at(z *time.Location, s string) time.Time {
	v, err := time.ParseInLocation("2006-01-02T15:04", s, z)
	if err != nil {
		panic(err)
	}
	return v
}

func calendars(t testing.TB) map[string]*Calendar {
	shanghai, berlin := zone(t, "Asia/Shanghai"), zone(t, "Europe/Berlin")
	return map[string]*Calendar{
		"day":      must(t, shanghai, everyDay(Interval{480, 1320}), nil),
		"night":    must(t, shanghai, everyDay(Interval{1320, 1920}), nil),
		"two":      must(t, berlin, everyDay(Interval{540, 720}, Interval{780, 1080}), map[string][]Interval{"2026-03-30": nil}),
		"berlin24": must(t, berlin, everyDay(Interval{0, 1440}), nil),
	}
}

// Invariants A and B on random instants, across both clock changes of Berlin.
func TestBetweenAddsUpAndBeforeInverts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	base := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)
	for name, c := range calendars(t) {
		for range 500 {
			a := base.Add(time.Duration(r.Int64N(int64(250 * 24 * time.Hour))))
			b := a.Add(time.Duration(r.Int64N(int64(90 * time.Hour))))
			e := b.Add(time.Duration(r.Int64N(int64(90 * time.Hour))))
			if got, want := c.Between(a, e), c.Between(a, b)+c.Between(b, e); got != want {
				t.Fatalf("A %s: Between(%v,%v)=%v, parts give %v", name, a, e, got, want)
			}
			d := time.Duration(r.Int64N(int64(60 * time.Hour)))
			if got := c.Between(c.Before(e, d), e); got != d {
				t.Fatalf("B %s: Between(Before(%v,%v))=%v", name, e, d, got)
			}
		}
	}
}

// Invariant E.
func TestNextEdgeIsTheNextChange(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	base := time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)
	for name, c := range calendars(t) {
		for range 100 {
			now := base.Add(time.Duration(r.Int64N(int64(20 * 24 * time.Hour)))).Truncate(time.Minute)
			edge := c.NextEdge(now)
			if edge.IsZero() {
				continue
			}
			if !edge.After(now) {
				t.Fatalf("E %s: edge %v is not after %v", name, edge, now)
			}
			for m := now; m.Before(edge); m = m.Add(time.Minute) {
				if c.Open(m) != c.Open(now) {
					t.Fatalf("E %s: changes at %v before the edge %v", name, m, edge)
				}
			}
			if name != "berlin24" && c.Open(edge) == c.Open(now) {
				t.Fatalf("E %s: nothing changes at the edge %v", name, edge)
			}
		}
	}
}

func TestClockChanges(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	nights := must(t, berlin, everyDay(Interval{1320, 1800}), nil) // 22:00 to 06:00
	// D: the night of 29 March 2026 has seven hours, the one of 25 October nine.
	if got := nights.Between(at(berlin, "2026-03-28T12:00"), at(berlin, "2026-03-29T12:00")); got != 7*time.Hour {
		t.Errorf("spring night: %v", got)
	}
	if got := nights.Between(at(berlin, "2026-10-24T12:00"), at(berlin, "2026-10-25T12:00")); got != 9*time.Hour {
		t.Errorf("autumn night: %v", got)
	}
	// C: the night that opens before a closed day still runs into it.
	closed := must(t, berlin, everyDay(Interval{1320, 1800}), map[string][]Interval{"2026-05-02": {}})
	if !closed.Open(at(berlin, "2026-05-02T03:00")) || closed.Open(at(berlin, "2026-05-02T23:00")) {
		t.Error("an interval belongs to the day on which it opens")
	}
	if !closed.Holiday(at(berlin, "2026-05-02T03:00")) {
		t.Error("2026-05-02 is a holiday")
	}
}

func TestBadCalendars(t *testing.T) {
	utc := time.UTC
	for name, week := range map[string][7][]Interval{
		"never open": {},
		"backwards":  everyDay(Interval{600, 500}),
		"25 hours":   everyDay(Interval{0, 1500}),
		"overlap":    everyDay(Interval{0, 700}, Interval{600, 800}),
	} {
		if _, err := New(utc, week, nil); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := New(utc, everyDay(Interval{0, 1440}), map[string][]Interval{"1 May": nil}); err == nil {
		t.Error("a holiday that is not a date was accepted")
	}
}

func BenchmarkBetween(b *testing.B) {
	c := calendars(b)["two"]
	now := time.Date(2026, 5, 5, 9, 0, 0, 0, time.UTC)
	for b.Loop() {
		c.Between(now.Add(-3*time.Hour), now)
	}
}
