package wechat

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
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
	appID   = "wx1234567890"
	app     = "planted-app-secret"
	token   = "planted-token"
	aesKey  = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	planted = "planted words"
)

func settings(api string) *Settings {
	return &Settings{AppID: appID, AppSecret: app, Token: token, EncodingAESKey: aesKey, APIURL: api}
}

type bed struct {
	*testing.T
	src  *channels.Source
	desk *channeltest.Desk
	api  *socialtest.WeChat
}

func newBed(t *testing.T) *bed {
	t.Helper()
	deps, desk := channeltest.Deps(t)
	api := socialtest.NewWeChat(appID, app)
	web := httptest.NewServer(api)
	t.Cleanup(web.Close)
	src, err := Kind.Open(channels.Config{Name: "oa", Kind: "wechat", Private: true, Settings: settings(web.URL)}, deps)
	if err != nil {
		t.Fatal(err)
	}
	return &bed{t, src, desk, api}
}

func post(ctx context.Context, src *channels.Source, q url.Values, body []byte) (channels.HookAnswer, error) {
	return src.Hook.ServeHook(ctx, channels.HookRequest{Method: http.MethodPost, Query: q, Body: body})
}

func outgoing(text string) channels.Outgoing {
	return channels.Outgoing{MessageID: "mreply", Handle: router.Handle{Channel: router.ChannelSocial, Address: "openid"}, Text: text}
}

func TestConformance(t *testing.T) {
	channeltest.Run(t, channeltest.Case{Kind: Kind, Secrets: []string{app, token, planted, "access-"}, Setup: func(t *testing.T) channeltest.Outside {
		web := httptest.NewServer(socialtest.NewWeChat(appID, app))
		t.Cleanup(web.Close)
		send := func(ctx context.Context, src *channels.Source, body []byte) error {
			_, err := post(ctx, src, socialtest.WeChatQuery(token, channeltest.Start), body)
			return err
		}
		return channeltest.Outside{
			Config: channels.Config{Name: "oa", Kind: "wechat", Private: true, Settings: settings(web.URL)},
			Deliver: func(ctx context.Context, src *channels.Source, n int) error {
				return send(ctx, src, socialtest.WeChatText(int64(n), "openid", planted, channeltest.Start))
			},
			Poison: func(ctx context.Context, src *channels.Source) error { return send(ctx, src, []byte("<xml>"+planted)) },
			Break: func(ctx context.Context, src *channels.Source) {
				web.Close()
				_, _ = src.Sender.Send(ctx, outgoing(planted))
			},
		}
	}})
}

// Invariant A.
func TestSignatures(t *testing.T) {
	b := newBed(t)
	body := socialtest.WeChatText(1, "openid", "hi", channeltest.Start)
	now := channeltest.Start
	for name, c := range map[string]struct {
		q    url.Values
		code router.Code
	}{
		"none": {url.Values{}, router.CodeBadSignature}, "wrong token": {socialtest.WeChatQuery("other", now), router.CodeBadSignature},
		"old": {socialtest.WeChatQuery(token, now.Add(-6*time.Minute)), router.CodeStaleTimestamp}, "of tomorrow": {socialtest.WeChatQuery(token, now.Add(6*time.Minute)), router.CodeStaleTimestamp},
		"good": {socialtest.WeChatQuery(token, now), ""},
	} {
		if _, err := post(t.Context(), b.src, c.q, body); router.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		c.q.Set("echostr", "echo-1")
		a, err := b.src.Hook.ServeHook(t.Context(), channels.HookRequest{Method: http.MethodGet, Query: c.q})
		if router.CodeOf(err) != c.code || c.code == "" && string(a.Body) != "echo-1" {
			t.Errorf("%s: challenge answered %q, %v", name, a.Body, err)
		}
	}
}

