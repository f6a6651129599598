package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/channels"
	"switchyard/router"
	"switchyard/router/store"
	"switchyard/router/store/sqlitestore"
	"switchyard/router/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "a-secret-of-sixteen"

// receiver is a real HTTP server that answers as it is told and keeps what it got.
type receiver struct {
	mu     sync.Mutex
	bodies []string
	heads  []http.Header
	answer func(n int, w http.ResponseWriter)
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.bodies, r.heads = append(r.bodies, string(body)), append(r.heads, req.Header.Clone())
	n, answer := len(r.bodies), r.answer
	r.mu.Unlock()
	if answer != nil {
		answer(n, w)
	}
}

func (r *receiver) count() int { r.mu.Lock(); defer r.mu.Unlock(); return len(r.bodies) }

type bench struct {
	*Caller
	t       *testing.T
	ctx     context.Context
	to      *receiver
	server  *httptest.Server
	log     bytes.Buffer
	notices map[string]router.Sentence
	now     time.Time
	fault   func(op string) storetest.Fault
}

func newBench(t *testing.T, change ...func(*Hook)) *bench {
	t.Helper()
	st, err := sqlitestore.Open(t.Context(), t.TempDir(), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, ctx: t.Context(), to: &receiver{}, notices: map[string]router.Sentence{}, now: time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)}
	b.server = httptest.NewServer(b.to)
	h := Hook{Name: "pager", URL: b.server.URL + "/page?key=of-the-address", Secret: secret, FromFile: true}
	for _, c := range change {
		c(&h)
	}
	flaky := storetest.NewFlaky(st, func(op string) storetest.Fault {
		if b.fault == nil {
			return storetest.Pass
		}
		return b.fault(op)
	})
	b.Caller = (&Caller{Docs: flaky, Pause: func(n int) time.Duration { return time.Duration(n) * time.Second }, Now: func() time.Time { return b.now },
		Log: slog.New(slog.NewTextHandler(&b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Tell: func(_ context.Context, kind, id string, s router.Sentence, ticket router.TicketID) error {
			if kind != "webhook" || ticket != "t1" {
				t.Errorf("told %s of %s", kind, ticket)
			}
			b.notices[id] = s
			return nil
		}}).Use([]Hook{h})
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close(); b.Close(); b.server.Close(); _ = st.Close() })
	return b
}

// write stores a call, as dispatch does.
func (b *bench) write(id, hook string) {
	b.t.Helper()
	body := `{"id":"` + id + `","event":"escalation"}`
	_, err := store.WebhookCalls(b.Docs).Ensure(b.ctx, id, store.WebhookCall{Webhook: hook, Ticket: "t1", Body: json.RawMessage(body), State: store.CallPending, At: b.now})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) expect(id string, want store.CallState, tries int) store.WebhookCall {
	b.t.Helper()
	r, err := store.WebhookCalls(b.Docs).Get(b.ctx, id)
	if err != nil || r.Value.State != want || b.to.count() != tries {
		b.t.Fatalf("the call is %s after %d tries (%v); want %s after %d", r.Value.State, b.to.count(), err, want, tries)
	}
	return r.Value
}

// Invariant E.
func (b *bench) noSecrets(err error) {
	b.t.Helper()
	r, getErr := store.WebhookCalls(b.Docs).List(b.ctx, "", "", 100)
	body, jsonErr := json.Marshal(r)
	if getErr != nil || jsonErr != nil {
		b.t.Fatal(getErr, jsonErr)
	}
	all := b.log.String() + string(body)
	if err != nil {
		all += err.Error()
	}
	for _, n := range b.notices {
		all += n.ZH + n.EN
	}
	for _, s := range []string{secret, "of-the-address", b.server.URL} {
		if strings.Contains(all, s) {
			b.t.Errorf("%q stands in %s", s, all)
		}
	}
}

func TestASignedCallIsMadeOnce(t *testing.T) {
	b := newBench(t)
	b.write("c1", "pager")
	for range 3 {
		if err := b.Call(b.ctx, "c1"); err != nil {
			t.Fatal(err)
		}
	}
	b.expect("c1", store.CallDone, 1)
	head, body := b.to.heads[0], b.to.bodies[0]
	stamp, err := strconv.ParseInt(head.Get("X-Switchyard-Timestamp"), 10, 64)
	if err != nil || stamp != b.now.Unix() || head.Get("X-Switchyard-Signature") != channels.Sign(secret, stamp, []byte(body)) || head.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", head)
	}
	if body != `{"id":"c1","event":"escalation"}` {
		t.Errorf("body %s", body)
	}
	if due, err := b.Due(b.ctx, b.now.Add(time.Hour)); err != nil || len(due) != 0 {
		t.Errorf("due %v, %v", due, err)
	}
	if err := b.Call(b.ctx, "nothing"); err != nil {
		t.Error(err)
	}
	b.noSecrets(nil)
}

