package parse

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchyard/router"
)

// corpus finds the folder of real mails, or skips.
func corpus(t testing.TB, parts ...string) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for range 12 {
		for _, base := range []string{"shared/data/email", "data/email"} {
			d := filepath.Join(append([]string{dir, base}, parts...)...)
			if info, err := os.Stat(d); err == nil && info.IsDir() {
				return d
			}
		}
		dir = filepath.Dir(dir)
	}
	t.Skip("no folder shared/data/email above this package: the corpora of real mails are not here")
	return ""
}

func walk(t testing.TB, dir string, visit func(path string, raw []byte)) {
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err == nil {
			visit(path, raw)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCorpusAll: every file yields a mail with all that must hold, or an error with a code.
func TestCorpusAll(t *testing.T) {
	files, mails, warned := 0, 0, 0
	walk(t, corpus(t), func(path string, raw []byte) {
		files++
		m, err := Parse(raw, Options{Desk: []string{"support@desk.example"}})
		if err != nil {
			if !router.IsCode(err, router.CodeUnreadable) {
				t.Errorf("%s: %v", filepath.Base(path), err)
			}
			var e *router.Error
			if !errors.As(err, &e) || e.Detail == "" {
				t.Errorf("%s: an error without a sentence", filepath.Base(path))
			}
			return
		}
		mails++
		if len(m.Warnings) > 0 {
			warned++
		}
		checkMail(t, m)
		again, _ := Parse(raw, Options{})
		if again.ExternalID != m.ExternalID {
			t.Errorf("%s: two external ids", filepath.Base(path))
		}
	})
	t.Logf("%d files: %d mails (%d with warnings), %d unreadable", files, mails, warned, files-mails)
	if mails < 465 {
		t.Errorf("only %d of %d files are mails", mails, files)
	}
}

type expectation struct {
	TextBody    []int             `json:"text_body"`
	Attachments []json.RawMessage `json:"attachments"`
	Parts       []struct {
		Headers []struct {
			Name  json.RawMessage `json:"name"`
			Value json.RawMessage `json:"value"`
		} `json:"headers"`
		Body json.RawMessage `json:"body"`
	} `json:"parts"`
}

func (e expectation) header(name string) json.RawMessage {
	for _, h := range e.Parts[0].Headers {
		if string(h.Name) == `"`+name+`"` {
			return h.Value
		}
	}
	return nil
}

func (e expectation) subject() (string, bool) {
	var v struct{ Text *string }
	if json.Unmarshal(e.header("subject"), &v) != nil || v.Text == nil {
		return "", false
	}
	return *v.Text, true
}

func (e expectation) from() (string, bool) {
	var v struct {
		Address struct {
			List []struct{ Address *string }
		}
	}
	if json.Unmarshal(e.header("from"), &v) != nil || len(v.Address.List) == 0 || v.Address.List[0].Address == nil {
		return "", false
	}
	return *v.Address.List[0].Address, true
}

func (e expectation) text() (string, bool) {
	var out []string
	for _, i := range e.TextBody {
		var b struct{ Text, Html *string }
		if i >= len(e.Parts) || json.Unmarshal(e.Parts[i].Body, &b) != nil || b.Html != nil {
			return "", false
		}
		if b.Text != nil {
			out = append(out, *b.Text)
		}
	}
	return strings.Join(out, " "), len(out) > 0
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

type score struct{ right, of int }

func (s *score) count(t *testing.T, what, path, got, want string) {
	s.of++
	if got == want {
		s.right++
		return
	}
	if testing.Verbose() {
		t.Logf("%s of %s differs: %.120q, theirs %.120q", what, filepath.Base(path), got, want)
	}
}

// TestCorpusStalwart compares with what another parser made of the same mails.
func TestCorpusStalwart(t *testing.T) {
	var subject, from, text, files score
	walk(t, corpus(t, "stalwart"), func(path string, raw []byte) {
		base, ok := strings.CutSuffix(path, ".eml")
		theirs, err := os.ReadFile(base + ".json")
		if !ok || err != nil {
			return
		}
		var e expectation
		if err := json.Unmarshal(theirs, &e); err != nil || len(e.Parts) == 0 {
			t.Fatalf("%s: %v", filepath.Base(path), err)
		}
		m, err := Parse(raw, Options{})
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
			return
		}
		if s, ok := e.subject(); ok {
			subject.count(t, "subject", path, squeeze(m.Subject), squeeze(s))
		}
		if s, ok := e.from(); ok {
			from.count(t, "sender", path, m.Handle.Address, strings.ToLower(s))
		}
		if s, ok := e.text(); ok {
			text.count(t, "text", path, squeeze(m.Full), squeeze(s))
		}
		files.of++
		if len(m.Attachments) == len(e.Attachments) {
			files.right++
		} else if testing.Verbose() {
			t.Logf("%s has %d files, theirs %d", filepath.Base(path), len(m.Attachments), len(e.Attachments))
		}
	})
	t.Logf("as theirs: subject %v, sender %v, text %v, number of files %v", subject, from, text, files)
	floors := []struct {
		name string
		s    score
		min  int
	}{{"subject", subject, 68}, {"sender", from, 69}, {"text", text, 65}, {"files", files, 81}}
	for _, f := range floors {
		if f.s.right < f.min {
			t.Errorf("%s: %d of %d as theirs, the floor is %d", f.name, f.s.right, f.s.of, f.min)
		}
	}
}

// TestCorpusMime4j looks for the contents that another parser decoded, among texts and files.
func TestCorpusMime4j(t *testing.T) {
	var found score
	walk(t, corpus(t, "mime4j"), func(path string, raw []byte) {
		base, ok := strings.CutSuffix(path, ".msg")
		if !ok {
			return
		}
		m, err := Parse(raw, Options{})
		have := squeeze(m.Full + m.HTML)
		for _, a := range m.Attachments {
			have += squeeze(string(a.Data))
		}
		decoded, _ := filepath.Glob(base + "_decoded_*.txt")
		for _, name := range decoded {
			want, _ := os.ReadFile(name)
			found.of++
			p := &parser{}
			if err == nil && (strings.Contains(have, squeeze(string(want))) || strings.Contains(have, squeeze(normalize(p.decode(want, ""))))) {
				found.right++
			} else if testing.Verbose() {
				t.Logf("%s is not in the mail (%v)", filepath.Base(name), err)
			}
		}
	})
	t.Logf("decoded parts found: %v", found)
	if found.right < 116 {
		t.Errorf("%d of %d decoded parts", found.right, found.of)
	}
}
