package cli

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"switchyard/router/store"
	"switchyard/router/store/sqlitestore"
)

// What an import newly stores is demand: incoming calls and mails that start a thread, each once.
func TestImportsAreDemand(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	write := func(name, body string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	mail := func(id, more, text string) string {
		return "From: a@example.org\r\nTo: support@example.com\r\nSubject: hello\r\nDate: Mon, 04 May 2026 10:20:00 +0800\r\nMessage-ID: <" + id + "@example.org>\r\n" + more + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n"
	}
	one := write("1.eml", mail("1", "", "My payment was charged twice, please refund it."))
	reply := write("2.eml", mail("2", "In-Reply-To: <1@example.org>\r\n", "Any news about it? I am still waiting."))
	calls := write("Master.csv", `"","8613800138000","600","from-trunk","""A"" <8613800138000>","SIP/trunk-1","SIP/600-1","Dial","SIP/600","2026-05-04 10:31:00","2026-05-04 10:31:05","2026-05-04 10:33:00",120,115,"ANSWERED","DOCUMENTATION","1777861860.1",""
"","8613800138001","600","from-trunk","""B"" <8613800138001>","SIP/trunk-2","SIP/600-2","Dial","SIP/600","2026-05-04 10:32:00",,"2026-05-04 10:32:30",30,0,"NO ANSWER","DOCUMENTATION","1777861920.2",""
"","600","8613800138002","from-internal","""C"" <600>","SIP/600-3","SIP/trunk-3","Dial","SIP/trunk","2026-05-04 10:34:00",,"2026-05-04 10:34:30",30,0,"NO ANSWER","DOCUMENTATION","1777862040.3",""
`)
	for range 2 { // the second time everything is known already
		if code, out, errs := run(t, data, "import", "email", "--source", "support", one, reply); code != 0 {
			t.Fatal(code, out, errs)
		}
		if code, out, errs := run(t, data, "import", "phone", "--source", "pbx", calls); code != 0 {
			t.Fatal(code, out, errs)
		}
	}
	st, err := sqlitestore.Open(t.Context(), data, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	days, err := store.DemandDays(st).All(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, d := range days {
		for _, r := range d.Value.Rows(d.ID) {
			total += r.Count
			if r.Channel == "email" && (r.Language != "en" || !r.At.Equal(time.Date(2026, 5, 4, 2, 15, 0, 0, time.UTC)) || r.Topic != store.ImportedTopic) {
				t.Errorf("%+v", r)
			}
			if r.Channel == "phone" && r.Count != 2 {
				t.Errorf("%+v", r)
			}
		}
	}
	if total != 3 {
		t.Fatalf("%d counted of three: %+v", total, days)
	}
}
