package telegram

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"go.uber.org/goleak"

	"switchyard/channels"
	"switchyard/channels/channeltest"
	"switchyard/channels/social/socialtest"
	"switchyard/router"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	token   = "123456:planted-token"
	secret  = "planted-secret_1"
	planted = "planted words of a customer"
)

// bed is a source beside a Bot API.
type bed struct {
	*testing.T
	src  *channels.Source
	desk *channeltest.Desk
	api  *socialtest.Telegram
	url  string
}

func newBed(t *testing.T) *bed {
	t.Helper()
	deps, desk := channeltest.Deps(t)
	api := socialtest.NewTelegram(token)
	web := httptest.NewServer(api)
	t.Cleanup(web.Close)
	src, err := Kind.Open(channels.Config{Name: "bot", Kind: "telegram", Private: true, Settings: &Settings{Token: token, SecretToken: secret, APIURL: web.URL}}, deps)
	if err != nil {
		t.Fatal(err)
	}
	return &bed{t, src, desk, api, web.URL}
}

func hookCall(ctx context.Context, src *channels.Source, secret, body string) error {
	_, err := src.Hook.ServeHook(ctx, channels.HookRequest{Method: http.MethodPost, Header: socialtest.TelegramHeader(secret), Body: []byte(body)})
	return err
}

func (b *bed) update(body string) []router.Inbound {
	b.Helper()
	before := len(b.desk.Intake.Accepted())
	if err := hookCall(b.Context(), b.src, secret, body); err != nil {
		b.Fatalf("%s: %v", body, err)
	}
	return b.desk.Intake.Accepted()[before:]
}

func outgoing(text string) channels.Outgoing {
	return channels.Outgoing{MessageID: "mreply", Handle: router.Handle{Channel: router.ChannelSocial, Address: "42"}, Text: text}
}

func TestConformance(t *testing.T) {
	channeltest.Run(t, channeltest.Case{Kind: Kind, Secrets: []string{token, secret, planted}, Setup: func(t *testing.T) channeltest.Outside {
		web := httptest.NewServer(socialtest.NewTelegram(token))
		t.Cleanup(web.Close)
		return channeltest.Outside{
			Config: channels.Config{Name: "bot", Kind: "telegram", Private: true, Settings: &Settings{Token: token, SecretToken: secret, APIURL: web.URL}},
			Deliver: func(ctx context.Context, src *channels.Source, n int) error {
				return hookCall(ctx, src, secret, string(socialtest.TelegramUpdate(int64(n), 42, planted, "en", planted, channeltest.Start)))
			},
			Poison: func(ctx context.Context, src *channels.Source) error { return hookCall(ctx, src, secret, planted) },
			Break: func(ctx context.Context, src *channels.Source) {
				web.Close()
				_, _ = src.Sender.Send(ctx, outgoing(planted))
			},
		}
	}})
}

