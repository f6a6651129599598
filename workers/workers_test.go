package workers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/channels"
	"switchyard/channels/intake"
	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/policy"
	"switchyard/router/route"
	"switchyard/router/store"
	"switchyard/router/store/sqlitestore"
	"switchyard/router/store/storetest"
	"switchyard/workers/bus"
	"switchyard/workers/enqueue"
	"switchyard/workers/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// outside plays the channels of the desk: it records what is sent and answers as it is told.
type outside struct {
	mu     sync.Mutex
	sent   []channels.Outgoing
	answer func(n int) error
}

func (o *outside) Send(_ context.Context, out channels.Outgoing) (channels.Receipt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, out)
	if o.answer != nil {
		if err := o.answer(len(o.sent)); err != nil {
			return channels.Receipt{}, err
		}
	}
	return channels.Receipt{ProviderID: "p-" + string(out.MessageID)}, nil
}

func (o *outside) count() int { o.mu.Lock(); defer o.mu.Unlock(); return len(o.sent) }

func (o *outside) Sender(router.SourceName) channels.Sender { return o }

func (o *outside) OpenFile(context.Context, router.BlobID) ([]byte, error) { return nil, nil }

type works struct {
	t      *testing.T
	ctx    context.Context
	store  store.Store
	redis  *Redis
	intake *intake.Service
	desk   *dispatch.Service
	server *Server
	out    *outside

	receiver *httptest.Server
	called   atomic.Int32
	hooks    *webhook.Caller
}

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// start runs a whole desk without pages on an embedded Redis.
func start(t *testing.T, fault func(string) storetest.Fault) *works {
	t.Helper()
	return startOn(t, "", fault)
}

// startOn runs it on the Redis at an address, which it empties first.
func startOn(t *testing.T, addr string, fault func(string) storetest.Fault) *works {
	t.Helper()
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	inner, err := sqlitestore.Open(ctx, t.TempDir(), sqlitestore.Options{})
	check(err)
	check(inner.Migrate(ctx))
	_, err = storetest.UsePolicy(ctx, inner, policy.Default())
	check(err)
	st := storetest.NewFlaky(inner, fault)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	redis, err := OpenRedis(ctx, RedisOptions{Addr: addr})
	check(err)
	check(redis.Client.FlushAll(ctx).Err())
	news, nudger := bus.New(redis.Client, log), enqueue.New(redis.Client, log)
	live := dispatch.NewLive(st, now, time.LoadLocation, log)
	check(live.Start(ctx))
	sealer, err := intake.NewSealer(make([]byte, intake.KeySize))
	check(err)
	w := &works{t: t, ctx: ctx, store: inner, redis: redis, out: &outside{}}
	w.desk = &dispatch.Service{Store: st, Live: live, Bus: news, Nudger: nudger, Now: now, Log: log, CanReply: func(router.SourceName, int) error { return nil }}
	w.intake = &intake.Service{Store: st, Sealer: sealer, Nudger: nudger, Now: now, Log: log}
	w.receiver = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { w.called.Add(1) }))
	w.hooks = (&webhook.Caller{Docs: st, Tell: w.desk.Notice, Pause: Backoff, Now: now, Log: log}).Use([]webhook.Hook{{Name: "pager", URL: w.receiver.URL, Secret: "a-secret-of-sixteen", FromFile: true}})
	w.server = &Server{Store: st, Desk: w.desk, Nudger: nudger, Senders: w.out, Webhooks: w.hooks, Redis: redis.Client, Owner: "test", StaleAfter: time.Second, Now: now, Log: log}
	check(w.server.Start(ctx))
	check(w.server.Start(ctx)) // safe twice
	t.Cleanup(func() {
		w.server.Stop()
		w.server.Stop()
		w.hooks.Close()
		w.receiver.Close()
		nudger.Close()
		news.Close()
		live.Stop()
		redis.Close()
		_ = inner.Close()
	})
	return w
}

