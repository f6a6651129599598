package forecast

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/hours"
)

func quietModel(t *testing.T) (*Model, *time.Location, *hours.Calendar, time.Time) {
	t.Helper()
	z := zone(t, "Asia/Shanghai")
	c, err := hours.New(z, week(), map[string][]hours.Interval{"2026-11-05": nil})
	if err != nil {
		t.Fatal(err)
	}
	asOf := local(z, 2026, 11, 2, 0)
	return fit(t, wallet(z, 3000).rows(rand.New(rand.NewPCG(30, 30)), asOf.AddDate(0, 0, -84), asOf), z, c, asOf), z, c, asOf
}

func TestQuietestByArrivals(t *testing.T) {
	m, z, c, asOf := quietModel(t)
	now := asOf.Add(9*time.Hour + 7*time.Minute)
	out, err := m.Quietest(now, QuietOptions{Open: map[router.Channel]*hours.Calendar{router.ChannelChat: c, router.ChannelPhone: c}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, q := range out {
		from, to := q.FromAt.In(z), q.ToAt.In(z)
		date := string(q.Channel) + from.Format(" 2006-01-02")
		seen[date]++
		if !c.Open(q.FromAt) || !c.Open(q.ToAt.Add(-time.Second)) || q.FromAt.Before(now) || q.ToAt.Sub(q.FromAt) != time.Hour || q.ByWait {
			t.Errorf("%+v", q)
		}
		if !strings.Contains(q.Why.EN, from.Format("15:04")) || !strings.Contains(q.Why.ZH, to.Format("15:04")) {
			t.Errorf("%+v", q.Why)
		}
		// the truth is lowest at both ends of the open day and in the valley about 15:30
		if h := from.Hour(); h >= 9 && h <= 12 || h >= 18 && h < 20 {
			t.Errorf("%s %s is no quiet hour", q.Channel, from)
		}
	}
	for date, n := range seen {
		if n > 2 || strings.HasSuffix(date, "2026-11-05") {
			t.Errorf("%s: %d intervals", date, n)
		}
	}
	if len(seen) != 12 { // two channels, six open days of seven
		t.Errorf("%d channels and days: %v", len(seen), seen)
	}
	for i := 1; i < len(out); i++ {
		if a, b := out[i-1], out[i]; a.Channel == b.Channel && b.FromAt.Before(a.ToAt) {
			t.Errorf("%v and %v overlap or are out of order", a, b)
		}
	}
}

// With agents known, the quiet hour is the one with a short wait, not the one with few
// arrivals and nobody there.
func TestQuietestByWait(t *testing.T) {
	m, z, c, asOf := quietModel(t)
	agents := func(_ router.Channel, at time.Time) int {
		switch h := at.In(z).Hour(); {
		case h == 11:
			return 60 // the peak, but a full house
		case h == 21:
			return 0
		}
		return 18
	}
	out, err := m.Quietest(asOf, QuietOptions{Days: 1, PerDay: 1, Open: map[router.Channel]*hours.Calendar{router.ChannelChat: c},
		Agents: agents, Handling: func(router.Channel) time.Duration { return 12 * time.Minute }})
	if err != nil || len(out) != 1 || !out[0].ByWait {
		t.Fatalf("%+v, %v", out, err)
	}
	if h := out[0].FromAt.In(z).Hour(); h != 11 && h != 8 {
		t.Errorf("quietest at %s: %+v", out[0].FromAt.In(z), out[0])
	}
	if out[0].Wait > time.Minute || !strings.Contains(out[0].Why.EN, "minutes to wait") {
		t.Errorf("%+v", out[0])
	}
}

func TestQuietestRefusesAndStaysSilent(t *testing.T) {
	m, z, c, asOf := quietModel(t)
	open := map[router.Channel]*hours.Calendar{router.ChannelChat: c}
	for field, o := range map[string]QuietOptions{
		"days":     {Days: 99, Open: open},
		"per_day":  {PerDay: -1, Open: open},
		"length":   {Length: 20 * time.Minute, Open: open},
		"patience": {Patience: -1, Open: open},
		"handling": {Open: open, Agents: func(router.Channel, time.Time) int { return 1 }},
		"open":     {Open: map[router.Channel]*hours.Calendar{"fax": c}},
	} {
		_, err := m.Quietest(asOf, o)
		named(t, err, field)
	}
	out, err := fit(t, nil, z, nil, asOf).Quietest(asOf, QuietOptions{Open: open})
	if err != nil || len(out) != 0 {
		t.Errorf("without history: %v, %v", out, err)
	}
}
