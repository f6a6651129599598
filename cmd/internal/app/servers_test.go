package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"switchyard/channels"
	"switchyard/channels/email/emailtest"
)

// process is one switchyard process.
type process struct {
	t    *testing.T
	base string
	cmd  *exec.Cmd
}

// build builds the program once for the tests of this package.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "switchyard")
	if out, err := exec.Command("go", "build", "-o", binary, "switchyard/cmd/switchyard").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func serve(t *testing.T, binary, config string) *process {
	t.Helper()
	p := &process{t: t}
	addr := freePort(t)
	p.base = "http://" + addr
	p.cmd = exec.Command(binary, "serve", "--config", config, "--data", t.TempDir(), "--listen", addr)
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	p.until("ready", 20*time.Second, func() bool {
		res, err := http.Get(p.base + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return p
}

func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

func (p *process) until(what string, within time.Duration, holds func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(within)
	for !holds() {
		if time.Now().After(deadline) {
			p.t.Fatalf("after %v: not %s", within, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// call answers the status and the decoded body.
func (p *process) call(method, path, token string, body any) (int, map[string]any) {
	p.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequest(method, p.base+path, bytes.NewReader(b))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if strings.HasPrefix(path, "/v1/hooks/") {
		channels.SignRequest(req.Header, "a-secret-of-sixteen", time.Now(), b)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	out := map[string]any{}
	if len(data) > 0 && data[0] == '{' {
		if err := json.Unmarshal(data, &out); err != nil {
			p.t.Fatalf("%s: %v in %s", path, err, data)
		}
	}
	return res.StatusCode, out
}

// waiting counts the tickets that wait.
func (p *process) waiting(token, channel string) int {
	_, out := p.call("GET", "/v1/tickets?limit=200&state=waiting&channel="+channel, token, nil)
	items, _ := out["items"].([]any)
	return len(items)
}

const (
	mongoHint = "give a MongoDB by SWITCHYARD_TEST_MONGO_URI (.ci/mongo/start PORT runs a stand-in) and a Redis by SWITCHYARD_TEST_REDIS_ADDR"
)

// Two processes on one MongoDB and one Redis: either takes and serves anything, the mailbox belongs
// to one of them, and the other takes it over when its owner is killed.
func TestServersTwoProcesses(t *testing.T) {
	mongoURI, redis := os.Getenv("SWITCHYARD_TEST_MONGO_URI"), os.Getenv("SWITCHYARD_TEST_REDIS_ADDR")
	if mongoURI == "" || redis == "" {
		t.Skip(mongoHint)
	}
	binary, config := build(t), filepath.Join(t.TempDir(), "config.yaml")
	mail, err := emailtest.Start(emailtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer mail.Close()
	host, port := mail.IMAP()
	uri := strings.TrimSuffix(mongoURI, "/") + "/" + fmt.Sprintf("two_%d", time.Now().UnixNano())
	doc := fmt.Sprintf(`mongo: {uri: %q}
redis: {addr: %q}
privacy: {key: "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}
log: {level: warn}
sources:
  - {name: hook, kind: generic, secret: a-secret-of-sixteen}
  - {name: web, kind: chat}
  - {name: box, kind: imap, host: %s, port: %d, tls: none, username: desk, password: secret, from: desk@wallet.test}
`, uri, redis, host, port)
	if err := os.WriteFile(config, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dropDatabase(uri) })
	a, b := serve(t, binary, config), serve(t, binary, config)
	out, err := exec.Command(binary, "user", "add", "ann", "--role", "agent", "--print-token", "--config", config).Output()
	if err != nil {
		t.Fatal(err)
	}
	token := strings.TrimSpace(string(out))

	for i := range 60 {
		p := []*process{a, b}[i%2]
		status, _ := p.call("POST", "/v1/hooks/hook", "", map[string]string{"external_id": fmt.Sprint(i), "handle": fmt.Sprint(i), "text": "refund please, I was charged twice"})
		if status != http.StatusAccepted {
			t.Fatalf("hook answers %d", status)
		}
	}
	a.until("all queued once", 30*time.Second, func() bool { return b.waiting(token, "social") == 60 })

	whyAcross(t, a, b, token)
	chatAcross(t, a, b, token)
	mailTakeover(t, mail, a, b, token)
}

// whyAcross has decisions of both processes made again by both: the same bytes.
func whyAcross(t *testing.T, a, b *process, token string) {
	t.Helper()
	_, list := a.call("GET", "/v1/tickets?limit=20&channel=social", token, nil)
	for _, item := range list["items"].([]any) {
		id := item.(map[string]any)["id"].(string)
		for _, p := range []*process{a, b} {
			if status, why := p.call("GET", "/v1/tickets/"+id+"/why", token, nil); status != http.StatusOK || why["reproducible"] != true {
				t.Fatalf("why answers %d, reproducible %v", status, why["reproducible"])
			}
		}
	}
}

// chatAcross lets a visitor on one process be answered through the other.
func chatAcross(t *testing.T, a, b *process, token string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, session := a.call("POST", "/v1/chat/web/sessions", "", map[string]string{"name": "Vera", "language": "en"})
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(a.base, "http")+"/v1/chat/web/socket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	for _, frame := range []map[string]any{{"type": "hello", "token": session["token"]}, {"type": "message", "client_id": "c1", "text": "someone is paying from my account, I was hacked"}} {
		body, err := json.Marshal(frame)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Write(ctx, websocket.MessageText, body); err != nil {
			t.Fatal(err)
		}
	}
	var id string
	var epoch float64
	b.until("pulled through the other process", 15*time.Second, func() bool {
		status, served := b.call("POST", "/v1/pull", token, map[string]any{"queues": []string{"security"}})
		if status != http.StatusOK {
			return false
		}
		id = served["ticket"].(map[string]any)["id"].(string)
		epoch = served["claim"].(map[string]any)["epoch"].(float64)
		return true
	})
	if status, out := b.call("POST", "/v1/tickets/"+id+"/replies", token, map[string]any{"epoch": epoch, "text": "frozen, you are safe", "then": "resolve"}); status >= 300 {
		t.Fatal(status, out)
	}
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			t.Fatal("the visitor did not get the answer:", err)
		}
		if strings.Contains(string(data), "frozen, you are safe") {
			return
		}
	}
}

// mailTakeover kills one process after another's mail and wants every mail in exactly one ticket.
func mailTakeover(t *testing.T, mail *emailtest.Server, a, b *process, token string) {
	t.Helper()
	deliver := func(n int) {
		raw := fmt.Sprintf("From: c%d@example.test\r\nTo: desk@wallet.test\r\nSubject: refund %d\r\nMessage-ID: <m%d@example.test>\r\nDate: %s\r\n\r\nrefund please, charged twice\r\n", n, n, n, time.Now().Format(time.RFC1123Z))
		if err := mail.Deliver([]byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	deliver(1)
	a.until("the first mail queued", 30*time.Second, func() bool { return b.waiting(token, "email") == 1 })
	a.kill() // perhaps the owner of the mailbox, perhaps not; then the next round is
	deliver(2)
	began := time.Now()
	b.until("the second mail queued by whoever is left", 35*time.Second, func() bool { return b.waiting(token, "email") == 2 })
	t.Logf("taken over after %v", time.Since(began))
	time.Sleep(2 * time.Second)
	if n := b.waiting(token, "email"); n != 2 {
		t.Fatalf("%d tickets of two mails", n)
	}
}

// dropDatabase forgets the test's database.
func dropDatabase(uri string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		return
	}
	defer func() { _ = client.Disconnect(ctx) }()
	_ = client.Database(uri[strings.LastIndex(uri, "/")+1:]).Drop(ctx)
}
