package dispatch

import (
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/forecast"
	"switchyard/router/pace"
	"switchyard/router/store"
	"switchyard/router/store/storetest"
)

// demand is what the store has of one day.
func (d *desk) demand(day string) map[forecast.Row]bool {
	d.t.Helper()
	r, err := store.DemandDays(d.store).Get(d.ctx, day)
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		d.t.Fatal(err)
	}
	out := map[forecast.Row]bool{}
	for _, row := range r.Value.Rows(day) {
		out[row] = true
	}
	return out
}

func TestDemandIsCountedByQuarterHour(t *testing.T) {
	d := newDesk(t)
	d.Receive(router.ChannelChat, "v1", "I was charged twice, refund please")
	d.Receive(router.ChannelChat, "v1", "hello?") // joins
	d.Advance(14*time.Minute + 59*time.Second)
	d.Receive(router.ChannelChat, "v2", "I was charged twice, refund please")
	d.Receive(router.ChannelEmail, "s@example.org", "seo service and backlinks, claim your prize at our casino", ownThread)
	d.Receive(router.ChannelEmail, "a@example.org", "out of office", ownThread, func(m *router.Message) { m.Kind = router.KindAutoReply })
	d.Advance(time.Second)
	d.Receive(router.ChannelChat, "v3", "我的付款重复扣款了，请退款")
	d.Advance(tallyEvery)
	at := time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)
	key := forecast.Key{Channel: router.ChannelChat, Topic: "payment_error", Language: "en"}
	got := d.demand("2026-05-04")
	if !got[forecast.Row{At: at, Key: key, Count: 2}] || len(got) != 2 {
		t.Fatalf("%v", got)
	}
	key.Language = "zh"
	if !got[forecast.Row{At: at.Add(15 * time.Minute), Key: key, Count: 1}] {
		t.Fatalf("%v", got)
	}
	snap := d.Live.View().Snapshot
	if got := snap.Lines["payment"].ArrivalsPerMinute; got != 0.2 { // two of the last ten minutes; the first came before them
		t.Fatalf("%v a minute", got)
	}
}

func TestAnsweredCallsAreDemand(t *testing.T) {
	d := newDesk(t)
	for _, incoming := range []bool{true, false} {
		m := d.message(router.ChannelPhone, "+8613800138000", "", func(m *router.Message) {
			m.Kind, m.Call = router.KindCall, &router.Call{Incoming: incoming, Outcome: router.CallAnswered, StartedAt: d.clock()}
		})
		d.must(d.Triage(d.ctx, m.ID))
	}
	d.Advance(tallyEvery)
	if got := d.demand("2026-05-04"); len(got) != 1 || d.Live.View().Snapshot.ArrivalsPerMinute != 0 {
		t.Fatalf("%v %v", got, d.Live.View().Snapshot.ArrivalsPerMinute)
	}
}

// Two processes add up, each sees the other's arrivals, and what cannot be stored is kept.
func TestTalliesAddUp(t *testing.T) {
	d := newDesk(t)
	second := d.other()
	d.Receive(router.ChannelChat, "v1", "I was charged twice, refund please")
	m := d.message(router.ChannelChat, "v2", "I was charged twice, refund please")
	d.must(second.Triage(d.ctx, m.ID))
	d.setFault(func(op string) storetest.Fault { return storetest.FailBefore })
	d.mu.Lock()
	d.now = d.now.Add(tallyEvery)
	d.mu.Unlock()
	d.Live.mu.Lock()
	d.Live.count(d.ctx, tallyEvery)
	d.Live.mu.Unlock()
	if len(d.demand("2026-05-04")) != 0 {
		t.Fatal("stored although the store fails")
	}
	d.setFault(nil)
	d.must(second.Live.Refresh(d.ctx))
	d.Advance(tallyEvery)
	key := forecast.Key{Channel: router.ChannelChat, Topic: "payment_error", Language: "en"}
	if got := d.demand("2026-05-04"); !got[forecast.Row{At: time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC), Key: key, Count: 2}] {
		t.Fatalf("%v", got)
	}
	d.mu.Lock()
	d.now = d.now.Add(tallyEvery)
	d.mu.Unlock()
	d.must(second.Live.Refresh(d.ctx))
	if a, b := d.Live.View().Snapshot, second.Live.View().Snapshot; a.ArrivalsPerMinute != b.ArrivalsPerMinute || a.Lines["payment"].ArrivalsPerMinute != 0.2 {
		t.Fatalf("%v %v", a.ArrivalsPerMinute, b.ArrivalsPerMinute)
	}
}

