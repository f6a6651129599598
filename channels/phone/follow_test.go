package phone

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchyard/channels"
	"switchyard/channels/channeltest"
	"switchyard/router"
)

func settings(path string) *Settings {
	return &Settings{Path: path, Timezone: "UTC", Region: "CN", Settle: 10 * time.Second, Poll: 10 * time.Millisecond}
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.WriteString(text); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

func TestConformance(t *testing.T) {
	channeltest.Run(t, channeltest.Case{Kind: Kind, Poisoned: 1, Tick: 4 * time.Second, Secrets: []string{"Planted Caller", "1380013"}, Setup: func(t *testing.T) channeltest.Outside {
		path := filepath.Join(t.TempDir(), "Master.csv")
		return channeltest.Outside{
			Config: channels.Config{Name: "pbx", Kind: "asterisk_cdr", Backlog: channels.Backlog{All: true}, Settings: settings(path)},
			Deliver: func(_ context.Context, _ *channels.Source, n int) error {
				c := missed(n)
				c.clid = `"Planted Caller" <1>`
				return appendTo(path, c.String()+"\n")
			},
			Poison: func(context.Context, *channels.Source) error { return appendTo(path, `"Planted Caller","x"`+"\n") },
			Break:  func(context.Context, *channels.Source) { _ = os.Mkdir(path+".d", 0o700) },
		}
	}})
}

// bed follows a file with a fake desk.
type bed struct {
	*testing.T
	desk *channeltest.Desk
	path string
	set  *Settings
	back channels.Backlog
	stop func()
}

func newBed(t *testing.T) *bed {
	path := filepath.Join(t.TempDir(), "Master.csv")
	b := &bed{T: t, desk: channeltest.NewDesk(t), path: path, set: settings(path), back: channels.Backlog{All: true}}
	t.Cleanup(func() {
		if b.stop != nil {
			b.stop()
		}
	})
	return b
}

func (b *bed) run() {
	b.Helper()
	src, err := Kind.Open(channels.Config{Name: "pbx", Backlog: b.back, Settings: b.set}, b.desk.Deps())
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- src.Adapter.Run(ctx) }()
	b.stop = func() {
		b.stop = nil
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}

func (b *bed) write(text string) {
	b.Helper()
	if err := appendTo(b.path, text); err != nil {
		b.Fatal(err)
	}
}

// expect waits, with the clock moving, until n messages are stored.
func (b *bed) expect(n int) []router.Inbound {
	b.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if got := b.desk.Intake.Accepted(); len(got) >= n {
			if len(got) > n {
				b.Fatalf("%d messages, want %d", len(got), n)
			}
			return got
		}
		b.desk.Clock.Advance(time.Second)
		time.Sleep(5 * time.Millisecond)
	}
	b.Fatalf("%d messages, want %d", len(b.desk.Intake.Accepted()), n)
	return nil
}

// looked waits until the adapter has read on: at rows that were not handed on before.
func (b *bed) looked(offset int64) {
	b.Helper()
	for range 1000 {
		var c cursor
		_, _ = b.desk.Cursors.LoadCursor(context.Background(), "pbx", cursorName, &c)
		for _, m := range c.Files {
			if m.Offset >= offset {
				return
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	b.Fatal("the cursor does not move")
}

// Invariants B and C: legs of one call make one message, over a restart too, late ones included.
func TestLegsMakeOneCall(t *testing.T) {
	b := newBed(t)
	first, second := missed(1), missed(1)
	second.disposition, second.talk, second.start = "ANSWERED", 30, channeltest.Start.Add(20*time.Second)
	b.write(first.String() + "\n")
	b.run()
	time.Sleep(50 * time.Millisecond) // the row is read, the call not settled
	b.stop()
	b.write(second.String() + "\n")
	b.run()
	got := b.expect(1)[0]
	if got.Call.Outcome != router.CallAnswered || got.Call.Legs != 2 || got.Call.Talk != 30*time.Second || got.Call.Ring != 40*time.Second {
		t.Fatalf("%+v", got.Call)
	}
	late := second
	late.start = late.start.Add(time.Minute)
	b.write(late.String() + "\n" + missed(2).String() + "\n")
	got = b.expect(2)[1]
	if got.Handle.Address != "+8613800130002" {
		t.Errorf("%+v", got)
	}
}

// An answer after the call was decided as missed settles its call-back.
func TestLateAnswer(t *testing.T) {
	b := newBed(t)
	b.write(missed(1).String() + "\n")
	b.run()
	first := b.expect(1)[0]
	late := missed(1)
	late.disposition, late.talk = "ANSWERED", 30
	b.write(late.String() + "\n")
	got := b.expect(2)[1]
	if got.Call.Outcome != router.CallAnswered || got.Handle != first.Handle || got.ExternalID == first.ExternalID {
		t.Errorf("%+v", got)
	}
}

// Invariant E.
func TestRotation(t *testing.T) {
	row := func(n int) string { return missed(n).String() + "\n" }
	for name, rotate := range map[string]func(b *bed){
		"renamed": func(b *bed) {
			if err := os.Rename(b.path, b.path+".1"); err != nil {
				b.Fatal(err)
			}
		},
		"copied and truncated": func(b *bed) {
			text, err := os.ReadFile(b.path)
			if err == nil {
				err = os.WriteFile(b.path+".1", text, 0o600)
			}
			if err == nil {
				err = os.Truncate(b.path, 0)
			}
			if err != nil {
				b.Fatal(err)
			}
		},
	} {
		for _, stopped := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", stopped ", stopped), func(t *testing.T) {
				b := newBed(t)
				b.write(row(1) + row(2))
				b.run()
				b.expect(2)
				b.looked(int64(len(row(1) + row(2))))
				if stopped {
					b.stop()
				}
				b.write(row(3))
				rotate(b)
				b.write(row(4) + row(5))
				if stopped {
					b.run()
				}
				b.expect(5)
				b.write(row(6))
				b.expect(6)
				if n := len(b.desk.Intake.Attempts()); n > 8 {
					t.Errorf("%d calls were handed on for 6", n)
				}
			})
		}
	}
}

