package decide

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"switchyard/router"
	"switchyard/router/load"
	"switchyard/router/policy"
	"switchyard/router/route"
)

func rules(t testing.TB) *Ruleset {
	t.Helper()
	// The default desk, with one overflow so that the scenarios can use it.
	doc := strings.Replace(string(policy.Default()), "calendar: day, night: night}", "calendar: day, night: night, overflow: {to: general, high: 30m, low: 10m, receiver_below: 20m}}", 1)
	rs, err := Compile([]byte(doc), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func snapshot(t testing.TB, rs *Ruleset, now time.Time) *load.Snapshot {
	t.Helper()
	s, err := load.Make(rs.Ruleset, load.Inputs{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// scenario runs the steps of one file; every receive is a ticket of its own.
type scenario struct {
	t       *testing.T
	rs      *Ruleset
	now     time.Time
	ticket  router.Ticket // settings for the next one
	modes   route.Modes
	mayAsk  bool
	results []string
}

func (s *scenario) step(line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "at":
		at, zone, _ := strings.Cut(rest, " ")
		z, err := time.LoadLocation(zone)
		if err != nil {
			s.t.Fatal(err)
		}
		if s.now, err = time.ParseInLocation("2006-01-02T15:04", at, z); err != nil {
			s.t.Fatal(err)
		}
	case "fixtopic":
		s.ticket.Topic, s.ticket.FixTopic = router.Topic(rest), true
	case "fixqueue":
		s.ticket.FixQueue = router.QueueName(rest)
	case "overflow":
		s.modes.Overflow = map[router.QueueName]bool{router.QueueName(rest): true}
	case "mayask":
		s.mayAsk = rest == "yes"
	case "from":
		s.ticket.Handle.Address = rest
	case "asked":
		s.ticket.Asked = strings.Split(rest, ",")
	case "inwork":
		s.ticket.State, s.ticket.Case = router.StateWaiting, router.Case{Number: 1}
	case "receive", "auto", "list", "broken":
		s.receive(word, rest)
	default:
		s.t.Fatalf("unknown step %q", line)
	}
}

func (s *scenario) receive(word, rest string) {
	var channel, id, subject, text string
	if word == "broken" {
		fmt.Sscanf(rest, "%s %s", &channel, &id)
	} else if _, err := fmt.Sscanf(rest, "%s %s %q %q", &channel, &id, &subject, &text); err != nil {
		s.t.Fatalf("%q: %v", rest, err)
	}
	m := router.Message{ID: router.MessageID(id), Channel: router.Channel(channel), Direction: router.DirectionIn, Kind: router.KindMessage,
		Subject: subject, Text: text, SentAt: s.now, ReceivedAt: s.now}
	switch {
	case word == "auto":
		m.Kind = router.KindAutoReply
	case word == "list":
		m.Kind = router.KindList
	case word == "broken":
		m.Failure = "no header"
	case m.Channel == router.ChannelPhone:
		m.Kind, m.Call = router.KindCall, &router.Call{Incoming: true, Outcome: router.CallMissed}
	}
	t := s.ticket
	t.ID, t.Channel, t.Handle.Channel = router.TicketID(id), m.Channel, m.Channel
	if t.State == "" {
		t.State = router.StateNew
	}
	in := Input{MayAsk: s.mayAsk, Ticket: t, Messages: []router.Message{m}, Snapshot: snapshot(s.t, s.rs, s.now), Modes: s.modes, Rules: s.rs, Now: s.now}
	d, err := Decide(in)
	if err != nil {
		s.t.Fatal(err)
	}
	s.ticket = router.Ticket{}
	s.results = append(s.results, s.show(id, d))
	s.again(in, d)
}

func (s *scenario) show(id string, d router.Decision) string {
	c := d.Classification
	out := id + " " + string(d.State)
	if d.State == router.StateWaiting {
		out += fmt.Sprintf(" queue=%s class=%s", d.Queue, d.Class)
	}
	out += fmt.Sprintf(" topic=%s language=%s speaks=%s", c.Topic, c.Language, d.Speaks)
	if c.Rejected {
		out += " rejected"
	}
	if !d.CutoffAt.IsZero() {
		out += " cutoff=" + d.CutoffAt.In(s.now.Location()).Format("2006-01-02T15:04")
	}
	if d.Overflown {
		out += " overflown"
	}
	if len(d.Ask) > 0 {
		out += fmt.Sprintf(" ask=%s in=%s", strings.Join(d.Ask, ","), d.AskLanguage)
	}
	return out
}

// again is invariant A and B: the same bytes from the stored record, many times, with rules and
// snapshot built anew.
func (s *scenario) again(in Input, want router.Decision) {
	s.t.Helper()
	first, _ := json.Marshal(want)
	if want.Why.ZH == "" || want.Why.EN == "" || len(want.Reasons) == 0 {
		s.t.Errorf("B: %s does not say why", want.TicketID)
	}
	record, _ := json.Marshal(in.Record())
	rs := rules(s.t)
	for range 50 {
		var r Record
		if err := json.Unmarshal(record, &r); err != nil {
			s.t.Fatal(err)
		}
		stored, _ := json.Marshal(in.Snapshot)
		var snap load.Snapshot
		if err := json.Unmarshal(stored, &snap); err != nil {
			s.t.Fatal(err)
		}
		if _, err := snap.Seal(); err != nil || snap.Digest() != in.Snapshot.Digest() {
			s.t.Fatalf("A: the snapshot read back has digest %s, not %s (%v)", snap.Digest(), in.Snapshot.Digest(), err)
		}
		d, err := Decide(Input{MayAsk: r.MayAsk, Ticket: r.Ticket, Messages: in.Messages, Contact: r.Contact, Snapshot: &snap, Modes: r.Modes, Rules: rs, Now: r.Now})
		if err != nil {
			s.t.Fatal(err)
		}
		if got, _ := json.Marshal(d); !bytes.Equal(got, first) {
			s.t.Fatalf("A: decided again %s\nfirst %s", got, first)
		}
	}
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenario files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := &scenario{t: t, rs: rules(t)}
			for _, line := range strings.Split(strings.TrimSpace(string(a.Files[0].Data)), "\n") {
				s.step(line)
			}
			if got, want := strings.Join(s.results, "\n"), strings.TrimSpace(string(a.Files[1].Data)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	rs := rules(b)
	now := time.Date(2026, 5, 4, 3, 0, 0, 0, time.UTC)
	m := router.Message{ID: "m1", Channel: router.ChannelEmail, Direction: router.DirectionIn, Kind: router.KindMessage, Subject: "Refund please",
		Text: "I was charged twice for order 99887766, 35 USD, yesterday. Please cancel the payment, it is still pending.", SentAt: now, ReceivedAt: now}
	in := Input{Ticket: router.Ticket{ID: "t1", State: router.StateNew, Channel: router.ChannelEmail}, Messages: []router.Message{m}, Snapshot: snapshot(b, rs, now), Rules: rs, Now: now}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decide(in); err != nil {
			b.Fatal(err)
		}
	}
}

// A replay keeps what a ticket was said to be about, and goes through everything else.
func TestGivenClassificationIsKept(t *testing.T) {
	rs := rules(t)
	now := time.Date(2026, 5, 4, 3, 0, 0, 0, time.UTC)
	in := Input{Ticket: router.Ticket{ID: "t1", State: router.StateNew, Channel: router.ChannelEmail}, Snapshot: snapshot(t, rs, now), Rules: rs, Now: now,
		Given: &router.Classification{Topic: "withdrawal", Confidence: 0.9, Language: router.LanguageZH}}
	d, err := Decide(in)
	if err != nil || d.Queue != "withdrawals" || d.Class != "withdrawal" || d.Speaks != router.LanguageZH || d.State != router.StateWaiting {
		t.Fatalf("%+v, %v", d, err)
	}
	in.Given.Rejected = true
	if d, err = Decide(in); err != nil || d.Queue != "review" {
		t.Fatalf("%+v, %v", d, err)
	}
}
