package workers

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/router/store/sqlitestore"
	"switchyard/router/store/storetest"
	"switchyard/workers/task"
)

// scenario plays a file of testdata: a policy, agents, and steps with what must come of them. Its clock is its own,
// nudges are carried out at once, and the sweep runs at every step of the clock, as in a running desk.
type scenario struct {
	t         *testing.T
	ctx       context.Context
	store     store.Store
	desk      *dispatch.Service
	server    *Server
	now       time.Time
	users     map[string]router.User
	tickets   map[string]router.TicketID
	incidents map[string]string
	line      string // where it is, for failures
	pending   []func()
}

// Nudge implements task.Nudger: the task runs when the step is done.
func (s *scenario) Nudge(ctx context.Context, kind task.Kind, _ task.Lane, id string) {
	do := map[task.Kind]func(context.Context, string) error{task.KindTriage: s.server.triage, task.KindDue: s.server.due, task.KindEdge: s.server.edge, task.KindAgain: s.server.decideAgain, task.KindIncident: s.server.incident}[kind]
	if do != nil {
		s.pending = append(s.pending, func() { s.must(do(ctx, id)) })
	}
}

// Publish implements dispatch.Publisher.
func (s *scenario) Publish(context.Context, string, []byte) error { return nil }

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			play(t, txtar.Parse(doc))
		})
	}
}

func play(t *testing.T, a *txtar.Archive) {
	parts := map[string]string{}
	for _, f := range a.Files {
		parts[f.Name] = string(f.Data)
	}
	doc := parts["policy"]
	if doc == "" {
		doc = string(policy.Default())
	}
	s := newScenario(t, doc)
	for i, line := range strings.Split(parts["steps"], "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		s.line = fmt.Sprintf("step %d: %s", i+1, line)
		if strings.HasPrefix(line, "policy ") { // another one is put in force
			s.force(parts[strings.TrimPrefix(line, "policy ")])
			continue
		}
		s.step(line)
		s.settle()
	}
}

func newScenario(t *testing.T, doc string) *scenario {
	t.Helper()
	st, err := sqlitestore.Open(t.Context(), t.TempDir(), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	s := &scenario{t: t, ctx: t.Context(), store: st, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), users: map[string]router.User{}, tickets: map[string]router.TicketID{}, incidents: map[string]string{}}
	s.must(st.Migrate(s.ctx))
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	clock := func() time.Time { return s.now }
	live := dispatch.NewLive(st, clock, time.LoadLocation, log)
	s.desk = &dispatch.Service{Store: st, Live: live, Bus: s, Nudger: s, Now: clock, Log: log, CanReply: func(router.SourceName, int) error { return nil }}
	s.server = &Server{Store: st, Desk: s.desk, Nudger: s, Owner: "scenario", Now: clock, Log: log}
	s.force(doc)
	return s
}

// force puts a policy in force.
func (s *scenario) force(doc string) {
	s.t.Helper()
	_, err := storetest.UsePolicy(s.ctx, s.store, []byte(doc))
	s.must(err)
	s.tick(0)
}

func (s *scenario) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", s.line, err)
	}
}

// tick moves the clock and lets the desk notice: the view, the sweep and what it nudges.
func (s *scenario) tick(by time.Duration) {
	s.t.Helper()
	s.now = s.now.Add(by)
	s.must(s.desk.Live.Refresh(s.ctx))
	s.must(s.server.Sweep(s.ctx))
	s.settle()
	s.must(s.desk.Live.Refresh(s.ctx))
}

func (s *scenario) settle() {
	for len(s.pending) > 0 {
		do := s.pending[0]
		s.pending = s.pending[1:]
		do()
	}
}

// until moves the clock in steps, minute by minute when it is not far.
func (s *scenario) until(at time.Time) {
	s.t.Helper()
	if at.Before(s.now) {
		s.t.Fatalf("%s: the clock stands at %s already", s.line, s.now)
	}
	step := time.Minute
	if at.Sub(s.now) > 3*time.Hour {
		step = 15 * time.Minute
	}
	if at.Sub(s.now) > 72*time.Hour { // the way to the beginning
		s.now = at
	}
	for s.now.Before(at) {
		s.tick(min(step, at.Sub(s.now)))
	}
	s.tick(0)
}