func TestPartialLineWaits(t *testing.T) {
	b := newBed(t)
	row := missed(1).String() + "\n"
	b.write(row[:40])
	b.run()
	time.Sleep(50 * time.Millisecond)
	b.desk.Clock.Advance(time.Hour)
	time.Sleep(50 * time.Millisecond)
	if n := len(b.desk.Intake.Attempts()); n != 0 {
		t.Fatalf("%d messages of half a row", n)
	}
	b.write(row[40:])
	b.expect(1)
}

func TestPatternOfFiles(t *testing.T) {
	b := newBed(t)
	b.set.Path = filepath.Join(filepath.Dir(b.path), "*.csv")
	b.write(missed(1).String() + "\n")
	b.run()
	b.expect(1)
	other := filepath.Join(filepath.Dir(b.path), "account.csv")
	if err := appendTo(other, missed(1).String()+"\n"+missed(2).String()+"\n"); err != nil { // the same call stands in two files
		t.Fatal(err)
	}
	b.expect(2)
}

func TestBacklog(t *testing.T) {
	b := newBed(t)
	b.back = channels.Backlog{}
	old := missed(1)
	old.start = channeltest.Start.Add(-80 * time.Hour)
	b.write(old.String() + "\n" + missed(2).String() + "\n")
	b.run()
	for _, in := range b.expect(2) {
		if in.History != strings.HasSuffix(in.Handle.Address, "1") {
			t.Errorf("%+v", in)
		}
	}
}

func TestABrokenRowIsNamed(t *testing.T) {
	b := newBed(t)
	b.write(missed(1).String() + "\n" + strings.TrimSuffix(missed(2).String(), `"`) + "\n" + missed(3).String() + "\n")
	b.run()
	failures := 0
	for _, in := range b.expect(3) {
		if in.Failure != "" {
			failures++
			if !strings.Contains(in.Failure, "line 2") || len(in.Raw) == 0 {
				t.Errorf("%+v", in)
			}
		}
	}
	if failures != 1 {
		t.Errorf("%d failures", failures)
	}
}

func TestImport(t *testing.T) {
	b := newBed(t)
	var text strings.Builder
	for n := range 500 {
		text.WriteString(missed(n).String() + "\n")
		second := missed(n)
		second.dst = "4002"
		text.WriteString(second.String() + "\n")
	}
	b.write(text.String() + "broken\n")
	src, err := Kind.Open(channels.Config{Name: "pbx", Settings: b.set}, b.desk.Deps())
	if err != nil {
		t.Fatal(err)
	}
	b.desk.Intake.FailNext(3)
	last := int64(0)
	accepted, refused, err := src.Import.Import(context.Background(), b.path, func(done, total int64) {
		if done < last || done > total {
			t.Errorf("progress %d after %d of %d", done, last, total)
		}
		last = done
	})
	got := b.desk.Intake.Accepted()
	if accepted != 1000 || len(refused) != 1 || err != nil || len(got) != 500 || !got[0].History {
		t.Fatalf("%d accepted, %d refused, %v, %d stored", accepted, len(refused), err, len(got))
	}
	b.run() // what was imported is not a call-back when it is followed later
	defer b.stop()
	b.desk.Clock.Advance(time.Minute)
	b.expect(501) // the broken row
}
