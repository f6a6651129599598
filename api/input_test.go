package api

import (
	"bytes"
	"strings"
	"testing"

	"switchyard/router"
)

func TestBadInput(t *testing.T) {
	d := newDesk(t)
	d.Receive("v1", "charged twice, refund")
	id, _ := d.Pull("agent")
	ticket := "/v1/tickets/" + id
	json := map[string]string{}
	for _, c := range []struct {
		name, method, path, body string
		header                   map[string]string
		status                   int
		code                     router.Code
		field                    string
	}{
		{"broken JSON", "POST", "/v1/pull", `{"queues":`, json, 400, router.CodeInvalidJSON, ""},
		{"two documents", "POST", "/v1/pull", `{} {}`, json, 400, router.CodeInvalidJSON, ""},
		{"not UTF-8", "POST", ticket + "/notes", "{\"text\":\"\xff\xfe\"}", json, 400, router.CodeInvalidJSON, ""},
		{"another charset", "POST", ticket + "/notes", `{"text":"x"}`, map[string]string{"Content-Type": "application/json; charset=gbk"}, 400, router.CodeInvalidJSON, ""},
		{"a list", "POST", "/v1/pull", `[]`, json, 422, router.CodeInvalidField, "body"},
		{"an unknown field", "POST", "/v1/pull", `{"queue":"x"}`, json, 422, router.CodeInvalidField, "queue"},
		{"a wrong type", "POST", ticket + "/heartbeat", `{"epoch":"1"}`, json, 422, router.CodeInvalidField, "epoch"},
		{"a wrong type inside", "POST", "/v1/pull", `{"queues":[1]}`, json, 422, router.CodeInvalidField, "queues"},
		{"a moment that is none", "POST", ticket + "/snooze", `{"epoch":1,"until":"tomorrow"}`, json, 422, router.CodeInvalidField, "until"},
		{"a moment that has passed", "POST", ticket + "/snooze", `{"epoch":1,"until":"2020-01-01T00:00:00Z"}`, json, 422, router.CodeInvalidField, "until"},
		{"no epoch", "POST", ticket + "/release", `{}`, json, 422, router.CodeInvalidField, "epoch"},
		{"no body", "POST", ticket + "/resolve", ``, json, 422, router.CodeInvalidField, "epoch"},
		{"an unknown topic", "POST", ticket + "/resolve", `{"epoch":1,"topic":"x"}`, json, 422, router.CodeInvalidField, "topic"},
		{"an unknown queue", "POST", ticket + "/transfer", `{"epoch":1,"queue":"x"}`, json, 422, router.CodeInvalidField, "queue"},
		{"an unknown then", "POST", ticket + "/replies", `{"epoch":1,"text":"x","then":"maybe"}`, json, 422, router.CodeInvalidField, "then"},
		{"an unseen id", "POST", ticket + "/replies", `{"epoch":1,"text":"x","seen":"mnothing"}`, json, 422, router.CodeInvalidField, "seen"},
		{"an empty reply", "POST", ticket + "/replies", `{"epoch":1,"text":" "}`, json, 422, router.CodeInvalidField, "text"},
		{"an unknown file", "POST", ticket + "/replies", `{"epoch":1,"text":"x","attachments":["b1"]}`, json, 422, router.CodeInvalidField, "attachments"},
		{"eleven files", "POST", ticket + "/replies", `{"epoch":1,"text":"x","attachments":["1","2","3","4","5","6","7","8","9","10","11"]}`, json, 422, router.CodeInvalidField, "attachments"},
		{"a long note", "POST", ticket + "/release", `{"epoch":1,"reason":"` + strings.Repeat("x", 4001) + `"}`, json, 422, router.CodeInvalidField, "reason"},
		{"too large", "POST", ticket + "/notes", `{"text":"` + strings.Repeat("x", 1<<20) + `"}`, json, 413, router.CodeTooLarge, ""},
		{"an unknown state", "PUT", "/v1/me/presence", `{"state":"asleep"}`, json, 422, router.CodeInvalidField, "state"},
		{"a bad cursor", "GET", "/v1/tickets?cursor=x", "", json, 422, router.CodeInvalidField, "cursor"},
		{"a bad cursor of messages", "GET", ticket + "/messages?cursor=..", "", json, 422, router.CodeInvalidField, "cursor"},
		{"a limit of none", "GET", "/v1/tickets?limit=0", "", json, 422, router.CodeInvalidField, "limit"},
		{"a limit too high", "GET", "/v1/tickets?limit=201", "", json, 422, router.CodeInvalidField, "limit"},
		{"a limit that is none", "GET", "/v1/tickets?limit=all", "", json, 422, router.CodeInvalidField, "limit"},
		{"a filter that is none", "GET", "/v1/tickets?state=lost", "", json, 422, router.CodeInvalidField, "state"},
		{"a channel that is none", "GET", "/v1/tickets?channel=fax", "", json, 422, router.CodeInvalidField, "channel"},
		{"a search of one character", "GET", "/v1/tickets?q=%E9%92%B1", "", json, 422, router.CodeInvalidField, "q"},
		{"no such ticket", "GET", "/v1/tickets/tnothing", "", json, 404, router.CodeNotFound, ""},
		{"no such ticket's messages", "GET", "/v1/tickets/tnothing/messages", "", json, 404, router.CodeNotFound, ""},
		{"no such message", "GET", "/v1/messages/mnothing", "", json, 404, router.CodeNotFound, ""},
		{"no such file", "GET", "/v1/attachments/bnothing", "", json, 404, router.CodeNotFound, ""},
		{"no such address", "GET", "/v1/nowhere", "", json, 404, router.CodeNotFound, ""},
		{"a wrong method", "DELETE", "/v1/pull", "", json, 405, "method_not_allowed", ""},
		{"a claimed ticket", "POST", ticket + "/claim", "", json, 409, router.CodeNotClaimable, ""},
		{"an open ticket reopened", "POST", ticket + "/reopen", "", json, 409, router.CodeInvalidTransition, ""},
		{"an upload that is no form", "POST", "/v1/attachments", "x", json, 422, router.CodeInvalidField, "file"},
		{"no such hook", "POST", "/v1/hooks/silent", "{}", json, 404, router.CodeNotFound, ""},
		{"an unsigned hook", "POST", "/v1/hooks/door", "{}", json, 401, router.CodeBadSignature, ""},
		{"a large hook", "POST", "/v1/hooks/door", strings.Repeat("x", 1<<20+1), json, 413, router.CodeTooLarge, ""},
		{"no such chat", "POST", "/v1/chat/silent/sessions", "{}", json, 404, router.CodeNotFound, ""},
		{"a foreign origin", "POST", "/v1/chat/door/sessions", "{}", map[string]string{"Origin": "https://evil.example"}, 403, router.CodeForbidden, ""},
		{"an unknown answer", "POST", "/v1/chat/door/sessions", `{"answers":{"a":1}}`, json, 422, router.CodeInvalidField, "answers"},
		{"an empty key", "POST", "/v1/pull", "{}", map[string]string{keyHeader: ""}, 422, router.CodeInvalidField, keyHeader},
		{"a long key", "POST", "/v1/pull", "{}", map[string]string{keyHeader: strings.Repeat("k", 201)}, 422, router.CodeInvalidField, keyHeader},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.T = t
			body := any(c.body)
			if c.body == "" && c.method == "GET" {
				body = nil
			}
			a := d.Do(call{method: c.method, path: c.path, as: "agent", body: body, header: c.header})
			a.Problem(c.status, c.code, c.field)
			if a.Text("detail") == "" {
				t.Errorf("no sentence: %s", a.body)
			}
		})
	}
	d.T = t
	if a := d.Do(call{method: "GET", path: ticket, as: "agent"}).Want(200); a.Text("state") != "claimed" || a.Get("drafts") == nil {
		// one draft: the reply whose seen was no message of the ticket
		t.Fatalf("%s", a.body)
	}
}