type vector struct {
	Scheme, EncodingAesKey, Appid, Plaintext, Ciphertext, Token, Timestamp, Nonce, Digest string
	Signature                                                                             string `json:"msg_signature"`
	Args                                                                                  []string
}

func TestVectors(t *testing.T) {
	tried := 0
	for _, v := range vectors(t) {
		switch v.Scheme {
		case "wechat-sha1-sort":
			tried++
			if got := digest(v.Args...); got != v.Digest {
				t.Errorf("%v: %s", v.Args, got)
			}
		case "wechat-mp-aes":
			tried++
			key, err := base64.StdEncoding.DecodeString(v.EncodingAesKey + "=")
			if err != nil {
				t.Fatal(err)
			}
			got, err := seal{key: key, app: v.Appid}.open(v.Ciphertext)
			if err != nil || string(got) != v.Plaintext {
				t.Errorf("opened as %q, %v", got, err)
			}
			if _, err := (seal{key: key, app: "another"}).open(v.Ciphertext); !router.IsCode(err, router.CodeBadSignature) {
				t.Error("opened for another app:", err)
			}
		case "wecom-msg-signature":
			tried++
			if got := digest(v.Token, v.Timestamp, v.Nonce, v.Ciphertext); got != v.Signature {
				t.Errorf("signature %s, want %s", got, v.Signature)
			}
		}
	}
	if tried < 5 {
		t.Errorf("%d vectors", tried)
	}
}