func (w *works) accept(n int, from string) []router.MessageID {
	w.t.Helper()
	var ins []router.Inbound
	for i := range n {
		ins = append(ins, router.Inbound{Source: "src", Channel: router.ChannelSocial, Kind: router.KindMessage, ExternalID: fmt.Sprint(from, i),
			Handle: router.Handle{Channel: router.ChannelSocial, Address: fmt.Sprint(from, i)}, Text: "How do I see my fees?"})
	}
	var ids []router.MessageID
	for _, a := range w.intake.Accept(w.ctx, ins) {
		if a.Err != nil {
			w.t.Fatal(a.Err)
		}
		ids = append(ids, a.MessageID)
	}
	return ids
}

// until waits for a condition, looking often.
func (w *works) until(what string, within time.Duration, holds func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(within)
	for !holds() {
		if time.Now().After(deadline) {
			w.t.Fatalf("after %v: not %s", within, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (w *works) queued(ids []router.MessageID) bool {
	for _, id := range ids {
		m, err := w.store.Message(w.ctx, id)
		if err != nil || m.Stage != router.StageTriaged {
			return false
		}
	}
	return true
}

func TestMessagesReachTheirQueue(t *testing.T) { reachTheirQueue(start(t, nil)) }

func reachTheirQueue(w *works) {
	t := w.t
	lone := w.accept(1, "lone")
	began := time.Now()
	w.until("queued", 3*time.Second, func() bool { return w.queued(lone) })
	t.Logf("a lone message was queued after %v", time.Since(began))
	many := w.accept(300, "many")
	w.until("all queued", 20*time.Second, func() bool { return w.queued(many) })
	states, err := w.store.CountStates(w.ctx)
	if err != nil || states[router.StateWaiting] != 301 {
		t.Fatalf("%v %v", states, err)
	}
}

// Invariant A of the package: everything that Redis knew is lost, nothing else is.
func TestEmptiedRedisLosesNothing(t *testing.T) { emptied(start(t, nil)) }

func emptied(w *works) {
	t := w.t
	w.server.Stop() // nobody works while Redis is emptied
	ids := w.accept(200, "lost")
	time.Sleep(20 * time.Millisecond) // the nudges are with Redis now
	if err := w.redis.Client.FlushAll(w.ctx).Err(); err != nil {
		t.Fatal(err)
	}
	if err := w.server.Start(w.ctx); err != nil {
		t.Fatal(err)
	}
	w.until("queued by the sweep", 20*time.Second, func() bool { return w.queued(ids) })
}

// Invariants B and C: one poisonous message becomes a dead letter, its neighbors do not wait for it, and it can be tried again.
// The sweep moves the modes: an overload whose reason is gone ends.
func TestTheSweepMovesModes(t *testing.T) {
	w := start(t, nil)
	modes := store.ModesRecord(w.store)
	_, err := modes.Put(w.ctx, store.Record[route.Modes]{ID: "desk", Value: route.Modes{Overload: route.Overload{On: true, Since: now().Add(-time.Hour)}}})
	if err != nil {
		t.Fatal(err)
	}
	w.until("overload has ended", 10*time.Second, func() bool {
		r, err := modes.Get(w.ctx, "desk")
		return err == nil && !r.Value.Overload.On
	})
	w.until("it stands in the audit", 5*time.Second, func() bool {
		es, err := w.store.ReadStream(w.ctx, store.AuditStream, 0, 10)
		return err == nil && len(es) == 1
	})
}

func TestDeadLetters(t *testing.T) {
	var mu sync.Mutex
	failing := true
	w := start(t, func(op string) storetest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if op == "EnsureContact" && failing {
			return storetest.FailBefore
		}
		return storetest.Pass
	})
	id := w.accept(1, "dead")[0]
	w.until("counted", 5*time.Second, func() bool { m, _ := w.store.Message(w.ctx, id); return m.Attempts > 0 })
	m, err := w.store.Message(w.ctx, id)
	if err != nil || m.Stage != router.StageReceived || !m.RetryAt.After(now().Add(-time.Minute)) {
		t.Fatalf("%+v %v", m, err)
	}
	for m.Stage != router.StageDead { // the pauses are not waited for
		_ = w.server.triage(w.ctx, string(id))
		if m, err = w.store.Message(w.ctx, id); err != nil || m.Attempts > maxAttempts {
			t.Fatalf("%+v %v", m, err)
		}
	}
	mu.Lock()
	failing = false
	mu.Unlock()
	if err := w.desk.RetryDead(w.ctx, id); err != nil {
		t.Fatal(err)
	}
	w.until("queued after all", 5*time.Second, func() bool { return w.queued([]router.MessageID{id}) })
}

func (w *works) reply(then dispatch.Then) router.Message {
	w.t.Helper()
	ids := w.accept(1, "customer")
	w.until("queued", 5*time.Second, func() bool { return w.queued(ids) })
	served, err := w.desk.Pull(w.ctx, router.User{ID: "ann", Role: router.RoleAgent}, nil)
	if err != nil || served.Empty != "" {
		w.t.Fatal(served.Empty, err)
	}
	m, _, err := w.desk.Reply(w.ctx, "ann", served.Ticket.ID, dispatch.Reply{Epoch: served.Ticket.Epoch, Text: "here", Then: then})
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func TestDeliveryTriesAgainAndKeepsItsKey(t *testing.T) {
	w := start(t, nil)
	w.out.answer = func(n int) error {
		if n == 1 {
			return &channels.RetryAfter{After: 50 * time.Millisecond, Err: router.Fail("test", router.CodeRateLimited, "slow down")}
		}
		return nil
	}
	m := w.reply(dispatch.ThenResolve)
	w.until("sent", 10*time.Second, func() bool { got, _ := w.store.Message(w.ctx, m.ID); return got.Stage == router.StageSent })
	if w.out.count() != 2 || w.out.sent[0].MessageID != w.out.sent[1].MessageID || w.out.sent[1].InReplyTo != "customer0" {
		t.Fatalf("%+v", w.out.sent)
	}
	got, err := w.store.Message(w.ctx, m.ID)
	if err != nil || got.ProviderID == "" {
		t.Fatal(got, err)
	}
	// The network says later that it did not arrive: the ticket comes back.
	if err := w.intake.Report(w.ctx, channels.Report{Source: "src", ProviderID: got.ProviderID, Failed: true, Detail: "gone"}); err != nil {
		t.Fatal(err)
	}
	w.until("waiting again", 10*time.Second, func() bool {
		tk, _ := w.store.Ticket(w.ctx, m.TicketID)
		return tk.State == router.StateWaiting && tk.Returned == "delivery_failed"
	})
}

func TestRefusedReplyReturnsItsTicket(t *testing.T) {
	w := start(t, nil)
	w.out.answer = func(int) error { return router.Fail("test", router.CodeCannotReply, "the window is closed") }
	m := w.reply(dispatch.ThenResolve)
	w.until("waiting again", 10*time.Second, func() bool { tk, _ := w.store.Ticket(w.ctx, m.TicketID); return tk.State == router.StateWaiting })
	got, err := w.store.Message(w.ctx, m.ID)
	if err != nil || got.Stage != router.StageFailed || w.out.count() != 1 {
		t.Fatalf("%+v %v, %d tries", got, err, w.out.count())
	}
}

func TestBackoffGrowsAndIsBounded(t *testing.T) {
	last := time.Duration(0)
	for n := 1; n < 40; n++ {
		d := Backoff(n)
		if d < last/2 || d > 13*time.Minute {
			t.Fatalf("attempt %d pauses %v after %v", n, d, last)
		}
		last = d
	}
	if !errors.Is(&channels.RetryAfter{Err: io.EOF}, io.EOF) {
		t.Error("RetryAfter hides its cause")
	}
}

// The same stories on a real Redis, which is their own: they empty it, and another desk's processes would take their tasks.
func TestServersRedis(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("install redis-server")
	}
	addr := redisServer(t)
	t.Run("queued", func(t *testing.T) { reachTheirQueue(startOn(t, addr, nil)) })
	t.Run("emptied", func(t *testing.T) { emptied(startOn(t, addr, nil)) })
}

// redisServer starts one on a free port and stops it at the end.
func redisServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return addr
		}
		if time.Now().After(deadline) {
			t.Fatal("redis-server did not start")
		}
	}
}
