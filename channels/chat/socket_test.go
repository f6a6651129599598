package chat

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"switchyard/channels"
	"switchyard/channels/channeltest"
	"switchyard/channels/intake"
	"switchyard/router"
	"switchyard/router/store"
)

// Invariant F.
func TestFlood(t *testing.T) {
	b := newBed(t, nil)
	s := b.open()
	p := b.connect(s.Token, 0)
	for n := range floodBurst {
		p.message(strconv.Itoa(n), "x")
		p.hear(frameAck)
	}
	p = b.connect(s.Token, 100) // connecting again does not help
	p.message("more", "x")
	if f := p.hear(frameError); f.Code != router.CodeRateLimited || f.ClientID != "more" {
		t.Fatalf("%+v", f)
	}
	b.fake.Clock.Advance(floodWindow)
	p.message("more", "x")
	p.hear(frameAck)
	for range framesBurst + 5 {
		_ = p.conn.Write(b.ctx, websocket.MessageText, []byte(`{"type":"read"}`))
	}
	if code := p.over(); code != websocket.StatusPolicyViolation {
		t.Errorf("a flood of frames ended with %d", code)
	}
}

func TestNewestSocketsWin(t *testing.T) {
	b := newBed(t, nil)
	s := b.open()
	var pages []*page
	for range maxPerSession + 1 {
		p := b.connect(s.Token, 0)
		p.hear(frameReady)
		pages = append(pages, p)
	}
	if code := pages[0].over(); code != websocket.StatusPolicyViolation {
		t.Errorf("the oldest ended with %d", code)
	}
	pages[maxPerSession].message("c", "x")
	pages[1].hear(frameMessage)
}

// Invariant G.
func TestCloseEndsSockets(t *testing.T) {
	b := newBed(t, nil)
	p, silent := b.connect(b.open().Token, 0), b.connect(b.open().Token, 0)
	p.hear(frameReady)
	silent.hear(frameReady) // and then reads nothing: it never answers the goodbye
	codes := make(chan websocket.StatusCode, 1)
	go func() { codes <- p.over() }()
	began := time.Now()
	if err := b.desk.Close(); err != nil || time.Since(began) > 3*closeWithin {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	if code := <-codes; code != websocket.StatusGoingAway {
		t.Errorf("ended with %d", code)
	}
	if _, res, err := b.dial(""); err == nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Error("a closed chat takes connections")
	}
}

func TestPositionIsTold(t *testing.T) {
	at := make(chan channels.Position, 1)
	at <- channels.Position{Ahead: 2, Wait: 90 * time.Second, Notes: []router.Sentence{{ZH: "忙", EN: "busy"}}}
	b := newBed(t, func(d *channels.Deps) {
		d.Position = func(context.Context, router.SourceName, router.Handle) (channels.Position, bool) {
			select {
			case p := <-at:
				return p, true
			default:
				return channels.Position{}, false
			}
		}
	})
	p := b.connect(b.open().Token, 0)
	if f := p.hear(framePosition); *f.Ahead != 2 || *f.Wait != 120 || !*f.Waiting || len(f.Notes) != 1 || f.Notes[0].ZH != "忙" {
		t.Errorf("%+v", f)
	}
	if f := p.hear(framePosition); *f.Waiting || f.Wait != nil || len(f.Notes) != 0 {
		t.Errorf("%+v", f)
	}
}

func TestTypingIsRelayed(t *testing.T) {
	b := newBed(t, nil)
	s := b.open()
	p := b.connect(s.Token, 0)
	p.hear(frameReady)
	p.hear(framePositionOrNone(p))
	heard, stop := b.fake.Bus.Subscribe(b.ctx, b.desk.stream(s.ID))
	defer stop()
	p.say(map[string]any{"type": "typing"})
	for string(<-heard) != `{"kind":"typing","from":"customer"}` {
	}
	if err := b.fake.Bus.Publish(b.ctx, b.desk.stream(s.ID), []byte(`{"kind":"typing","from":"agent"}`)); err != nil {
		t.Fatal(err)
	}
	p.hear(frameTyping)
}

// A visitor sends files that he uploaded himself, and no others.
func TestFilesAreTheVisitorsOwn(t *testing.T) {
	b := newBed(t, func(d *channels.Deps) {
		d.Attachment = func(_ context.Context, id router.BlobID) (router.Attachment, []byte, error) {
			return router.Attachment{ID: id, Name: "shot.png", Type: "image/png", Size: 3}, []byte("png"), nil
		}
	})
	s, other := b.open(), b.open()
	for id, owner := range map[router.BlobID]string{"mine": s.ID, "theirs": other.ID} {
		uploader := Uploader("web", router.Handle{Channel: router.ChannelChat, Address: owner})
		if _, err := intake.Attachments(b.fake.Docs).Put(b.ctx, store.Record[intake.Filed]{ID: string(id), Value: intake.Filed{Uploader: uploader}}); err != nil {
			t.Fatal(err)
		}
	}
	p := b.connect(s.Token, 0)
	p.say(map[string]any{"type": "message", "client_id": "c1", "attachments": []string{"theirs"}})
	if f := p.hear(frameError); f.Code != router.CodeInvalidField || f.Field != "attachments" {
		t.Fatalf("%+v", f)
	}
	p.say(map[string]any{"type": "message", "client_id": "c2", "attachments": []string{"mine"}})
	if f := p.hear(frameMessage); len(f.Files) != 1 || f.Files[0].ID != "mine" || f.Files[0].Name != "shot.png" {
		t.Fatalf("%+v", f)
	}
	if in := b.fake.Intake.Accepted()[0]; len(in.Attach) != 1 || string(in.Attach[0].Data) != "png" {
		t.Fatalf("%+v", in.Attach)
	}
}

func TestSettings(t *testing.T) {
	deps, _ := channeltest.Deps(t)
	for _, o := range []string{"shop.example", "https://shop.example/path", "*", "ftp://x", ""} {
		_, err := Kind.Open(channels.Config{Name: "web", Settings: &Settings{Origins: []string{o}}}, deps)
		if e, ok := err.(*router.Error); !ok || e.Field != "origins" {
			t.Errorf("%q: %v", o, err)
		}
	}
	if !strings.Contains(string(widget), "attachShadow") || strings.Contains(string(widget), "innerHTML") {
		t.Error("the widget is not as it must be")
	}
	if half := regexp.MustCompile(`\p{Han}[,!?;:(]`).FindString(string(widget)); half != "" {
		t.Errorf("Chinese with half-width punctuation: %s", half)
	}
}

func FuzzFrame(f *testing.F) {
	for _, s := range []string{`{"type":"hello","token":"x","after":3}`, `{"type":"message","client_id":"c","text":"x"}`, `{"type":"read","seq":1}`, `[1]`, "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parseFrame(b)
		if err == nil && got.Type == frameMessage && (got.ClientID == "" || got.Text == "" && len(got.Attachments) == 0) {
			t.Errorf("taken: %+v", got)
		}
	})
}

// A plain request to the socket's address gets a problem document.
func TestAPlainRequestIsToldToUpgrade(t *testing.T) {
	b := newBed(t, nil)
	r, err := http.Get(b.web.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var p struct{ Code, Detail string }
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil || r.StatusCode != http.StatusUpgradeRequired || p.Code != "upgrade_required" {
		t.Errorf("%d %+v %v", r.StatusCode, p, err)
	}
}
