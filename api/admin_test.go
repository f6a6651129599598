package api

import (
	"strings"
	"testing"
	"time"

	"switchyard/api/auth"
	"switchyard/router"
	"switchyard/router/policy"
)

func TestUsers(t *testing.T) {
	d := newDesk(t)
	post := func(path string, body any) answer {
		return d.Do(call{method: "POST", path: "/v1/admin/users" + path, as: "manager", body: body, header: map[string]string{keyHeader: path + "1"}})
	}
	made := post("", map[string]any{"name": "ann", "role": "agent", "skills": map[string]int{"fraud": 2}, "languages": []string{"zh"}, "queues": []string{"payments"}}).Want(201)
	token, ok := strings.CutPrefix(made.Text("link"), "https://desk.example/link#")
	if !ok || made.Get("user.skills.fraud") != 2.0 {
		t.Fatalf("%s", made.body)
	}
	l, err := d.auth.UseLink(t.Context(), token)
	d.must(err)
	if l.Purpose != auth.PurposePassword || l.User != "ann" {
		t.Fatalf("%+v", l)
	}
	d.Do(call{method: "POST", path: "/v1/admin/users", as: "manager", body: `{"name":"ann","role":"agent"}`}).Problem(422, router.CodeInvalidField, "name")
	d.Do(call{method: "POST", path: "/v1/admin/users", as: "manager", body: `{"name":"Ann B","role":"agent"}`}).Problem(422, router.CodeInvalidField, "name")
	d.Do(call{method: "POST", path: "/v1/admin/users", as: "manager", body: `{"name":"x","role":"king"}`}).Problem(422, router.CodeInvalidField, "role")
	d.Do(call{method: "POST", path: "/v1/admin/users", as: "manager", body: `{"name":"x","role":"agent","queues":["nowhere"]}`}).Problem(422, router.CodeInvalidField, "queues")
	d.tokens["ann"] = post("/ann/tokens", nil).Want(201).Text("token")
	d.Receive("v1", "我被重复扣款了，请退款")
	id, _ := d.Pull("ann")

	if a := d.Do(call{method: "PATCH", path: "/v1/admin/users/ann", as: "manager", body: `{"skills":{},"queues":["general"]}`}).Want(200); a.Get("skills.fraud") != nil || a.Text("queues.0") != "general" || a.Text("languages.0") != "zh" {
		t.Fatalf("what is not given stays: %s", a.body)
	}
	a := post("/ann/disable", nil).Want(200)
	if a.Get("disabled") != true || a.Text("presence") != "offline" {
		t.Fatalf("%s", a.body)
	}
	d.Do(call{method: "GET", path: "/v1/me", as: "ann"}).Problem(401, router.CodeUnauthorized)
	if a := d.Do(call{method: "GET", path: "/v1/tickets/" + id, as: "agent"}).Want(200); a.Text("state") != "waiting" || a.Text("returned") != "agent_removed" {
		t.Fatalf("%s", a.body)
	}
	post("/ann/links", nil).Problem(422, router.CodeInvalidField, "name")
	post("/nobody/tokens", nil).Problem(404, router.CodeNotFound)
	post("/manager/disable", nil).Problem(422, router.CodeInvalidField, "disabled")
	d.Do(call{method: "PATCH", path: "/v1/admin/users/manager", as: "manager", body: `{"role":"agent"}`}).Problem(422, router.CodeInvalidField, "role")
	d.Do(call{method: "DELETE", path: "/v1/admin/users/bob/tokens", as: "manager"}).Want(204)
	d.Do(call{method: "GET", path: "/v1/me", as: "bob"}).Problem(401, router.CodeUnauthorized)

	page := d.Do(call{method: "GET", path: "/v1/admin/users?limit=3", as: "auditor"}).Want(200)
	next := d.Do(call{method: "GET", path: "/v1/admin/users?limit=200&cursor=" + page.Text("next_cursor"), as: "auditor"}).Want(200)
	if len(page.Get("items").([]any)) != 3 || len(next.Get("items").([]any)) != 3 || next.Get("next_cursor") != nil {
		t.Fatalf("%s %s", page.body, next.body)
	}
	d.Do(call{method: "GET", path: "/v1/admin/users?cursor=" + mark("audit", "1"), as: "auditor"}).Problem(422, router.CodeInvalidField, "cursor")
	acts := ""
	for _, e := range d.Do(call{method: "GET", path: "/v1/admin/audit", as: "manager"}).Get("items").([]any) {
		acts = e.(map[string]any)["act"].(string) + " " + acts
	}
	if acts != "create_user create_token change_user disable_user revoke " {
		t.Fatalf("%s", acts)
	}
}

