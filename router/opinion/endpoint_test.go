package opinion

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/router"
	"switchyard/router/policy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "sk-verysecret"

// endpoint is a real HTTP server that answers as it is told, and a clock.
type endpoint struct {
	t      *testing.T
	server *httptest.Server
	logs   bytes.Buffer
	log    *slog.Logger  // one for all clients: it locks logs
	gone   chan struct{} // closed at the end: slow answers stop

	mu     sync.Mutex
	now    time.Time
	answer http.HandlerFunc
	calls  []string // bodies
	asked  []http.Header
}

func newEndpoint(t *testing.T) *endpoint {
	e := &endpoint{t: t, now: time.Date(2026, 5, 4, 22, 0, 0, 0, time.UTC), gone: make(chan struct{})}
	e.log = slog.New(slog.NewTextHandler(&e.logs, nil))
	e.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		e.calls, e.asked = append(e.calls, r.Method+" "+r.URL.Path+" "+string(body)), append(e.asked, r.Header)
		answer := e.answer
		e.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(func() { close(e.gone); e.server.Close() })
	return e
}

func (e *endpoint) clock() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now
}

func (e *endpoint) advance(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now = e.now.Add(d)
}

func (e *endpoint) answers(h http.HandlerFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = h
}

func (e *endpoint) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.calls)
}

func (e *endpoint) options(change ...func(*Options)) Options {
	o := Options{URL: e.server.URL + "/v1/", Model: "m1", Key: secret, Timeout: 2 * time.Second, Now: e.clock, Log: e.log}
	for _, c := range change {
		c(&o)
	}
	return o
}

func (e *endpoint) chat(change ...func(*Options)) *Chat {
	c := NewChat(e.options(change...))
	e.t.Cleanup(c.Close)
	return c
}

func (e *endpoint) embeddings(change ...func(*Options)) *Embeddings {
	c := NewEmbeddings(e.options(change...))
	e.t.Cleanup(c.Close)
	return c
}

// slow answers never, until the caller or the test ends.
func (e *endpoint) slow(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-e.gone:
	}
}

func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// saysContent answers a chat with this content.
func saysContent(content string) http.HandlerFunc {
	body, err := json.Marshal(map[string]any{"choices": []any{map[string]any{"message": map[string]any{"role": "assistant", "content": content}}}})
	if err != nil {
		panic(err)
	}
	return says(200, string(body))
}

func topics(names ...string) []*policy.Topic {
	var out []*policy.Topic
	for _, n := range names {
		out = append(out, &policy.Topic{TopicDoc: policy.TopicDoc{Name: router.Topic(n), Title: router.Sentence{ZH: "中" + n, EN: "Title of " + n}}})
	}
	return out
}

func kindOf(err error) Kind {
	var f *Failure
	if err == nil || !errors.As(err, &f) {
		return ""
	}
	return f.Kind
}

func (e *endpoint) want(err error, kind Kind) {
	e.t.Helper()
	if kindOf(err) != kind || kind != "" && !router.IsCode(err, router.CodeUnavailable) {
		e.t.Fatalf("got %v (%s), want %s", err, kindOf(err), kind)
	}
	e.clean(err)
}

// clean looks for what must stand in no error and no log. Invariant C.
func (e *endpoint) clean(err error) {
	e.t.Helper()
	all := e.logs.String()
	if err != nil {
		all += err.Error()
	}
	for _, s := range []string{secret, "refund of Ann", e.server.URL, "the endpoint's words"} {
		if strings.Contains(all, s) {
			e.t.Fatalf("%q stands in %s", s, all)
		}
	}
}
