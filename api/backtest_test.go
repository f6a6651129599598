package api

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// past stores resolved calls of the last days: bursts of fifteen each hour, half of them security.
func (d *desk) past(n int) {
	d.T.Helper()
	for i := range n {
		at := d.clock().Add(-time.Duration((n-i)/15)*time.Hour - time.Duration((n-i)%15)*time.Second)
		t := router.Ticket{ID: router.TicketID(router.HashID("t", "past", fmt.Sprint(i))), State: router.StateResolved, Channel: router.ChannelPhone, Source: "src", Language: router.LanguageEN,
			Handle: router.Handle{Channel: router.ChannelEmail, Address: fmt.Sprint(i)}, Topic: []router.Topic{"account_security", "general"}[i%2], Handled: 10 * time.Minute,
			CreatedAt: at, UpdatedAt: at, ResolvedAt: at.Add(time.Hour), Case: router.Case{Number: 1, StartedAt: at, Target: time.Hour, Judged: true}}
		_, err := d.server.Store.InsertTicket(d.T.Context(), t)
		d.must(err)
	}
}

// A policy that would have failed a class in the past is refused with the class named; an override needs a reason,
// which stands in the audit log with what the replay said.
func TestAPolicyThatHurtsAClassIsRefused(t *testing.T) {
	d := newDesk(t)
	d.past(700)
	// calls in the classes of their topics, and security worth nothing
	plain := strings.Replace(string(policy.Default()), "    topic: general\n    class: callback", "    topic: general", 1)
	plain = strings.Replace(plain, `when: ticket.channel == "phone"`, `when: ticket.channel == "none"`, 1)
	v0 := d.Do(call{method: "POST", path: "/v1/admin/policies", as: "manager", body: map[string]any{"doc": plain}}).Want(201).Text("version")
	d.Do(call{method: "POST", path: "/v1/admin/policies/" + v0 + "/activate", as: "manager", body: map[string]any{"override": true, "reason": "the start"}}).Want(200)
	bad := strings.Replace(plain, `weight: "load.wait > 15 ? 12 : 8"`, `weight: "0.0001"`, 1)
	v := d.Do(call{method: "POST", path: "/v1/admin/policies", as: "manager", body: map[string]any{"doc": bad}}).Want(201).Text("version")

	report := d.Do(call{method: "GET", path: "/v1/admin/policies/" + v + "/backtest", as: "auditor"}).Want(200)
	if report.Get("refused") != true || report.Get("tickets") != 700.0 || report.Text("changed.0.why.zh") == "" {
		t.Fatalf("%.2000s", report.body)
	}
	refused := d.Do(call{method: "POST", path: "/v1/admin/policies/" + v + "/activate", as: "manager", body: map[string]any{"reason": "a note, not an override"}}).Problem(409, router.CodeInvalidTransition)
	if refused.Text("results.0.path") != "classes.security" {
		t.Fatalf("%s", refused.body)
	}
	d.Do(call{method: "POST", path: "/v1/admin/policies/" + v + "/activate", as: "manager", body: map[string]any{"override": true}}).Problem(422, router.CodeInvalidField, "reason")
	if d.server.Live.View().Rules.Version != v0 {
		t.Fatal("a refused policy is in force")
	}
	d.Do(call{method: "POST", path: "/v1/admin/policies/" + v + "/activate", as: "manager", body: map[string]any{"override": true, "reason": "we know"}}).Want(200)
	audit := string(d.Do(call{method: "GET", path: "/v1/admin/audit", as: "auditor"}).Want(200).body)
	if !strings.Contains(audit, "we know (override: The class security would fall") {
		t.Fatalf("%s", audit)
	}
	d.Do(call{method: "POST", path: "/v1/admin/policies/rollback", as: "manager"}).Want(200)
	page := d.Do(call{method: "GET", path: "/v1/admin/policies/" + url.PathEscape(v0) + "/backtest", as: "manager"}).Want(200)
	if page.Get("refused") != false {
		t.Fatalf("%.500s", page.body)
	}
}
