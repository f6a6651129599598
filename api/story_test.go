package api

import (
	"testing"
	"time"

	"switchyard/router"
)

func TestOneRoad(t *testing.T) {
	d := newDesk(t)
	first := d.Receive("v1", "I was charged twice, refund please")
	d.Advance(10 * time.Minute)
	a := d.Do(call{method: "POST", path: "/v1/pull", as: "agent"}).Want(200)
	id := a.Text("ticket.id")
	if a.Text("ticket.queue") != "payments" || a.Get("ticket.wait_seconds") != 600.0 || a.Text("why.why.zh") == "" || a.Text("ticket.contact.name") != "Wang" ||
		a.Text("ticket.last_message") != first || a.Get("claim.epoch") != 1.0 || a.Text("ticket.claim.expires_at") == "" {
		t.Fatalf("%s", a.body)
	}
	path := "/v1/tickets/" + id
	if a := d.Do(call{method: "GET", path: path, as: "bob"}).Want(200); a.Get("claim") != nil {
		t.Fatalf("the claim is its holder's: %s", a.body)
	}
	if a := d.Do(call{method: "GET", path: "/v1/me", as: "agent"}).Want(200); a.Text("claims.0.ticket.id") != id || a.Text("presence.state") != "available" || a.Get("free_capacity") != 75.0 {
		t.Fatalf("%s", a.body)
	}
	d.Do(call{method: "POST", path: path + "/heartbeat", as: "agent", body: map[string]any{"epoch": 1}}).Want(200)
	note := d.Do(call{method: "POST", path: path + "/notes", as: "agent", body: map[string]any{"text": "card 4111111111111111"}}).Want(201)
	if note.Text("text") == "card 4111111111111111" || note.Text("kind") != "note" {
		t.Fatalf("a note is masked: %s", note.body)
	}
	d.Advance(time.Second)
	a = d.Do(call{method: "POST", path: path + "/replies", as: "agent", body: map[string]any{"epoch": 1, "text": "we look at it", "then": "pending_customer", "seen": first}}).Want(201)
	if a.Text("message.stage") != "queued" || a.Text("ticket.state") != "pending_customer" {
		t.Fatalf("%s", a.body)
	}
	if a := d.Do(call{method: "GET", path: path + "/messages", as: "auditor"}).Want(200); a.Text("items.0.id") != first || a.Get("items.1.automatic") != true || a.Get("items.3.automatic") != nil || a.Text("items.3.text") != "we look at it" || a.Text("items.0.handle") != "v1" {
		t.Fatalf("%s", a.body)
	}
	if a := d.Do(call{method: "GET", path: path + "/why", as: "agent"}).Want(200); a.Get("reproducible") != true || a.Text("sentence.zh") == "" || a.Text("decision.queue") != "payments" || a.Text("pull.rule") == "" || a.Text("timeline.0.act") != "ask" || a.Text("timeline.1.act") != "reply" {
		t.Fatalf("%s", a.body)
	}
	if a := d.Do(call{method: "GET", path: "/v1/tickets?q=charged&state=pending_customer&limit=1", as: "machine"}).Want(200); a.Text("items.0.id") != id {
		t.Fatalf("%s", a.body)
	}
	d.Do(call{method: "POST", path: "/v1/admin/tickets/" + id + "/wake", as: "manager"}).Want(200)
	d.Do(call{method: "POST", path: "/v1/admin/tickets/" + id + "/assign", as: "manager", body: map[string]any{"agent": "bob"}}).Want(200)
	a = d.Do(call{method: "POST", path: path + "/resolve", as: "bob", body: map[string]any{"epoch": 2, "topic": "withdrawal"}}).Want(200)
	if a.Text("ticket.state") != "resolved" || a.Text("ticket.topic") != "withdrawal" {
		t.Fatalf("%s", a.body)
	}
	d.Do(call{method: "POST", path: path + "/reopen", as: "agent"}).Want(200)
	if a := d.Do(call{method: "GET", path: "/v1/admin/audit", as: "auditor"}).Want(200); a.Text("items.0.act") != "assign" || a.Text("items.1.act") != "wake" || a.Text("items.0.by") != "manager" {
		t.Fatalf("%s", a.body)
	}
}