// Work counts from the claim to its end where the agent ended it, else to his last act; a claim without an act does not.
func TestServiceTimesAreMeasured(t *testing.T) {
	d := newDesk(t)
	ann := d.Agent("ann")
	meter := func() (n, sum float64) {
		d.Advance(tallyEvery)
		for _, b := range d.Live.tallies.meters[pace.Key{Class: "payment", Channel: router.ChannelChat}].Bins {
			n, sum = n+b.N, sum+b.Sum
		}
		return n, sum
	}
	claim := func(v string) router.Ticket {
		id := d.Receive(router.ChannelChat, v, "I was charged twice, refund please").ID
		served, err := d.Claim(d.ctx, ann, id)
		d.must(err)
		return served.Ticket
	}
	one := claim("v1")
	d.Advance(time.Minute)
	_, err := d.Release(d.ctx, ann.ID, one.ID, one.Epoch, "")
	d.must(err)
	if n, _ := meter(); n != 0 {
		t.Fatal("a claim without an act counts")
	}
	two := claim("v2")
	d.Advance(100 * time.Second)
	_, err = d.Resolve(d.ctx, ann.ID, two.ID, two.Epoch, "", "", "")
	d.must(err)
	if n, sum := meter(); n != 1 || sum != 100 {
		t.Fatal(n, sum)
	}
	three := claim("v3")
	d.Advance(50 * time.Second)
	_, err = d.Note(d.ctx, ann.ID, three.ID, "looks odd", "k")
	d.must(err)
	d.Advance(10 * time.Minute)
	d.must(d.Due(d.ctx, three.ID)) // the claim has run out
	d.ExpectState(three.ID, router.StateWaiting)
	if n, sum := meter(); n < 1.99 || sum < 149.5 || sum > 150 {
		t.Fatal("a forgotten claim counts until the last act:", n, sum)
	}
}

// history stores six weeks of a steady demand, so many a quarter-hour.
func (d *desk) history(days, perSlot int) {
	d.t.Helper()
	for i := 1; i <= days; i++ {
		day := store.DemandDay{}
		var id string
		for slot := range 96 {
			for range perSlot {
				var one store.DemandDay
				id, one = store.OneDemand(d.clock().AddDate(0, 0, -i).Truncate(24*time.Hour).Add(time.Duration(slot)*forecast.Slot), forecast.Key{Channel: router.ChannelChat, Topic: "general", Language: "en"})
				day = day.Plus(one)
			}
		}
		_, err := store.DemandDays(d.store).Ensure(d.ctx, id, day)
		d.must(err)
	}
}

func TestTheForecastIsFittedFromDemand(t *testing.T) {
	d := newDesk(t)
	d.must(d.Live.Fit(d.ctx))
	d.must(d.Live.Refresh(d.ctx))
	if v := d.Live.View(); v.Forecast == nil || !v.Forecast.Basis().None || v.Snapshot.VsForecast != 1 {
		t.Fatal("without history there is a forecast")
	}
	d.history(13, 4)
	d.must(d.Live.Fit(d.ctx))
	d.must(d.Live.Refresh(d.ctx))
	if v := d.Live.View(); !v.Forecast.Basis().ColdStart || v.Snapshot.VsForecast != 1 {
		t.Fatal("less than two weeks of history are held against what comes")
	}
	d.history(42, 4)
	d.must(d.Live.Fit(d.ctx))
	for i := range 8 {
		d.Receive(router.ChannelChat, string(rune('a'+i)), "how do I change my fee plan?")
	}
	d.Advance(time.Minute)
	if got := d.Live.View().Snapshot.VsForecast; got < 1.8 || got > 2.2 {
		t.Fatalf("eight came where four were to be expected: %v", got)
	}
	d.Advance(16 * time.Minute)
	if got := d.Live.View().Snapshot.VsForecast; got != 0 {
		t.Fatalf("nothing came for a quarter of an hour: %v", got)
	}
}
