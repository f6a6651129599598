package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	telegramName   = "telegram"
	telegramToken  = "700000000:demo-token-of-the-bot"
	telegramSecret = "demo-secret-token-of-the-webhook"
)

// telegram plays the network: its webhook into the desk, and the part of the Bot API that replies use.
type telegram struct {
	base  string // of the desk
	speed float64
	api   http.Handler
	mu    sync.Mutex
	acts  map[int64]act // by chat
	next  int64
}

func newTelegram(speed float64) *telegram {
	t := &telegram{speed: speed, acts: map[int64]act{}}
	t.api = http.HandlerFunc(t.method)
	return t
}

// chatOf is the network's id of a customer.
func chatOf(a act) int64 { return 5_000_000 + int64(a.n) }

func (t *telegram) do(ctx context.Context, a act) error {
	t.mu.Lock()
	t.acts[chatOf(a)] = a
	t.mu.Unlock()
	return t.update(ctx, a, a.text.body)
}

// update posts a message to the desk's webhook as the network does.
func (t *telegram) update(ctx context.Context, a act, text string) error {
	t.mu.Lock()
	t.next++
	id := t.next
	t.mu.Unlock()
	user := map[string]any{"id": chatOf(a), "is_bot": false, "first_name": a.name, "language_code": string(a.language)}
	body, err := json.Marshal(map[string]any{"update_id": 1000*chatOf(a) + id, "message": map[string]any{"message_id": id, "date": time.Now().Unix(), "text": text,
		"from": user, "chat": map[string]any{"id": chatOf(a), "type": "private", "first_name": a.name}}})
	if err != nil {
		return err
	}
	return post(ctx, t.base+"/v1/hooks/"+telegramName, http.Header{"X-Telegram-Bot-Api-Secret-Token": {telegramSecret}}, body)
}

// method answers calls of the Bot API; a customer who got a reply may write back.
func (t *telegram) method(w http.ResponseWriter, r *http.Request) {
	name, known := strings.CutPrefix(r.URL.Path, "/bot"+telegramToken+"/")
	if !known || name != "sendMessage" {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"ok":false,"error_code":404,"description":"Not Found"}`)
		return
	}
	var m struct {
		ChatID json.RawMessage `json:"chat_id"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&m); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"ok":false,"error_code":400,"description":"Bad Request"}`)
		return
	}
	chat, err := strconv.ParseInt(strings.Trim(string(m.ChatID), `"`), 10, 64)
	t.mu.Lock()
	a, waits := t.acts[chat]
	delete(t.acts, chat)
	t.next++
	id := t.next
	t.mu.Unlock()
	if text, more := a.followUp(); err == nil && waits && more {
		time.AfterFunc(time.Duration(float64(5*time.Second)/t.speed), func() {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			_ = t.update(ctx, a, text) // the demo may be over
		})
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"ok":true,"result":{"message_id":%d,"date":%d,"chat":{"id":%d,"type":"private"}}}`, id, time.Now().Unix(), chat)
}