func vectors(t *testing.T) (vs []vector) {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		body, e := os.ReadFile(filepath.Join(dir, "shared", "data", "social", "signatures", "vectors.json"))
		if e == nil {
			if err := json.Unmarshal(body, &vs); err != nil {
				t.Fatal(err)
			}
			return vs
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	t.Skip("no folder shared/data above this one: the published signatures are not compared")
	return nil
}

// sealed encrypts as the network does.
func sealed(t *testing.T, message, appID string) (cipherText string, body []byte) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if err != nil {
		t.Fatal(err)
	}
	plain := append([]byte("0123456789abcdef"), binary.BigEndian.AppendUint32(nil, uint32(len(message)))...)
	plain = append(append(plain, message...), appID...)
	pad := padTo - len(plain)%padTo
	for range pad {
		plain = append(plain, byte(pad))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCBCEncrypter(block, key[:16]).CryptBlocks(plain, plain)
	cipherText = base64.StdEncoding.EncodeToString(plain)
	return cipherText, []byte("<xml><ToUserName>gh</ToUserName><Encrypt><![CDATA[" + cipherText + "]]></Encrypt></xml>")
}

func TestEncryptedMode(t *testing.T) {
	b := newBed(t)
	text, body := sealed(t, string(socialtest.WeChatText(1, "openid", "秘密", channeltest.Start)), appID)
	a, err := post(t.Context(), b.src, socialtest.WeChatQuery(token, channeltest.Start, text), body)
	if got := b.desk.Intake.Accepted(); err != nil || string(a.Body) != "success" || len(got) != 1 || got[0].Text != "秘密" {
		t.Fatalf("%v %s %+v", err, a.Body, got)
	}
	if _, err := post(t.Context(), b.src, socialtest.WeChatQuery(token, channeltest.Start, text+"x"), body); !router.IsCode(err, router.CodeBadSignature) {
		t.Error("a wrong msg_signature:", err)
	}
	text, body = sealed(t, "<xml/>", "another")
	if _, err := post(t.Context(), b.src, socialtest.WeChatQuery(token, channeltest.Start, text), body); !router.IsCode(err, router.CodeBadSignature) {
		t.Error("for another app:", err)
	}
	deps, _ := channeltest.Deps(t)
	set := settings("")
	set.EncodingAESKey = ""
	src, err := Kind.Open(channels.Config{Name: "oa", Private: true, Settings: set}, deps)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := post(t.Context(), src, socialtest.WeChatQuery(token, channeltest.Start, text), body); !router.IsCode(err, router.CodeInvalidField) {
		t.Error("encrypted without a key:", err)
	}
}

// Invariant B.
func TestMessages(t *testing.T) {
	b := newBed(t)
	b.api.AddFile("pic", []byte("\x89PNG\r\n\x1a\n"))
	n := 0
	for content, want := range map[string]string{
		"<MsgType>text</MsgType><Content>你好</Content>":                                                            "你好",
		"<MsgType>text</MsgType><Content> </Content>":                                                             "[a message of a kind that is not shown here]",
		"<MsgType>image</MsgType><MediaId>pic</MediaId><PicUrl>http://127.0.0.1:1/x</PicUrl>":                     "[图片 image]",
		"<MsgType>image</MsgType><MediaId>gone</MediaId>":                                                         "[图片 image]",
		"<MsgType>voice</MsgType><MediaId>pic</MediaId><Recognition>转账失败</Recognition>":                           "[语音 voice message]\n转账失败",
		"<MsgType>shortvideo</MsgType><MediaId>pic</MediaId>":                                                     "[视频 video]",
		"<MsgType>location</MsgType><Location_X>23.1</Location_X><Location_Y>113.3</Location_Y><Label>广州</Label>": "[位置 location 23.1, 113.3] 广州",
		"<MsgType>link</MsgType><Title>T</Title><Description>D</Description><Url>https://x.example</Url>":         "[链接 link] T\nD\nhttps://x.example",
		"<MsgType>strange</MsgType>":                                                                              "[a message of a kind that is not shown here]",
	} {
		n++
		body := fmt.Appendf(nil, "<xml><FromUserName>openid</FromUserName><CreateTime>%d</CreateTime><MsgId>%d</MsgId>%s</xml>", channeltest.Start.Unix(), n, content)
		for range 2 {
			if a, err := post(t.Context(), b.src, socialtest.WeChatQuery(token, channeltest.Start), body); err != nil || string(a.Body) != "success" {
				t.Fatalf("%s: %v", content, err)
			}
		}
		got := b.desk.Intake.Accepted()
		in := got[len(got)-1]
		if len(got) != n || in.Text != want || in.Handle.Address != "openid" {
			t.Errorf("%s: %d, %+v", content, len(got), in)
		}
		for _, a := range in.Attach {
			if (len(a.Data) > 0) == strings.Contains(content, "gone") || (a.Note == "") != (len(a.Data) > 0) {
				t.Errorf("%s: %+v", content, a)
			}
		}
	}
	event := []byte("<xml><FromUserName>openid</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType><Event>subscribe</Event></xml>")
	if a, err := post(t.Context(), b.src, socialtest.WeChatQuery(token, channeltest.Start), event); err != nil || string(a.Body) != "success" || len(b.desk.Intake.Accepted()) != n {
		t.Error("an event:", err)
	}
}

func TestReplies(t *testing.T) {
	b := newBed(t)
	long := strings.Repeat("您好,请稍候。", 200)
	out := outgoing(long)
	out.Files = []channels.OutgoingFile{{Name: "a.png", Type: "image/png", Data: []byte("png")}}
	b.api.OnSent = func(s socialtest.Sent) {
		if s.ID == "2" {
			b.api.Fail(socialtest.Failure{Status: 502})
		}
	}
	if _, err := b.src.Sender.Send(t.Context(), out); !router.IsCode(err, router.CodeUnavailable) {
		t.Fatal(err)
	}
	b.api.Expire()
	for range 2 {
		if _, err := b.src.Sender.Send(t.Context(), out); err != nil {
			t.Fatal(err)
		}
	}
	got, all := b.api.Sent(), ""
	for _, s := range got[:len(got)-1] {
		if all += s.Text; len(s.Text) > maxText || strings.Contains(s.Text, `\u`) {
			t.Errorf("a part of %d bytes", len(s.Text))
		}
	}
	if all != long || got[len(got)-1].Kind != "image" || string(got[len(got)-1].Data) != "png" || len(got) != len(split(long, maxText))+1 {
		t.Errorf("%d messages", len(got))
	}
	if n := b.api.Tokens(); n != 3 { // one, the one that Expire made, and the new one
		t.Errorf("%d access tokens", n)
	}
}

func TestRefusals(t *testing.T) {
	b := newBed(t)
	for code, want := range map[int]router.Code{45015: router.CodeCannotReply, 45047: router.CodeCannotReply, 45009: router.CodeRateLimited, 45011: router.CodeRateLimited, -1: router.CodeRateLimited,
		48001: router.CodeUnavailable, 40003: router.CodeCannotReply} {
		b.api.Fail(socialtest.Failure{Code: code})
		_, err := b.src.Sender.Send(t.Context(), outgoing(planted))
		var after *channels.RetryAfter
		if !router.IsCode(err, want) || errors.As(err, &after) != (want == router.CodeRateLimited) || strings.Contains(err.Error(), planted) {
			t.Errorf("%d: %v", code, err)
		}
	}
	out := outgoing("x")
	out.InboundAt = channeltest.Start.Add(-49 * time.Hour)
	if _, err := b.src.Sender.Send(t.Context(), out); !router.IsCode(err, router.CodeCannotReply) {
		t.Error("after the window:", err)
	}
	out = outgoing("x")
	out.Files = []channels.OutgoingFile{{Name: "a.pdf", Type: "application/pdf"}}
	if _, err := b.src.Sender.Send(t.Context(), out); !router.IsCode(err, router.CodeCannotReply) || len(b.api.Sent()) != 0 {
		t.Error("a file that is no picture:", err)
	}
}

// Invariant D.
func TestSecretsStayInside(t *testing.T) {
	deps, desk := channeltest.Deps(t)
	src, err := Kind.Open(channels.Config{Name: "oa", Private: true, Settings: settings("http://127.0.0.1:1")}, deps)
	if err != nil {
		t.Fatal(err)
	}
	_, err = src.Sender.Send(t.Context(), outgoing(planted))
	if !router.IsCode(err, router.CodeUnavailable) {
		t.Error(err)
	}
	for _, s := range []string{app, token, planted} {
		if strings.Contains(err.Error()+desk.Logs.String(), s) {
			t.Errorf("%q stands in %v", s, err)
		}
	}
}

func TestSettings(t *testing.T) {
	deps, _ := channeltest.Deps(t)
	for field, change := range map[string]func(*Settings){"app_id": func(s *Settings) { s.AppID = "" }, "app_secret": func(s *Settings) { s.AppSecret = "" }, "token": func(s *Settings) { s.Token = "" },
		"encoding_aes_key": func(s *Settings) { s.EncodingAESKey = "short" }, "api_url": func(s *Settings) { s.APIURL = "ftp://x" }} {
		s := settings("")
		change(s)
		_, err := Kind.Open(channels.Config{Name: "oa", Private: true, Settings: s}, deps)
		if e, ok := err.(*router.Error); !ok || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func FuzzWeChat(f *testing.F) {
	f.Add(socialtest.WeChatText(1, "openid", "hi", channeltest.Start))
	f.Add([]byte("<xml><FromUserName>x</FromUserName><MsgType>voice</MsgType><MediaId>m</MediaId></xml>"))
	f.Add([]byte("<xml><Encrypt>jn1L23DB+6ELqJ+6bruv2w==</Encrypt></xml>"))
	key, _ := base64.StdEncoding.DecodeString(aesKey + "=")
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := parseMessage(b); err == nil {
			if in, _, ok := normalize("oa", m); ok && (in.Text == "" || in.ExternalID == "" || in.Handle.Address == "") {
				t.Errorf("%+v", in)
			}
		}
		_, _ = seal{key: key, app: appID}.open(base64.StdEncoding.EncodeToString(b))
	})
}
