package socialtest

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Telegram plays the Bot API for one bot.
type Telegram struct {
	fake
	Token string
}

// NewTelegram makes a Bot API that knows one token.
func NewTelegram(token string) *Telegram { return &Telegram{Token: token} }

// ServeHTTP answers sendMessage, sendPhoto, sendDocument, getFile and the fetching of files.
func (t *Telegram) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.Path, "/file/bot"+t.Token+"/"); ok {
		data, found := t.file(strings.TrimPrefix(path, "files/"))
		if !found {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
		return
	}
	method, ok := strings.CutPrefix(r.URL.Path, "/bot"+t.Token+"/")
	if !ok {
		t.refuse(w, Failure{Status: 401})
		return
	}
	if method == "getFile" {
		t.getFile(w, r)
		return
	}
	if f, due := t.failing(r); due {
		t.refuse(w, f)
		return
	}
	switch method {
	case "sendMessage":
		t.sendMessage(w, r)
	case "sendPhoto", "sendDocument":
		kind := strings.ToLower(strings.TrimPrefix(method, "send"))
		name, data, ok := form(r, kind)
		if !ok {
			t.refuse(w, Failure{Status: 400})
			return
		}
		t.take(w, Sent{To: r.FormValue("chat_id"), Kind: kind, Name: name, Data: data, Text: r.FormValue("caption")})
	default:
		t.refuse(w, Failure{Status: 404})
	}
}

func (t *Telegram) sendMessage(w http.ResponseWriter, r *http.Request) {
	var m struct {
		ChatID json.RawMessage `json:"chat_id"`
		Text   string          `json:"text"`
	}
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&m)
	if n := len(utf16.Encode([]rune(m.Text))); err != nil || n == 0 || n > 4096 || field(m.ChatID) == "" {
		t.refuse(w, Failure{Status: 400})
		return
	}
	t.take(w, Sent{To: field(m.ChatID), Kind: "text", Text: m.Text})
}

func (t *Telegram) take(w http.ResponseWriter, s Sent) {
	_, n := t.keep(s, func(n int64) string { return strconv.FormatInt(n, 10) })
	chat, _ := strconv.ParseInt(s.To, 10, 64)
	reply(w, http.StatusOK, map[string]any{"ok": true, "result": map[string]any{"message_id": n, "date": time.Now().Unix(), "chat": map[string]any{"id": chat, "type": "private"}}})
}

func (t *Telegram) getFile(w http.ResponseWriter, r *http.Request) {
	var m struct {
		ID string `json:"file_id"`
	}
	_ = json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&m)
	data, ok := t.file(m.ID)
	if !ok {
		t.refuse(w, Failure{Status: 400})
		return
	}
	reply(w, http.StatusOK, map[string]any{"ok": true, "result": map[string]any{"file_id": m.ID, "file_size": len(data), "file_path": "files/" + m.ID}})
}

func (t *Telegram) refuse(w http.ResponseWriter, f Failure) {
	body := map[string]any{"ok": false, "error_code": f.Status, "description": http.StatusText(f.Status)}
	if f.RetryAfter > 0 {
		body["parameters"] = map[string]any{"retry_after": f.RetryAfter}
	}
	reply(w, f.Status, body)
}

// TelegramUpdate is the body of a webhook call with a text message of a customer in a private chat.
func TelegramUpdate(update, user int64, name, language, text string, at time.Time) []byte {
	body, _ := json.Marshal(map[string]any{"update_id": update, "message": map[string]any{"message_id": update, "date": at.Unix(), "text": text,
		"from": map[string]any{"id": user, "is_bot": false, "first_name": name, "language_code": language}, "chat": map[string]any{"id": user, "type": "private", "first_name": name}}})
	return body
}

// TelegramHeader is the header of a webhook call.
func TelegramHeader(secret string) http.Header {
	return http.Header{"Content-Type": {"application/json"}, "X-Telegram-Bot-Api-Secret-Token": {secret}}
}
