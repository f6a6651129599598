package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/router"
	"switchyard/router/store"
)

const (
	keyHeader = "Idempotency-Key"
	maxKey    = 200
	// rememberFor is how long an answer is given again.
	rememberFor = 24 * time.Hour
	// workTime is how long a request may work before its key is free again: its process died.
	workTime = time.Minute
	// waitFor is how long a second request with the same key waits for the first.
	waitFor  = 5 * time.Second
	waitStep = 25 * time.Millisecond
	// sweepEvery and sweepPage pace the forgetting of old answers.
	sweepEvery = 30 * time.Second
	sweepPage  = 500
)

// remembered is what is kept of a request with a key. The answer is sealed, for one-time secrets may be in it.
type remembered struct {
	Body   string    `json:"body"` // digest of the request's body
	At     time.Time `json:"at"`
	Done   bool      `json:"done"`
	Status int       `json:"status,omitempty"`
	Type   string    `json:"type,omitempty"`
	Empty  string    `json:"empty,omitempty"`
	Sealed []byte    `json:"sealed,omitempty"`
}

func (s *Server) remembered() store.Collection[remembered] {
	return store.Collection[remembered]{Docs: s.Store, Kind: "idempotency"}
}

// once makes a handler act once for each key. A request without a key is not remembered.
func (s *Server) once(h echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		key := c.Request().Header.Get(keyHeader)
		if key == "" {
			if len(c.Request().Header.Values(keyHeader)) > 0 {
				return badKey("must not be empty")
			}
			return h(c)
		}
		if len(key) > maxKey {
			return badKey("is longer than 200 characters")
		}
		body, err := readBody(c)
		if err != nil {
			return err
		}
		id := router.HashID("i", s.callerKey(c), c.Request().Method, c.Request().URL.Path, key)
		mine, before, err := s.begin(c.Request().Context(), id, digest(c, body))
		if err != nil {
			return err
		}
		if before != nil {
			return s.replay(c, id, *before)
		}
		return s.act(c, h, mine)
	}
}

func badKey(what string) error { return router.FailField("api.idempotency", keyHeader, "%s", what) }

// callerKey tells callers apart: a key means something to the one who made it up.
func (s *Server) callerKey(c echo.Context) string {
	who := gate.CallerOf(c)
	switch {
	case who.User != nil:
		return "user:" + string(who.User.ID)
	case who.Visitor != nil:
		return "visitor:" + who.Visitor.Handle.Key(who.Visitor.Source)
	}
	return "address:" + s.remoteKey(c)
}

