package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/api/auth"
	"switchyard/channels"
	"switchyard/channels/intake"
	"switchyard/channels/runner"
	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/dispatch"
	"switchyard/router/learn"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/router/store/sqlitestore"
	"switchyard/router/textmodel"
	"switchyard/workers/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is the real services on an embedded store, with a source that tests feed and a clock of its own.
type desk struct {
	*testing.T
	store   store.Store
	desk    *dispatch.Service
	auth    *auth.Service
	runner  *runner.Runner
	server  *Server
	teacher *learn.Teacher
	source  *door
	logs    *lockedBuffer
	tokens  map[router.Role]string

	mu   sync.Mutex
	now  time.Time
	subs map[chan []byte]bool
}

func (d *desk) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *desk) Advance(by time.Duration) {
	d.Helper()
	d.mu.Lock()
	d.now = d.now.Add(by)
	d.mu.Unlock()
	d.must(d.desk.Live.Refresh(d.Context()))
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// Nudge does at once what a worker would do soon.
func (d *desk) Nudge(ctx context.Context, kind task.Kind, _ task.Lane, id string) {
	if kind == task.KindTriage {
		if err := d.desk.Triage(ctx, router.MessageID(id)); err != nil {
			d.Errorf("triage: %v", err)
		}
	}
}

// Publish and Subscribe are a bus of one process.
func (d *desk) Publish(_ context.Context, _ string, data []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for ch := range d.subs {
		select {
		case ch <- data:
		default:
		}
	}
	return nil
}

func (d *desk) Subscribe(_ context.Context, _ string) (<-chan []byte, func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := make(chan []byte, 64)
	d.subs[ch] = true
	return ch, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.subs, ch)
	}
}

// lockedBuffer collects logs.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// door is a source with everything a source can have.
type door struct {
	d    *desk
	fail error // what its hook answers
}

const signature = "well signed"

// ServeHook takes {external_id, handle, text} when it is well signed.
func (o *door) ServeHook(ctx context.Context, r channels.HookRequest) (channels.HookAnswer, error) {
	if r.Header.Get("X-Signature") != signature {
		return channels.HookAnswer{}, router.Fail("door", router.CodeBadSignature, "the signature is wrong")
	}
	if o.fail != nil {
		return channels.HookAnswer{Results: []string{"first", "second"}}, o.fail
	}
	if r.Method == http.MethodGet {
		return channels.HookAnswer{Status: 200, Type: "text/plain", Body: []byte(r.Query["echo"][0])}, nil
	}
	var in struct {
		ID     string `json:"external_id"`
		Handle string `json:"handle"`
		Text   string `json:"text"`
	}
	if err := json.Unmarshal(r.Body, &in); err != nil {
		return channels.HookAnswer{}, router.Fail("door", router.CodeInvalidJSON, "the body is not valid JSON")
	}
	a := o.d.server.Intake.Accept(ctx, []router.Inbound{{Source: "door", Channel: router.ChannelChat, Kind: router.KindMessage, ExternalID: in.ID,
		Handle: router.Handle{Channel: router.ChannelChat, Address: in.Handle}, Name: "Wang", Text: in.Text, Raw: r.Body}})[0]
	if a.Err != nil {
		return channels.HookAnswer{}, a.Err
	}
	body, _ := json.Marshal(map[string]any{"results": []any{map[string]any{"external_id": in.ID, "message_id": a.MessageID}}})
	return channels.HookAnswer{Status: 202, Type: "application/json", Body: body}, nil
}

func (o *door) Send(context.Context, channels.Outgoing) (channels.Receipt, error) {
	return channels.Receipt{}, nil
}

func (o *door) OpenSession(_ context.Context, r channels.SessionRequest) (channels.Session, error) {
	if r.Origin == "https://evil.example" {
		return channels.Session{}, router.Fail("door", router.CodeForbidden, "this origin may not embed the chat")
	}
	return channels.Session{ID: "s1", Token: "visitor-v1"}, nil
}

func (o *door) ServeSocket(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusSwitchingProtocols)
}

// Visitor knows tokens like visitor-v1, of the handle v1.
func (o *door) Visitor(_ context.Context, token string) (router.Handle, error) {
	address, ok := strings.CutPrefix(token, "visitor-")
	if !ok {
		return router.Handle{}, router.Fail("door", router.CodeUnauthorized, "no such visitor")
	}
	return router.Handle{Channel: router.ChannelChat, Address: address}, nil
}

