package learn_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/dispatch"
	"switchyard/router/learn"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/router/store/sqlitestore"
	"switchyard/router/store/storetest"
	"switchyard/router/textmodel"
	"switchyard/workers/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is a desk with one agent, a clock of its own, and few examples to learn from.
type desk struct {
	*testing.T
	*dispatch.Service
	ctx   context.Context
	now   time.Time
	agent router.User
	count int
}

func (d *desk) Nudge(context.Context, task.Kind, task.Lane, string) {}
func (d *desk) Publish(context.Context, string, []byte) error       { return nil }
func (d *desk) must(err error)                                      { d.Helper(); mustBe(d.T, err) }
func (d *desk) rules() *decide.Ruleset                              { return d.Live.View().Rules }
func (d *desk) live(st store.Store) *dispatch.Live {
	return dispatch.NewLive(st, func() time.Time { return d.now }, time.LoadLocation, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

func mustBe(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newDesk(t *testing.T, doc []byte) *desk {
	t.Helper()
	d := &desk{T: t, ctx: t.Context(), now: time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC), agent: router.User{ID: "ann", Role: router.RoleAgent}}
	st, err := sqlitestore.Open(d.ctx, t.TempDir(), sqlitestore.Options{})
	d.must(err)
	t.Cleanup(func() { _ = st.Close() })
	d.must(st.Migrate(d.ctx))
	_, err = storetest.UsePolicy(d.ctx, st, doc)
	d.must(err)
	live := d.live(st)
	d.must(live.Refresh(d.ctx))
	d.Service = &dispatch.Service{Store: st, Live: live, Bus: d, Nudger: d, Now: func() time.Time { return d.now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		CanReply: func(router.SourceName, int) error { return nil }}
	return d
}

// Receive triages a message of a new customer.
func (d *desk) Receive(text string) router.Ticket {
	d.Helper()
	d.count++
	d.now = d.now.Add(time.Second)
	ext := fmt.Sprint("x", d.count)
	m := router.Message{ID: router.NewMessageID("src", ext), Source: "src", Channel: router.ChannelChat, Direction: router.DirectionIn, Kind: router.KindMessage, ExternalID: ext,
		Handle: router.Handle{Channel: router.ChannelChat, Address: ext}, Text: text, SentAt: d.now, ReceivedAt: d.now, Stage: router.StageReceived, StageAt: d.now}
	_, err := d.Store.InsertMessages(d.ctx, []router.Message{m})
	d.must(err)
	d.must(d.Triage(d.ctx, m.ID))
	m, err = d.Store.Message(d.ctx, m.ID)
	d.must(err)
	t, err := d.Store.Ticket(d.ctx, m.TicketID)
	d.must(err)
	return t
}

// Resolve claims a ticket and resolves it under a topic.
func (d *desk) Resolve(id router.TicketID, topic router.Topic) {
	d.Helper()
	s, err := d.Claim(d.ctx, d.agent, id)
	d.must(err)
	_, err = d.Service.Resolve(d.ctx, d.agent.ID, id, s.Ticket.Epoch, topic, "", "")
	d.must(err)
}

func (d *desk) Correction(id router.TicketID) store.Correction {
	d.Helper()
	r, err := store.Corrections(d.Store).Get(d.ctx, string(id))
	if !router.IsCode(err, router.CodeNotFound) {
		d.must(err)
	}
	return r.Value
}

// fewSeeds are the first few examples of each topic and language.
func fewSeeds() ([]learn.Seed, error) {
	all, err := learn.Seeds()
	n := map[string]int{}
	return slices.DeleteFunc(all, func(s learn.Seed) bool {
		key := s.Topic + string(s.Language)
		n[key]++
		return n[key] > 4
	}), err
}

func (d *desk) teacher(owner string) *learn.Teacher {
	return &learn.Teacher{Store: d.Store, Seeds: fewSeeds, Owner: owner, Workers: 2, Now: d.Now, Log: d.Log,
		View: func() (*policy.Ruleset, *textmodel.Model) { v := d.Live.View(); return v.Rules.Ruleset, v.Model }}
}

func (d *desk) Audit() []string {
	d.Helper()
	entries, err := d.Store.TailStream(d.ctx, store.AuditStream, 0, 50)
	d.must(err)
	var out []string
	for _, e := range entries {
		out = append(out, string(e.Body))
	}
	return out
}
