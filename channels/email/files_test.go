package email

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchyard/channels"
	"switchyard/channels/channeltest"
	"switchyard/channels/email/parse"
	"switchyard/router"
)

func write(t *testing.T, dir, name, body string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

const boxed = "From ann Mon Mar  2 09:00:00 2026\nFrom: a@customer.example\nMessage-ID: <1@x>\nSubject: one\n\nwords\n>From the start\nFrom here it is text\n\n" +
	"From bob Mon Mar  2 09:00:00 2026\nnothing to read\n\n" +
	"From eve Mon Mar  2 09:00:00 2026\nFrom: e@customer.example\nMessage-ID: <2@x>\nSubject: two\n\nend"

func folderOfMail(t *testing.T) string {
	dir := t.TempDir()
	write(t, dir, "b.mbox", boxed)
	write(t, dir, "a.eml", string(message(1)))
	write(t, dir, "c/broken.eml", "\x00\x01no mail")
	write(t, dir, "c/z.eml", "From here on this is text\nFrom: c@customer.example\nSubject: last\n\nFrom x to y\n")
	write(t, dir, ".hidden/x.eml", "no mail either")
	return dir
}

func TestParseFile(t *testing.T) {
	dir := folderOfMail(t)
	var got []string
	failed, err := ParseFile(context.Background(), dir, parse.Options{}, func(line any) error {
		body, err := json.Marshal(line)
		if err != nil {
			return err
		}
		var r struct {
			File, Subject, Text, Handle, Kind string
			Line                              int
			Error                             struct{ Code, Detail string }
		}
		if err := json.Unmarshal(body, &r); err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, r.File)
		got = append(got, strings.Join([]string{rel, r.Subject, r.Error.Code, r.Text}, "|"))
		if r.Error.Code == "" && (r.Handle == "" || r.Kind != "message") || r.Error.Code != "" && r.Error.Detail == "" {
			t.Errorf("line %s", body)
		}
		return nil
	})
	want := []string{
		"a.eml|refund 1||" + planted + " 1",
		"b.mbox|one||words\nFrom the start\nFrom here it is text",
		"b.mbox||unreadable|",
		"b.mbox|two||end",
		"c/broken.eml||unreadable|",
		"c/z.eml|last||From x to y",
	}
	if err != nil || failed != 2 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("failed %d, %v\n%s\nwant\n%s", failed, err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	failed, err = ParseFile(context.Background(), filepath.Join(dir, "none"), parse.Options{}, func(line any) error {
		if e, ok := line.(RecordError); !ok || e.Error.Code != router.CodeNotFound {
			t.Errorf("a missing file: %+v", line)
		}
		return nil
	})
	if failed != 1 || err != nil {
		t.Errorf("a missing file: %d %v", failed, err)
	}
}

func TestRecordHasEveryField(t *testing.T) {
	m, err := parse.Parse(message(1), parse.Options{})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := json.Marshal(record("x.eml", 0, m))
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"file", "external_id", "channel", "handle", "name", "subject", "text", "html", "sent_at",
		"thread_keys", "language", "attachments", "kind", "warnings"} {
		if v, ok := fields[name]; !ok || v == nil {
			t.Errorf("%s is %v", name, v)
		}
	}
}

func TestImport(t *testing.T) {
	dir := folderOfMail(t)
	deps, desk := channeltest.Deps(t)
	set := &Settings{Host: "mail.example", Username: "support@desk.example"}
	src, err := Kind.Open(channels.Config{Name: "mailbox", Settings: set}, deps)
	if err != nil {
		t.Fatal(err)
	}
	desk.Intake.FailNext(1)
	var last, total int64
	for range 2 { // again: nothing doubles
		last = 0
		accepted, refused, err := src.Import.Import(context.Background(), dir, func(done, of int64) {
			if done < last || done > of {
				t.Errorf("progress from %d to %d of %d", last, done, of)
			}
			last, total = done, of
		})
		if err != nil || accepted != 4 || len(refused) != 2 {
			t.Fatalf("accepted %d, refused %v, %v", accepted, refused, err)
		}
		if last != total || total == 0 {
			t.Errorf("progress ends at %d of %d", last, total)
		}
	}
	ins := desk.Intake.Accepted()
	if len(ins) != 4 {
		t.Errorf("%d mails stored", len(ins))
	}
	for _, in := range ins {
		if !in.History || in.Source != "mailbox" {
			t.Errorf("history %v of %q", in.History, in.Source)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := src.Import.Import(ctx, dir, nil); err == nil {
		t.Error("an import with an ended context says it is done")
	}
	if _, _, err := src.Import.Import(context.Background(), filepath.Join(dir, "none"), nil); !router.IsCode(err, router.CodeNotFound) {
		t.Errorf("a missing file: %v", err)
	}
}
