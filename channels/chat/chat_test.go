package chat

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"switchyard/channels"
	"switchyard/channels/channeltest"
	"switchyard/router"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const planted = "planted words of a customer"

// bed is a chat source with its fake desk, behind a real server.
type bed struct {
	*testing.T
	fake *channeltest.Desk
	desk *desk
	src  *channels.Source
	web  *httptest.Server
	ctx  context.Context
}

func newBed(t *testing.T, change func(*channels.Deps)) *bed {
	t.Helper()
	deps, fake := channeltest.Deps(t)
	if change != nil {
		change(&deps)
	}
	src, err := Kind.Open(channels.Config{Name: "web", Kind: "chat", Settings: &Settings{Origins: []string{"https://Shop.example/"}}}, deps)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	b := &bed{T: t, fake: fake, desk: src.Chat.(*desk), src: src, web: httptest.NewServer(http.HandlerFunc(src.Chat.ServeSocket)), ctx: ctx}
	t.Cleanup(func() {
		_ = b.desk.Close()
		b.web.Close()
		cancel()
	})
	return b
}

func (b *bed) open() channels.Session {
	b.Helper()
	s, err := b.src.Chat.OpenSession(b.ctx, channels.SessionRequest{Name: "Ann", Language: "en"})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// page is a visitor's end of a socket.
type page struct {
	*bed
	conn   *websocket.Conn
	unread []serverFrame
}

func (b *bed) dial(origin string) (*websocket.Conn, *http.Response, error) {
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	return websocket.Dial(b.ctx, "ws"+strings.TrimPrefix(b.web.URL, "http"), &websocket.DialOptions{HTTPHeader: h})
}

func (b *bed) connect(token string, after int64) *page {
	b.Helper()
	conn, _, err := b.dial("")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.CloseNow() })
	p := &page{bed: b, conn: conn}
	p.say(map[string]any{"type": "hello", "token": token, "after": after})
	return p
}

func (p *page) say(v any) {
	p.Helper()
	body, err := json.Marshal(v)
	if err == nil {
		err = p.conn.Write(p.ctx, websocket.MessageText, body)
	}
	if err != nil {
		p.Fatal(err)
	}
}

func (p *page) message(clientID, text string) {
	p.Helper()
	p.say(map[string]any{"type": "message", "client_id": clientID, "text": text})
}

// hear gives the first frame of a type that was not heard yet; others wait.
func (p *page) hear(kind string) serverFrame {
	p.Helper()
	for i, f := range p.unread {
		if f.Type == kind {
			p.unread = append(p.unread[:i:i], p.unread[i+1:]...)
			return f
		}
	}
	for {
		_, body, err := p.conn.Read(p.ctx)
		if err != nil {
			p.Fatalf("waiting for %s: %v", kind, err)
		}
		var f serverFrame
		if err := json.Unmarshal(body, &f); err != nil {
			p.Fatal(err)
		}
		if f.Type == kind {
			return f
		}
		p.unread = append(p.unread, f)
	}
}

