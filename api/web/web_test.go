package web

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/auth"
	"switchyard/api/gate"
	"switchyard/channels/runner"
	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/learn"
	"switchyard/router/policy"
	"switchyard/router/route"
	"switchyard/router/store"
	"switchyard/router/store/sqlitestore"
	"switchyard/router/store/storetest"
	"switchyard/workers/task"

	"context"
)

type silent struct{}

func (silent) Publish(context.Context, string, []byte) error       { return nil }
func (silent) Nudge(context.Context, task.Kind, task.Lane, string) {}

type site struct {
	t     *testing.T
	pages *Pages
	echo  *echo.Echo
	who   gate.Caller
	desk  *dispatch.Service
}

func newSite(t *testing.T) *site {
	t.Helper()
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	st, err := sqlitestore.Open(ctx, t.TempDir(), sqlitestore.Options{})
	check(err)
	t.Cleanup(func() { _ = st.Close() })
	check(st.Migrate(ctx))
	rules, err := storetest.UsePolicy(ctx, st, policy.Default())
	check(err)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	now := func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
	live := dispatch.NewLive(st, now, time.LoadLocation, log)
	check(learn.Ensure(ctx, st, rules.TopicNames(), now(), log))
	check(live.Refresh(ctx))
	desk := &dispatch.Service{Store: st, Live: live, Bus: silent{}, Nudger: silent{}, Now: now, Log: log, CanReply: func(router.SourceName, int) error { return nil }}
	p, err := New(Deps{Store: st, Desk: desk, Live: live, Auth: auth.New(st, now), Runner: &runner.Runner{Docs: st, Now: now, Log: log}, Now: now, Log: log})
	check(err)
	s := &site{t: t, pages: p, desk: desk, echo: echo.New(), who: gate.Caller{User: &router.User{ID: "boss", Role: router.RoleManager}, CSRF: "csrf-value"}}
	for _, r := range p.Routes() {
		s.echo.Add(r.Method, r.Path, func(c echo.Context) error { gate.SetCaller(c, s.who); return r.Handler(c) })
	}
	return s
}

