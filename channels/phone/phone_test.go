package phone

import (
	"bytes"
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

// leg is one row in the short form; with linkedID in the long one.
func leg(src, context, app, start, answer, end string, billsec int, disposition, unique, linked string) string {
	out := fmt.Sprintf(`"","%s","4001","%s","""Ann Lee"" <%s>","PJSIP/t-1","PJSIP/4001-1","%s","","%s","%s","%s",25,%d,"%s","DOCUMENTATION","%s",""`, src, context, src, app, start, answer, end, billsec, disposition, unique)
	if linked != "" {
		out += fmt.Sprintf(`,"","%s","1"`, linked)
	}
	return out + "\n"
}

func missed(n int) string {
	at := time.Now().UTC().Format(time.DateTime)
	return leg(fmt.Sprintf("1380013%04d", n), "from-trunk", "Dial", at, "", at, 0, "NO ANSWER", fmt.Sprintf("99.%d", n), "")
}

func appendTo(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestConformance(t *testing.T) {
	channeltest.Run(t, channeltest.Case{Kind: Kind, Tick: time.Second, Within: 8 * time.Second, Secrets: []string{"13800130001", "Ann Lee"}, Setup: func(t *testing.T) channeltest.Outside {
		path := filepath.Join(t.TempDir(), "Master.csv")
		return channeltest.Outside{
			Config: channels.Config{Name: "pbx", Kind: "asterisk_cdr", Backlog: channels.Backlog{All: true},
				Settings: &Settings{Path: path, Timezone: "UTC", Region: "CN", Settle: 2 * time.Second, InboundContexts: []string{"from-trunk"}}},
			Deliver: func(_ context.Context, _ *channels.Source, n int) error { appendTo(t, path, missed(n)); return nil },
			Poison: func(context.Context, *channels.Source) error {
				appendTo(t, path, "\"broken,1,2\nnot,enough\n")
				return nil
			},
		}
	}})
}

type followed struct {
	desk *channeltest.Desk
	path string
	src  *channels.Source
	stop func()
}

func follow(t *testing.T, f *followed) {
	t.Helper()
	src, err := Kind.Open(channels.Config{Name: "pbx", Kind: "asterisk_cdr", Backlog: channels.Backlog{Within: time.Hour},
		Settings: &Settings{Path: f.path, Timezone: "Asia/Shanghai", Region: "CN", InboundContexts: []string{"from-trunk"}}}, f.desk.Deps())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- src.Adapter.Run(ctx) }()
	f.src, f.stop = src, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// wait until the desk has n calls.
func (f *followed) wait(t *testing.T, n int) []router.Inbound {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		if got := f.desk.Intake.Accepted(); len(got) >= n || time.Now().After(deadline) {
			if len(got) != n {
				t.Fatalf("%d calls, want %d: %+v", len(got), n, got)
			}
			return got
		}
		f.desk.Clock.Advance(time.Second)
		time.Sleep(20 * time.Millisecond)
	}
}

// Invariants A, C and D: legs are joined, rotation and restart lose and double nothing.
func TestTailOverRotationAndRestart(t *testing.T) {
	f := &followed{desk: channeltest.NewDesk(t), path: filepath.Join(t.TempDir(), "Master.csv")}
	f.desk.Clock = channeltest.NewClock(time.Date(2026, 5, 4, 2, 10, 0, 0, time.UTC)) // 10:10 in Shanghai
	appendTo(t, f.path, leg("13800138000", "from-trunk", "Dial", "2020-01-01 08:00:00", "", "2020-01-01 08:00:20", 0, "NO ANSWER", "1.1", "1.1"))
	appendTo(t, f.path, leg("13800138000", "from-trunk", "Queue", "2026-05-04 10:00:00", "2026-05-04 10:00:01", "2026-05-04 10:00:30", 29, "ANSWERED", "2.1", "2.1")+
		leg("13800138000", "from-trunk", "Dial", "2026-05-04 10:00:10", "", "2026-05-04 10:00:30", 0, "NO ANSWER", "2.2", "2.1"))
	follow(t, f)
	got := f.wait(t, 2)
	if !got[0].History || got[1].History || got[1].Call.Outcome != router.CallAbandoned || got[1].Call.Legs != 2 || got[1].Handle.Address != "+8613800138000" || got[1].Name != "Ann Lee" {
		t.Fatalf("%+v\n%+v", got[0], got[1])
	}
	if want := time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC); !got[1].SentAt.Equal(want) {
		t.Errorf("D: sent at %v, want %v", got[1].SentAt, want)
	}
	if err := os.Rename(f.path, f.path+".1"); err != nil {
		t.Fatal(err)
	}
	appendTo(t, f.path+".1", leg("13800138001", "from-trunk", "Dial", "2026-05-04 10:01:00", "", "2026-05-04 10:01:30", 0, "NO ANSWER", "3.1", "3.1"))
	appendTo(t, f.path, leg("13800138002", "from-internal", "Dial", "2026-05-04 10:02:00", "", "2026-05-04 10:02:30", 0, "NO ANSWER", "4.1", "4.1"))
	got = f.wait(t, 4)
	f.stop()
	appendTo(t, f.path, leg("13800138003", "from-trunk", "Dial", "2026-05-04 10:03:00", "2026-05-04 10:03:05", "2026-05-04 10:03:30", 25, "ANSWERED", "5.1", "5.1"))
	appendTo(t, f.path, leg("13800138000", "from-trunk", "Dial", "2026-05-04 10:00:12", "", "2026-05-04 10:00:30", 0, "NO ANSWER", "2.3", "2.1")) // a late leg of the second call
	follow(t, f)
	got = f.wait(t, 5)
	f.stop()
	byID := map[string]router.Inbound{}
	for _, in := range got {
		byID[in.ExternalID] = in
	}
	if in := byID["call:4.1"]; in.Call == nil || in.Call.NeedsCallback() || in.Call.Incoming {
		t.Errorf("an unanswered outgoing call is no missed call: %+v", in.Call)
	}
	if in := byID["call:5.1"]; in.Call == nil || in.Call.Outcome != router.CallAnswered || in.Call.Talk != 25*time.Second || in.Call.AnsweredAt == nil {
		t.Errorf("%+v", in.Call)
	}
	if !byID["call:3.1"].Call.NeedsCallback() {
		t.Errorf("%+v", byID["call:3.1"].Call)
	}
}

