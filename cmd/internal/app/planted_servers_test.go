package app_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"switchyard/channels"
	"switchyard/channels/email/emailtest"
	"switchyard/channels/social/socialtest"
	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/cmd/internal/telemetry"
	"switchyard/router"
)

// logs is a buffer that many write to.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }
func (l *logs) bytes() []byte               { l.mu.Lock(); defer l.mu.Unlock(); return bytes.Clone(l.b.Bytes()) }

const aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

// outside is the other side of a desk with a source of every kind.
type outside struct {
	t    *testing.T
	base string
	mail *emailtest.Server
	cdr  string
}

// plantedDesk starts a desk with a source of every kind; more is put into its configuration.
func plantedDesk(t *testing.T, data string, log *logs, more string) (*app.App, *outside) {
	t.Helper()
	mail, err := emailtest.Start(emailtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mail.Close() })
	serve := func(h http.Handler) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	outer := t.TempDir()
	o := &outside{t: t, mail: mail, cdr: filepath.Join(outer, "Master.csv")}
	host, port := mail.IMAP()
	file := filepath.Join(outer, "config.yaml")
	doc := more + fmt.Sprintf(`log: {level: debug}
sources:
  - {name: hook, kind: generic, secret: a-secret-of-sixteen}
  - {name: web, kind: chat}
  - {name: box, kind: imap, host: %s, port: %d, tls: none, username: desk, password: secret, from: desk@wallet.test}
  - {name: pbx, kind: asterisk_cdr, path: %q, timezone: UTC, region: CN, settle: 100ms}
  - {name: bot, kind: telegram, token: "123456:token", secret_token: "hook_secret_1", api_url: %q}
  - {name: wa, kind: whatsapp, phone_number_id: "77", access_token: access-token, app_secret: app-secret-wa, verify_token: verify-token, api_url: %q}
  - {name: oa, kind: wechat, app_id: wx77, app_secret: app-secret-oa, token: oatoken, encoding_aes_key: %s, api_url: %q}
`, host, port, o.cdr, serve(socialtest.NewTelegram("123456:token")), serve(socialtest.NewWhatsApp("77", "access-token")), aesKey, serve(socialtest.NewWeChat("wx77", "app-secret-oa")))
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(os.WriteFile(file, []byte(doc), 0o600))
	check(os.WriteFile(o.cdr, nil, 0o600))
	addr := freePort(t)
	cfg, err := config.Load(file, config.Lookup{ReadFile: os.ReadFile, Kinds: app.Kinds(), Flags: map[string]string{"data": data, "listen": addr}})
	check(err)
	roles, err := app.ParseRoles("")
	check(err)
	a, err := app.Start(t.Context(), app.Options{Config: cfg, Roles: roles, Log: telemetry.Logger(log, "debug", "text"), Registry: telemetry.Registry()})
	check(err)
	o.base = "http://" + addr
	return a, o
}

func (o *outside) post(path string, header http.Header, body []byte) map[string]any {
	o.t.Helper()
	req, err := http.NewRequest("POST", o.base+path, bytes.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header = header
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	out := map[string]any{}
	_ = json.NewDecoder(res.Body).Decode(&out)
	if res.StatusCode >= 300 {
		o.t.Fatalf("%s answers %d %v", path, res.StatusCode, out)
	}
	return out
}

// sendAll sends the planted secrets through every kind of source, in texts, names, subjects and file names.
func (o *outside) sendAll() (messages int) {
	o.t.Helper()
	text, name, now := plantedText(), "Ann 4024007112345672 310104198512120023", time.Now()
	body, err := json.Marshal(map[string]string{"external_id": "g1", "handle": "h1", "name": name, "text": text})
	if err != nil {
		o.t.Fatal(err)
	}
	h := http.Header{}
	channels.SignRequest(h, "a-secret-of-sixteen", now, body)
	o.post("/v1/hooks/hook", h, body)
	o.post("/v1/hooks/bot", socialtest.TelegramHeader("hook_secret_1"), socialtest.TelegramUpdate(1, 42, name, "en", text, now))
	wa := socialtest.WhatsAppNotice("77", socialtest.WhatsAppText("wamid.1", "8613800138000", name, text, now))
	o.post("/v1/hooks/wa", socialtest.WhatsAppHeader("app-secret-wa", wa), wa)
	o.post("/v1/hooks/oa?"+socialtest.WeChatQuery("oatoken", now).Encode(), http.Header{}, socialtest.WeChatText(1, "openid", text, now))
	raw := fmt.Sprintf("From: %q <ann@example.test>\r\nTo: desk@wallet.test\r\nSubject: pin is 4821 and card 4024007112345672\r\nMessage-ID: <m1@example.test>\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"+
		"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>%s</p><b>4024</b>0071<i>12345672</i>\r\n--c--\r\n"+
		"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"4024007112345672.txt\"\r\n\r\n%s\r\n--b--\r\n", name, now.Format(time.RFC1123Z), text, strings.ReplaceAll(text, "\n", "<br>"), text)
	if err := o.mail.Deliver([]byte(raw)); err != nil {
		o.t.Fatal(err)
	}
	o.call(name)
	o.chat(name, text)
	return 7
}

// call writes the record of a missed call whose caller's name has secrets.
func (o *outside) call(name string) {
	o.t.Helper()
	f, err := os.OpenFile(o.cdr, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		o.t.Fatal(err)
	}
	defer f.Close()
	end := time.Now().UTC()
	start := end.Add(-20 * time.Second)
	w := csv.NewWriter(f)
	_ = w.Write([]string{"", "13800138000", "4001", "from-trunk", fmt.Sprintf("%q <13800138000>", name), "PJSIP/trunk-1", "PJSIP/4001-1", "Dial", "PJSIP/4001,25",
		start.Format(time.DateTime), "", end.Format(time.DateTime), "20", "0", "NO ANSWER", "DOCUMENTATION", fmt.Sprintf("%d.1", start.Unix()), ""})
	w.Flush()
	if err := w.Error(); err != nil {
		o.t.Fatal(err)
	}
}

// chat opens a session, uploads a file and writes.
func (o *outside) chat(name, text string) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), 20*time.Second)
	defer cancel()
	body, err := json.Marshal(map[string]any{"name": name, "language": "en", "answers": map[string]string{"what happened": text}})
	if err != nil {
		o.t.Fatal(err)
	}
	token := o.post("/v1/chat/web/sessions", http.Header{}, body)["token"].(string)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "4024007112345672.txt")
	if err != nil {
		o.t.Fatal(err)
	}
	_, _ = part.Write([]byte(text))
	_ = w.Close()
	file := o.post("/v1/attachments", http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {w.FormDataContentType()}}, form.Bytes())["id"]
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(o.base, "http")+"/v1/chat/web/socket", nil)
	if err != nil {
		o.t.Fatal(err)
	}
	defer conn.CloseNow()
	for _, frame := range []map[string]any{{"type": "hello", "token": token}, {"type": "message", "client_id": "c1", "text": text, "attachments": []any{file}}} {
		body, err := json.Marshal(frame)
		if err != nil {
			o.t.Fatal(err)
		}
		if err := conn.Write(ctx, websocket.MessageText, body); err != nil {
			o.t.Fatal(err)
		}
	}
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			o.t.Fatal("the chat was not acknowledged:", err)
		}
		if strings.Contains(string(data), `"c1"`) {
			return
		}
	}
}