func TestBodiesWithoutALengthAreBoundedToo(t *testing.T) {
	d := newDesk(t)
	a := d.Do(call{method: "POST", path: "/v1/hooks/door", body: strings.NewReader(strings.Repeat("x", 1<<20+1)), header: map[string]string{"X-Signature": signature}})
	a.Problem(413, router.CodeTooLarge)
}

func TestHooks(t *testing.T) {
	d := newDesk(t)
	signed := map[string]string{"X-Signature": signature}
	if a := d.Do(call{method: "GET", path: "/v1/hooks/door?echo=42", header: signed}).Want(200); string(a.body) != "42" {
		t.Fatalf("%s", a.body)
	}
	d.source.fail = router.Fail("door", router.CodeUnavailable, "the store is away")
	a := d.Do(call{method: "POST", path: "/v1/hooks/door", body: "{}", header: signed}).Problem(503, router.CodeUnavailable)
	if a.Text("results.0") != "first" || a.header.Get("Retry-After") == "" {
		t.Fatalf("%s", a.body)
	}
	m := string(d.Do(call{method: "GET", path: "/metrics"}).Want(200).body)
	for _, want := range []string{`switchyard_hook_calls_total{outcome="accepted",source="door"} 1`, `outcome="unavailable",source="door"} 1`,
		`switchyard_queue_waiting{queue="payments"} 0`, `switchyard_messages{stage="received"} 0`, `route="/v1/hooks/:source"`} {
		if !strings.Contains(m, want) {
			t.Errorf("metrics without %s", want)
		}
	}
}

