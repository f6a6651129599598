package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/channels"
	"switchyard/channels/channeltest"
	"switchyard/channels/social/socialtest"
	"switchyard/router"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	number  = "1055"
	access  = "planted-access-token"
	app     = "planted-app-secret"
	check   = "planted-verify-token"
	planted = "planted words"
)

func settings(api string) *Settings {
	return &Settings{PhoneNumberID: number, AccessToken: access, AppSecret: app, VerifyToken: check, APIURL: api}
}

type bed struct {
	*testing.T
	src  *channels.Source
	desk *channeltest.Desk
	api  *socialtest.WhatsApp
}

func newBed(t *testing.T) *bed {
	t.Helper()
	deps, desk := channeltest.Deps(t)
	api := socialtest.NewWhatsApp(number, access)
	web := httptest.NewServer(api)
	t.Cleanup(web.Close)
	src, err := Kind.Open(channels.Config{Name: "wa", Kind: "whatsapp", Private: true, Settings: settings(web.URL)}, deps)
	if err != nil {
		t.Fatal(err)
	}
	return &bed{t, src, desk, api}
}

func post(ctx context.Context, src *channels.Source, body []byte) error {
	_, err := src.Hook.ServeHook(ctx, channels.HookRequest{Method: http.MethodPost, Header: socialtest.WhatsAppHeader(app, body), Body: body})
	return err
}

func outgoing(text string) channels.Outgoing {
	return channels.Outgoing{MessageID: "mreply", Handle: router.Handle{Channel: router.ChannelSocial, Address: "8613800138000"}, Text: text, InboundAt: channeltest.Start.Add(-time.Hour)}
}

func TestConformance(t *testing.T) {
	channeltest.Run(t, channeltest.Case{Kind: Kind, Secrets: []string{access, app, check, planted, "8613800138000"}, Setup: func(t *testing.T) channeltest.Outside {
		api := socialtest.NewWhatsApp(number, access)
		web := httptest.NewServer(api)
		t.Cleanup(web.Close)
		return channeltest.Outside{
			Config: channels.Config{Name: "wa", Kind: "whatsapp", Private: true, Settings: settings(web.URL)},
			Deliver: func(ctx context.Context, src *channels.Source, n int) error {
				return post(ctx, src, socialtest.WhatsAppNotice(number, socialtest.WhatsAppText("wamid."+strconv.Itoa(n), "8613800138000", planted, planted, channeltest.Start)))
			},
			Poison: func(ctx context.Context, src *channels.Source) error { return post(ctx, src, []byte(planted)) },
			Break: func(ctx context.Context, src *channels.Source) {
				api.Fail(socialtest.Failure{Status: 401, Code: 190})
				_, _ = src.Sender.Send(ctx, outgoing(planted))
			},
			SentKeys: func() (keys []string) {
				for _, s := range api.Sent() {
					keys = append(keys, s.Key)
				}
				return keys
			},
			Outgoing: outgoing("hello"),
		}
	}})
}

// Invariant A.
func TestSignatures(t *testing.T) {
	b := newBed(t)
	body := socialtest.WhatsAppNotice(number, socialtest.WhatsAppText("w1", "42", "Ann", "hi", channeltest.Start))
	for _, h := range []http.Header{{}, socialtest.WhatsAppHeader("other-secret", body), socialtest.WhatsAppHeader(app, append([]byte(" "), body...)), {"X-Hub-Signature-256": {"sha256="}}} {
		if _, err := b.src.Hook.ServeHook(t.Context(), channels.HookRequest{Method: http.MethodPost, Header: h, Body: body}); !router.IsCode(err, router.CodeBadSignature) {
			t.Errorf("%v: %v", h, err)
		}
	}
	for body, code := range map[string]router.Code{"{": router.CodeInvalidJSON, `{"entry":1}`: router.CodeInvalidField, `{}`: ""} {
		if err := post(t.Context(), b.src, []byte(body)); router.CodeOf(err) != code {
			t.Errorf("%s: %v", body, err)
		}
	}
	if len(b.desk.Intake.Attempts()) != 0 {
		t.Error("something was taken")
	}
}