// Invariant A.
func TestOnlyTelegramIsHeard(t *testing.T) {
	b := newBed(t)
	body := string(socialtest.TelegramUpdate(1, 42, "Ann", "en", "hi", channeltest.Start))
	for _, wrong := range []string{"", "wrong", secret + "x", strings.ToUpper(secret)} {
		if err := hookCall(t.Context(), b.src, wrong, body); !router.IsCode(err, router.CodeBadSignature) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	for body, code := range map[string]router.Code{"": router.CodeInvalidJSON, "{": router.CodeInvalidJSON, `{"update_id":"x"}`: router.CodeInvalidField, `[1]`: router.CodeInvalidField} {
		if err := hookCall(t.Context(), b.src, secret, body); !router.IsCode(err, code) {
			t.Errorf("%q: %v", body, err)
		}
	}
	if n := len(b.desk.Intake.Attempts()); n != 0 {
		t.Errorf("%d messages", n)
	}
}

// Invariants B and C.
func TestMessages(t *testing.T) {
	head := `"message_id":7,"date":1772443800,"from":{"id":42,"first_name":"Ann","last_name":"Lee","language_code":"zh-hans"},"chat":{"id":42,"type":"private"}`
	for content, want := range map[string]string{
		`"text":"hello"`: "hello",
		`"photo":[{"file_id":"small"},{"file_id":"pic"}],"caption":"my screen"`: "[photo]\nmy screen",
		`"photo":[{"file_id":"gone"}]`:                                          "[photo]",
		`"voice":{"file_id":"pic","mime_type":"audio/ogg"}`:                     "[voice message]",
		`"document":{"file_id":"pic","file_name":"a.pdf"}`:                      "[file]",
		`"document":{"file_id":"pic","file_size":99999999}`:                     "[file]",
		`"sticker":{"file_id":"s","emoji":"👍"}`:                                 "[sticker 👍]",
		`"location":{"latitude":31.2,"longitude":121.5}`:                        "[location 31.20000, 121.50000]",
		`"contact":{"phone_number":"123","first_name":"Bo"}`:                    "[contact Bo 123]",
		`"poll":{"id":"1"}`: "[a message of a kind that is not shown here]",
		`"venue":{"title":"Bank","address":"Road 1"},"location":{"latitude":1,"longitude":2}`: "[place Bank, Road 1]\n[location 1.00000, 2.00000]",
	} {
		body := `{"update_id":1,"message":{` + head + `,` + content + `}}`
		b := newBed(t)
		b.api.AddFile("pic", []byte("jpeg bytes"))
		got := b.update(body)
		if len(got) != 1 || got[0].Text != want || got[0].Handle.Address != "42" || got[0].Name != "Ann Lee" || got[0].Language != router.LanguageZH {
			t.Errorf("%s: %+v", content, got)
			continue
		}
		for _, a := range got[0].Attach {
			if (len(a.Data) == 0) != (strings.Contains(content, "gone") || strings.Contains(content, "99999999")) || (a.Note == "") != (len(a.Data) > 0) || a.Name == "" {
				t.Errorf("%s: %+v", content, a)
			}
		}
	}
}

func TestEditsCallbacksAndGroups(t *testing.T) {
	b := newBed(t)
	head := `"message_id":7,"date":1772443800,"from":{"id":42,"first_name":"Ann"},`
	private := head + `"chat":{"id":42,"type":"private"}`
	got := b.update(`[{"update_id":1,"message":{` + private + `,"text":"hello"}},
		{"update_id":2,"edited_message":{` + private + `,"edit_date":1772443860,"text":"hello you"}},
		{"update_id":3,"callback_query":{"id":"x"}},
		{"update_id":4,"message":{` + head + `"chat":{"id":-100,"type":"group"},"text":"chatter"}},
		{"update_id":5,"channel_post":{"message_id":1}}]`)
	if len(got) != 2 || got[1].Text != "[edited]\nhello you" || got[0].ExternalID == got[1].ExternalID || !strings.HasSuffix(got[1].ExternalID, "/e1772443860") || got[1].SentAt.Unix() != 1772443860 {
		t.Fatalf("%+v", got)
	}
	if again := b.update(`{"update_id":2,"edited_message":{` + private + `,"edit_date":1772443860,"text":"hello you"}}`); len(again) != 0 {
		t.Errorf("%+v", again)
	}
}

func TestReplies(t *testing.T) {
	b := newBed(t)
	out := outgoing("hello")
	out.Files = []channels.OutgoingFile{{Name: "a.png", Type: "image/png", Data: []byte("png")}, {Name: "b.pdf", Type: "application/pdf", Data: []byte("pdf")}}
	r, err := b.src.Sender.Send(t.Context(), out)
	if err != nil || r.ProviderID != "42/1" {
		t.Fatal(r, err)
	}
	got := b.api.Sent()
	if len(got) != 3 || got[0].Text != "hello" || got[0].To != "42" || got[1].Kind != "photo" || got[2].Kind != "document" || string(got[2].Data) != "pdf" || got[2].Name != "b.pdf" {
		t.Fatalf("%+v", got)
	}
	if r, err = b.src.Sender.Send(t.Context(), out); err != nil || len(b.api.Sent()) != 3 || r.ProviderID != "42/1" {
		t.Errorf("sent again: %v %v", r, err)
	}
}

// Invariant E.
func TestLongRepliesGoOn(t *testing.T) {
	b := newBed(t)
	line := strings.Repeat("好", 100) + " 😀\n"
	text := strings.Repeat(line, 90)
	out := outgoing(text)
	first := split(text, maxText)
	b.api.OnSent = func(s socialtest.Sent) {
		if s.ID == "1" {
			b.api.Fail(socialtest.Failure{Status: 502})
		}
	}
	if _, err := b.src.Sender.Send(t.Context(), out); !router.IsCode(err, router.CodeUnavailable) {
		t.Fatal(err)
	}
	if _, err := b.src.Sender.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	got := b.api.Sent()
	if len(got) != len(first) || len(first) != 3 {
		t.Fatalf("%d messages of %d parts", len(got), len(first))
	}
	var all []string
	for i, s := range got {
		if n := len(utf16.Encode([]rune(s.Text))); n > maxText || s.Text != first[i] {
			t.Errorf("part %d has %d units", i, n)
		}
		all = append(all, s.Text)
	}
	if strings.Join(all, "\n") != strings.TrimSpace(text) {
		t.Error("the parts do not make the text")
	}
}

func TestRefusals(t *testing.T) {
	b := newBed(t)
	for _, c := range []struct {
		fail  socialtest.Failure
		code  router.Code
		after time.Duration
	}{{socialtest.Failure{Status: 429, RetryAfter: 7}, router.CodeRateLimited, 7 * time.Second}, {socialtest.Failure{Status: 403}, router.CodeCannotReply, 0},
		{socialtest.Failure{Status: 400}, router.CodeCannotReply, 0}, {socialtest.Failure{Status: 401}, router.CodeUnavailable, 0}, {socialtest.Failure{Status: 500}, router.CodeUnavailable, 0}} {
		b.api.Fail(c.fail)
		_, err := b.src.Sender.Send(t.Context(), outgoing(planted))
		var after *channels.RetryAfter
		if errors.As(err, &after) != (c.after > 0) || after != nil && after.After != c.after || !router.IsCode(err, c.code) {
			t.Errorf("%d: %v", c.fail.Status, err)
		}
		noSecrets(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	b.api.Fail(socialtest.Failure{Status: 500, Hang: 300 * time.Millisecond})
	_, err := b.src.Sender.Send(ctx, outgoing(planted))
	if !router.IsCode(err, router.CodeUnavailable) {
		t.Error(err)
	}
	noSecrets(t, err)
	out := outgoing(planted)
	out.Handle.Address = "ann"
	if _, err := b.src.Sender.Send(t.Context(), out); !router.IsCode(err, router.CodeCannotReply) {
		t.Error(err)
	}
}

// Invariant D.
func noSecrets(t *testing.T, err error) {
	t.Helper()
	for _, s := range []string{token, "planted"} {
		if err != nil && strings.Contains(err.Error(), s) {
			t.Errorf("%q stands in: %v", s, err)
		}
	}
}

func TestTheTokenStaysInside(t *testing.T) {
	deps, desk := channeltest.Deps(t)
	for _, api := range []string{"http://127.0.0.1:1", "http://nowhere.invalid"} {
		src, err := Kind.Open(channels.Config{Name: "bot", Private: true, Settings: &Settings{Token: token, SecretToken: secret, APIURL: api}}, deps)
		if err != nil {
			t.Fatal(err)
		}
		_, err = src.Sender.Send(t.Context(), outgoing(planted))
		if !router.IsCode(err, router.CodeUnavailable) {
			t.Error(err)
		}
		noSecrets(t, err)
		_ = hookCall(t.Context(), src, secret, `{"update_id":1,"message":{"message_id":1,"from":{"id":42},"chat":{"id":42},"photo":[{"file_id":"x"}]}}`)
	}
	if strings.Contains(desk.Logs.String(), token) {
		t.Error("the token stands in the log")
	}
}

func TestSettings(t *testing.T) {
	deps, _ := channeltest.Deps(t)
	for field, s := range map[string]Settings{"token": {SecretToken: secret}, "token ": {Token: "a/../b/c/d", SecretToken: secret}, "secret_token": {Token: token}, "api_url": {Token: token, SecretToken: secret, APIURL: "x"}} {
		_, err := Kind.Open(channels.Config{Name: "bot", Private: true, Settings: &s}, deps)
		if e, ok := err.(*router.Error); !ok || e.Field != strings.TrimSpace(field) || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func FuzzTelegram(f *testing.F) {
	f.Add(socialtest.TelegramUpdate(1, 42, "Ann", "en", "hi", channeltest.Start))
	f.Add([]byte(`[{"update_id":1,"edited_message":{"message_id":1,"from":{"id":1},"chat":{"id":1},"sticker":{"emoji":"x"},"contact":{}}}]`))
	f.Add([]byte(`{"message":{"from":{"id":1},"photo":[{"file_id":"a"}],"location":{"latitude":1e300}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		us, err := parseUpdates(b)
		if err != nil {
			return
		}
		for _, u := range us {
			if in, _, ok := normalize("bot", u); ok && (in.Text == "" || in.ExternalID == "" || in.Handle.Address == "") {
				t.Errorf("%+v", in)
			}
		}
	})
}
