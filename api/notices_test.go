package api

import (
	"testing"
	"time"

	"switchyard/router"
)

// A security ticket waits past twice its target: its clocks and the notice are to be seen.
func TestClocksAndNotices(t *testing.T) {
	d := newDesk(t)
	d.Receive("v1", "我的账户被盗了，请马上冻结")
	page := d.Do(call{method: "GET", path: "/v1/tickets?state=waiting", as: "agent"}).Want(200)
	id := page.Text("items.0.id")
	if page.Text("items.0.class") != "security" || page.Text("items.0.clocks.0.name") != "first_answer" || page.Get("items.0.clocks.0.target_seconds") != 600.0 || page.Get("items.0.clocks.0.running") != true || page.Get("items.0.clocks.0.met") != nil {
		t.Fatalf("%s", page.body)
	}
	if a := d.Do(call{method: "GET", path: "/v1/admin/notices", as: "manager"}).Want(200); len(a.Get("items").([]any)) != 0 {
		t.Fatalf("%s", a.body)
	}
	d.Advance(11 * time.Minute)
	due, err := d.desk.Store.DueTickets(t.Context(), d.clock(), 10)
	d.must(err)
	if len(due) != 1 {
		t.Fatalf("%d tickets are due", len(due))
	}
	d.must(d.desk.Due(t.Context(), due[0]))
	a := d.Do(call{method: "GET", path: "/v1/admin/notices", as: "auditor"}).Want(200)
	if len(a.Get("items").([]any)) != 1 || a.Text("items.0.kind") != "escalation" || a.Text("items.0.ticket") != id || a.Text("items.0.text.zh") == "" || a.Text("items.0.text.en") == "" {
		t.Fatalf("%s", a.body)
	}
	d.Do(call{method: "GET", path: "/v1/admin/notices", as: "agent"}).Problem(403, router.CodeForbidden)
	if a := d.Do(call{method: "GET", path: "/v1/tickets/" + id, as: "agent"}).Want(200); a.Get("clocks.0.met") != false || a.Get("clocks.0.spent_seconds") != 660.0 {
		t.Fatalf("over its target: %s", a.body)
	}
	for _, n := range []string{"2", "3"} {
		d.must(d.desk.Notice(t.Context(), "overload", n, router.Sentence{ZH: "忙", EN: "busy"}, ""))
		d.must(d.desk.Notice(t.Context(), "overload", n, router.Sentence{ZH: "忙", EN: "busy"}, ""))
	}
	first := d.Do(call{method: "GET", path: "/v1/admin/notices?limit=2", as: "manager"}).Want(200)
	rest := d.Do(call{method: "GET", path: "/v1/admin/notices?limit=2&cursor=" + first.Text("next_cursor"), as: "manager"}).Want(200)
	if first.Get("items.0.seq") != 3.0 || len(rest.Get("items").([]any)) != 1 || rest.Get("next_cursor") != nil {
		t.Fatalf("%s %s", first.body, rest.body)
	}
	d.Do(call{method: "GET", path: "/v1/admin/notices?cursor=" + mark("audit", "1"), as: "manager"}).Problem(422, router.CodeInvalidField, "cursor")
}
