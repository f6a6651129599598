package opinion

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"switchyard/channels"
	"switchyard/router"
)

const (
	// maxCalls is how many calls to one endpoint are under way at a time: far fewer than what works
	// on messages, so that a slow endpoint cannot hold all of that.
	maxCalls = 4
	// placeWait is how long a call waits for its place before it goes without.
	placeWait = 250 * time.Millisecond
	// DefaultTimeout is the longest wait for an answer where Options say none.
	DefaultTimeout = 3 * time.Second
)

// Options say which endpoint is asked, and how much.
type Options struct {
	URL     string        // up to /chat/completions or /embeddings
	Model   string        // its id there
	Key     string        // empty: none is sent
	Timeout time.Duration // of a whole call; 0: DefaultTimeout
	Budget  int           // calls a day (UTC), counted in Purse
	Purse   Purse         // nil: no budget
	Now     func() time.Time
	Log     *slog.Logger
}

// client calls one endpoint.
type client struct {
	Options
	op      string
	url     string
	http    *http.Client
	places  chan struct{}
	breaker breaker
	budget  budget
}

func newClient(o Options, op, path string) *client {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	h := channels.HTTPClient(true) // its address stands in the configuration: it may be a private one
	h.Timeout = 0                  // the context's deadline holds
	return &client{Options: o, op: op, url: strings.TrimRight(o.URL, "/") + path, http: h, places: make(chan struct{}, maxCalls),
		budget: budget{name: op, limit: o.Budget, purse: o.Purse}}
}

// call is a request and how its answer is read.
type call struct {
	in, out   any
	maxAnswer int64           // bytes
	check     func() *Failure // says whether out is usable
	timeout   time.Duration
}

// call makes a call. The error is a router.Error around a *Failure.
func (c *client) call(ctx context.Context, x call) error {
	f := c.guarded(ctx, x.timeout, func(ctx context.Context) *Failure {
		if f := c.post(ctx, x); f != nil {
			return f
		}
		return x.check()
	})
	if f == nil {
		return nil
	}
	return router.Wrap(c.op, router.CodeUnavailable, f)
}

// guarded makes one call within timeout, places, breaker and budget.
func (c *client) guarded(ctx context.Context, timeout time.Duration, do func(context.Context) *Failure) *Failure {
	if !c.breaker.enter(c.Now()) {
		return &Failure{Kind: Resting}
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	f := c.place(bounded)
	if f == nil {
		if f = c.pay(bounded); f == nil {
			f = do(bounded)
		}
		<-c.places
	}
	if f != nil && ctx.Err() != nil {
		f = &Failure{Kind: Stopped}
	}
	rests, back := c.breaker.leave(c.Now(), f)
	switch {
	case rests:
		c.Log.Warn("an outside endpoint fails and is left alone for a while; the desk goes on without it", "endpoint", c.op, "error", f, "remedy", f.Remedy())
	case back:
		c.Log.Info("an outside endpoint is back", "endpoint", c.op)
	}
	return f
}

func (c *client) place(ctx context.Context) *Failure {
	wait := time.NewTimer(placeWait)
	defer wait.Stop()
	select {
	case c.places <- struct{}{}:
		return nil
	case <-wait.C:
	case <-ctx.Done():
	}
	return &Failure{Kind: Busy}
}

// Close gives up idle connections; safe twice.
func (c *client) Close() { c.http.CloseIdleConnections() }

// pay takes a call of the day's budget. What cannot be counted is not made.
func (c *client) pay(ctx context.Context) *Failure {
	ok, first, err := c.budget.take(ctx, c.Now())
	if first || err != nil {
		c.Log.Warn("no more calls to an outside endpoint for now; the desk goes on without it", "endpoint", c.op, "budget", c.Budget, "error", err)
	}
	if !ok {
		return &Failure{Kind: Spent}
	}
	return nil
}

func (c *client) post(ctx context.Context, x call) *Failure {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(x.in); err != nil {
		return &Failure{Kind: Unfit}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, &body)
	if err != nil {
		return &Failure{Kind: Unreachable}
	}
	req.Header.Set("Content-Type", "application/json")
	if c.Key != "" {
		req.Header.Set("Authorization", "Bearer "+c.Key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.network(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if f := c.status(resp); f != nil {
		return f
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, x.maxAnswer+1))
	switch {
	case err != nil:
		return c.network(ctx, err)
	case int64(len(answer)) > x.maxAnswer:
		return &Failure{Kind: TooLong}
	case json.Unmarshal(answer, x.out) != nil:
		return &Failure{Kind: Unreadable}
	}
	return nil
}

// network says what a broken connection means. The address is left out of it.
func (c *client) network(ctx context.Context, err error) *Failure {
	if ctx.Err() != nil {
		return &Failure{Kind: TimedOut}
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	return &Failure{Kind: Unreachable, cause: err}
}

// status says what a status other than 2xx means.
func (c *client) status(resp *http.Response) *Failure {
	f := &Failure{Status: resp.StatusCode}
	switch s := resp.StatusCode; {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		f.Kind = Refused
	case s == http.StatusNotFound:
		f.Kind = Missing
	case s == http.StatusTooManyRequests:
		f.Kind = Limited
	case s >= 500:
		f.Kind = Broken
	case s >= 300 && s < 400:
		f.Kind = Moved
	default:
		f.Kind = Unfit
	}
	if f.Kind == Limited || f.Kind == Broken {
		f.Wait = retryAfter(resp.Header.Get("Retry-After"), c.Now())
	}
	return f
}

// retryAfter reads the header of that name: seconds or a date (RFC 9110, 10.2.3); 0 if it says nothing.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(s); err == nil {
		return time.Duration(max(0, min(n, 24*3600))) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
