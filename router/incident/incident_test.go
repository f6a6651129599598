package incident

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/forecast"
	"switchyard/router/policy"
)

var (
	noon = time.Date(2026, 5, 4, 4, 0, 0, 0, time.UTC)
	doc  = policy.IncidentsDoc{AtLeast: 8, Within: policy.Duration(time.Hour)}
)

func alarm(ch router.Channel, lang router.Language, expected float64, observed int) Alarm {
	return Alarm{Topic: "refund", Channel: ch, Language: lang, SinceAt: noon.Add(-10 * time.Minute), Expected: expected, Observed: observed}
}

// Invariant A.
func TestAlarmsOfOneTopicAreOne(t *testing.T) {
	whole := alarm("", "", 5, 205)
	for _, c := range []struct {
		name string
		as   []Alarm
		ch   router.Channel
		lang router.Language
	}{
		{"one kind explains it", []Alarm{whole, alarm("chat", "zh", 2, 190)}, "chat", "zh"},
		{"two languages of a channel", []Alarm{alarm("chat", "zh", 2, 100), alarm("chat", "en", 2, 90), whole}, "chat", ""},
		{"two channels", []Alarm{alarm("chat", "zh", 2, 100), alarm("email", "zh", 2, 90)}, "", "zh"},
		{"parts explain too little", []Alarm{alarm("chat", "zh", 2, 100), whole}, "", ""},
		{"only the whole", []Alarm{whole}, "", ""},
	} {
		got := Merge(c.as)
		if len(got) != 1 || got[0].Channel != c.ch || got[0].Language != c.lang {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	plan := Plan([]Alarm{whole, alarm("chat", "zh", 2, 190)}, nil, doc, noon)
	if len(plan) != 1 || plan[0].Channel != "chat" || plan[0].Number != 1 || plan[0].Why.ZH == "" || plan[0].Within != time.Hour {
		t.Fatalf("%+v", plan)
	}
	open := plan[0]
	open.ID, open.LinkedAt = "inc1", noon
	wider := Plan([]Alarm{alarm("email", "zh", 3, 80), alarm("chat", "zh", 2, 190)}, []Incident{open}, doc, noon)
	if len(wider) != 1 || wider[0].ID != "inc1" || wider[0].Channel != "" || wider[0].Language != "zh" || !wider[0].LinkedAt.IsZero() {
		t.Fatalf("the open one is widened and links anew: %+v", wider)
	}
	narrower := Plan([]Alarm{alarm("chat", "en", 2, 50)}, wider, doc, noon)
	if len(narrower) != 1 || narrower[0].Channel != "" || narrower[0].Language != "" {
		t.Fatalf("no alarm narrows: %+v", narrower)
	}
}

// Invariant B.
func TestWhatDoesNotOpen(t *testing.T) {
	if got := Plan([]Alarm{alarm("chat", "zh", .1, 7)}, nil, doc, noon); len(got) != 0 {
		t.Fatalf("fewer than at_least: %+v", got)
	}
	closed := Incident{ID: "i", Number: 3, Topic: "refund", State: Closed, ClosedAt: noon.Add(-Pause + time.Second)}
	if got := Plan([]Alarm{alarm("", "", 2, 50)}, []Incident{closed}, doc, noon); len(got) != 0 {
		t.Fatalf("a person has just closed it: %+v", got)
	}
	closed.ClosedAt = noon.Add(-Pause)
	if got := Plan([]Alarm{alarm("", "", 2, 50)}, []Incident{closed}, doc, noon); len(got) != 1 || got[0].Number != 4 {
		t.Fatalf("after the pause: %+v", got)
	}
}

// Invariant D.
func TestPlace(t *testing.T) {
	open := []Incident{{ID: "i", Topic: "refund", Channel: "chat", State: Open, SinceAt: noon, Within: time.Hour, Removed: []router.TicketID{"out"}}}
	ticket := func(id router.TicketID, change func(*router.Ticket)) router.Ticket {
		w := router.Ticket{ID: id, State: router.StateWaiting, Topic: "refund", Channel: "chat", Language: "en", Case: router.Case{StartedAt: noon}}
		if change != nil {
			change(&w)
		}
		return w
	}
	for _, c := range []struct {
		name     string
		t        router.Ticket
		topic    router.Topic
		rejected bool
		want     string
	}{
		{"joins", ticket("a", nil), "refund", false, "i"},
		{"of another topic", ticket("a", nil), "fees", false, ""},
		{"of another channel", ticket("a", func(w *router.Ticket) { w.Channel = "email" }), "refund", false, ""},
		{"the topic is not sure", ticket("a", nil), "refund", true, ""},
		{"too old", ticket("a", func(w *router.Ticket) { w.Case.StartedAt = noon.Add(-time.Hour - time.Second) }), "refund", false, ""},
		{"just young enough", ticket("a", func(w *router.Ticket) { w.Case.StartedAt = noon.Add(-time.Hour) }), "refund", false, "i"},
		{"an old ticket that returns now", ticket("a", func(w *router.Ticket) {
			w.State, w.Case.StartedAt = router.StateResolved, noon.Add(-9*time.Hour)
		}), "refund", false, "i"},
		{"a person took it out", ticket("out", nil), "refund", false, ""},
		{"a person put it in", ticket("a", func(w *router.Ticket) { w.Channel, w.Incident, w.Topic = "email", "i", "fees" }), "fees", false, "i"},
		{"it leaves with its topic", ticket("a", func(w *router.Ticket) { w.Incident = "i" }), "fees", false, ""},
		{"it is closed", ticket("a", func(w *router.Ticket) { w.Incident, w.Channel = "gone", "email" }), "refund", false, ""},
	} {
		if got := Place(open, c.t, c.topic, c.rejected, noon); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	open[0].State = Closed
	if got := Place(open, ticket("a", func(w *router.Ticket) { w.Incident = "i" }), "refund", false, noon); got != "" {
		t.Errorf("a closed incident has no tickets: %q", got)
	}
}

func TestTakingOutAndPuttingIn(t *testing.T) {
	i := Incident{State: Open, Topic: "refund"}
	out, err := i.TakeOut("a")
	if err != nil || len(out.Removed) != 1 || len(i.Removed) != 0 {
		t.Fatal(out, err)
	}
	if again, err := out.TakeOut("a"); err != nil || len(again.Removed) != 1 {
		t.Fatal(again, err)
	}
	if in := out.PutIn("a"); len(in.Removed) != 0 || len(out.Removed) != 1 {
		t.Fatal(in, out)
	}
	full := Incident{Removed: make([]router.TicketID, MaxRemoved)}
	if _, err := full.TakeOut("b"); !router.IsCode(err, router.CodeInvalidField) {
		t.Fatal(err)
	}
}

// Invariants E and F, on random slots: what a look sees, the finished slot sees too, whatever the order of counts.
func TestLooksAndOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	looks := 0
	for range 400 {
		w := Watch{}
		for slot := range 8 {
			at := noon.Add(time.Duration(slot) * Slot)
			var half, full []Count
			for _, topic := range []router.Topic{"refund", "fees"} {
				for _, ch := range []router.Channel{"chat", "email"} {
					c := Count{Topic: topic, Channel: ch, Language: "zh", Count: r.IntN(12), Expected: 2 * r.Float64(), Dispersion: 1 + r.Float64()}
					half = append(half, c)
					c.Count += r.IntN(6)
					full = append(full, c)
				}
			}
			early, err := w.Look(at, half, forecast.SurgeRule{})
			if err != nil {
				t.Fatal(err)
			}
			next, late, err := w.Finish(at, full, forecast.SurgeRule{})
			if err != nil {
				t.Fatal(err)
			}
			r.Shuffle(len(full), func(i, j int) { full[i], full[j] = full[j], full[i] })
			if other, _, err := w.Finish(at, full, forecast.SurgeRule{}); err != nil || !reflect.DeepEqual(other, next) {
				t.Fatalf("the order of counts changed the watch: %+v %+v %v", other, next, err)
			}
			for _, a := range early {
				looks++
				found := false
				for _, b := range late {
					found = found || a.Topic == b.Topic && a.Channel == b.Channel && a.Language == b.Language
				}
				if !found {
					t.Fatalf("a look alarmed where the slot did not: %+v", a)
				}
			}
			w = next
		}
	}
	if looks < 100 {
		t.Fatalf("only %d looks alarmed: the test shows nothing", looks)
	}
}