func TestAttachments(t *testing.T) {
	d := newDesk(t)
	up := func(name string, data []byte, key string) answer {
		body, kind := form(name, data)
		header := map[string]string{"Content-Type": kind}
		if key != "" {
			header[keyHeader] = key
		}
		return d.Do(call{method: "POST", path: "/v1/attachments", as: "agent", body: body, header: header})
	}
	png := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100)...)
	a := up(`C:\shots\截图.png`, png, "k").Want(201)
	if a.Text("name") != "截图.png" || a.Text("type") != "image/png" && a.Text("type") != "application/octet-stream" || a.Get("size") != 108.0 {
		t.Fatalf("%s", a.body)
	}
	if again := up(`C:\shots\截图.png`, png, "k").Want(201); again.Text("id") != a.Text("id") || again.header.Get("Idempotency-Replayed") != "true" {
		t.Fatalf("the boundary of the form does not count: %s", again.body)
	}
	got := d.Do(call{method: "GET", path: "/v1/attachments/" + a.Text("id"), as: "auditor"}).Want(200)
	if !bytes.Equal(got.body, png) || got.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Fatalf("%v", got.header)
	}
	evil := up("page.html", []byte("<html><script>alert(1)</script></html>"), "").Want(201)
	got = d.Do(call{method: "GET", path: "/v1/attachments/" + evil.Text("id"), as: "agent"}).Want(200)
	if got.header.Get("Content-Type") == "text/html" || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") || !strings.Contains(got.header.Get("Content-Security-Policy"), "sandbox") {
		t.Fatalf("%v", got.header)
	}
	up("big.bin", make([]byte, maxFile+1), "").Problem(413, router.CodeTooLarge)
	up("fits.bin", make([]byte, maxFile), "").Want(201)
	up("empty.bin", nil, "").Problem(422, router.CodeInvalidField, "file")
}

// Invariant C: neither text nor handles nor tokens get into the log.
func TestLogsSayNothingOfMessages(t *testing.T) {
	d := newDesk(t)
	d.Receive("handle-of-a-customer", "text-of-a-customer refund charged twice")
	id, epoch := d.Pull("agent")
	d.Do(call{method: "POST", path: "/v1/tickets/" + id + "/replies", as: "agent", body: map[string]any{"epoch": epoch, "text": "text-of-an-agent"}}).Want(201)
	d.Do(call{method: "GET", path: "/v1/tickets?q=query-of-an-agent", as: "agent"}).Want(200)
	d.Do(call{method: "GET", path: "/v1/me", header: map[string]string{"Authorization": "Bearer secret-token"}}).Want(401)
	logs := d.logs.String()
	for _, secret := range []string{"handle-of-a-customer", "text-of", "query-of", "secret-token", d.tokens["agent"]} {
		if strings.Contains(logs, secret) {
			t.Errorf("%s stands in the log", secret)
		}
	}
	if !strings.Contains(logs, "route=/v1/tickets/:id/replies") || !strings.Contains(logs, "request_id=") {
		t.Error("no access log")
	}
}
