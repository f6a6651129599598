package store

import (
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/forecast"
)

var noon = time.Date(2026, 5, 4, 12, 0, 30, 0, time.UTC)

func TestDemandKeysComeBack(t *testing.T) {
	keys := []forecast.Key{{Channel: router.ChannelChat, Topic: "general", Language: "zh"}, {Channel: router.ChannelPhone, Topic: "odd|topic"}, {Channel: router.ChannelEmail, Language: "en"}}
	day := DemandDay{}
	for i, k := range keys {
		for range i + 1 {
			_, one := OneDemand(noon, k)
			day = day.Plus(one)
		}
	}
	rows := day.Rows("2026-05-04")
	for _, r := range rows {
		if i := r.Count - 1; r.Key != keys[i] || !r.At.Equal(noon.Truncate(forecast.Slot)) {
			t.Errorf("%+v", r)
		}
	}
	if len(rows) != 3 || len(day.Rows("no date")) != 0 {
		t.Fatalf("%+v", rows)
	}
}

func TestArrivalsForget(t *testing.T) {
	a := Arrivals{}
	for i := range 60 {
		a = OneArrival(noon.Add(time.Duration(i)*time.Minute), "payment").Plus(a)
	}
	now := noon.Add(59 * time.Minute)
	if len(a.Minutes) != keptMinutes {
		t.Fatalf("%d minutes are kept", len(a.Minutes))
	}
	if by, over := a.Since(now.Add(-10*time.Minute), now); by["payment"] != 10 || over != 10*time.Minute {
		t.Fatal(by, over)
	}
	fresh := OneArrival(noon, "payment")
	if by, over := fresh.Since(noon.Add(-10*time.Minute), noon.Add(3*time.Minute)); by["payment"] != 1 || over != 3*time.Minute {
		t.Fatal("a desk that counts for three minutes is not ten minutes old:", by, over)
	}
	if _, over := (Arrivals{}).Since(noon, noon); over != time.Minute {
		t.Fatal(over)
	}
}
