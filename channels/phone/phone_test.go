package phone

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/channels"
	"switchyard/channels/channeltest"
	"switchyard/router"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cdr is a row of 18 columns.
type cdr struct {
	src, dst, context, clid, dstChannel, app, disposition, id string
	start                                                     time.Time
	ring, talk                                                int
}

func (c cdr) String() string {
	if c.start.IsZero() {
		c.start = channeltest.Start
	}
	answer, end := "", c.start.Add(time.Duration(c.ring+c.talk)*time.Second)
	if c.disposition == "ANSWERED" {
		answer = c.start.Add(time.Duration(c.ring) * time.Second).Format(time.DateTime)
	}
	clid := strings.ReplaceAll(c.clid, `"`, `""`)
	return fmt.Sprintf(`"","%s","%s","%s","%s","PJSIP/trunk-1","%s","%s","","%s","%s","%s",%d,%d,"%s","DOCUMENTATION","%s",""`, c.src, c.dst, c.context, clid, c.dstChannel, c.app,
		c.start.Format(time.DateTime), answer, end.Format(time.DateTime), c.ring+c.talk, c.talk, c.disposition, c.id)
}

func missed(n int) cdr {
	return cdr{src: fmt.Sprintf("1380013%04d", n), dst: "4001", context: "from-trunk", clid: fmt.Sprintf(`"Ann" <1380013%04d>`, n), dstChannel: "PJSIP/4001", app: "Dial",
		disposition: "NO ANSWER", id: fmt.Sprintf("1772443800.%d", n), ring: 20}
}

func parseText(t testing.TB, text string, o Options) (rows []Record, bad []RecordError) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "Master.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	failed, err := ParseFile(context.Background(), path, o, func(line any) error {
		switch l := line.(type) {
		case Record:
			rows = append(rows, l)
		case RecordError:
			bad = append(bad, l)
		}
		return nil
	})
	if err != nil || failed != len(bad) {
		t.Fatal(failed, err)
	}
	return rows, bad
}

// Invariant A.
func TestABadRowSwallowsNoOther(t *testing.T) {
	good := func(n int) string { return missed(n).String() }
	open := strings.TrimSuffix(good(9), `""`) + `"`
	for name, c := range map[string]struct {
		lines     []string
		rows      int
		bad       []int
		rowsAfter string
	}{
		"open quote at the end":     {[]string{good(1), open}, 1, []int{2}, ""},
		"open quote before a row":   {[]string{open, good(1), good(2)}, 2, []int{1}, ""},
		"two open quotes":           {[]string{open, open, good(1)}, 1, []int{1, 2}, ""},
		"open quote, bad, row":      {[]string{open, "x,y", good(1)}, 1, []int{1, 2}, ""},
		"too few columns":           {[]string{`"a","b"`, good(1)}, 1, []int{1}, ""},
		"19 columns":                {[]string{good(1) + `,""`, good(2)}, 1, []int{1}, ""},
		"garbage after a quote":     {[]string{strings.Replace(good(1), `"4001"`, `"4001"x`, 1), good(2)}, 1, []int{1}, ""},
		"no time":                   {[]string{strings.Replace(good(1), "2026-03-02 09:30:00", "yesterday", 1), good(2)}, 1, []int{1}, ""},
		"negative seconds":          {[]string{strings.Replace(good(1), ",20,0,", ",-1,0,", 1), good(2)}, 1, []int{1}, ""},
		"line break in a field":     {[]string{strings.Replace(good(1), "DOCUMENTATION", "DOC\nUMENTATION", 1), good(2)}, 2, nil, ""},
		"empty lines, BOM, heading": {[]string{"\xef\xbb\xbfaccountcode,src,dst", "", "   ", good(1) + "\r"}, 1, nil, ""},
		"too long":                  {[]string{strings.Repeat("x", maxRow+10), good(1)}, 1, []int{1}, ""},
	} {
		rows, bad := parseText(t, strings.Join(c.lines, "\n")+"\n", Options{})
		var lines []int
		for _, b := range bad {
			lines = append(lines, b.Line)
			if b.Error.Code != router.CodeUnreadable || !strings.Contains(b.Error.Detail, fmt.Sprint("line ", b.Line)) {
				t.Errorf("%s: %+v", name, b)
			}
		}
		if len(rows) != c.rows || fmt.Sprint(lines) != fmt.Sprint(c.bad) {
			t.Errorf("%s: %d rows, bad lines %v; want %d, %v", name, len(rows), lines, c.rows, c.bad)
		}
	}
}