func (o *door) Origins() []string { return []string{"https://shop.example"} }
func (o *door) Widget() []byte    { return []byte("/* widget */") }

// admin is a SourceAdmin that keeps names.
type admin struct {
	mu    sync.Mutex
	names map[router.SourceName]bool
}

func (a *admin) List(context.Context) (any, error) { return []map[string]any{{"name": "door"}}, nil }

func (a *admin) Put(_ context.Context, keys map[string]any) (router.SourceName, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if keys["kind"] != "generic" {
		return "", router.FailField("admin", "kind", "is not known")
	}
	name, _ := keys["name"].(string)
	a.names[router.SourceName(name)] = true
	return router.SourceName(name), nil
}

func (a *admin) Delete(_ context.Context, name router.SourceName) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.names[name] {
		return router.Fail("admin", router.CodeNotFound, "there is no such source")
	}
	delete(a.names, name)
	return nil
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

// newDesk opens at ten in the morning in Shanghai, with one user of each role and an agent Bob.
func newDesk(t *testing.T, change ...func(*Deps)) *desk {
	t.Helper()
	st, err := sqlitestore.Open(t.Context(), t.TempDir(), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	d := &desk{T: t, store: st, logs: &lockedBuffer{}, tokens: map[router.Role]string{}, subs: map[chan []byte]bool{}, now: time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)}
	ctx := t.Context()
	d.must(st.Migrate(ctx))
	rules, err := decide.Compile(policy.Default(), time.LoadLocation)
	d.must(err)
	_, err = store.Policies(st).Ensure(ctx, rules.Version, store.PolicyVersion{Version: rules.Version, Doc: string(policy.Default()), Author: "switchyard", At: d.now})
	d.must(err)
	_, err = store.ActivePolicy(st).Ensure(ctx, "active", store.Active{Version: rules.Version})
	d.must(err)
	log := slog.New(slog.NewTextHandler(io.MultiWriter(d.logs), &slog.HandlerOptions{Level: slog.LevelDebug}))
	live := dispatch.NewLive(st, d.clock, time.LoadLocation, log)
	sealer, err := intake.NewSealer(make([]byte, intake.KeySize))
	d.must(err)
	d.runner = &runner.Runner{Docs: st, Owner: "test", Now: d.clock, Log: log}
	d.source = &door{d: d}
	d.runner.Set(&channels.Source{Name: "door", Kind: "door", Channel: router.ChannelChat, Hook: d.source, Sender: d.source, Files: true, Chat: d.source})
	d.runner.Set(&channels.Source{Name: "silent", Kind: "silent", Channel: router.ChannelPhone})
	d.desk = &dispatch.Service{Store: st, Live: live, Bus: d, Nudger: d, Now: d.clock, Log: log, CanReply: d.runner.CanReply}
	d.auth = auth.New(st, d.clock)
	for _, role := range []router.Role{router.RoleAgent, router.RoleManager, router.RoleAuditor, router.RoleMachine} {
		d.tokens[role] = d.User(string(role), role)
	}
	d.tokens["bob"] = d.User("bob", router.RoleAgent)
	d.must(learn.Ensure(ctx, st, rules.TopicNames(), d.now, log))
	d.must(live.Refresh(ctx))
	d.teacher = &learn.Teacher{Store: st, Seeds: fewSeeds, Owner: "test", Workers: 2, Now: d.clock, Log: log,
		View: func() (*policy.Ruleset, *textmodel.Model) { v := live.View(); return v.Rules.Ruleset, v.Model }}
	t.Cleanup(d.teacher.Stop)
	deps := Deps{Store: st, Desk: d.desk, Live: live, Auth: d.auth, Runner: d.runner, Bus: d, Teacher: d.teacher, Sources: &admin{names: map[router.SourceName]bool{}},
		Intake: &intake.Service{Store: st, Sealer: sealer, Nudger: d, Now: d.clock, Log: log}, Log: log, Now: d.clock, PublicURL: "https://desk.example"}
	for _, c := range change {
		c(&deps)
	}
	d.server, err = New(deps)
	d.must(err)
	t.Cleanup(d.server.Close)
	return d
}

// User makes a user and answers a token of his.
func (d *desk) User(name string, role router.Role) string {
	d.Helper()
	_, err := d.auth.AddUser(d.Context(), router.User{ID: router.AgentID(name), Role: role})
	d.must(err)
	token, err := d.auth.NewToken(d.Context(), router.AgentID(name))
	d.must(err)
	return token
}
