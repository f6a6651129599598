package api

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// A manager changes a weight, sees the line under it, puts it in force, sees the line change, and goes back.
func TestAWeightIsTriedPutInForceAndRolledBack(t *testing.T) {
	d := newDesk(t)
	d.Receive("v1", "how do I change my avatar?")
	d.Advance(time.Minute)
	d.Receive("v2", "someone stole my account, freeze it")
	line := func(query string) string {
		return d.Do(call{method: "GET", path: "/v1/admin/line" + query, as: "machine"}).Want(200).Text("items.0.class")
	}
	if got := line(""); got != "security" {
		t.Fatal(got)
	}
	changes := []map[string]any{{"class": "general", "field": "weight", "expr": "100000"}, {"class": "general", "field": "target", "expr": "5"}}
	checked := d.Do(call{method: "POST", path: "/v1/admin/policies/check", as: "manager", body: map[string]any{"doc": string(policy.Default()), "changes": changes}}).Want(200)
	if checked.Get("classes.4.values.weight") != 100000.0 || checked.Get("classes.4.values.target") != 5.0 || checked.Text("doc") == string(policy.Default()) {
		t.Fatalf("%s", checked.body)
	}
	v := d.Do(call{method: "POST", path: "/v1/admin/policies", as: "manager", body: map[string]any{"doc": checked.Text("doc")}}).Want(201).Text("version")
	if v != checked.Text("version") {
		t.Fatal(v)
	}
	if got := line("?limit=1&policy=" + url.QueryEscape(v)); got != "general" {
		t.Fatal(got)
	}
	if got := line(""); got != "security" {
		t.Fatal("a what-if changed the line:", got)
	}
	d.Do(call{method: "POST", path: "/v1/admin/policies/rollback", as: "manager"}).Problem(409, router.CodeInvalidTransition)
	d.Do(call{method: "POST", path: "/v1/admin/policies/" + v + "/activate", as: "manager", body: map[string]any{"reason": "a busy day"}}).Want(200)
	if got := line(""); got != "general" {
		t.Fatal(got)
	}
	back := d.Do(call{method: "POST", path: "/v1/admin/policies/rollback", as: "manager", body: map[string]any{"reason": "it is over"}}).Want(200)
	if back.Get("active") != true || back.Text("version") == v || line("") != "security" {
		t.Fatalf("%s", back.body)
	}
	d.Do(call{method: "POST", path: "/v1/admin/policies/rollback", as: "manager"}).Problem(409, router.CodeInvalidTransition)
	audit := string(d.Do(call{method: "GET", path: "/v1/admin/audit", as: "auditor"}).Want(200).body)
	for _, want := range []string{"activate_policy", "reason: a busy day", "roll_back_policy", "reason: it is over"} {
		if !strings.Contains(audit, want) {
			t.Errorf("the audit log lacks %q: %s", want, audit)
		}
	}
}

func TestLineAndCheckRefuseBadInput(t *testing.T) {
	d := newDesk(t)
	for query, field := range map[string]string{"?limit=0": "limit", "?limit=101": "limit", "?queue=nowhere": "queue"} {
		d.Do(call{method: "GET", path: "/v1/admin/line" + query, as: "manager"}).Problem(422, router.CodeInvalidField, field)
	}
	d.Do(call{method: "GET", path: "/v1/admin/line?policy=pnothing", as: "manager"}).Problem(404, router.CodeNotFound)
	for _, c := range []struct {
		class, field, expr, path string
	}{
		{"security", "weight", "1 +", "classes[0].weight"},
		{"security", "weight", "load.nothing.x(", "classes[0].weight"},
		{"nobody", "target", "1", "class"},
	} {
		a := d.Do(call{method: "POST", path: "/v1/admin/policies/check", as: "manager", body: map[string]any{"doc": string(policy.Default()),
			"changes": []map[string]any{{"class": c.class, "field": c.field, "expr": c.expr}}}}).Want(200)
		if a.Text("problems.0.path") != c.path || a.Text("problems.0.detail") == "" || a.Text("version") != "" {
			t.Errorf("%+v: %s", c, a.body)
		}
	}
	// an expression that is good but gives no positive number now says so
	a := d.Do(call{method: "POST", path: "/v1/admin/policies/check", as: "manager", body: map[string]any{"doc": string(policy.Default()),
		"changes": []map[string]any{{"class": "security", "field": "weight", "expr": "load.wait - load.wait"}, {"class": "payment", "field": "target", "expr": "true"}}}}).Want(200)
	if !strings.Contains(a.Text("classes.0.warnings.0"), "security.weight") || !strings.Contains(a.Text("classes.1.warnings.0"), "payment.target") {
		t.Errorf("%s", a.body)
	}
}

// GET /v1/tickets/{id}/why lists who overtook a ticket past its guard.
func TestWhySaysWhoOvertook(t *testing.T) {
	d := newDesk(t)
	d.Receive("v1", "how do I change my avatar?")
	d.Advance(48 * time.Hour)
	d.Receive("v2", "someone stole my account, freeze it")
	d.Advance(4 * time.Minute)
	old := ""
	id, _ := d.Pull("agent")
	for _, i := range []string{"0", "1"} {
		if x := d.Do(call{method: "GET", path: "/v1/tickets", as: "agent"}).Want(200).Text("items." + i + ".id"); x != id {
			old = x
		}
	}
	a := d.Do(call{method: "GET", path: "/v1/tickets/" + old + "/why", as: "agent"}).Want(200)
	if a.Text("overtaken.0.by_ticket") != id || a.Text("overtaken.0.agent") == "" || a.Get("overtaken.0.tier") != 2.0 {
		t.Fatalf("%s pulled: %s", id, a.body)
	}
}