func TestPassingFailuresAreTriedAgainForADay(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(int, http.ResponseWriter)
		pause  time.Duration // before the second try
	}{
		"503": {func(_ int, w http.ResponseWriter) { w.WriteHeader(503) }, 3 * time.Second},
		"429 with a pause": {func(_ int, w http.ResponseWriter) {
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(429)
		}, 90 * time.Second},
		"it hangs up": {func(_ int, w http.ResponseWriter) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.Close()
			}
		}, 3 * time.Second},
	} {
		b := newBench(t)
		b.to.answer = c.answer
		b.write("c1", "pager")
		err := b.Call(b.ctx, "c1")
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		b.noSecrets(err)
		b.now = b.now.Add(c.pause - time.Millisecond)
		if err := b.Call(b.ctx, "c1"); err != nil {
			t.Fatal(err)
		}
		if due, _ := b.Due(b.ctx, b.now); len(due) != 0 {
			t.Fatalf("%s: due too early", name)
		}
		b.expect("c1", store.CallPending, 1)
		b.now = b.now.Add(time.Millisecond)
		if due, _ := b.Due(b.ctx, b.now); len(due) != 1 {
			t.Fatalf("%s: the sweep does not find it", name)
		}
		_ = b.Call(b.ctx, "c1")
		b.expect("c1", store.CallPending, 2)
		if b.to.bodies[0] != b.to.bodies[1] {
			t.Errorf("%s: another body at the second try", name)
		}
		b.now = b.now.Add(24 * time.Hour)
		_ = b.Call(b.ctx, "c1")
		b.expect("c1", store.CallFailed, 3)
		if got := b.notices["webhook:c1"].EN; len(b.notices) != 1 || got != "The webhook pager could not be called: its receiver has not taken it for a day" {
			t.Errorf("%s: notices %v", name, b.notices)
		}
	}
}

func TestFinalFailures(t *testing.T) {
	elsewhere := &receiver{}
	other := httptest.NewServer(elsewhere)
	defer other.Close()
	for name, c := range map[string]struct {
		hook   string
		change func(*Hook)
		answer func(int, http.ResponseWriter)
		tries  int
		want   string
	}{
		"400": {"pager", nil, func(_ int, w http.ResponseWriter) { w.WriteHeader(400) }, 1, "the receiver refused it with 400"},
		"a redirect": {"pager", nil, func(_ int, w http.ResponseWriter) {
			w.Header().Set("Location", other.URL)
			w.WriteHeader(307)
		}, 1, "the receiver refused it with 307"},
		"a name that is not configured":        {"nobody", nil, nil, 0, "the configuration has no webhook of that name"},
		"a private address, not from the file": {"pager", func(h *Hook) { h.FromFile = false }, nil, 0, "its address is not a public one"},
	} {
		b := newBench(t, func(h *Hook) {
			if c.change != nil {
				c.change(h)
			}
		})
		b.to.answer = c.answer
		b.write("c1", c.hook)
		err := b.Call(b.ctx, "c1")
		b.expect("c1", store.CallFailed, c.tries)
		if got := b.notices["webhook:c1"].EN; !strings.HasSuffix(got, c.want) || b.notices["webhook:c1"].ZH == "" {
			t.Errorf("%s: notice %q", name, got)
		}
		b.noSecrets(err)
		_ = b.Call(b.ctx, "c1")
		b.expect("c1", store.CallFailed, c.tries)
	}
	if elsewhere.count() != 0 {
		t.Error("a redirect was followed")
	}
}

// Invariants A and B: whichever write fails, the receiver sees one id, and more than once only if what
// failed was the write after it took the call.
func TestACrashAtEveryWrite(t *testing.T) {
	for _, how := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		for n := 1; n <= 2; n++ {
			b := newBench(t)
			b.write("c1", "pager")
			puts := 0
			b.fault = func(op string) storetest.Fault {
				if op == "PutDoc" {
					if puts++; puts == n {
						return how
					}
				}
				return storetest.Pass
			}
			_ = b.Call(b.ctx, "c1")
			b.fault = nil
			if puts < n {
				t.Fatalf("a call makes only %d writes", puts)
			}
			b.now = b.now.Add(lease)
			due, err := b.Due(b.ctx, b.now)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range due {
				if err := b.Call(b.ctx, id); err != nil {
					t.Fatal(err)
				}
			}
			tries := 1
			if n == 2 && how == storetest.FailBefore {
				tries = 2
			}
			b.expect("c1", store.CallDone, tries)
			for _, body := range b.to.bodies {
				if body != b.to.bodies[0] {
					t.Errorf("another id at the second try: %v", b.to.bodies)
				}
			}
		}
	}
}

func TestTwoWorkersMakeOneCall(t *testing.T) {
	b := newBench(t)
	b.write("c1", "pager")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := b.Call(b.ctx, "c1"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	b.expect("c1", store.CallDone, 1)
}

// Calls that wait hide none: the look goes round.
func TestTheSweepGoesRound(t *testing.T) {
	b := newBench(t)
	for i := range store.MaxLimit + 5 {
		b.write("c"+strconv.Itoa(1000+i), "pager")
	}
	seen := map[string]bool{}
	for range 2 {
		due, err := b.Due(b.ctx, b.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range due {
			seen[id] = true
		}
	}
	if len(seen) != store.MaxLimit+5 {
		t.Errorf("two looks found %d calls", len(seen))
	}
}

// The record of an ended call is kept for a month.
func TestEndedCallsArePruned(t *testing.T) {
	b := newBench(t)
	b.write("c1", "pager")
	if err := b.Call(b.ctx, "c1"); err != nil {
		t.Fatal(err)
	}
	b.expect("c1", store.CallDone, 1)
	for _, days := range []int{29, 31} {
		if _, err := b.Due(b.ctx, b.now.AddDate(0, 0, days)); err != nil {
			t.Fatal(err)
		}
		if _, err := store.WebhookCalls(b.Docs).Get(b.ctx, "c1"); (err == nil) != (days < 30) {
			t.Fatalf("after %d days: %v", days, err)
		}
	}
}