// step carries out one line; what stands after -> must come of it.
func (s *scenario) step(line string) {
	s.t.Helper()
	act, want, _ := strings.Cut(line, " -> ")
	word := strings.Fields(act)
	switch word[0] {
	case "at":
		zone, err := time.LoadLocation(word[2])
		s.must(err)
		at, err := time.ParseInLocation("2006-01-02T15:04:05", word[1], zone)
		s.must(err)
		s.until(at.UTC())
	case "advance":
		d, err := time.ParseDuration(word[1])
		s.must(err)
		s.until(s.now.Add(d))
	case "agent":
		s.agent(word[1], word[2:])
	case "presence":
		s.must(s.desk.SetPresence(s.ctx, router.AgentID(word[1]), router.PresenceState(word[2])))
		s.tick(0)
	case "receive", "call":
		s.receive(word, act)
	case "pull":
		got, err := s.desk.Pull(s.ctx, s.users[word[1]], nil)
		s.must(err)
		s.expect(want, s.name(got.Ticket.ID)+string(got.Empty))
		s.tick(0)
	case "see":
		s.see(word[1], strings.Fields(want))
	case "mode":
		modes := s.desk.Live.View().Modes
		on := modes.Overload.On
		if word[1] == "overflow" {
			on = modes.Overflow[router.QueueName(word[2])]
		}
		s.expect(want, strconv.FormatBool(on))
	case "told": // how many notices of a kind managers were given
		s.expect(want, strconv.Itoa(s.told(word[1])))
	case "incident", "answer", "close":
		s.incident(word)
	default:
		s.held(word, want)
		s.tick(0)
	}
}

// incident opens one by hand, incident NAME TOPIC; gives an answer that stands, answer NAME; or closes it, close NAME.
func (s *scenario) incident(word []string) {
	s.t.Helper()
	switch word[0] {
	case "close":
		_, err := s.desk.CloseIncident(s.ctx, "boss", s.incidents[word[1]])
		s.must(err)
	case "answer":
		_, err := s.desk.AnswerIncident(s.ctx, "boss", s.incidents[word[1]], router.Sentence{ZH: s.line, EN: s.line}, false, true)
		s.must(err)
	default:
		i, err := s.desk.OpenIncident(s.ctx, "boss", router.Topic(word[2]), "", "", router.Sentence{ZH: s.line, EN: s.line})
		s.must(err)
		s.incidents[word[1]] = i.ID
	}
	s.settle()
	s.tick(time.Second)
}

// sent counts what is on its way to a ticket's customer.
func (s *scenario) sent(id router.TicketID) (n int) {
	s.t.Helper()
	ms, _, err := s.store.TicketMessages(s.ctx, id, "", store.MaxLimit)
	s.must(err)
	for _, m := range ms {
		if m.Direction == router.DirectionOut && m.Stage == router.StageQueued {
			n++
		}
	}
	return n
}

func (s *scenario) told(kind string) (n int) {
	s.t.Helper()
	said, err := store.TailJSON[store.Notice](s.ctx, s.store, store.NoticeStream, 0, store.MaxLimit)
	s.must(err)
	for _, notice := range store.Values(said) {
		if notice.Kind == kind {
			n++
		}
	}
	return n
}

func (s *scenario) expect(want, got string) {
	s.t.Helper()
	if got != want {
		s.t.Fatalf("%s: got %q", s.line, got)
	}
}

func (s *scenario) name(id router.TicketID) string {
	for name, have := range s.tickets {
		if have == id {
			return name
		}
	}
	return ""
}

// agent makes one: queues=a,b skills=refund:2 languages=zh shift=day weights=a:2.
func (s *scenario) agent(name string, gives []string) {
	s.t.Helper()
	u := router.User{ID: router.AgentID(name), Role: router.RoleAgent}
	for _, g := range gives {
		key, value, _ := strings.Cut(g, "=")
		for _, v := range strings.Split(value, ",") {
			thing, level, _ := strings.Cut(v, ":")
			n, _ := strconv.Atoi(level)
			switch key {
			case "queues":
				u.Queues = append(u.Queues, router.QueueName(thing))
			case "languages":
				u.Languages = append(u.Languages, router.Language(thing))
			case "shift":
				u.Shift = thing
			case "skills":
				if u.Skills == nil {
					u.Skills = map[router.Skill]int{}
				}
				u.Skills[router.Skill(thing)] = n
			default:
				s.t.Fatalf("%s: unknown %q", s.line, key)
			}
		}
	}
	s.users[name] = u
	_, err := store.Users(s.store).Put(s.ctx, store.Record[router.User]{ID: name, Value: u})
	s.must(err)
	s.must(store.BumpGeneration(s.ctx, s.store))
	s.must(s.desk.SetPresence(s.ctx, u.ID, router.PresenceAvailable))
	s.tick(0)
}