func TestRefusedRepliesKeepTheText(t *testing.T) {
	d := newDesk(t)
	first := d.Receive("v1", "refund please, charged twice")
	id, epoch := d.Pull("agent")
	path := "/v1/tickets/" + id
	d.Advance(time.Second)
	d.Receive("v1", "and one more thing")
	d.Do(call{method: "POST", path: path + "/replies", as: "agent", body: map[string]any{"epoch": epoch, "text": "overtaken", "seen": first}}).Problem(409, router.CodeUnseenMessage)
	d.Advance(time.Second)
	d.Do(call{method: "POST", path: path + "/replies", as: "bob", body: map[string]any{"epoch": epoch, "text": "not mine"}}).Problem(409, router.CodeStaleClaim)
	d.Do(call{method: "POST", path: path + "/resolve", as: "agent", body: map[string]any{"epoch": epoch + 1}}).Problem(409, router.CodeStaleClaim)
	a := d.Do(call{method: "GET", path: path, as: "agent"}).Want(200)
	if a.Text("state") != "claimed" || a.Text("drafts.0.text") != "overtaken" || a.Text("drafts.1.text") != "not mine" {
		t.Fatalf("%s", a.body)
	}
}

func TestRepliesThatTheSourceCannotCarry(t *testing.T) {
	d := newDesk(t)
	now := d.clock()
	ended := d.server.Intake.Accept(t.Context(), []router.Inbound{{Source: "silent", Channel: router.ChannelPhone, Kind: router.KindCall, ExternalID: "call1",
		Handle: router.Handle{Channel: router.ChannelPhone, Address: "+8613800138000"}, SentAt: now,
		Call: &router.Call{Outcome: router.CallMissed, Incoming: true, StartedAt: now, EndedAt: now, Ring: 20 * time.Second, Legs: 1}}})
	d.must(ended[0].Err)
	id, epoch := d.Pull("agent")
	path := "/v1/tickets/" + id
	d.Do(call{method: "POST", path: path + "/replies", as: "agent", body: map[string]any{"epoch": epoch, "text": "hello"}}).Problem(422, router.CodeCannotReply)
	if a := d.Do(call{method: "GET", path: path, as: "agent"}).Want(200); a.Get("drafts") != nil {
		t.Fatalf("cannot_reply stores nothing: %s", a.body)
	}
	if a := d.Do(call{method: "GET", path: path + "/messages", as: "agent"}).Want(200); a.Get("items.0.call.ring_seconds") != 20.0 {
		t.Fatalf("%s", a.body)
	}
	d.Do(call{method: "POST", path: path + "/callbacks", as: "agent", body: map[string]any{"epoch": epoch, "outcome": "maybe"}}).Problem(422, router.CodeInvalidField, "outcome")
	if a := d.Do(call{method: "POST", path: path + "/callbacks", as: "agent", body: map[string]any{"epoch": epoch, "outcome": "busy"}}).Want(200); a.Text("ticket.state") != "snoozed" || a.Text("ticket.wake_at") == "" {
		t.Fatalf("%s", a.body)
	}
}

func TestEmptyPullsSayWhy(t *testing.T) {
	d := newDesk(t)
	empty := func(want string) {
		t.Helper()
		a := d.Do(call{method: "POST", path: "/v1/pull", as: "agent", body: "{}"}).Want(204)
		if got := a.header.Get(emptyHeader); got != want || len(a.body) > 0 {
			t.Fatalf("%q, want %q", got, want)
		}
	}
	empty("nothing_waiting")
	for _, v := range []string{"v1", "v2", "v3", "v4", "v5"} {
		d.Receive(v, "charged twice")
		d.Advance(time.Second)
	}
	for range 4 {
		d.Pull("agent")
	}
	empty("no_capacity")
	d.Do(call{method: "POST", path: "/v1/pull", as: "agent", body: `{"queues":["nowhere"]}`}).Problem(422, router.CodeInvalidField, "queues")
}