func TestVectors(t *testing.T) {
	var vs []struct{ Scheme, Secret, Body, Header string }
	dir, err := os.Getwd()
	for ; err == nil && vs == nil && filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		if body, e := os.ReadFile(filepath.Join(dir, "shared", "data", "social", "signatures", "vectors.json")); e == nil {
			err = json.Unmarshal(body, &vs)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if vs == nil {
		t.Skip("no folder shared/data above this one: the published signatures are not compared")
	}
	tried := 0
	for _, v := range vs {
		if v.Scheme != "meta-x-hub-signature-256" {
			continue
		}
		tried++
		given := strings.TrimPrefix(v.Header, "X-Hub-Signature-256: ")
		if err := verify(v.Secret, given, []byte(v.Body)); err != nil {
			t.Errorf("%s: %v", v.Body, err)
		}
		if verify(v.Secret+"x", given, []byte(v.Body)) == nil {
			t.Error("another secret fits")
		}
	}
	if tried == 0 {
		t.Error("no vectors")
	}
}

func TestChallenge(t *testing.T) {
	b := newBed(t)
	ask := func(mode, token string) (string, error) {
		a, err := b.src.Hook.ServeHook(t.Context(), channels.HookRequest{Method: http.MethodGet, Query: map[string][]string{"hub.mode": {mode}, "hub.verify_token": {token}, "hub.challenge": {"1158"}}})
		return string(a.Body), err
	}
	if got, err := ask("subscribe", check); got != "1158" || err != nil {
		t.Error(got, err)
	}
	for _, c := range [][2]string{{"subscribe", "wrong"}, {"other", check}, {"subscribe", ""}} {
		if _, err := ask(c[0], c[1]); !router.IsCode(err, router.CodeBadSignature) {
			t.Error(c, err)
		}
	}
}

// Invariant B.
func TestMessages(t *testing.T) {
	b := newBed(t)
	b.api.AddFile("pic", []byte("\x89PNG\r\n\x1a\n"))
	n := 0
	for content, want := range map[string]string{
		`"type":"text","text":{"body":"你好"}`:                                                                 "你好",
		`"type":"image","image":{"id":"pic","mime_type":"image/png","caption":"my screen"}`:                  "[image]\nmy screen",
		`"type":"image","image":{"id":"gone","mime_type":"image/png"}`:                                       "[image]",
		`"type":"audio","audio":{"id":"pic","voice":true}`:                                                   "[audio]",
		`"type":"document","document":{"id":"pic","filename":"a.pdf"}`:                                       "[document]",
		`"type":"sticker","sticker":{"id":"pic"}`:                                                            "[sticker]",
		`"type":"location","location":{"latitude":1.5,"longitude":2,"name":"Bank"}`:                          "[location 1.50000, 2.00000] Bank",
		`"type":"contacts","contacts":[{"name":{"formatted_name":"Bo"},"phones":[{"phone":"+1"}]}]`:          "[contact Bo +1]",
		`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"1","title":"Yes"}}`: "Yes",
		`"type":"button","button":{"text":"No"}`:                                                             "No",
		`"type":"reaction","reaction":{"emoji":"👍"}`:                                                         "[reaction 👍]",
		`"type":"unsupported"`: "[a message of a kind that is not shown here]",
	} {
		n++
		body := `{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"` + number + `"},"contacts":[{"wa_id":"42","profile":{"name":"Ann"}}],
			"messages":[{"id":"w` + strconv.Itoa(n) + `","from":"42","timestamp":"1772443800",` + content + `}]}}]}]}`
		for range 2 {
			if err := post(t.Context(), b.src, []byte(body)); err != nil {
				t.Fatalf("%s: %v", content, err)
			}
		}
		got := b.desk.Intake.Accepted()
		in := got[len(got)-1]
		if len(got) != n || in.Text != want || in.Handle.Address != "42" || in.Name != "Ann" || in.SentAt.Unix() != 1772443800 {
			t.Errorf("%s: %d %+v", content, len(got), in)
		}
		for _, a := range in.Attach {
			if (len(a.Data) > 0) == strings.Contains(content, "gone") || (a.Note == "") != (len(a.Data) > 0) || a.Name == "" {
				t.Errorf("%s: %+v", content, a)
			}
		}
	}
	if err := post(t.Context(), b.src, socialtest.WhatsAppNotice("another", socialtest.WhatsAppText("w99", "42", "Ann", "hi", channeltest.Start))); err != nil || len(b.desk.Intake.Accepted()) != n {
		t.Error("a message to another number:", err)
	}
}

// Invariant C.
func TestStatuses(t *testing.T) {
	b := newBed(t)
	value := map[string]any{"statuses": []any{map[string]any{"id": "wamid.1", "status": "delivered"}, map[string]any{"id": "wamid.2", "status": "failed", "errors": []any{map[string]any{"code": 131026}}}}}
	if err := post(t.Context(), b.src, socialtest.WhatsAppNotice(number, value)); err != nil {
		t.Fatal(err)
	}
	if got := b.desk.Intake.Reports(); len(got) != 1 || got[0].ProviderID != "wamid.2" || !got[0].Failed || got[0].Source != "wa" || !strings.Contains(got[0].Detail, "131026") {
		t.Errorf("%+v", got)
	}
	b.desk.Intake.SetDown(true)
	if err := post(t.Context(), b.src, socialtest.WhatsAppNotice(number, value)); !router.IsCode(err, router.CodeUnavailable) {
		t.Error(err)
	}
}

func TestReplies(t *testing.T) {
	b := newBed(t)
	out := outgoing(strings.Repeat("word ", 1500))
	out.Files = []channels.OutgoingFile{{Name: "a.png", Type: "image/png", Data: []byte("png")}, {Name: `b".pdf`, Type: "application/pdf", Data: []byte("pdf")}}
	b.api.OnSent = func(s socialtest.Sent) {
		if s.ID == "wamid.out1" {
			b.api.Fail(socialtest.Failure{Status: 500, Code: 131000})
		}
	}
	if _, err := b.src.Sender.Send(t.Context(), out); !router.IsCode(err, router.CodeUnavailable) {
		t.Fatal(err)
	}
	r, err := b.src.Sender.Send(t.Context(), out)
	if err != nil || r.ProviderID != "wamid.out1" {
		t.Fatal(r, err)
	}
	got := b.api.Sent()
	if len(got) != 4 || got[0].Kind != "text" || got[2].Kind != "image" || string(got[2].Data) != "png" || got[3].Kind != "document" || got[3].Name == "" || got[3].Key != "mreply" {
		t.Errorf("%+v", got)
	}
}

func TestRefusals(t *testing.T) {
	b := newBed(t)
	for _, c := range []struct {
		fail  socialtest.Failure
		code  router.Code
		after time.Duration
	}{{socialtest.Failure{Status: 400, Code: 131047}, router.CodeCannotReply, 0}, {socialtest.Failure{Status: 400, Code: 470}, router.CodeCannotReply, 0},
		{socialtest.Failure{Status: 400, Code: 130429, RetryAfter: 9}, router.CodeRateLimited, 9 * time.Second}, {socialtest.Failure{Status: 429}, router.CodeRateLimited, usualPause},
		{socialtest.Failure{Status: 400, Code: 131056}, router.CodeRateLimited, usualPause}, {socialtest.Failure{Status: 401, Code: 190}, router.CodeUnavailable, 0},
		{socialtest.Failure{Status: 503}, router.CodeUnavailable, 0}, {socialtest.Failure{Status: 400, Code: 131026}, router.CodeCannotReply, 0}} {
		b.api.Fail(c.fail)
		_, err := b.src.Sender.Send(t.Context(), outgoing(planted))
		var after *channels.RetryAfter
		if !router.IsCode(err, c.code) || errors.As(err, &after) != (c.after > 0) || after != nil && after.After != c.after || strings.Contains(err.Error(), "planted") {
			t.Errorf("%+v: %v", c.fail, err)
		}
	}
	out := outgoing("x")
	out.InboundAt = channeltest.Start.Add(-25 * time.Hour)
	if _, err := b.src.Sender.Send(t.Context(), out); !router.IsCode(err, router.CodeCannotReply) || !strings.Contains(err.Error(), "24 hours") || len(b.api.Sent()) != 0 {
		t.Error("after the window:", err)
	}
}

// Invariant E.
func TestTheTokenGoesNowhereElse(t *testing.T) {
	asked := make(chan string, 10)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.Header.Get("Authorization") }))
	defer other.Close()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"url":"` + other.URL + `/x"}`)) }))
	defer api.Close()
	deps, _ := channeltest.Deps(t)
	src, err := Kind.Open(channels.Config{Name: "wa", Private: true, Settings: settings(api.URL)}, deps)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := src.Hook.(*hook).graph.media(t.Context(), "x"); !router.IsCode(err, router.CodeForbidden) || len(asked) != 0 {
		t.Error(err, len(asked))
	}
}

func TestSettings(t *testing.T) {
	deps, _ := channeltest.Deps(t)
	for field, change := range map[string]func(*Settings){"phone_number_id": func(s *Settings) { s.PhoneNumberID = "a/b" }, "access_token": func(s *Settings) { s.AccessToken = "" },
		"app_secret": func(s *Settings) { s.AppSecret = "" }, "verify_token": func(s *Settings) { s.VerifyToken = "" }, "api_url": func(s *Settings) { s.APIURL = "x" }} {
		s := settings("")
		change(s)
		_, err := Kind.Open(channels.Config{Name: "wa", Private: true, Settings: s}, deps)
		if e, ok := err.(*router.Error); !ok || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func FuzzWhatsApp(f *testing.F) {
	f.Add(socialtest.WhatsAppNotice(number, socialtest.WhatsAppText("w", "42", "Ann", "hi", channeltest.Start)))
	f.Add([]byte(`{"entry":[{"changes":[{"value":{"metadata":{"phone_number_id":"1055"},"messages":[{"id":"1","from":"2","type":"contacts","contacts":[{}]},{"id":"2","from":"2","type":"image","image":{}}]}}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		vs, err := parseNotice(b, number)
		if err != nil {
			return
		}
		for _, v := range vs {
			for _, m := range v.Messages {
				if in, _, ok := normalize("wa", v, m); ok && (in.Text == "" || in.ExternalID == "" || in.Handle.Address == "") {
					t.Errorf("%+v", in)
				}
			}
		}
	})
}