func TestPolicies(t *testing.T) {
	d := newDesk(t)
	bad := strings.Replace(string(policy.Default()), "calendar: day", "calendar: nowhere", 2)
	a := d.Do(call{method: "POST", path: "/v1/admin/policies", as: "manager", body: map[string]any{"doc": bad}}).Problem(422, router.CodeInvalidField)
	if list, _ := a.Get("results").([]any); len(list) < 2 || a.Text("results.0.path") == "" {
		t.Fatalf("every problem is named: %s", a.body)
	}
	d.Do(call{method: "POST", path: "/v1/admin/policies", as: "manager", body: map[string]any{"doc": "name: ["}}).Problem(422, router.CodeInvalidField)
	doc := strings.Replace(string(policy.Default()), "ttl: 2m", "ttl: 5m", 1)
	if doc == string(policy.Default()) {
		doc += "\n# another\n"
	}
	v := d.Do(call{method: "POST", path: "/v1/admin/policies", as: "manager", body: map[string]any{"doc": doc, "note": "longer claims"}}).Want(201).Text("version")
	if d.Do(call{method: "GET", path: "/v1/admin/policies/" + v, as: "auditor"}).Want(200).Get("active") != false {
		t.Fatal("it is not in force yet")
	}
	d.Do(call{method: "POST", path: "/v1/admin/policies/" + v + "/activate", as: "manager"}).Want(200)
	if d.server.Live.View().Rules.Version != v {
		t.Fatal("it is in force at once")
	}
	if a := d.Do(call{method: "GET", path: "/v1/admin/policies/" + v, as: "auditor"}).Want(200); a.Get("active") != true || a.Text("doc") != doc {
		t.Fatalf("%s", a.body)
	}
	page := d.Do(call{method: "GET", path: "/v1/admin/policies?limit=1", as: "auditor"}).Want(200)
	d.Do(call{method: "GET", path: "/v1/admin/policies?limit=1&cursor=" + page.Text("next_cursor"), as: "auditor"}).Want(200)
	d.Do(call{method: "POST", path: "/v1/admin/policies/pnothing/activate", as: "manager"}).Problem(404, router.CodeNotFound)
	if a := d.Do(call{method: "GET", path: "/v1/admin/calendars", as: "manager"}).Want(200); !strings.Contains(string(a.body), `"next_edge_at":"2026-05-04T22:00:00+08:00"`) {
		t.Fatalf("%s", a.body)
	}
}

