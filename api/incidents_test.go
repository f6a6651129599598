package api

import (
	"testing"

	"switchyard/router"
)

// An incident's life by hand; every answer is held to openapi.yaml.
func TestIncidentsByHand(t *testing.T) {
	d := newDesk(t)
	d.Receive("v1", "I was charged twice, refund please")
	list := d.Do(call{method: "GET", path: "/v1/tickets", as: router.RoleManager}).Want(200)
	ticket, topic := list.Text("items.0.id"), list.Text("items.0.topic")
	open := map[string]any{"topic": topic, "why": "payments are down"}
	d.Do(call{method: "POST", path: "/v1/admin/incidents", as: router.RoleAgent, body: open}).Problem(403, router.CodeForbidden)
	d.Do(call{method: "POST", path: "/v1/admin/incidents", as: router.RoleManager, body: map[string]any{"topic": topic, "channel": "fax"}}).Problem(422, router.CodeInvalidField, "channel")
	path := "/v1/admin/incidents/" + d.Do(call{method: "POST", path: "/v1/admin/incidents", as: router.RoleManager, body: open}).Want(201).Text("id")
	d.Do(call{method: "POST", path: "/v1/admin/incidents", as: router.RoleManager, body: open}).Problem(409, router.CodeExists)

	moved := d.Do(call{method: "POST", path: path + "/tickets", as: router.RoleManager, body: map[string]any{"add": []string{ticket, "none"}}}).Want(200)
	if moved.Text("results.1.error.code") != string(router.CodeNotFound) {
		t.Fatalf("%s", moved.body)
	}
	d.Do(call{method: "POST", path: path + "/tickets", as: router.RoleManager, body: map[string]any{}}).Problem(422, router.CodeInvalidField, "add")
	text := map[string]any{"zh": "已恢复", "en": "it works again"}
	d.Do(call{method: "POST", path: path + "/answer", as: router.RoleManager, body: map[string]any{"text": map[string]any{"zh": "好"}}}).Problem(422, router.CodeInvalidField, "text.en")
	d.Do(call{method: "POST", path: path + "/answer", as: router.RoleManager, body: map[string]any{"text": text, "resolve": true}}).Want(202)
	whole := d.Do(call{method: "GET", path: path, as: router.RoleAuditor}).Want(200)
	if whole.Text("ticket_ids.0") != ticket || whole.Text("answers.0.text.zh") != "已恢复" {
		t.Fatalf("%s", whole.body)
	}
	d.Do(call{method: "POST", path: "/v1/tickets/" + ticket + "/decline", as: router.RoleAgent}).Problem(409, router.CodeNotClaimable)
	d.Do(call{method: "POST", path: path + "/close", as: router.RoleManager}).Want(200)
	d.Do(call{method: "POST", path: path + "/close", as: router.RoleManager}).Problem(409, router.CodeInvalidTransition)
	if got := d.Do(call{method: "GET", path: "/v1/admin/incidents?limit=1", as: router.RoleAuditor}).Want(200); got.Text("items.0.state") != "closed" {
		t.Fatalf("%s", got.body)
	}
	d.Do(call{method: "GET", path: "/v1/admin/incidents/none", as: router.RoleManager}).Problem(404, router.CodeNotFound)
}