func (s *site) get(path string) string {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.echo.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != http.StatusOK {
		s.t.Fatalf("%s answers %d: %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

const hostile = `<script>alert(1)</script><img src=x onerror=alert(2)> refund please, charged twice`

func (s *site) receive(kind router.Kind, change ...func(*router.Message)) router.Ticket {
	s.t.Helper()
	now := s.pages.Now()
	m := router.Message{ID: router.NewMessageID("s", string(kind)), Source: "s", Channel: router.ChannelEmail, Direction: router.DirectionIn, Kind: kind, ExternalID: string(kind),
		Handle: router.Handle{Channel: router.ChannelEmail, Address: "a@b.c"}, Name: hostile, Subject: hostile, Text: hostile, ThreadKeys: []string{string(kind)},
		SentAt: now, ReceivedAt: now, Stage: router.StageReceived, StageAt: now, Attachments: []router.Attachment{{Name: hostile, Note: "gone"}}}
	for _, c := range change {
		c(&m)
	}
	ctx := s.t.Context()
	if _, err := s.desk.Store.InsertMessages(ctx, []router.Message{m}); err != nil {
		s.t.Fatal(err)
	}
	if err := s.desk.Triage(ctx, m.ID); err != nil {
		s.t.Fatal(err)
	}
	m, err := s.desk.Store.Message(ctx, m.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	t, err := s.desk.Store.Ticket(ctx, m.TicketID)
	if err != nil {
		s.t.Fatal(err)
	}
	return t
}

// Invariants A and B, in both languages.
func TestPagesRenderAndEscape(t *testing.T) {
	s := newSite(t)
	waiting := s.receive(router.KindMessage)
	s.receive(router.KindAutoReply)
	served, err := s.desk.Pull(t.Context(), *s.who.User, nil)
	if err != nil || served.Ticket.ID != waiting.ID {
		t.Fatal(served.Empty, err)
	}
	inline := regexp.MustCompile(`(?i)<script(?:[^>]*)>[^<\s]|\son[a-z]+=|\sstyle=|<style`)
	for _, lang := range []string{"zh", "en"} {
		for _, path := range []string{"/signin", "/link", "/agent", "/agent/side", "/agent/tickets/" + string(waiting.ID), "/manager", "/manager/live", "/manager/held", "/manager/policy", "/manager/policy/whatif?version=" + s.pages.Live.View().Rules.Version, "/manager/line", "/manager/line/live", "/manager/models", "/manager/models/run"} {
			body := s.get(path + map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "lang=" + lang)
			if strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") {
				t.Errorf("B: %s shows a customer's HTML", path)
			}
			if found := inline.FindString(strings.ReplaceAll(body, "onerror=alert", "")); found != "" {
				t.Errorf("A: %s has inline script or style: %q", path, found)
			}
			if strings.Contains(body, "<no value>") || strings.Contains(body, "ZgotmplZ") {
				t.Errorf("%s has a hole", path)
			}
		}
	}
	if body := s.get("/agent/tickets/" + string(waiting.ID) + "?lang=en"); !strings.Contains(body, "Payment error") || !strings.Contains(body, "data-mine=\"true\"") || !strings.Contains(body, "name=\"then\"") {
		t.Error("the conversation lacks its topic or its forms:", body)
	}
	if body := s.get("/manager/live?lang=zh"); !strings.Contains(body, "放行") || !strings.Contains(body, "支付") {
		t.Error("the manager's page lacks the held ticket or the queues")
	}
}

// A conversation's head names queue, class, language and channel as people call them, not by the policy's keys.
func TestAConversationsHeadIsInWords(t *testing.T) {
	s := newSite(t)
	ticket := s.receive(router.KindMessage)
	queue := s.desk.Live.View().Rules.Queues[ticket.Queue].Title // it may be night
	for lang, want := range map[string][]string{"zh": {"<b>" + queue.ZH + "</b>", "类别: 支付", "语言: 英文"}, "en": {"<b>" + queue.EN + "</b>", "Class: Payment", "Language: English"}} {
		body := s.get("/agent/tickets/" + string(ticket.ID) + "?lang=" + lang)
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: %q is not said", lang, w)
			}
		}
	}
}

// A visitor without a name is called so, not by the id of his session.
func TestAVisitorWithoutAName(t *testing.T) {
	s := newSite(t)
	ticket := s.receive(router.KindMessage, func(m *router.Message) {
		m.Channel, m.Name, m.Subject, m.Handle = router.ChannelChat, "", "", router.Handle{Channel: router.ChannelChat, Address: "s3xample"}
	})
	for lang, word := range map[string]string{"zh": "访客", "en": "Visitor"} {
		for path, tag := range map[string]string{"/agent/side": `<span class="who">` + word + "</span>", "/agent/tickets/" + string(ticket.ID): "<h1>" + word} {
			if body := s.get(path + map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "lang=" + lang); !strings.Contains(body, tag) {
				t.Errorf("%s does not say %s", path, tag)
			}
		}
	}
}

// A long conversation shows its end.
func TestALongConversationShowsItsNewestMessages(t *testing.T) {
	s := newSite(t)
	ticket := s.receive(router.KindMessage)
	var ms []router.Message
	for i := range maxMessages + 10 {
		at := ticket.CreatedAt.Add(time.Duration(i+1) * time.Second)
		ms = append(ms, router.Message{ID: router.NewMessageID("src", fmt.Sprint("more", i)), Source: "src", ExternalID: fmt.Sprint("more", i), TicketID: ticket.ID, Direction: router.DirectionIn,
			Kind: router.KindMessage, Stage: router.StageTriaged, Text: fmt.Sprintf("line-%d-", i), SentAt: at, ReceivedAt: at, StageAt: at})
	}
	if _, err := s.desk.Store.InsertMessages(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	body := s.get("/agent/tickets/" + string(ticket.ID) + "?lang=en")
	if !strings.Contains(body, fmt.Sprintf("line-%d-", maxMessages+9)) || strings.Contains(body, "line-0-") {
		t.Error("the newest message is not shown, or the oldest of too many is")
	}
}

// Managers and agents read that the desk is overloaded, and why, escaped.
func TestPagesSayThatTheDeskIsOverloaded(t *testing.T) {
	s := newSite(t)
	const why = "65 minutes &amp; more"
	said := func(path string) bool { return strings.Contains(s.get(path), why) }
	if said("/manager/live") || said("/agent") {
		t.Fatal("said before it is")
	}
	_, err := store.ModesRecord(s.desk.Store).Put(t.Context(), store.Record[route.Modes]{ID: "desk", Value: route.Modes{Overload: route.Overload{On: true, Since: s.desk.Now(), Why: router.Sentence{ZH: why, EN: "65 minutes & more"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.desk.Live.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !said("/manager/live") || !said("/agent") {
		t.Fatal("nobody is told")
	}
}

// The link to the dashboard of tasks is shown to those who may open it.
func TestAnAuditorSeesNoLinkToTasks(t *testing.T) {
	s := newSite(t)
	for role, want := range map[router.Role]bool{router.RoleManager: true, router.RoleAuditor: false} {
		s.who.User.Role = role
		if body := s.get("/manager?lang=en"); strings.Contains(body, "/admin/tasks") != want {
			t.Errorf("%s: link shown is not %v", role, want)
		}
	}
}

// Invariant C: every key that a template or script names has a word in both languages.
func TestEveryWordExists(t *testing.T) {
	for key, w := range words {
		if w.ZH == "" || w.EN == "" {
			t.Errorf("%s lacks a language", key)
		}
	}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	used := regexp.MustCompile(`\{\{-?(?:if [^}]*)?t "([a-z_.]+)"`)
	for _, f := range files {
		body, err := templateFiles.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range used.FindAllStringSubmatch(string(body), -1) {
			if _, ok := words[m[1]]; !ok {
				t.Errorf("%s uses %q, which has no word", f, m[1])
			}
		}
	}
	for _, empty := range []dispatch.Empty{dispatch.EmptyNothing, dispatch.EmptyNoSkill, dispatch.EmptyNoCapacity, dispatch.EmptyReserved, dispatch.EmptyKept, dispatch.EmptyReleased, dispatch.EmptyOffShift} {
		if _, ok := words["empty."+string(empty)]; !ok {
			t.Errorf("an empty pull for %s is not explained", empty)
		}
	}
}

// A form sent before its script is there must not put what was written into an address.
func TestFormsAreSentByScriptOrByPost(t *testing.T) {
	files, err := fs.Glob(templateFiles, "templates/*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	form, fine := regexp.MustCompile(`<form[^>]*>`), regexp.MustCompile(`method="(post|dialog)"`)
	filter := `<form method="get" class="row wrap">` // of the forecast: a day, a channel, a topic
	for _, f := range files {
		body, err := fs.ReadFile(templateFiles, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range form.FindAllString(string(body), -1) {
			if !fine.MatchString(tag) && tag != filter {
				t.Errorf("%s: %s", f, tag)
			}
		}
	}
}

func TestSignInBySessionAndLink(t *testing.T) {
	s := newSite(t)
	s.who = gate.Caller{}
	secret, err := s.pages.Auth.NewLink(t.Context(), auth.PurposeFirst, "", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	post := func(path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.echo.ServeHTTP(w, r)
		return w
	}
	if w := post("/link/look", `{"token":"`+secret+`"}`); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "first_manager") {
		t.Fatal(w.Code, w.Body)
	}
	if w := post("/link", `{"token":"`+secret+`","name":"boss","password":"short"}`); w.Code == http.StatusOK {
		t.Error("a short password was taken")
	}
	if _, err := s.pages.Auth.AddUser(t.Context(), router.User{ID: "taken", Role: router.RoleAgent}); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{`"name":"taken","password":"long enough"`, `"name":"boss","password":"` + strings.Repeat("p", 257) + `"`} {
		if w := post("/link", `{"token":"`+secret+`",`+body+`}`); w.Code == http.StatusOK { // refused, and the link is not used up
			t.Errorf("%s was taken", body)
		}
	}
	w := post("/link", `{"token":"`+secret+`","name":"boss","password":"long enough"}`)
	if w.Code != http.StatusOK || len(w.Result().Cookies()) != 1 || !w.Result().Cookies()[0].HttpOnly || w.Result().Cookies()[0].SameSite != http.SameSiteLaxMode {
		t.Fatal(w.Code, w.Body, w.Result().Cookies())
	}
	if w := post("/link", `{"token":"`+secret+`","name":"second","password":"long enough"}`); w.Code == http.StatusOK {
		t.Error("the link worked twice")
	}
	u, session, err := s.pages.Auth.Cookie(t.Context(), w.Result().Cookies()[0].Value)
	if err != nil || u.ID != "boss" || session.CSRF == "" {
		t.Fatal(u, err)
	}
	r := httptest.NewRequest(http.MethodPost, "/signin", strings.NewReader("name=boss&password=long+enough"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	in := httptest.NewRecorder()
	s.echo.ServeHTTP(in, r)
	if in.Code != http.StatusSeeOther {
		t.Fatal(in.Code, in.Body)
	}
	for next, want := range map[string]string{"/agent": "/agent", "//evil.test": "/", "/\\evil.test": "/", "https://evil.test": "/", "": "/"} {
		if got := ownPath(next); got != want {
			t.Errorf("after sign-in %q leads to %q", next, got)
		}
	}
}
