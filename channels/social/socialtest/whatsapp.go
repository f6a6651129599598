package socialtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// WhatsApp plays the Graph API for one number.
type WhatsApp struct {
	fake
	Token  string
	Number string
}

// NewWhatsApp makes an API that knows one number and one access token.
func NewWhatsApp(number, token string) *WhatsApp { return &WhatsApp{Token: token, Number: number} }

// ServeHTTP answers messages, media and the fetching of files.
func (a *WhatsApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+a.Token {
		a.refuse(w, Failure{Status: 401, Code: 190})
		return
	}
	switch path := strings.TrimPrefix(r.URL.Path, "/"); {
	case path == a.Number+"/messages":
		a.messages(w, r)
	case path == a.Number+"/media":
		_, data, ok := form(r, "file")
		if !ok || r.FormValue("messaging_product") != "whatsapp" {
			a.refuse(w, Failure{Status: 400, Code: 100})
			return
		}
		id := "upload" + strconv.FormatInt(time.Now().UnixNano(), 36)
		a.AddFile(id, data)
		reply(w, http.StatusOK, map[string]string{"id": id})
	case strings.HasPrefix(path, "download/"):
		data, _ := a.file(strings.TrimPrefix(path, "download/"))
		_, _ = w.Write(data)
	default:
		data, ok := a.file(path)
		if !ok {
			a.refuse(w, Failure{Status: 404, Code: 100})
			return
		}
		reply(w, http.StatusOK, map[string]any{"id": path, "url": "http://" + r.Host + "/download/" + path, "file_size": len(data), "mime_type": http.DetectContentType(data)})
	}
}

func (a *WhatsApp) messages(w http.ResponseWriter, r *http.Request) {
	if f, due := a.failing(r); due {
		a.refuse(w, f)
		return
	}
	var m struct {
		Product string `json:"messaging_product"`
		To      string `json:"to"`
		Type    string `json:"type"`
		Key     string `json:"biz_opaque_callback_data"`
		Text    struct {
			Body string `json:"body"`
		} `json:"text"`
		Image    struct{ ID string }           `json:"image"`
		Document struct{ ID, Filename string } `json:"document"`
	}
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&m)
	n := utf8.RuneCountInString(m.Text.Body)
	if err != nil || m.Product != "whatsapp" || m.To == "" || m.Type == "text" && (n == 0 || n > 4096) {
		a.refuse(w, Failure{Status: 400, Code: 100})
		return
	}
	data, known := a.file(m.Image.ID + m.Document.ID)
	if m.Type != "text" && !known {
		a.refuse(w, Failure{Status: 400, Code: 131053})
		return
	}
	id, _ := a.keep(Sent{To: m.To, Kind: m.Type, Text: m.Text.Body, Name: m.Document.Filename, Data: data, Key: m.Key}, func(n int64) string { return "wamid.out" + strconv.FormatInt(n, 10) })
	reply(w, http.StatusOK, map[string]any{"messaging_product": "whatsapp", "contacts": []any{map[string]string{"input": m.To, "wa_id": m.To}}, "messages": []any{map[string]string{"id": id}}})
}

func (a *WhatsApp) refuse(w http.ResponseWriter, f Failure) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	reply(w, f.Status, map[string]any{"error": map[string]any{"message": "as the network says", "type": "OAuthException", "code": f.Code}})
}

// WhatsAppHeader is the header of a webhook call, signed with the app's secret.
func WhatsAppHeader(secret string, body []byte) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return http.Header{"Content-Type": {"application/json"}, "X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
}

// WhatsAppNotice is the body of a webhook call about a number; value is what stands beside its metadata.
func WhatsAppNotice(number string, value map[string]any) []byte {
	v := map[string]any{"messaging_product": "whatsapp", "metadata": map[string]string{"phone_number_id": number}}
	for k, x := range value {
		v[k] = x
	}
	body, _ := json.Marshal(map[string]any{"object": "whatsapp_business_account", "entry": []any{map[string]any{"id": "1", "changes": []any{map[string]any{"field": "messages", "value": v}}}}})
	return body
}

// WhatsAppText is what WhatsAppNotice takes for a text message of a customer.
func WhatsAppText(id, from, name, text string, at time.Time) map[string]any {
	return map[string]any{"contacts": []any{map[string]any{"wa_id": from, "profile": map[string]string{"name": name}}},
		"messages": []any{map[string]any{"id": id, "from": from, "timestamp": strconv.FormatInt(at.Unix(), 10), "type": "text", "text": map[string]string{"body": text}}}}
}