// over reads until the connection has ended and says how.
func (p *page) over() websocket.StatusCode {
	for {
		if _, _, err := p.conn.Read(p.ctx); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

// door lets the suite call a source that has neither an adapter nor a hook of its own.
type door struct{ channels.Hook }

func TestConformance(t *testing.T) {
	kind := Kind
	kind.Open = func(c channels.Config, d channels.Deps) (*channels.Source, error) {
		src, err := Kind.Open(c, d)
		if err == nil {
			src.Hook = door{}
		}
		return src, err
	}
	channeltest.Run(t, channeltest.Case{Kind: kind, Secrets: []string{planted, "hunter2"}, Setup: func(t *testing.T) channeltest.Outside {
		tokens := map[channels.Chat]string{}
		deliver := func(ctx context.Context, src *channels.Source, clientID, text string) error {
			if tokens[src.Chat] == "" {
				s, err := src.Chat.OpenSession(ctx, channels.SessionRequest{Name: "hunter2"})
				if err != nil {
					return err
				}
				tokens[src.Chat] = s.Token
			}
			b := &bed{T: t, ctx: ctx, web: httptest.NewServer(http.HandlerFunc(src.Chat.ServeSocket))}
			defer b.web.Close()
			p := b.connect(tokens[src.Chat], 0)
			defer func() { _ = p.conn.Close(websocket.StatusNormalClosure, "") }()
			p.hear(frameReady)
			p.message(clientID, text)
			for {
				_, body, err := p.conn.Read(ctx)
				if err != nil {
					return err
				}
				var f serverFrame
				_ = json.Unmarshal(body, &f)
				if f.Type == frameError {
					return router.Fail("chat", f.Code, "%s", f.Detail)
				}
				if f.Type == frameAck {
					return nil
				}
			}
		}
		sent := []string{}
		out := channels.Outgoing{MessageID: "mreply", Handle: router.Handle{Channel: router.ChannelChat, Address: "s1"}, Text: "hello"}
		return channeltest.Outside{
			Config: channels.Config{Name: "web", Kind: "chat", Settings: &Settings{}},
			Deliver: func(ctx context.Context, src *channels.Source, n int) error {
				return deliver(ctx, src, "c"+strconv.Itoa(n), planted+" "+strconv.Itoa(n))
			},
			Poison: func(ctx context.Context, src *channels.Source) error { return deliver(ctx, src, "", planted) },
			SentKeys: func() []string {
				return append(sent, "mreply")
			},
			Outgoing: out,
		}
	}})
}

// Invariants B and C.
func TestResumesAndAcknowledgesOnce(t *testing.T) {
	b := newBed(t, nil)
	s := b.open()
	p := b.connect(s.Token, 0)
	if got := p.hear(frameReady).SessionID; got != s.ID {
		t.Fatalf("session %q, want %q", got, s.ID)
	}
	p.message("c1", "hello, my card is 4111 1111 1111 1111")
	first := p.hear(frameAck)
	seen := p.hear(frameMessage)
	if seen.Seq != 1 || seen.ID != string(first.MessageID) || seen.From != fromCustomer || strings.Contains(*seen.Text, "4111 1111 1111") {
		t.Fatalf("%+v %q", seen, *seen.Text)
	}
	_ = p.conn.CloseNow() // the connection is lost; a reply comes meanwhile
	out := channels.Outgoing{MessageID: "mreply", Handle: router.Handle{Channel: router.ChannelChat, Address: s.ID}, Text: "an answer"}
	for range 2 {
		if _, err := b.src.Sender.Send(b.ctx, out); err != nil {
			t.Fatal(err)
		}
	}
	p = b.connect(s.Token, 1)
	p.message("c1", "hello, my card is 4111 1111 1111 1111")
	if reply := p.hear(frameMessage); reply.Seq != 2 || reply.From != fromAgent || *reply.Text != "an answer" || reply.ID != "mreply" {
		t.Fatalf("%+v", reply)
	}
	if again := p.hear(frameAck); again.MessageID != first.MessageID {
		t.Fatalf("acknowledged as %q and %q", first.MessageID, again.MessageID)
	}
	out.MessageID = "mlive"
	if _, err := b.src.Sender.Send(b.ctx, out); err != nil {
		t.Fatal(err)
	}
	if live := p.hear(frameMessage); live.Seq != 3 || live.ID != "mlive" {
		t.Fatalf("%+v", live)
	}
	if got := b.fake.Intake.Accepted(); len(got) != 1 || got[0].ExternalID != s.ID+"/c1" || got[0].Handle.Address != s.ID || got[0].Name != "Ann" {
		t.Fatalf("%+v", got)
	}
}

// The bus may lose everything: the log is looked at.
func TestRepliesComeWithoutNews(t *testing.T) {
	b := newBed(t, func(d *channels.Deps) { d.Bus = deaf{} })
	s := b.open()
	p := b.connect(s.Token, 0)
	p.hear(frameReady)
	if _, err := b.src.Sender.Send(b.ctx, channels.Outgoing{MessageID: "m1", Handle: router.Handle{Channel: router.ChannelChat, Address: s.ID}, Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if f := p.hear(frameMessage); f.ID != "m1" {
		t.Fatalf("%+v", f)
	}
}

type deaf struct{}

func (deaf) Publish(context.Context, string, []byte) error {
	return router.Fail("bus", router.CodeUnavailable, "away")
}
func (deaf) Subscribe(context.Context, string) (<-chan []byte, func()) { return nil, func() {} }

// Invariant B: no acknowledgment while the intake is down.
func TestUnavailableIsSaid(t *testing.T) {
	b := newBed(t, nil)
	p := b.connect(b.open().Token, 0)
	b.fake.Intake.SetDown(true)
	p.message("c1", "hi")
	if f := p.hear(frameError); f.Code != router.CodeUnavailable || f.ClientID != "c1" {
		t.Fatalf("%+v", f)
	}
	b.fake.Intake.SetDown(false)
	p.message("c1", "hi")
	p.hear(frameAck)
}

// Invariant E.
func TestOrigins(t *testing.T) {
	b := newBed(t, nil)
	for origin, ok := range map[string]bool{"": true, "https://shop.example": true, "https://shop.example:443": true, "https://desk.example": true,
		"http://shop.example": false, "https://evil.example": false, "https://shop.example.evil.example": false, "null": false, b.web.URL: true} {
		conn, res, err := b.dial(origin)
		if (err == nil) != ok {
			t.Errorf("socket from %q: %v", origin, err)
		}
		if err == nil {
			_ = conn.CloseNow()
		} else if res == nil || res.StatusCode != http.StatusForbidden {
			t.Errorf("socket from %q: %v", origin, res)
		}
		if origin == b.web.URL {
			continue // only a socket's call knows the host
		}
		_, err = b.src.Chat.OpenSession(b.ctx, channels.SessionRequest{Origin: origin})
		if (err == nil) != ok || err != nil && !router.IsCode(err, router.CodeForbidden) {
			t.Errorf("session from %q: %v", origin, err)
		}
	}
}

func TestOwnPagesOnThisMachine(t *testing.T) {
	b := newBed(t, func(d *channels.Deps) { d.PublicURL = "http://127.0.0.1:8080" })
	for origin, ok := range map[string]bool{"http://127.0.0.1:8080": true, "http://localhost:8080": true, "http://[::1]:8080": true, "http://localhost:9": false, "https://localhost:8080": false} {
		if _, err := b.src.Chat.OpenSession(b.ctx, channels.SessionRequest{Origin: origin}); (err == nil) != ok {
			t.Errorf("%s: %v", origin, err)
		}
	}
}

func TestSessionFields(t *testing.T) {
	b := newBed(t, nil)
	long := strings.Repeat("x", maxName+1)
	for field, r := range map[string]channels.SessionRequest{"name": {Name: long}, "name ": {Name: "a\nb"}, "email": {Email: "nobody"}, "email ": {Email: "A <a@b.example>"},
		"language": {Language: "fr"}, "answers": {Answers: map[string]string{long: "x"}}, "answers ": {Answers: map[string]string{"a": strings.Repeat("x", maxAnswer+1)}}} {
		_, err := b.src.Chat.OpenSession(b.ctx, r)
		e, ok := err.(*router.Error)
		if !ok || e.Code != router.CodeInvalidField || e.Field != strings.TrimSpace(field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	s, err := b.src.Chat.OpenSession(b.ctx, channels.SessionRequest{Email: "a@b.example", Language: "zh", Answers: map[string]string{"topic": "refund"}})
	if err != nil {
		t.Fatal(err)
	}
	p := b.connect(s.Token, 0)
	p.message("c1", "hi")
	p.hear(frameAck)
	p.message("c2", "hi")
	p.hear(frameAck)
	got := b.fake.Intake.Accepted()
	if got[0].Text != "hi\n[email: a@b.example]\n[topic: refund]" || got[1].Text != "hi" || got[0].Language != router.LanguageZH {
		t.Errorf("%q %q %s", got[0].Text, got[1].Text, got[0].Language)
	}
}

// Invariant A.
func TestTokens(t *testing.T) {
	b := newBed(t, nil)
	s := b.open()
	if h, err := b.src.Chat.Visitor(b.ctx, s.Token); err != nil || h.Address != s.ID || h.Channel != router.ChannelChat {
		t.Fatalf("%v %v", h, err)
	}
	docs, _ := b.fake.Docs.ListDocs(b.ctx, "chat_visit", "", "", 10)
	if len(docs) != 1 || strings.Contains(docs[0].ID+string(docs[0].Body), s.Token) {
		t.Fatal("the token itself is stored")
	}
	for _, token := range []string{"", "sv_nothing", s.ID, strings.Repeat("x", 500)} {
		if _, err := b.src.Chat.Visitor(b.ctx, token); !router.IsCode(err, router.CodeUnauthorized) {
			t.Errorf("token %.20q: %v", token, err)
		}
		p := b.connect(token, 0)
		if f := p.hear(frameError); f.Code != router.CodeUnauthorized {
			t.Errorf("%+v", f)
		}
		if code := p.over(); code != websocket.StatusPolicyViolation {
			t.Errorf("ended with %d", code)
		}
	}
	p := b.connect(s.Token, 0)
	p.hear(frameReady)
	p.hear(framePositionOrNone(p))
	if err := b.desk.Revoke(b.ctx, s.ID); err != nil {
		t.Fatal(err)
	}
	if code := p.over(); code != websocket.StatusPolicyViolation {
		t.Errorf("a revoked session's socket ended with %d", code)
	}
	if _, err := b.src.Chat.Visitor(b.ctx, s.Token); !router.IsCode(err, router.CodeUnauthorized) {
		t.Error(err)
	}
	s = b.open()
	b.fake.Clock.Advance(sessionLife)
	if _, err := b.src.Chat.Visitor(b.ctx, s.Token); !router.IsCode(err, router.CodeUnauthorized) {
		t.Error("a token outlives its session:", err)
	}
}

// framePositionOrNone lets the pump subscribe before something is published: a message goes round once.
func framePositionOrNone(p *page) string {
	p.message("round", "x")
	return frameMessage
}

func TestHelloComesFirst(t *testing.T) {
	b := newBed(t, nil)
	for _, first := range []string{`{"type":"message","client_id":"c","text":"x"}`, `nonsense`, `[]`} {
		conn, _, err := b.dial("")
		if err != nil {
			t.Fatal(err)
		}
		p := &page{bed: b, conn: conn}
		if err := conn.Write(b.ctx, websocket.MessageText, []byte(first)); err != nil {
			t.Fatal(err)
		}
		p.hear(frameError)
		if code := p.over(); code != websocket.StatusPolicyViolation {
			t.Errorf("%s: ended with %d", first, code)
		}
	}
	if n := len(b.fake.Intake.Attempts()); n != 0 {
		t.Errorf("%d messages without hello", n)
	}
}

func TestBadFrames(t *testing.T) {
	b := newBed(t, nil)
	p := b.connect(b.open().Token, 0)
	p.hear(frameReady)
	for frame, code := range map[string]router.Code{`{`: router.CodeInvalidJSON, `{"type":"dance"}`: router.CodeInvalidField, `{"type":"message","text":"x"}`: router.CodeInvalidField,
		`{"type":"message","client_id":"c"}`: router.CodeInvalidField, `{"type":"message","client_id":"c","text":"  "}`: router.CodeInvalidField,
		`{"type":"message","client_id":"c","text":"x","attachments":["bsomebodyelses"]}`: router.CodeInvalidField, "{\"type\":\"message\",\"client_id\":\"c\",\"text\":\"\xff\"}": router.CodeInvalidJSON,
		`{"type":"hello"}`: router.CodeInvalidField} {
		_ = p.conn.Write(b.ctx, websocket.MessageText, []byte(frame))
		if f := p.hear(frameError); f.Code != code {
			t.Errorf("%s: %s, want %s", frame, f.Code, code)
		}
	}
	p = b.connect(b.open().Token, 0)
	p.hear(frameReady)
	p.message("c", strings.Repeat("x", maxFrame))
	if code := p.over(); code != websocket.StatusMessageTooBig {
		t.Errorf("a frame over the limit ended with %d", code)
	}
}