func TestRows(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	row := missed(1).String()
	wide := row + `,"","1772443000.1",7`
	rows, bad := parseText(t, row+"\n"+row+"\n"+wide+"\n", Options{Zone: shanghai, Region: "CN"})
	if len(rows) != 3 || len(bad) != 0 {
		t.Fatalf("%v %v", rows, bad)
	}
	r := rows[0]
	if r.Handle != "+8613800130001" || r.Name != "Ann" || !r.SentAt.Equal(channeltest.Start.Add(-8*time.Hour)) || r.Kind != router.KindCall || r.Channel != router.ChannelPhone ||
		r.Text != "Missed call · rang 20 s · dialed 4001" || r.CallID != "1772443800.1" || r.Line != 1 {
		t.Errorf("%+v", r)
	}
	if rows[1].ExternalID == r.ExternalID || strings.TrimSuffix(rows[1].ExternalID, "-2") != strings.TrimSuffix(r.ExternalID, "-1") {
		t.Errorf("ids of the same row twice: %s %s", r.ExternalID, rows[1].ExternalID)
	}
	if rows[2].CallID != "1772443000.1" {
		t.Errorf("linkedid is not used: %+v", rows[2])
	}
	if line, err := json.Marshal(r); err != nil || !strings.Contains(string(line), `"thread_keys":[]`) || !strings.Contains(string(line), `"attachments":[]`) {
		t.Error(string(line), err)
	}
	if _, bad := parseText(t, row+"\n", Options{Columns: 21}); len(bad) != 1 {
		t.Error("18 columns were taken for 21")
	}
}

