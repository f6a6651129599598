package demo

import (
	"context"
	"strconv"
	"sync"
	"time"

	"switchyard/channels/social/socialtest"
)

const (
	telegramName   = "telegram"
	telegramToken  = "700000000:demo-token-of-the-bot"
	telegramSecret = "demo-secret-token-of-the-webhook"
)

// telegram plays the network: customers write through its webhook, and read what the Bot API is given.
type telegram struct {
	base  string // of the desk
	speed float64
	api   *socialtest.Telegram
	mu    sync.Mutex
	acts  map[string]act // by the network's id of the customer
	next  int64
}

func newTelegram(speed float64) *telegram {
	t := &telegram{speed: speed, acts: map[string]act{}, api: socialtest.NewTelegram(telegramToken)}
	t.api.OnSent = t.answered
	return t
}

// userOf is the network's id of a customer.
func userOf(a act) int64 { return 5_000_000 + int64(a.n) }

func (t *telegram) do(ctx context.Context, a act) error {
	t.mu.Lock()
	t.acts[strconv.FormatInt(userOf(a), 10)] = a
	t.mu.Unlock()
	return t.update(ctx, a, a.text.body)
}

// update posts a message to the desk's webhook as the network does.
func (t *telegram) update(ctx context.Context, a act, text string) error {
	t.mu.Lock()
	t.next++
	id := t.next
	t.mu.Unlock()
	body := socialtest.TelegramUpdate(id, userOf(a), a.name, string(a.language), text, time.Now())
	return post(ctx, t.base+"/v1/hooks/"+telegramName, socialtest.TelegramHeader(telegramSecret), body)
}

// answered is told of every reply; a customer who got one may write back.
func (t *telegram) answered(s socialtest.Sent) {
	t.mu.Lock()
	a, known := t.acts[s.To]
	text, _, more, waits := a.reacts(asksByItself(s.Text))
	if !waits {
		delete(t.acts, s.To)
	}
	t.mu.Unlock()
	if known && more {
		time.AfterFunc(time.Duration(float64(5*time.Second)/t.speed), func() {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			_ = t.update(ctx, a, text) // the demo may be over
		})
	}
}
