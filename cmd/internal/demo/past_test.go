package demo

import (
	"context"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/forecast"
	"switchyard/router/store"
)

// Invariant D: the same seed and day, the same past.
func TestThePastIsAFunctionOfSeedAndDay(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	past := pastContacts(1, now, zone)
	later := pastContacts(1, now.Add(5*time.Hour), zone)
	if len(later) <= len(past) || !reflect.DeepEqual(past, later[:len(past)]) {
		t.Error("five hours later the past is another one")
	}
	if reflect.DeepEqual(past, pastContacts(2, now, zone)) {
		t.Error("another seed gave the same past")
	}
	tomorrow := pastContacts(1, now.AddDate(0, 0, 1), zone)
	for i, c := range past {
		if c.at.Equal(tomorrow[0].at) {
			if !reflect.DeepEqual(past[i:], tomorrow[:len(past)-i]) {
				t.Error("a day later the days that both have differ")
			}
			break
		}
	}
	by, night, weekend := map[forecast.Key]int{}, 0, 0
	for _, c := range past {
		if c.at.After(now.Add(-lastContact)) {
			t.Fatalf("%v has not come yet", c.at)
		}
		by[c.key]++
		if h := c.at.In(zone).Hour(); h < 6 {
			night++
		}
		if d := c.at.In(zone).Weekday(); d == time.Saturday || d == time.Sunday {
			weekend++
		}
	}
	// four channels, two languages, five topics; the phone has one
	if len(by) != 3*2*5+2 || night == 0 || float64(night) > 0.1*float64(len(past)) || float64(weekend) > 0.25*float64(len(past)) {
		t.Errorf("%d kinds, %d of %d at night, %d at weekends", len(by), night, len(past), weekend)
	}
}

// checkPast waits for the past of a running demo and looks at what is there.
func checkPast(t *testing.T, st store.Store, began time.Time) {
	t.Helper()
	ctx := t.Context()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		days, err := store.DemandDays(st).All(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		notices, err := st.ReadStream(ctx, store.NoticeStream, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(days) >= pastDays && len(notices) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d days of demand, %d notices", len(days), len(notices))
		}
	}
	cases, err := dispatch.Past(ctx, st, began.AddDate(0, 0, -ticketDays-1), began.Add(-lastContact), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if c.Given == nil || c.Service <= 0 {
			t.Fatalf("%+v has no stored classification or no handling time", c)
		}
	}
	if len(cases) < 3000 || len(cases) > 6000 {
		t.Errorf("%d tickets of the past", len(cases))
	}
	checkPastTickets(t, st, began)
}

// checkPastTickets looks at tickets of the past as they were decided and worked on.
func checkPastTickets(t *testing.T, st store.Store, began time.Time) {
	t.Helper()
	live := dispatch.NewLive(st, time.Now, time.LoadLocation, slog.New(slog.DiscardHandler))
	if err := live.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	desk := &dispatch.Service{Store: st, Live: live, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	met, all, classes := 0, 0, map[router.ClassName]bool{}
	tickets := resolvedBefore(t, st, began.Add(-lastContact))
	for i, x := range tickets {
		classes[x.Class] = true
		if all++; x.Case.Met {
			met++
		}
		if !x.Case.Judged || x.ResolvedAt.Before(x.CreatedAt) || x.LastAgent == "" {
			t.Fatalf("%+v", x)
		}
		if i%50 == 0 {
			again(t, t.Context(), desk, st, x)
		}
	}
	if len(classes) < 6 || float64(met) < 0.7*float64(all) || met == all {
		t.Errorf("classes %v; %d of %d in time", classes, met, all)
	}
	paces, err := store.Paces(st).All(t.Context(), "")
	if err != nil || len(paces) < 10 {
		t.Errorf("handling times of %d kinds: %v", len(paces), err)
	}
}

func resolvedBefore(t *testing.T, st store.Store, before time.Time) (out []router.Ticket) {
	t.Helper()
	for after, more := "", true; more; more = after != "" {
		page, next, err := st.ListTickets(t.Context(), store.TicketFilter{State: router.StateResolved, After: after, Limit: store.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range page {
			if x.CreatedAt.Before(before) {
				out = append(out, x)
			}
		}
		after = next
	}
	return out
}

// again makes a ticket's decision once more from its record.
func again(t *testing.T, ctx context.Context, desk *dispatch.Service, st store.Store, x router.Ticket) {
	t.Helper()
	r, err := store.Decisions(st).Get(ctx, x.Decision)
	if err != nil {
		t.Fatal(err)
	}
	made, err := desk.Again(ctx, r.Value)
	if err != nil || made.ID != r.Value.Decision.ID || made.Queue != x.Queue || made.Class != x.Class {
		t.Errorf("made again %+v, stored %+v: %v", made, r.Value.Decision, err)
	}
}