func TestForeignBytes(t *testing.T) {
	for raw, want := range map[string]string{"\xd5\xc5\xc8\xfd": "张三", "M\xfcller": "Müller", "Jos\xe9 Garc\xeda": "José García", "\xd6\xec\xe9\x46\xbb\xf9": "朱镕基", "王五": "王五"} {
		c := missed(1)
		c.clid = `"` + raw + `" <13800130001>`
		rows, bad := parseText(t, c.String()+"\n", Options{})
		if len(rows) != 1 || rows[0].Name != want || (len(rows[0].Warnings) == 0) != (raw == want) {
			t.Errorf("%q: %+v %+v", raw, rows, bad)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		in, region, want string
		ok               bool
	}{{"13800138000", "CN", "+8613800138000", true}, {"010-8888 8888", "CN", "+861088888888", true}, {"+44 20 7946 0018", "CN", "+442079460018", true}, {"008613800138000", "", "+8613800138000", true},
		{"13800138000", "", "13800138000", true}, {"4001", "CN", "4001", true}, {"anonymous", "CN", "", false}, {"", "CN", "", false}, {"Unknown", "", "", false}, {strings.Repeat("1", 100), "CN", "", false}} {
		if got, ok := cleanNumber(c.in, c.region); got != c.want || ok != c.ok {
			t.Errorf("%q in %q: %q %v", c.in, c.region, got, ok)
		}
	}
}

func TestOutcomes(t *testing.T) {
	in := missed(1)
	with := func(change func(*cdr)) cdr { c := in; change(&c); return c }
	answered := with(func(c *cdr) { c.disposition, c.talk = "ANSWERED", 60 })
	queue := with(func(c *cdr) { c.disposition, c.talk, c.app, c.dstChannel, c.ring = "ANSWERED", 30, "Queue", "", 0 })
	out := with(func(c *cdr) { c.context, c.src, c.dst = "from-internal", "4001", "13900139000" })
	for name, c := range map[string]struct {
		legs     []cdr
		outcome  router.CallOutcome
		callback bool
		handle   string
	}{
		"rang":                 {[]cdr{in}, router.CallMissed, true, "+8613800130001"},
		"busy":                 {[]cdr{with(func(c *cdr) { c.disposition = "BUSY" })}, router.CallMissed, true, "+8613800130001"},
		"answered":             {[]cdr{answered}, router.CallAnswered, false, "+8613800130001"},
		"second agent":         {[]cdr{in, answered}, router.CallAnswered, false, "+8613800130001"},
		"given up in a queue":  {[]cdr{queue, in}, router.CallAbandoned, true, "+8613800130001"},
		"answered in a queue":  {[]cdr{with(func(c *cdr) { *c = queue; c.dstChannel = "PJSIP/4001-2" })}, router.CallAnswered, false, "+8613800130001"},
		"voicemail":            {[]cdr{with(func(c *cdr) { *c = queue; c.app = "VoiceMail" })}, router.CallMissed, true, "+8613800130001"},
		"failed":               {[]cdr{with(func(c *cdr) { c.disposition = "FAILED" })}, router.CallFailed, true, "+8613800130001"},
		"outgoing, unanswered": {[]cdr{out}, router.CallMissed, false, "+8613900139000"},
		"anonymous":            {[]cdr{with(func(c *cdr) { c.src, c.clid = "anonymous", `"Anonymous" <anonymous>` })}, router.CallMissed, true, "anonymous:1772443800.1"},
		"number in caller id":  {[]cdr{with(func(c *cdr) { c.src = "" })}, router.CallMissed, true, "+8613800130001"},
	} {
		var legs []leg
		for n, row := range c.legs {
			fields, _ := splitRow([]byte(row.String()))
			l, err := readLeg(piece{line: n + 1, raw: []byte(row.String()), fields: fields}, time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			legs = append(legs, l)
		}
		m := Options{Region: "CN"}.rules().call("pbx", legs)
		if m.Call.Outcome != c.outcome || m.Call.NeedsCallback() != c.callback || m.Handle.Address != c.handle || m.Call.Legs != len(c.legs) {
			t.Errorf("%s: %+v %s", name, m.Call, m.Handle.Address)
		}
	}
}

func TestSamples(t *testing.T) {
	dir := sharedData(t, "phone/asterisk")
	for name, want := range map[string][2]int{"good.csv": {5, 0}, "buggy.csv": {0, 1}, "Master.csv": {2, 0}, "Master2.csv": {1, 0}} {
		rows, failed := 0, 0
		if _, err := ParseFile(context.Background(), filepath.Join(dir, name), Options{}, func(line any) error {
			if _, ok := line.(Record); ok {
				rows++
			} else {
				failed++
			}
			return nil
		}); err != nil || rows != want[0] || failed != want[1] {
			t.Errorf("%s: %d rows, %d bad, %v", name, rows, failed, err)
		}
	}
}

func sharedData(t *testing.T, below string) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if p := filepath.Join(dir, "shared", "data", below); exists(p) {
			return p
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	t.Skipf("no folder shared/data/%s above this one: the samples are not compared", below)
	return ""
}

func exists(p string) bool { _, err := os.Stat(p); return err == nil }

func TestParseOfNothing(t *testing.T) {
	var got []any
	failed, err := ParseFile(context.Background(), filepath.Join(t.TempDir(), "none"), Options{}, func(line any) error { got = append(got, line); return nil })
	if e, ok := got[0].(RecordError); failed != 1 || err != nil || !ok || e.Error.Code != router.CodeNotFound {
		t.Errorf("%d %v %+v", failed, err, got)
	}
}

func TestSettings(t *testing.T) {
	deps, _ := channeltest.Deps(t)
	for field, s := range map[string]Settings{"path": {}, "columns": {Path: "x", Columns: "19"}, "timezone": {Path: "x", Timezone: "Nowhere/Land"}, "region": {Path: "x", Region: "XX"},
		"settle": {Path: "x", Settle: 2 * time.Hour}, "poll": {Path: "x", Poll: time.Hour}, "path ": {Path: "[x"}} {
		_, err := Kind.Open(channels.Config{Name: "pbx", Settings: &s}, deps)
		if e, ok := err.(*router.Error); !ok || e.Field != strings.TrimSpace(field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func FuzzCDR(f *testing.F) {
	for _, s := range []string{missed(1).String(), missed(1).String() + `,"","x",1`, `"a","b`, `"",""` + "\n" + missed(2).String(), "\xff,\"\"\"", strings.Repeat(`"`, 50)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := splitter{}
		var ps []piece
		for n, l := range strings.Split(string(b), "\n") {
			ps = append(ps, s.line(physical{line: n + 1, text: []byte(l)})...)
		}
		ps = append(ps, s.finish()...)
		last := 0
		for _, p := range ps {
			if p.line < last || (p.bad == "") != (p.fields != nil) {
				t.Errorf("line %d after %d: %q", p.line, last, p.bad)
			}
			last = p.line
			if l, err := readLeg(p, time.UTC); err == nil {
				if in := (Options{Region: "CN"}).rules().call("pbx", []leg{l}); in.Handle.Address == "" && l.call+l.id != "" || in.Text == "" {
					t.Errorf("%+v", in)
				}
			}
		}
		whole := missed(7).String() // whatever stands before it, a whole row on a line of its own is read
		s = splitter{}
		found := false
		for n, l := range append(strings.Split(string(b), "\n"), whole) {
			for _, p := range s.line(physical{line: n + 1, text: []byte(l)}) {
				found = found || p.bad == "" && string(p.raw) == whole
			}
		}
		if !found {
			t.Errorf("a good row was swallowed after %q", b)
		}
	})
}
