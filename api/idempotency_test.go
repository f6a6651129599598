package api

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/router"
	"switchyard/router/store"
)

// Invariant E.
func TestOneKeyActsOnce(t *testing.T) {
	d := newDesk(t)
	d.Receive("v1", "charged twice, refund")
	id, epoch := d.Pull("agent")
	path := "/v1/tickets/" + id + "/replies"
	reply := func(as router.Role, key, text string) answer {
		return d.Do(call{method: "POST", path: path, as: as, header: map[string]string{keyHeader: key}, body: map[string]any{"epoch": epoch, "text": text}})
	}
	first := reply("agent", "k1", "hello").Want(201)
	again := reply("agent", "k1", "hello").Want(201)
	if first.Text("message.id") != again.Text("message.id") || string(first.body) != string(again.body) || again.header.Get("Idempotency-Replayed") != "true" {
		t.Fatalf("%s %s", first.body, again.body)
	}
	reply("agent", "k1", "something else").Problem(422, router.CodeInvalidField, keyHeader)
	reply("bob", "k1", "hello").Problem(409, router.CodeStaleClaim) // another caller's key is another key
	reply("agent", "k2", "hello").Want(201)

	// what was refused is not remembered, and a changed text is another reply
	d.Do(call{method: "POST", path: "/v1/tickets/" + id + "/release", as: "agent", body: map[string]any{"epoch": epoch}}).Want(200)
	reply("agent", "k3", "too late").Problem(409, router.CodeStaleClaim)
	d.Do(call{method: "POST", path: "/v1/admin/tickets/" + id + "/assign", as: "manager", body: map[string]any{"agent": "agent"}}).Want(200)
	epoch++
	if a := reply("agent", "k3", "in time").Want(201); a.Text("message.text") != "in time" {
		t.Fatalf("%s", a.body)
	}
	sent := 0
	for _, m := range d.Do(call{method: "GET", path: "/v1/tickets/" + id + "/messages", as: "agent"}).Get("items").([]any) {
		if m := m.(map[string]any); m["stage"] == "queued" && m["automatic"] == nil {
			sent++
		}
	}
	if sent != 3 {
		t.Fatalf("%d replies are on their way, want 3", sent)
	}
}

func TestAnEmptyPullIsRememberedToo(t *testing.T) {
	d := newDesk(t)
	pull := func() answer {
		return d.Do(call{method: "POST", path: "/v1/pull", as: "agent", header: map[string]string{keyHeader: "p1"}})
	}
	pull().Want(204)
	d.Receive("v1", "charged twice")
	if a := pull().Want(204); a.header.Get(emptyHeader) != "nothing_waiting" {
		t.Fatalf("%v", a.header)
	}
	d.Advance(rememberFor + time.Second)
	pull().Want(200)
}

func TestManyAtOnceWithOneKey(t *testing.T) {
	d := newDesk(t)
	d.Receive("v1", "charged twice, refund")
	id, epoch := d.Pull("agent")
	var wg sync.WaitGroup
	ids := make([]string, 16)
	for i := range ids {
		wg.Go(func() {
			a := d.Do(call{method: "POST", path: "/v1/tickets/" + id + "/replies", as: "agent", header: map[string]string{keyHeader: "k"}, body: map[string]any{"epoch": epoch, "text": "hello"}})
			if a.status == 201 {
				ids[i] = a.Text("message.id")
			} else if a.status != 409 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, m := range ids {
		seen[m] = true
	}
	delete(seen, "")
	if len(seen) != 1 {
		t.Fatalf("%d replies: %v", len(seen), seen)
	}
	if n := d.Do(call{method: "GET", path: "/v1/tickets/" + id, as: "agent"}).Get("message_count"); n != 1.0 {
		t.Fatalf("%v", n)
	}
}

// A process that died between the act and remembering it leaves its key taken for a minute; then
// the same request runs again and finds its own work.
func TestACrashBetweenActAndMemory(t *testing.T) {
	d := newDesk(t)
	d.Receive("v1", "charged twice, refund")
	id, epoch := d.Pull("agent")
	reply := func() answer {
		return d.Do(call{method: "POST", path: "/v1/tickets/" + id + "/replies", as: "agent", header: map[string]string{keyHeader: "k"}, body: map[string]any{"epoch": epoch, "text": "hello"}})
	}
	first := reply().Want(201).Text("message.id")
	page, err := d.server.remembered().List(t.Context(), "", "", 10)
	d.must(err)
	if len(page) != 1 {
		t.Fatalf("%d answers", len(page))
	}
	if strings.Contains(string(page[0].Value.Sealed), "hello") {
		t.Fatal("a remembered answer is sealed")
	}
	page[0].Value.Done = false // as it was before the crash
	_, err = d.server.remembered().Put(t.Context(), page[0])
	d.must(err)
	d.Advance(workTime + time.Second)
	if second := reply().Want(201).Text("message.id"); second != first {
		t.Fatal("the same reply was made twice")
	}
}

func TestAPanicFreesItsKey(t *testing.T) {
	d := newDesk(t)
	h := d.server.once(func(echo.Context) error { panic("oh") })
	d.server.echo.Add("POST", "/v1/panics", d.server.guard(gate.Route{Method: "POST", Path: "/x", Permission: gate.SignedIn, Handler: h}))
	for range 2 {
		d.Do(call{method: "POST", path: "/v1/panics", as: "agent", header: map[string]string{keyHeader: "k"}}).Problem(500, router.CodeInternal)
	}
	if strings.Contains(d.logs.String(), "still") || !strings.Contains(d.logs.String(), "a handler panicked") {
		t.Fatal(d.logs.String())
	}
}

func TestOldAnswersAreForgotten(t *testing.T) {
	d := newDesk(t)
	for _, key := range []string{"a", "b"} {
		d.Do(call{method: "POST", path: "/v1/pull", as: "agent", header: map[string]string{keyHeader: key}}).Want(204)
	}
	d.Advance(rememberFor - time.Hour)
	d.Do(call{method: "POST", path: "/v1/pull", as: "agent", header: map[string]string{keyHeader: "c"}}).Want(204)
	d.Advance(2 * time.Hour)
	_, err := d.server.forget(t.Context(), "")
	d.must(err)
	left, err := d.store.ListDocs(t.Context(), "idempotency", "", "", store.MaxLimit)
	d.must(err)
	if len(left) != 1 {
		t.Fatalf("%d are left, want 1", len(left))
	}
}
