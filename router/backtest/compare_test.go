package backtest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// A policy beside itself changes nothing; one that forgets a class is refused, and says whom it hurts; longer
// promises win nothing.
func TestCompare(t *testing.T) {
	today := rules(t)
	cases := past(4000, 4, 7)
	people := Desk{People: crew(2)}
	same, err := Compare(today, today, cases, people, nil)
	if err != nil {
		t.Fatal(err)
	}
	if same.Refused || len(same.Changed) != 0 || same.Today.InSLA != same.Proposed.InSLA {
		t.Fatalf("beside itself: %+v", same.Why)
	}
	worse, err := Compare(today, rules(t, `weight: "load.wait > 15 ? 12 : 8"`, `weight: "0.001"`, `weight: "hours.minutes_to_close < 60 ? 5 : 4"`, `weight: "0.001"`), cases, people, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !worse.Refused || len(worse.Changed) == 0 || worse.Changed[0].Why.ZH == "" || !strings.Contains(worse.Why.EN, "would fall") {
		t.Fatalf("%+v", worse.Why)
	}
	longer, err := Compare(today, rules(t, `target: "5"`, `target: "500"`), cases, people, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !longer.Refused || longer.Classes[0].Class != "security" || longer.Classes[0].Proposed >= longer.Classes[0].Today {
		t.Fatalf("a hundredfold promise: %+v", longer.Classes[0])
	}
	if _, err := json.Marshal(worse); err != nil {
		t.Fatal(err)
	}
}

// What was told is near what happened, and the nine-in-ten band holds nine in ten.
func TestToldWaitsHold(t *testing.T) {
	p, err := Play(rules(t), past(9000, 9, 11), Desk{People: crew(2)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range Errors(p.Fates) {
		t.Logf("%+v", e)
		if e.N > 400 && (e.Cover90 < 85 || e.Cover90 > 97) {
			t.Errorf("%s: %.1f %% in the 90 %% band", e.Class, e.Cover90)
		}
	}
}

// A wider guard lets the late wait longer: the picture has both ends, and the policy's own point.
func TestFrontier(t *testing.T) {
	points, err := Frontier(rules(t), past(3000, 3, 5), Desk{People: crew(2)}, nil)
	if err != nil || len(points) != 8 || !points[0].InForce || points[0].Guard != 3 {
		t.Fatalf("%+v, %v", points, err)
	}
	for _, p := range points {
		if p.Guard == 3 && !p.InForce && (p.Share != points[0].Share || p.Worst != points[0].Worst) {
			t.Fatalf("the same guard gives another result: %+v, %+v", p, points[0])
		}
	}
	if narrow, wide := points[1], points[len(points)-1]; narrow.Worst >= wide.Worst {
		t.Fatalf("guard %v: worst %v; guard %v: worst %v", narrow.Guard, narrow.Worst, wide.Guard, wide.Worst)
	}
}

func TestReadNamesEveryBadRow(t *testing.T) {
	rs := rules(t).Ruleset
	good := "arrival,topic,channel,service_seconds,language\n2026-11-02T09:00:00+08:00,withdrawal,email,300,zh\n2026-11-02T08:00:00+08:00,general,chat,60,en\n"
	cases, err := Read(strings.NewReader("\ufeff"+good), rs)
	if err != nil || len(cases) != 2 || !cases[0].At.Before(cases[1].At) || cases[0].Topic != "general" || cases[1].Service != 5*time.Minute {
		t.Fatalf("%+v, %v", cases, err)
	}
	bad := good + "yesterday,nope,fax,-1,\n2026-11-02T09:00:00+08:00,,email,1e99,\n\"open,quote\n"
	_, err = Read(strings.NewReader(bad), rs)
	if !router.IsCode(err, router.CodeInvalidField) {
		t.Fatal(err)
	}
	for _, want := range []string{"line 4: arrival", "line 4: channel", "line 4: service_seconds", "line 4: topic", "line 5: service_seconds", "line 5: class", "quote"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in %v", want, err)
		}
	}
	for _, head := range []string{"", "arrival,topic\n", "arrival,topic,channel,service_seconds,shoe\n", "arrival,channel,service_seconds\n", "arrival,topic,channel,service_seconds\n"} {
		if _, err := Read(strings.NewReader(head), rs); !router.IsCode(err, router.CodeInvalidField) {
			t.Errorf("%q: %v", head, err)
		}
	}
	if _, err := policy.Compile(policy.Default(), time.LoadLocation); err != nil {
		t.Fatal(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("arrival,topic,channel,service_seconds\n2026-11-02T09:00:00Z,general,email,1\n")
	rs := rules(f).Ruleset
	f.Fuzz(func(t *testing.T, s string) {
		cases, err := Read(strings.NewReader(s), rs)
		if (err == nil) == (len(cases) == 0) {
			t.Fatalf("%d cases and %v", len(cases), err)
		}
	})
}