// digest names a body. The boundary of a form is new at every try and does not count.
func digest(c echo.Context, body []byte) string {
	if _, params, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType)); err == nil && params["boundary"] != "" {
		body = bytes.ReplaceAll(body, []byte(params["boundary"]), nil)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

// begin takes the key for this request, or finds the answer that was given before. While another
// request has the key it waits for it. conflict: the other one takes too long.
func (s *Server) begin(ctx context.Context, id, body string) (mine store.Record[remembered], before *remembered, err error) {
	waited := time.Duration(0)
	for {
		r, err := s.remembered().Get(ctx, id)
		if err != nil && !router.IsCode(err, router.CodeNotFound) {
			return r, nil, err
		}
		old := r.Version > 0
		gone := old && s.Now().Sub(r.Value.At) > rememberFor
		switch {
		case old && !gone && r.Value.Body != body:
			return r, nil, badKey("was used before with another body")
		case old && !gone && r.Value.Done:
			return r, &r.Value, nil
		case !old, gone, s.Now().Sub(r.Value.At) > workTime:
			r.Value = remembered{Body: body, At: s.Now()}
			r, err = s.remembered().Put(ctx, r)
			if err == nil {
				return r, nil, nil
			}
			if !router.IsCode(err, router.CodeExists) && !router.IsCode(err, router.CodeConflict) {
				return r, nil, err
			}
			continue
		}
		if waited += waitStep; waited > waitFor {
			return r, nil, router.Fail("api.idempotency", router.CodeConflict, "the same request is still being worked on")
		}
		select {
		case <-ctx.Done():
			return r, nil, router.Wrap("api.idempotency", router.CodeUnavailable, ctx.Err())
		case <-time.After(waitStep):
		}
	}
}

// act runs the handler into a buffer and remembers a 2xx answer before it is sent; anything else frees the key.
func (s *Server) act(c echo.Context, h echo.HandlerFunc, mine store.Record[remembered]) error {
	keep := context.WithoutCancel(c.Request().Context())
	done := false
	defer func() {
		if !done {
			if err := s.remembered().Docs.DeleteDoc(keep, "idempotency", mine.ID, mine.Version); err != nil {
				s.Log.Warn("an idempotency key stays taken for a minute", "request_id", requestID(c), "error", err)
			}
		}
	}()
	out := c.Response().Writer
	w, err := held(c, h)
	if err != nil {
		return err
	}
	if status := c.Response().Status; status >= 200 && status < 300 {
		sealed, err := s.Intake.Sealer.Seal(router.BlobID(mine.ID), w.body.Bytes())
		if err == nil {
			mine.Value.Done, mine.Value.Status, mine.Value.Sealed = true, status, sealed
			mine.Value.Type, mine.Value.Empty = w.header.Get(echo.HeaderContentType), w.header.Get(emptyHeader)
			_, err = s.remembered().Put(keep, mine)
		}
		if done = err == nil; !done {
			s.Log.Warn("an answer could not be remembered", "request_id", requestID(c), "error", err)
		}
	}
	return w.flush(out, c.Response().Status)
}

func (s *Server) replay(c echo.Context, id string, r remembered) error {
	body, err := s.Intake.Sealer.Open(router.BlobID(id), r.Sealed)
	if err != nil {
		return router.Wrap("api.idempotency", router.CodeInternal, err)
	}
	c.Response().Header().Set("Idempotency-Replayed", "true")
	if r.Empty != "" {
		c.Response().Header().Set(emptyHeader, r.Empty)
	}
	if r.Status == http.StatusNoContent {
		return c.NoContent(r.Status)
	}
	return c.Blob(r.Status, r.Type, body)
}

// held runs a handler with its answer held back. After a panic too, what follows is written to the caller.
func held(c echo.Context, h echo.HandlerFunc) (*buffer, error) {
	res := c.Response()
	w, out, done := &buffer{header: res.Header()}, res.Writer, false
	res.Writer = w
	defer func() {
		if res.Writer = out; !done {
			res.Committed = false
		}
	}()
	err := h(c)
	done = err == nil
	return w, err
}

// buffer holds an answer back until it is remembered.
type buffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *buffer) Header() http.Header         { return b.header }
func (b *buffer) WriteHeader(status int)      { b.status = status }
func (b *buffer) Write(p []byte) (int, error) { return b.body.Write(p) }

func (b *buffer) flush(w http.ResponseWriter, status int) error {
	w.WriteHeader(status)
	if b.body.Len() == 0 {
		return nil
	}
	_, err := w.Write(b.body.Bytes())
	if err != nil {
		return router.Wrap("api.answer", router.CodeUnavailable, err)
	}
	return nil
}

// sweepRemembered forgets old answers, a bounded page at a time.
func (s *Server) sweepRemembered(ctx context.Context) {
	defer s.done.Done()
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	after := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		next, err := s.forget(ctx, after)
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("old answers were not forgotten", "error", err)
		}
		after = next
	}
}

// forget deletes what is too old on one page and answers where the next one begins.
func (s *Server) forget(ctx context.Context, after string) (string, error) {
	page, err := s.remembered().List(ctx, "", after, sweepPage)
	if err != nil {
		return after, err
	}
	for _, r := range page {
		if s.Now().Sub(r.Value.At) <= rememberFor {
			continue
		}
		if err := s.Store.DeleteDoc(ctx, "idempotency", r.ID, r.Version); err != nil && !router.IsCode(err, router.CodeConflict) {
			return after, err
		}
	}
	if len(page) < sweepPage {
		return "", nil
	}
	return page[len(page)-1].ID, nil
}
