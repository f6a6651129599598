package socialtest

import (
	"crypto/sha1" // the network's choice
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// WeChat plays the API of one Official Account.
type WeChat struct {
	fake
	AppID     string
	AppSecret string
	tokens    atomic.Int64
}

// NewWeChat makes an API that knows one account.
func NewWeChat(appID, appSecret string) *WeChat { return &WeChat{AppID: appID, AppSecret: appSecret} }

// Tokens is how many access tokens were given out. Only the last one is valid.
func (w *WeChat) Tokens() int64 { return w.tokens.Load() }

// Expire makes the access token that was given out last invalid.
func (w *WeChat) Expire() { w.tokens.Add(1) }

func (w *WeChat) access() string { return "access-" + strconv.FormatInt(w.tokens.Load(), 10) }

// ServeHTTP answers token, message/custom/send, media/get and media/upload.
func (w *WeChat) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if r.URL.Path == "/cgi-bin/token" {
		if q.Get("grant_type") != "client_credential" || q.Get("appid") != w.AppID || q.Get("secret") != w.AppSecret {
			verdict(out, 40125)
			return
		}
		w.tokens.Add(1)
		reply(out, http.StatusOK, map[string]any{"access_token": w.access(), "expires_in": 7200})
		return
	}
	if q.Get("access_token") != w.access() {
		verdict(out, 40001)
		return
	}
	switch r.URL.Path {
	case "/cgi-bin/media/get":
		data, ok := w.file(q.Get("media_id"))
		if !ok {
			verdict(out, 40007)
			return
		}
		out.Header().Set("Content-Type", http.DetectContentType(data))
		_, _ = out.Write(data)
	case "/cgi-bin/media/upload":
		_, data, ok := form(r, "media")
		if !ok {
			verdict(out, 40004)
			return
		}
		id := "upload-" + strconv.FormatInt(time.Now().UnixNano(), 36)
		w.AddFile(id, data)
		reply(out, http.StatusOK, map[string]any{"type": "image", "media_id": id, "created_at": time.Now().Unix()})
	case "/cgi-bin/message/custom/send":
		w.send(out, r)
	default:
		http.NotFound(out, r)
	}
}

func (w *WeChat) send(out http.ResponseWriter, r *http.Request) {
	if f, due := w.failing(r); due {
		if f.Status >= 400 {
			http.Error(out, "", f.Status)
			return
		}
		verdict(out, f.Code)
		return
	}
	var m struct {
		To   string `json:"touser"`
		Type string `json:"msgtype"`
		Text struct {
			Content string `json:"content"`
		} `json:"text"`
		Image struct {
			ID string `json:"media_id"`
		} `json:"image"`
	}
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&m)
	data, known := w.file(m.Image.ID)
	switch {
	case err != nil:
		verdict(out, 47001)
	case m.To == "":
		verdict(out, 40003)
	case m.Type == "text" && m.Text.Content == "":
		verdict(out, 44004)
	case len(m.Text.Content) > 2048:
		verdict(out, 45002)
	case m.Type == "image" && !known:
		verdict(out, 40007)
	default:
		w.keep(Sent{To: m.To, Kind: m.Type, Text: m.Text.Content, Data: data}, func(n int64) string { return strconv.FormatInt(n, 10) })
		verdict(out, 0)
	}
}

func verdict(w http.ResponseWriter, code int) {
	reply(w, http.StatusOK, map[string]any{"errcode": code, "errmsg": "as the network says"})
}

// WeChatQuery is the query of a webhook call, signed with the token; more is the cipher text of an encrypted one.
func WeChatQuery(token string, at time.Time, more ...string) url.Values {
	timestamp, nonce := strconv.FormatInt(at.Unix(), 10), "nonce"+strconv.FormatInt(at.UnixNano()%100000, 10)
	q := url.Values{"timestamp": {timestamp}, "nonce": {nonce}, "signature": {sorted(token, timestamp, nonce)}}
	if len(more) > 0 {
		q.Set("encrypt_type", "aes")
		q.Set("msg_signature", sorted(append([]string{token, timestamp, nonce}, more...)...))
	}
	return q
}

func sorted(parts ...string) string {
	sort.Strings(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// WeChatText is the body of a webhook call with a text message of a customer.
func WeChatText(id int64, user, text string, at time.Time) []byte {
	return fmt.Appendf(nil, "<xml><ToUserName><![CDATA[gh_desk]]></ToUserName><FromUserName><![CDATA[%s]]></FromUserName><CreateTime>%d</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[%s]]></Content><MsgId>%d</MsgId></xml>",
		user, at.Unix(), strings.ReplaceAll(text, "]]>", "]] >"), id)
}
