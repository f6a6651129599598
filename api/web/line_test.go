package web

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/dispatch"
	"switchyard/router/policy"
	"switchyard/router/store"
)

// The what-if shows the same tickets in two orders, and how they move.
func TestWhatIfShowsTwoOrders(t *testing.T) {
	s := newSite(t)
	first := s.receive(router.KindMessage, func(m *router.Message) { m.Text, m.Subject = "someone stole my account, freeze it", "" })
	second := s.receive(router.KindMessage, func(m *router.Message) {
		m.ID, m.ExternalID, m.ThreadKeys = router.NewMessageID("s", "two"), "two", []string{"two"}
		m.Text, m.Subject = "how do I change my avatar", ""
	})
	doc, err := policy.SetClass(policy.Default(), second.Class, "weight", "90000")
	if err == nil {
		doc, err = policy.SetClass(doc, second.Class, "target", "5")
	}
	if err != nil {
		t.Fatal(err)
	}
	rules, err := decide.Compile(doc, time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Policies(s.desk.Store).Ensure(t.Context(), rules.Version, store.PolicyVersion{Version: rules.Version, Doc: string(doc)}); err != nil {
		t.Fatal(err)
	}
	body := s.get("/manager/policy/whatif?lang=en&version=" + rules.Version)
	var ids []string
	for _, m := range regexp.MustCompile(`data-id="(\w+)"`).FindAllStringSubmatch(body, -1) {
		ids = append(ids, m[1])
	}
	if want := fmt.Sprint([]router.TicketID{first.ID, second.ID, second.ID, first.ID}); fmt.Sprint(ids) != want {
		t.Errorf("%v, want %v", ids, want)
	}
	for _, want := range []string{"↑1", "↓1", "Tickets that change places: <b>2</b> / 2"} {
		if !strings.Contains(body, want) {
			t.Errorf("lacks %q: %s", want, body)
		}
	}
	if body := s.get("/manager/policy/whatif?lang=en&version=" + s.pages.Live.View().Rules.Version); !strings.Contains(body, "stays as it is") {
		t.Error("the policy in force changes nothing:", body)
	}
	page := s.get("/manager/policy?lang=en&version=" + rules.Version)
	if !strings.Contains(page, `value="90000"`) || !strings.Contains(page, "= 90000") {
		t.Error("the table lacks the expression or its value")
	}
}

// What moves behind the part that is shown is named as well.
func TestWhatIfNamesWhatMovesFartherBack(t *testing.T) {
	row := func(place int, id string) lineRow {
		return lineRow{Place: place, LineRow: dispatch.LineRow{Head: router.Head{TicketID: router.TicketID(id)}}}
	}
	var d whatIfData
	for i := range 60 {
		d.Now.Rows = append(d.Now.Rows, row(i+1, fmt.Sprint(i)))
		to := i
		if i == 20 || i == 50 { // they change places
			to = 70 - i
		}
		d.Then.Rows = append(d.Then.Rows, row(i+1, fmt.Sprint(to)))
	}
	d.Then.Rows = append(d.Then.Rows, row(61, "fresh"))
	d.compare()
	if d.Moved != 3 || d.Looked != 61 || len(d.Then.Rows) != whatIfShown || len(d.Now.Rows) != whatIfShown || len(d.Farther.Rows) != 3 {
		t.Fatalf("%+v", d)
	}
	if f := d.Farther.Rows; f[0].Up != 30 || f[1].Down != 30 || !f[2].New {
		t.Errorf("%+v", f)
	}
}

// The policy page lists who put what in force, and marks a ticket past its guard in the line.
func TestPolicyPageListsItsHistory(t *testing.T) {
	s := newSite(t)
	v := s.pages.Live.View().Rules.Version
	for i, c := range []store.PolicyChange{{Version: "pother", Before: v, By: "max", At: s.pages.Now(), Reason: hostile}, {Version: v, Before: "pother", By: "mia", At: s.pages.Now(), Back: true}} {
		if _, err := store.AppendJSON(t.Context(), s.desk.Store, store.PolicyHistoryStream, fmt.Sprint(i), c.At, c); err != nil {
			t.Fatal(err)
		}
	}
	body := s.get("/manager/policy?lang=en")
	for _, want := range []string{"max", "mia", "back to <a", "&lt;script&gt;alert(1)"} {
		if !strings.Contains(body, want) {
			t.Errorf("lacks %q", want)
		}
	}
	if strings.Contains(body, `data-act="rollback"`) {
		t.Error("offers a roll-back where none is left")
	}
	if got := s.pages.Live.View().Snapshot.Classes["security"].Values()["target"]; got != 5 {
		t.Error(got)
	}
}

// The ticket's page says who overtook it past its guard.
func TestTheConversationSaysWhoOvertookIt(t *testing.T) {
	s := newSite(t)
	waiting := s.receive(router.KindMessage)
	if strings.Contains(s.get("/agent/tickets/"+string(waiting.ID)+"?lang=en"), "Overtaken") {
		t.Error("nobody overtook it yet")
	}
	if _, err := store.AppendJSON(t.Context(), s.desk.Store, "overtaken:"+string(waiting.ID), "o1", s.pages.Now(), dispatch.Overtaking{At: s.pages.Now(), By: "tother", Agent: "ann", Tier: 2, Score: 1}); err != nil {
		t.Fatal(err)
	}
	if body := s.get("/agent/tickets/" + string(waiting.ID) + "?lang=en"); !strings.Contains(body, "Overtaken by") || !strings.Contains(body, `data-ticket="tother"`) || !strings.Contains(body, "ann") {
		t.Error(body)
	}
}
