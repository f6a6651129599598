package dispatch

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/router/store/sqlitestore"
	"switchyard/router/store/storetest"
	"switchyard/workers/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is a whole desk on an embedded store with a clock of its own.
type desk struct {
	t     *testing.T
	ctx   context.Context
	store store.Store
	flaky *storetest.Flaky
	fault func(op string) storetest.Fault
	*Service
	mu     sync.Mutex
	now    time.Time
	nudges []string
	count  int
}

// Nudge implements task.Nudger.
func (d *desk) Nudge(_ context.Context, kind task.Kind, _ task.Lane, id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.nudges = append(d.nudges, string(kind)+" "+id)
}

// Publish implements Publisher.
func (d *desk) Publish(context.Context, string, []byte) error { return nil }

func (d *desk) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

// newDesk opens at ten in the morning in Shanghai.
func newDesk(t *testing.T) *desk {
	t.Helper()
	st, err := sqlitestore.Open(t.Context(), t.TempDir(), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	d := &desk{t: t, ctx: t.Context(), store: st, now: time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)}
	d.flaky = storetest.NewFlaky(st, func(op string) storetest.Fault {
		d.mu.Lock()
		fault := d.fault
		d.mu.Unlock()
		if fault == nil {
			return storetest.Pass
		}
		return fault(op)
	})
	d.must(st.Migrate(d.ctx))
	_, err = storetest.UsePolicy(d.ctx, st, policy.Default())
	d.must(err)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	live := NewLive(d.flaky, d.clock, time.LoadLocation, log)
	d.must(live.Refresh(d.ctx))
	d.Service = &Service{Store: d.flaky, Live: live, Bus: d, Nudger: d, Now: d.clock, Log: log, CanReply: func(router.SourceName, int) error { return nil }}
	return d
}

// use puts another policy in force.
func (d *desk) use(doc string) *decide.Ruleset {
	d.t.Helper()
	rules, err := storetest.UsePolicy(d.ctx, d.store, []byte(doc))
	d.must(err)
	d.must(d.Live.Refresh(d.ctx))
	return rules
}

// policy puts a changed default policy in force.
func (d *desk) policy(from, to string) *decide.Ruleset {
	d.t.Helper()
	return d.use(strings.Replace(string(policy.Default()), from, to, 1))
}

// alone says that no other process does this.
func alone(context.Context) (bool, error) { return true, nil }

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) setFault(f func(op string) storetest.Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = f
}

// Advance moves the clock and refreshes the view.
func (d *desk) Advance(by time.Duration) {
	d.t.Helper()
	d.mu.Lock()
	d.now = d.now.Add(by)
	d.mu.Unlock()
	d.must(d.Live.Refresh(d.ctx))
}

func (d *desk) Agent(name string, change ...func(*router.User)) router.User {
	d.t.Helper()
	u := router.User{ID: router.AgentID(name), Role: router.RoleAgent}
	for _, c := range change {
		c(&u)
	}
	_, err := store.Users(d.store).Put(d.ctx, store.Record[router.User]{ID: name, Value: u})
	d.must(err)
	d.must(store.BumpGeneration(d.ctx, d.store))
	d.must(d.SetPresence(d.ctx, u.ID, router.PresenceAvailable))
	d.must(d.Live.Refresh(d.ctx))
	return u
}

// message stores an inbound message without triage.
func (d *desk) message(ch router.Channel, from, text string, change ...func(*router.Message)) router.Message {
	d.t.Helper()
	d.count++
	ext := fmt.Sprintf("x%d", d.count)
	now := d.clock()
	m := router.Message{ID: router.NewMessageID("src", ext), Source: "src", Channel: ch, Direction: router.DirectionIn, Kind: router.KindMessage, ExternalID: ext,
		Handle: router.Handle{Channel: ch, Address: from}, Text: text, SentAt: now, ReceivedAt: now, Stage: router.StageReceived, StageAt: now}
	for _, c := range change {
		c(&m)
	}
	_, err := d.store.InsertMessages(d.ctx, []router.Message{m})
	d.must(err)
	return m
}

// Receive stores and triages a message and answers its ticket.
func (d *desk) Receive(ch router.Channel, from, text string, change ...func(*router.Message)) router.Ticket {
	d.t.Helper()
	m := d.message(ch, from, text, change...)
	d.must(d.Triage(d.ctx, m.ID))
	return d.TicketOf(m.ID)
}

func (d *desk) TicketOf(id router.MessageID) router.Ticket {
	d.t.Helper()
	m, err := d.store.Message(d.ctx, id)
	d.must(err)
	if m.TicketID == "" {
		return router.Ticket{}
	}
	return d.Read(m.TicketID)
}

func (d *desk) Read(id router.TicketID) router.Ticket {
	d.t.Helper()
	t, err := d.store.Ticket(d.ctx, id)
	d.must(err)
	return t
}

func (d *desk) ExpectState(id router.TicketID, want router.State) router.Ticket {
	d.t.Helper()
	t := d.Read(id)
	if t.State != want {
		d.t.Fatalf("ticket is %s, want %s", t.State, want)
	}
	return t
}

func (d *desk) ExpectPull(u router.User, want router.TicketID) router.Ticket {
	d.t.Helper()
	s, err := d.Pull(d.ctx, u, nil)
	d.must(err)
	if s.Ticket.ID != want {
		d.t.Fatalf("pulled %q (%s), want %q", s.Ticket.ID, s.Empty, want)
	}
	return s.Ticket
}

func (d *desk) ExpectEmpty(u router.User, why Empty) {
	d.t.Helper()
	s, err := d.Pull(d.ctx, u, nil)
	d.must(err)
	if s.Empty != why {
		d.t.Fatalf("pull gave %q (%s), want %s", s.Ticket.ID, s.Empty, why)
	}
}

func (d *desk) ExpectCode(err error, code router.Code) {
	d.t.Helper()
	if !router.IsCode(err, code) {
		d.t.Fatalf("got %v, want code %s", err, code)
	}
}
