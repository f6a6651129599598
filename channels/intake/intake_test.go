package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/router"
	"switchyard/router/store/sqlitestore"
	"switchyard/router/store/storetest"
	"switchyard/workers/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type nudges struct{ ids []string }

func (n *nudges) Nudge(_ context.Context, _ task.Kind, _ task.Lane, id string) {
	n.ids = append(n.ids, id)
}

func open(t *testing.T, dir string, fault func(string) storetest.Fault) (*Service, *nudges) {
	t.Helper()
	st, err := sqlitestore.Open(t.Context(), dir, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	sealer, err := NewSealer(bytes.Repeat([]byte{7}, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	n := &nudges{}
	return &Service{Store: storetest.NewFlaky(st, fault), Sealer: sealer, Nudger: n, Now: func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) },
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, n
}

func inbound(id, text string) router.Inbound {
	return router.Inbound{Source: "s", Channel: router.ChannelSocial, Kind: router.KindMessage, ExternalID: id, Handle: router.Handle{Channel: router.ChannelSocial, Address: "h"}, Text: text}
}

// Invariants A and B: no planted secret stands anywhere in the data folder.
func TestNothingPrivateIsWrittenInTheClear(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, nil)
	secrets := []string{"4242424242424242", "11010519491231002X", "482913", "hunter2secret", "5555555555554444"}
	in := inbound("x1", "card 4242424242424242, 身份证 11010519491231002X, 验证码 482913, my password is hunter2secret")
	in.Subject, in.Name = "5555 5555 5555 4444", "Ann 5555555555554444"
	in.Raw = []byte(in.Text + in.Subject + in.Name)
	in.Attach = []router.InboundAttachment{{Name: "4242424242424242.txt", Type: "text/plain", Data: []byte("hunter2secret 5555555555554444")}}
	a := s.Accept(t.Context(), []router.Inbound{in})
	if a[0].Err != nil {
		t.Fatal(a[0].Err)
	}
	m, err := s.Store.Message(t.Context(), a[0].MessageID)
	if err != nil || len(m.Masked) != 4 || len(m.Attachments) != 1 {
		t.Fatalf("%+v %v", m, err)
	}
	raw, err := s.OpenRaw(t.Context(), m.Raw)
	if err != nil || !bytes.Equal(raw, in.Raw) {
		t.Fatalf("raw input reads back as %q, %v", raw, err)
	}
	filed, data, err := s.Open(t.Context(), m.Attachments[0].ID)
	if err != nil || string(data) != "hunter2secret 5555555555554444" || filed.Message != m.ID {
		t.Fatalf("%+v %q %v", filed, data, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			if bytes.Contains(body, []byte(secret)) {
				t.Errorf("%s stands in %s", secret, filepath.Base(f))
			}
		}
	}
}

// Invariants C and D.
func TestAnswersInOrder(t *testing.T) {
	s, n := open(t, t.TempDir(), nil)
	bad := inbound("x2", "  ")
	long := inbound("x3", strings.Repeat("x", MaxText+1))
	nobody := inbound("x4", "hello")
	nobody.Handle.Address = ""
	broken := inbound("x5", "a\xffb")
	got := s.Accept(t.Context(), []router.Inbound{inbound("x1", "first"), bad, long, nobody, broken, inbound("x1", "second"), inbound("x6", "other")})
	for i, want := range []struct {
		code  router.Code
		field string
	}{{}, {router.CodeInvalidField, "text"}, {router.CodeTooLarge, "text"}, {router.CodeInvalidField, "handle"}, {router.CodeInvalidField, "text"}, {}, {}} {
		if router.CodeOf(got[i].Err) != want.code {
			t.Errorf("%d: %v, want %s", i, got[i].Err, want.code)
		}
		if e, ok := got[i].Err.(*router.Error); ok && e.Field != want.field {
			t.Errorf("%d: field %s, want %s", i, e.Field, want.field)
		}
	}
	if got[0].MessageID != got[5].MessageID || !got[5].Duplicate || got[0].Duplicate {
		t.Errorf("%+v %+v", got[0], got[5])
	}
	m, err := s.Store.Message(t.Context(), got[0].MessageID)
	if err != nil || m.Text != "first" {
		t.Errorf("the first text stands: %q %v", m.Text, err)
	}
	if len(n.ids) != 3 {
		t.Errorf("nudged %v", n.ids)
	}
}

func TestPassingFailures(t *testing.T) {
	for _, op := range []string{"InsertMessages", "PutBlob"} {
		failing := true
		s, n := open(t, t.TempDir(), func(have string) storetest.Fault {
			if failing && have == op {
				return storetest.FailAfter
			}
			return storetest.Pass
		})
		in := inbound("x1", "hello")
		in.Raw = []byte("raw")
		got := s.Accept(t.Context(), []router.Inbound{in})
		if !router.IsCode(got[0].Err, router.CodeUnavailable) || got[0].MessageID != "" || len(n.ids) != 0 {
			t.Fatalf("%s: %+v", op, got[0])
		}
		failing = false
		if got = s.Accept(t.Context(), []router.Inbound{in}); got[0].Err != nil {
			t.Fatalf("%s: sent again: %v", op, got[0].Err)
		}
		if m, err := s.Store.Message(t.Context(), got[0].MessageID); err != nil || m.Text != "hello" {
			t.Fatal(m, err)
		}
	}
}

func TestHistoryMakesNoWork(t *testing.T) {
	s, n := open(t, t.TempDir(), nil)
	in := inbound("old", "an old call")
	in.History, in.SentAt = true, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	got := s.Accept(t.Context(), []router.Inbound{in})
	m, err := s.Store.Message(t.Context(), got[0].MessageID)
	if err != nil || m.Stage != router.StageRecorded || m.ContactID == "" || len(n.ids) != 0 {
		t.Fatalf("%+v %v", m, err)
	}
}

func TestSealerRotatesAndRefuses(t *testing.T) {
	old, fresh := bytes.Repeat([]byte{1}, KeySize), bytes.Repeat([]byte{2}, KeySize)
	before, err := NewSealer(old)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := before.Seal("b1", []byte("secret"))
	if err != nil || bytes.Contains(sealed, []byte("secret")) {
		t.Fatal(err)
	}
	after, err := NewSealer(fresh, old)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := after.Open("b1", sealed); err != nil || string(plain) != "secret" {
		t.Fatal(plain, err)
	}
	if _, err := after.Open("b2", sealed); err == nil {
		t.Error("bytes moved to another id were opened")
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := after.Open("b1", sealed); !router.IsCode(err, router.CodeUnreadable) {
		t.Error("changed bytes were opened")
	}
	only, _ := NewSealer(fresh)
	if _, err := only.Open("b1", sealed); !router.IsCode(err, router.CodeUnreadable) {
		t.Error("opened without its key")
	}
}

func TestMediaTypeNeverRuns(t *testing.T) {
	for _, c := range [][3]string{{"image/png", "\x89PNG\r\n\x1a\n", "image/png"}, {"image/png", "<html><script>", "application/octet-stream"},
		{"text/html", "x", "application/octet-stream"}, {"image/svg+xml", "<svg/>", "application/octet-stream"}, {"", "%PDF-1.7", "application/pdf"}} {
		if got := MediaType(c[0], []byte(c[1])); got != c[2] {
			t.Errorf("%s %q is served as %s", c[0], c[1], got)
		}
	}
}

// Invariant A: what the policy masks besides, and every field with words in it.
func TestEveryFieldIsMasked(t *testing.T) {
	s, _ := open(t, t.TempDir(), nil)
	const card = "4242 4242 4242 4242"
	in := inbound("x1", "call 13800138000 or write to ann@example.com, "+card)
	in.Name, in.Subject, in.Failure, in.Warnings = "Ann "+card, "re "+card, "cannot read "+card, []string{"repaired " + card}
	in.HTML, in.Bounce = "<p>"+card+"</p>", &router.Bounce{Detail: "550 " + card}
	in.Attach = []router.InboundAttachment{{Name: card + ".png", Type: "image/png", Data: []byte("x")}}
	read := func(in router.Inbound) (router.Message, string) {
		a := s.Accept(t.Context(), []router.Inbound{in})
		m, err := s.Store.Message(t.Context(), a[0].MessageID)
		if err != nil {
			t.Fatal(a, err)
		}
		body, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return m, string(body)
	}
	m, body := read(in)
	if strings.Contains(body, "4242 4242") || in.Bounce.Detail != "550 "+card || !strings.Contains(body, "13800138000") || !strings.Contains(body, "ann@example.com") {
		t.Errorf("%s", body)
	}
	if m.HTML != "<p>card •••• 4242</p>" || len(m.Masked) != 1 {
		t.Errorf("%q %v", m.HTML, m.Masked)
	}
	s.Also = func() []string { return []string{"phone", "email"} }
	in.ExternalID = "x2"
	m, body = read(in)
	if strings.Contains(body, "13800138000") || strings.Contains(body, "ann@") || len(m.Masked) != 3 || m.Handle.Address != "h" {
		t.Errorf("%s", body)
	}
	a, err := s.File(t.Context(), "u", "13800138000.png", "image/png", []byte("x"))
	if err != nil || strings.Contains(a.Name, "13800138000") {
		t.Error(a, err)
	}
}

func TestSecretsSpreadOverTags(t *testing.T) {
	s, _ := open(t, t.TempDir(), nil)
	for i, c := range []struct {
		html string
		kept bool
	}{
		{"<p><b>4242</b><i>4242</i>42424242</p>", false}, {"<td>4242</td><td>4242</td><td>4242</td><td>4242</td>", false},
		{"<table><tr><td>密码</td><td><span>ab</span>c123</td></tr></table>", false}, {"<p>4242424242424242</p>", true}, {"<p>order <b>1</b></p>", true},
	} {
		in := inbound("h"+strconv.Itoa(i), "see the table")
		in.HTML = c.html
		a := s.Accept(t.Context(), []router.Inbound{in})
		m, err := s.Store.Message(t.Context(), a[0].MessageID)
		if err != nil || (m.HTML != "") != c.kept || strings.Contains(m.HTML, "4242424242424242") || (len(m.Warnings) == 0) != c.kept {
			t.Errorf("%s is kept as %q, %v %v", c.html, m.HTML, m.Warnings, err)
		}
	}
}