// receive stores and triages a message, and takes a second: receive CHANNEL NAME [from WHOM] TEXT, or call NAME for a missed call.
func (s *scenario) receive(word []string, act string) {
	s.t.Helper()
	ch, name, text := router.ChannelPhone, word[1], ""
	m := router.Message{Kind: router.KindCall, Call: &router.Call{Outcome: router.CallMissed, Incoming: true, StartedAt: s.now, EndedAt: s.now}}
	if word[0] == "receive" {
		ch, name = router.Channel(word[1]), word[2]
		_, text, _ = strings.Cut(act, " "+name+" ")
		m = router.Message{Kind: router.KindMessage}
	}
	from := name
	if rest, ok := strings.CutPrefix(text, "from "); ok {
		from, text, _ = strings.Cut(rest, " ")
	}
	m.ID, m.ExternalID, m.Source, m.Channel, m.Direction = router.NewMessageID("src", name), name, "src", ch, router.DirectionIn
	m.Handle, m.Text, m.SentAt, m.ReceivedAt, m.Stage, m.StageAt = router.Handle{Channel: ch, Address: from}, text, s.now, s.now, router.StageReceived, s.now
	_, err := s.store.InsertMessages(s.ctx, []router.Message{m})
	s.must(err)
	s.must(s.desk.Triage(s.ctx, m.ID))
	m, err = s.store.Message(s.ctx, m.ID)
	s.must(err)
	s.tickets[name] = m.TicketID
	s.tick(time.Second) // so that no two are equally old
}

// see compares what is said of a ticket: state queue class topic guest moves wait met kept cutoff case agent escalated first answers incident sent.
func (s *scenario) see(name string, wants []string) {
	s.t.Helper()
	t, err := s.store.Ticket(s.ctx, s.tickets[name])
	s.must(err)
	cal := s.desk.Live.View().Rules.Calendar(t.Queue)
	cutoff := "none"
	if !t.CutoffAt.IsZero() {
		cutoff = t.CutoffAt.Sub(s.now).String()
	}
	inc := ""
	for name, id := range s.incidents {
		if id == t.Incident {
			inc = name
		}
	}
	have := map[string]string{"incident": inc, "sent": strconv.Itoa(s.sent(t.ID)), "state": string(t.State), "queue": string(t.Queue), "class": string(t.Class), "topic": string(t.Topic), "guest": strconv.FormatBool(t.Guest),
		"moves": strconv.Itoa(t.Moves), "wait": t.Wait(s.now, cal).String(), "met": strconv.FormatBool(t.Case.Judged && t.Case.Met), "kept": string(t.KeptFor), "cutoff": cutoff,
		"case": strconv.Itoa(t.Case.Number), "agent": string(t.Agent), "escalated": strings.Join(t.Escalated, ","), "first": t.Clocks.FirstAnswer.At(s.now, cal).String(), "answers": strconv.FormatBool(t.Answered)}
	for _, w := range wants {
		key, value, _ := strings.Cut(w, "=")
		if got, known := have[key]; !known || got != value {
			s.t.Fatalf("%s: %s is %q", s.line, key, got)
		}
	}
}

// held carries out what an agent does with a ticket: answer, resolve, release, wait (for the customer), snooze, claim.
func (s *scenario) held(word []string, want string) {
	s.t.Helper()
	u, id := s.users[word[1]], s.tickets[word[2]]
	t, err := s.store.Ticket(s.ctx, id)
	s.must(err)
	switch word[0] {
	case "claim":
		_, err = s.desk.Claim(s.ctx, u, id)
	case "resolve":
		_, err = s.desk.Resolve(s.ctx, u.ID, id, t.Epoch, "", "", "")
	case "release":
		_, err = s.desk.Release(s.ctx, u.ID, id, t.Epoch, "")
	case "heartbeat":
		_, err = s.desk.Heartbeat(s.ctx, u.ID, id, t.Epoch)
	case "reply": // and wait for the customer
		_, _, err = s.desk.Reply(s.ctx, u.ID, id, dispatch.Reply{Epoch: t.Epoch, Text: "we look into it", Then: dispatch.ThenPending})
	case "note":
		_, err = s.desk.Note(s.ctx, u.ID, id, "seen", s.line)
	case "snooze":
		d, bad := time.ParseDuration(word[3])
		s.must(bad)
		_, err = s.desk.Snooze(s.ctx, u.ID, id, t.Epoch, s.now.Add(d))
	default:
		s.t.Fatalf("%s: unknown step", s.line)
	}
	if want == "" {
		s.must(err)
		return
	}
	s.expect(want, string(router.CodeOf(err)))
}