func TestGoverning(t *testing.T) {
	d := newDesk(t)
	d.Receive("v1", "refund, charged twice")
	d.Advance(10 * time.Minute)
	a := d.Do(call{method: "GET", path: "/v1/admin/queues", as: "machine"}).Want(200)
	found := false
	for _, q := range a.Get("items").([]any) {
		q := q.(map[string]any)
		found = found || q["name"] == "payments" && q["waiting"] == 1.0 && q["oldest_seconds"] == 600.0 && q["open"] == true
	}
	if !found {
		t.Fatalf("%s", a.body)
	}
	d.Do(call{method: "GET", path: "/v1/admin/load", as: "auditor"}).Want(200)
	list := d.Do(call{method: "GET", path: "/v1/tickets?queue=payments", as: "manager"}).Want(200)
	id := list.Text("items.0.id")
	assign := func(body string) answer {
		return d.Do(call{method: "POST", path: "/v1/admin/tickets/" + id + "/assign", as: "manager", body: body})
	}
	assign(`{}`).Problem(422, router.CodeInvalidField, "agent")
	assign(`{"agent":"bob","queue":"general"}`).Problem(422, router.CodeInvalidField, "queue")
	assign(`{"agent":"machine"}`).Problem(422, router.CodeInvalidField, "agent")
	assign(`{"queue":"general"}`).Want(200)
	r := d.Do(call{method: "POST", path: "/v1/admin/tickets/resolve", as: "manager", body: map[string]any{"ids": []string{id, "tnothing"}, "note": "answered in the app"}}).Want(200)
	if r.Get("results.0.error") != nil || r.Text("results.1.error.code") != "not_found" {
		t.Fatalf("%s", r.body)
	}
	d.Do(call{method: "POST", path: "/v1/admin/tickets/resolve", as: "manager", body: `{"ids":[]}`}).Problem(422, router.CodeInvalidField, "ids")

	source := func(method, path, body string) answer {
		return d.Do(call{method: method, path: "/v1/admin/sources" + path, as: "manager", body: body})
	}
	source("POST", "", `{"name":"door","kind":"generic"}`).Problem(422, router.CodeInvalidField, "name")
	source("POST", "", `{"name":"new","kind":"strange"}`).Problem(422, router.CodeInvalidField, "kind")
	source("POST", "", `{"name":"new","kind":"generic","secret":"s"}`).Want(201)
	source("PUT", "/new", `{"name":"other","kind":"generic"}`).Problem(422, router.CodeInvalidField, "name")
	source("PUT", "/new", `{"kind":"generic"}`).Want(200)
	d.Do(call{method: "DELETE", path: "/v1/admin/sources/new", as: "manager"}).Want(204)
	d.Do(call{method: "DELETE", path: "/v1/admin/sources/new", as: "manager"}).Problem(404, router.CodeNotFound)
	if a := d.Do(call{method: "GET", path: "/v1/admin/sources", as: "auditor"}).Want(200); a.Text("items.0.name") != "door" {
		t.Fatalf("%s", a.body)
	}
	first := d.Do(call{method: "GET", path: "/v1/admin/audit?limit=2", as: "auditor"}).Want(200)
	rest := d.Do(call{method: "GET", path: "/v1/admin/audit?cursor=" + first.Text("next_cursor"), as: "auditor"}).Want(200)
	if first.Text("items.0.act") != "delete_source" || first.Text("items.1.act") != "put_source" || rest.Text("items.0.act") != "create_source" || strings.Contains(string(rest.body), `"s"`) {
		t.Fatalf("%s %s", first.body, rest.body)
	}
}