// arrived waits until every message is a ticket, looking at all of Redis again and again meanwhile.
func arrived(t *testing.T, a *app.App, messages int) (leaks []string) {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for {
		leaks = append(leaks, redisLeaks(t, a.Redis.Client)...)
		states, err := a.Store.CountStates(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, c := range states {
			n += c
		}
		if n >= messages {
			return leaks
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d messages became tickets: %v", n, messages, states)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// maskedKinds are the kinds that the stored messages say were masked, by source.
func maskedKinds(t *testing.T, a *app.App) map[router.SourceName][]string {
	t.Helper()
	out := map[router.SourceName][]string{}
	for source, ext := range map[router.SourceName]string{"hook": "g1", "wa": "wamid.1"} {
		m, err := a.Store.Message(t.Context(), router.NewMessageID(source, ext))
		if err != nil {
			t.Fatal(source, err)
		}
		out[source] = m.Masked
		if m.Raw == "" {
			t.Errorf("%s kept no raw input", source)
		} else if raw, err := a.Intake.OpenRaw(t.Context(), m.Raw); err != nil || len(clear("raw input", raw)) == 0 {
			t.Errorf("%s: the raw input is not what came: %v", source, err)
		}
	}
	return out
}

func checkKinds(t *testing.T, a *app.App) {
	t.Helper()
	for source, kinds := range maskedKinds(t, a) {
		for _, p := range planted {
			if !strings.Contains(strings.Join(kinds, " "), p.kind) {
				t.Errorf("%s masked %v, not %s", source, kinds, p.kind)
			}
		}
	}
}

// Nothing planted can be read in the data folder, in Redis or in the logs, whichever channel it came through.
func TestPlantedSecretsAreNowhere(t *testing.T) {
	data, log := filepath.Join(t.TempDir(), "data"), &logs{}
	a, o := plantedDesk(t, data, log, "")
	stopped := false
	defer func() {
		if !stopped {
			a.Stop(context.Background())
		}
	}()
	leaks := arrived(t, a, o.sendAll())
	checkKinds(t, a)
	running, _ := folderLeaks(t, data)
	stopped = true
	a.Stop(context.Background())
	after, files := folderLeaks(t, data)
	leaks = append(append(leaks, running...), after...)
	leaks = append(leaks, clear("the logs", log.bytes())...)
	if len(leaks) > 0 || files == 0 || len(log.bytes()) == 0 {
		t.Errorf("%d files, %d bytes of logs; in clear: %v", files, len(log.bytes()), leaks)
	}
}

// The same on MongoDB and a real Redis: no collection, no key.
func TestServersPlantedSecretsAreNowhere(t *testing.T) {
	mongoURI, addr := os.Getenv("SWITCHYARD_TEST_MONGO_URI"), os.Getenv("SWITCHYARD_TEST_REDIS_ADDR")
	if mongoURI == "" || addr == "" {
		t.Skip(mongoHint)
	}
	uri := strings.TrimSuffix(mongoURI, "/") + "/" + fmt.Sprintf("planted_%d", time.Now().UnixNano())
	t.Cleanup(func() { dropDatabase(uri) })
	data, log := filepath.Join(t.TempDir(), "data"), &logs{}
	a, o := plantedDesk(t, data, log, fmt.Sprintf("mongo: {uri: %q}\nredis: {addr: %q}\nprivacy: {key: \"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"}\n", uri, addr))
	defer a.Stop(context.Background())
	leaks := arrived(t, a, o.sendAll())
	checkKinds(t, a)
	inMongo, documents := mongoLeaks(t, uri)
	inData, _ := folderLeaks(t, filepath.Dir(data))
	leaks = append(append(append(leaks, inMongo...), inData...), clear("the logs", log.bytes())...)
	if len(leaks) > 0 || documents < 20 {
		t.Errorf("%d documents; in clear: %v", documents, leaks)
	}
}