func TestCopyTruncate(t *testing.T) {
	f := &followed{desk: channeltest.NewDesk(t), path: filepath.Join(t.TempDir(), "Master.csv")}
	f.desk.Clock = channeltest.NewClock(time.Now())
	appendTo(t, f.path, missed(1)+missed(2))
	follow(t, f)
	f.wait(t, 2)
	if err := os.Truncate(f.path, 0); err != nil {
		t.Fatal(err)
	}
	appendTo(t, f.path, missed(3))
	f.wait(t, 3)
	f.stop()
}

// Invariant B.
func TestBadRowsSwallowNothing(t *testing.T) {
	good := strings.TrimSuffix(missed(1), "\n")
	multi := strings.Replace(good, `"DOCUMENTATION"`, "\"DOCU\nMENTATION\"", 1)
	text := good + "\n" + `"open quote,1,2` + "\n" + good + "\n\n" + "1,2,3\n" + multi + "\n" + strings.Replace(good, "25,0,", "25,x,", 1) + "\n" + good
	path := filepath.Join(t.TempDir(), "x.csv")
	appendTo(t, path, text)
	var rows, bads []string
	failed, err := ParseFile(t.Context(), path, "CN", func(v any) error {
		switch r := v.(type) {
		case Record:
			rows = append(rows, fmt.Sprintf("%d %s %s", r.Line, r.Handle, r.ExternalID[len(r.ExternalID)-2:]))
		case RecordError:
			bads = append(bads, fmt.Sprintf("%d %s", r.Line, r.Error.Code))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantRows := "1 +8613800130001 -0|3 +8613800130001 -1|6 +8613800130001 -0|9 +8613800130001 -2"
	wantBad := "2 unreadable|5 unreadable|8 invalid_field"
	if strings.Join(rows, "|") != wantRows || strings.Join(bads, "|") != wantBad || failed != 3 {
		t.Errorf("rows %v\nbad %v, failed %d", rows, bads, failed)
	}
}

func TestCallerIDsThatAreNotUTF8(t *testing.T) {
	gb := bytes.Replace([]byte(missed(1)), []byte("Ann Lee"), []byte("\xc0\xee\xc4\xc8"), 1) // 李娜 in GB18030
	r, err := readRow(gb, 0, time.UTC)
	if err != nil || callerName(r.callerID) != "李娜" {
		t.Errorf("%q %v", r.callerID, err)
	}
	for in, want := range map[string]string{"": "anonymous:k", "Anonymous": "anonymous:k", "13800138000": "+8613800138000", "+442079460000": "+442079460000", "4001": "4001"} {
		if got := (rules{region: "CN"}).number(in, "k"); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestImportIsHistory(t *testing.T) {
	deps, desk := channeltest.Deps(t)
	path := filepath.Join(t.TempDir(), "old.csv")
	appendTo(t, path, missed(1)+"bad\n"+missed(2)+missed(1))
	src, err := Kind.Open(channels.Config{Name: "pbx", Kind: "asterisk_cdr", Settings: &Settings{Path: path, Region: "CN", InboundContexts: []string{"from-trunk"}}}, deps)
	if err != nil {
		t.Fatal(err)
	}
	n, refused, err := src.Import.Import(t.Context(), path, func(int64, int64) {})
	if err != nil || n != 2 || len(refused) != 1 {
		t.Fatal(n, refused, err)
	}
	for _, in := range desk.Intake.Accepted() {
		if !in.History {
			t.Error("an imported call is work")
		}
	}
}

// The samples of Asterisk's own test suite, where they are at hand.
func TestAsteriskSamples(t *testing.T) {
	dir := "/"
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for d := wd; d != "/"; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "shared/data/phone/asterisk")); err == nil {
			dir = filepath.Join(d, "shared/data/phone/asterisk")
		}
	}
	if dir == "/" {
		t.Skip("no folder shared/data/phone/asterisk above the package: the samples are not at hand")
	}
	for file, want := range map[string][2]int{"Master.csv": {2, 0}, "Master2.csv": {1, 0}, "good.csv": {5, 0}, "buggy.csv": {0, 1}} {
		rows := 0
		failed, err := ParseFile(t.Context(), filepath.Join(dir, file), "US", func(v any) error {
			if _, ok := v.(Record); ok {
				rows++
			}
			_, err := json.Marshal(v)
			return err
		})
		if err != nil || rows != want[0] || failed != want[1] {
			t.Errorf("%s: %d rows, %d bad, %v; want %v", file, rows, failed, err, want)
		}
	}
}

func FuzzCDR(f *testing.F) {
	f.Add([]byte(missed(1) + "\"x\n" + missed(2)))
	f.Add([]byte("\"\"\"\n,,,\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := splitter{zone: time.UTC}
		rows, total := 0, 0
		for _, line := range bytes.SplitAfter(b, []byte("\n")) {
			r, bads := s.add(line)
			rows, total = rows+len(r), total+len(r)+len(bads)
			for _, x := range r {
				(rules{region: "CN"}).inbound(call{key: x.key(), legs: []row{x}})
			}
		}
		r, bads := s.flush()
		if total += len(r) + len(bads); total > bytes.Count(b, []byte("\n"))+1 {
			t.Errorf("%d rows and bad lines from %d lines", total, bytes.Count(b, []byte("\n"))+1)
		}
	})
}