func TestHeldAndDead(t *testing.T) {
	d := newDesk(t)
	in := func(ext string) string {
		a := d.server.Intake.Accept(t.Context(), []router.Inbound{{Source: "door", Channel: router.ChannelEmail, Kind: router.KindAutoReply, ExternalID: ext, ThreadKeys: []string{ext},
			Handle: router.Handle{Channel: router.ChannelEmail, Address: ext + "@example.com"}, Text: "out of office"}})
		d.must(a[0].Err)
		m, err := d.store.Message(t.Context(), a[0].MessageID)
		d.must(err)
		return string(m.TicketID)
	}
	one, two := in("a1"), in("a2")
	if a := d.Do(call{method: "GET", path: "/v1/tickets?state=held", as: "manager"}).Want(200); len(a.Get("items").([]any)) != 2 {
		t.Fatalf("%s", a.body)
	}
	page := d.Do(call{method: "GET", path: "/v1/admin/held?limit=1", as: "auditor"}).Want(200)
	rest := d.Do(call{method: "GET", path: "/v1/admin/held?limit=1&cursor=" + page.Text("next_cursor"), as: "manager"}).Want(200)
	for _, a := range []answer{page, rest} {
		if a.Text("items.0.text") != "out of office" || a.Text("items.0.kind") != "auto_reply" || a.Text("items.0.rule") != "automatic" || a.Text("items.0.why.zh") == "" || a.Text("items.0.ticket.queue") != "" {
			t.Fatalf("%s", a.body)
		}
	}
	if page.Text("items.0.ticket.id") == rest.Text("items.0.ticket.id") || rest.Text("next_cursor") != "" {
		t.Fatalf("%s %s", page.body, rest.body)
	}
	d.Do(call{method: "POST", path: "/v1/admin/held/" + one + "/release", as: "manager"}).Want(200)
	d.Do(call{method: "POST", path: "/v1/admin/held/" + one + "/release", as: "manager"}).Problem(409, router.CodeInvalidTransition)
	if a := d.Do(call{method: "POST", path: "/v1/admin/held/" + two + "/dismiss", as: "manager"}).Want(200); a.Text("ticket.state") != "resolved" {
		t.Fatalf("%s", a.body)
	}

	// a reply that could not be delivered, whose ticket was told already
	d.Receive("v1", "refund, charged twice")
	var id string
	var epoch int
	for id = ""; id == "" || id == one; {
		id, epoch = d.Pull("agent")
	}
	mid := d.Do(call{method: "POST", path: "/v1/tickets/" + id + "/replies", as: "agent", body: map[string]any{"epoch": epoch, "text": "hello"}}).Want(201).Text("message.id")
	m, err := d.store.Message(t.Context(), router.MessageID(mid))
	d.must(err)
	m.Stage, m.Error = router.StageFailed, "invalid_field"
	m, err = d.store.SaveMessage(t.Context(), m)
	d.must(err)
	d.must(d.desk.TellFailure(t.Context(), m))
	if a := d.Do(call{method: "GET", path: "/v1/admin/dead-letters", as: "auditor"}).Want(200); a.Text("items.0.id") != mid || a.Text("items.0.error") != "invalid_field" {
		t.Fatalf("%s", a.body)
	}
	if a := d.Do(call{method: "POST", path: "/v1/admin/dead-letters/" + mid + "/retry", as: "manager"}).Want(200); a.Text("stage") != "queued" {
		t.Fatalf("%s", a.body)
	}
	d.Do(call{method: "POST", path: "/v1/admin/dead-letters/" + mid + "/retry", as: "manager"}).Problem(409, router.CodeInvalidTransition)
}

// Invariant F: raw input is read on the record.
func TestRawInputIsReadOnTheRecord(t *testing.T) {
	d := newDesk(t)
	id := d.Receive("v1", "my card is 4111 1111 1111 1111, refund")
	if a := d.Do(call{method: "GET", path: "/v1/messages/" + id, as: "agent"}).Want(200); strings.Contains(a.Text("text"), "4111 1111") || a.Text("masked.0") != "card" {
		t.Fatalf("%s", a.body)
	}
	d.Do(call{method: "GET", path: "/v1/messages/" + id + "/raw", as: "agent"}).Problem(403, router.CodeForbidden)
	a := d.Do(call{method: "GET", path: "/v1/messages/" + id + "/raw", as: "manager"}).Want(200)
	if !strings.Contains(string(a.body), "4111 1111 1111 1111") || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%s", a.body)
	}
	if a := d.Do(call{method: "GET", path: "/v1/admin/audit", as: "auditor"}).Want(200); a.Text("items.0.act") != "read_raw" || a.Text("items.0.target") != id {
		t.Fatalf("%s", a.body)
	}
}

func TestReadiness(t *testing.T) {
	d := newDesk(t)
	d.Do(call{method: "GET", path: "/readyz"}).Want(200)
	d.mu.Lock()
	d.now = d.now.Add(time.Minute) // and nobody looked
	d.mu.Unlock()
	d.Do(call{method: "GET", path: "/readyz"}).Problem(503, router.CodeUnavailable)
	d.Advance(0)
	d.Do(call{method: "GET", path: "/readyz"}).Want(200)
	d.must(d.store.Close())
	d.Do(call{method: "GET", path: "/readyz"}).Problem(503, router.CodeUnavailable)
	d.Do(call{method: "GET", path: "/healthz"}).Want(200)
}
