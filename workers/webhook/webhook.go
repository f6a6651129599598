package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"switchyard/channels"
	"switchyard/router"
	"switchyard/router/store"
)

const (
	// lease is how long one try may take before another may begin.
	lease = 2 * time.Minute
	// timeout bounds one try.
	timeout = time.Minute
	// giveUpAfter is how long a passing failure is tried again.
	giveUpAfter = 24 * time.Hour
	// longestPause bounds the pause that a receiver may ask for.
	longestPause = time.Hour
)

// Hook is one receiver.
type Hook struct {
	Name, URL, Secret string
	FromFile          bool // of the configuration: its address may be a private one
}

// Caller makes calls.
type Caller struct {
	Docs store.Docs
	// Tell tells the managers, once for each id (dispatch.Service.Notice).
	Tell  func(ctx context.Context, kind, id string, sentence router.Sentence, ticket router.TicketID) error
	Pause func(attempt int) time.Duration // before the next try
	Now   func() time.Time
	Log   *slog.Logger

	hooks           map[string]Hook
	private, public *http.Client
	after           string // where the last look of the sweep ended
	pruned          pruning
}

// Use sets the receivers, before anything else is called.
func (c *Caller) Use(hooks []Hook) *Caller {
	c.hooks = map[string]Hook{}
	for _, h := range hooks {
		c.hooks[h.Name] = h
	}
	c.private, c.public = channels.HTTPClient(true), channels.HTTPClient(false)
	return c
}

// Close lets go of idle connections; safe twice.
func (c *Caller) Close() {
	c.private.CloseIdleConnections()
	c.public.CloseIdleConnections()
}

// Call makes one call, if it is to be made now. A failure that may pass is written down and returned.
func (c *Caller) Call(ctx context.Context, id string) error {
	calls := store.WebhookCalls(c.Docs)
	r, err := calls.Get(ctx, id)
	if router.IsCode(err, router.CodeNotFound) {
		return nil
	}
	now := c.Now()
	if err != nil || r.Value.State != store.CallPending || r.Value.RetryAt.After(now) {
		return err
	}
	r.Value.Attempts, r.Value.RetryAt = r.Value.Attempts+1, now.Add(lease)
	if r, err = calls.Put(ctx, r); err != nil {
		if router.IsCode(err, router.CodeConflict) {
			return nil // another worker has it
		}
		return err
	}
	if err := c.send(ctx, r.Value); err != nil {
		return c.failed(context.WithoutCancel(ctx), r, err)
	}
	r.Value.State, r.Value.RetryAt, r.Value.Error, r.Value.EndedAt = store.CallDone, time.Time{}, "", c.Now()
	_, err = calls.Put(ctx, r)
	return err
}

func (c *Caller) send(ctx context.Context, call store.WebhookCall) error {
	const op = "webhook.call"
	h, ok := c.hooks[call.Webhook]
	if !ok {
		return router.Fail(op, router.CodeNotFound, "the configuration has no webhook of that name")
	}
	client := c.public
	if h.FromFile {
		client = c.private
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return channels.PostSigned(ctx, op, client, h.URL, h.Secret, c.Now(), call.Body)
}

// failed waits for a passing failure to pass, and gives up on any other.
func (c *Caller) failed(ctx context.Context, r store.Record[store.WebhookCall], cause error) error {
	now, code := c.Now(), router.CodeOf(cause)
	r.Value.Error = string(code)
	if forbidden(cause) {
		r.Value.Error, code = string(router.CodeForbidden), router.CodeForbidden
	}
	passing := code == router.CodeUnavailable || code == router.CodeRateLimited
	if passing && now.Sub(r.Value.At) < giveUpAfter {
		pause := c.Pause(r.Value.Attempts + 2)
		var asked *channels.RetryAfter
		if errors.As(cause, &asked) && asked.After > 0 {
			pause = min(asked.After, longestPause)
		}
		r.Value.RetryAt = now.Add(pause)
		if _, err := store.WebhookCalls(c.Docs).Put(ctx, r); err != nil {
			return err
		}
		return cause
	}
	zh, en := sentence(code, cause)
	text := router.Sentence{ZH: "通知「" + r.Value.Webhook + "」失败：" + zh, EN: "The webhook " + r.Value.Webhook + " could not be called: " + en}
	if err := c.Tell(ctx, "webhook", "webhook:"+r.ID, text, r.Value.Ticket); err != nil {
		return err
	}
	r.Value.State, r.Value.RetryAt, r.Value.EndedAt = store.CallFailed, time.Time{}, now
	_, err := store.WebhookCalls(c.Docs).Put(ctx, r)
	c.Log.Warn("a webhook call failed for good", "webhook", r.Value.Webhook, "call", r.ID, "code", code)
	return err
}

// forbidden reports whether the guard refused to dial: that will not pass.
func forbidden(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if e, ok := err.(*router.Error); ok && e.Code == router.CodeForbidden {
			return true
		}
	}
	return false
}

func sentence(code router.Code, cause error) (zh, en string) {
	switch code {
	case router.CodeNotFound:
		return "配置中没有这个名称的 webhook", "the configuration has no webhook of that name"
	case router.CodeForbidden:
		return "地址不是公网地址", "its address is not a public one"
	case router.CodeUnavailable, router.CodeRateLimited:
		return "接收方一天内都没有接受", "its receiver has not taken it for a day"
	}
	var e *router.Error
	if errors.As(cause, &e) && e.Detail != "" {
		return "接收方拒绝了请求（" + e.Detail + "）", e.Detail
	}
	return "接收方拒绝了请求", "the receiver refused it"
}

// Due are calls that are to be made now: one page at a look, going round, so that calls that wait hide none.
func (c *Caller) Due(ctx context.Context, now time.Time) ([]string, error) {
	if err := c.prune(ctx, now); err != nil {
		return nil, err
	}
	rs, err := store.WebhookCalls(c.Docs).List(ctx, string(store.CallPending), c.after, store.MaxLimit)
	if err != nil {
		return nil, err
	}
	c.after = ""
	if len(rs) == store.MaxLimit {
		c.after = rs[len(rs)-1].ID
	}
	var due []string
	for _, r := range rs {
		if !r.Value.RetryAt.After(now) {
			due = append(due, r.ID)
		}
	}
	return due, nil
}
