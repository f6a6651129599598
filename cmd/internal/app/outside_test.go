package app

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"switchyard/cmd/internal/config"
	"switchyard/cmd/internal/telemetry"
	"switchyard/router"
)

// locked is a log that several may write to.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// The configured endpoint is asked about what the desk is unsure of, within the day's budget of the
// store, and neither key nor words get into the logs. Without configuration nobody is asked.
func TestTheConfiguredEndpointIsAsked(t *testing.T) {
	if a := desk(t, t.TempDir()); a.Desk.Opinions != nil || a.Desk.Embedder != nil {
		t.Fatal("somebody is asked by default")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer sk-geheim" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, `{"choices":[{"message":{"content":"{\"topic\":\"withdrawal\"}"}}]}`)
	}))
	defer server.Close()
	log := &locked{}
	cfg, err := config.Load("", config.Lookup{Kinds: Kinds(), Flags: map[string]string{"data": t.TempDir(), "listen": "127.0.0.1:0"}, Environ: []string{
		"SWITCHYARD_OPINION_CHAT_URL=" + server.URL, "SWITCHYARD_OPINION_CHAT_MODEL=m1", "SWITCHYARD_OPINION_CHAT_KEY=sk-geheim", "SWITCHYARD_OPINION_CHAT_BUDGET=1",
		"SWITCHYARD_OPINION_EMBEDDINGS_URL=" + server.URL, "SWITCHYARD_OPINION_EMBEDDINGS_MODEL=e1"}})
	if err != nil {
		t.Fatal(err)
	}
	roles, err := ParseRoles("")
	if err != nil {
		t.Fatal(err)
	}
	a, err := Start(t.Context(), Options{Config: cfg, Roles: roles, Registry: telemetry.Registry(), Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Stop(t.Context())
	if a.Desk.Embedder == nil || a.Desk.Embedder.Model() != "e1" {
		t.Error("no embedder")
	}
	queueOf := func(from string) router.QueueName {
		t.Helper()
		m := router.Message{ID: router.NewMessageID("s", from), Source: "s", Channel: router.ChannelSocial, Direction: router.DirectionIn, Kind: router.KindMessage, ExternalID: from,
			Handle: router.Handle{Channel: router.ChannelSocial, Address: from}, Text: "xyzzy plugh frobnicate", ReceivedAt: Now(), Stage: router.StageReceived, StageAt: Now()}
		if _, err := a.Store.InsertMessages(t.Context(), []router.Message{m}); err != nil {
			t.Fatal(err)
		}
		if err := a.Desk.Triage(t.Context(), m.ID); err != nil {
			t.Fatal(err)
		}
		ticket, err := a.Store.Ticket(t.Context(), router.NewTicketID(m.ID))
		if err != nil {
			t.Fatal(err)
		}
		if ticket.Queue == "night" { // by the clock on the wall
			return map[router.Topic]router.QueueName{"withdrawal": "withdrawals"}[ticket.Topic]
		}
		return ticket.Queue
	}
	if q := queueOf("v1"); q != "withdrawals" {
		t.Errorf("the first is in %q", q)
	}
	if q := queueOf("v2"); q == "withdrawals" {
		t.Error("the second was asked about beyond the budget")
	}
	for _, s := range []string{"geheim", "xyzzy"} {
		if strings.Contains(log.String(), s) {
			t.Errorf("%s stands in the log", s)
		}
	}
	if !strings.Contains(log.String(), "budget=1") {
		t.Error("the log does not say that the budget is spent")
	}
}
