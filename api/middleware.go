package api

import (
	"crypto/rand"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/router"
)

const requestIDHeader = "X-Request-Id"

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// identify gives every request an id, its own if it brings a sound one.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(requestIDHeader)
		if !requestIDForm.MatchString(id) {
			id = rand.Text()
		}
		c.Response().Header().Set(requestIDHeader, id)
		return next(c)
	}
}

func requestID(c echo.Context) string { return c.Response().Header().Get(requestIDHeader) }

// observe answers errors, and logs and measures every request: its route, never its query or body.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		route, status, took := c.Path(), c.Response().Status, time.Since(began)
		if route == "" {
			route = "none"
		}
		log := s.Log.Info
		if route == "/healthz" || route == "/readyz" || route == "/metrics" {
			log = s.Log.Debug
		}
		log("request", "method", c.Request().Method, "route", route, "status", status, "took", took, "request_id", requestID(c))
		s.metrics.requests.WithLabelValues(methodLabel(c.Request().Method), route, strconv.Itoa(status)).Observe(took.Seconds())
		return nil
	}
}

// methodLabel bounds the label: anybody may send any word as a method.
func methodLabel(m string) string {
	switch m {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return m
	}
	return "other"
}

// recover makes a panic an internal error; its message stays in the log.
func (s *Server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			s.Log.Error("a handler panicked", "route", c.Path(), "request_id", requestID(c), "stack", string(debug.Stack()))
			err = router.Fail("api.panic", router.CodeInternal, "a handler panicked")
		}()
		return next(c)
	}
}

// strictPolicy is the content security policy of everything that has no exception.
const strictPolicy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors "

// headers sets what browsers are to forbid. Exceptions: the chat page may be framed by the
// origins of its source, and the pages of two third parties name their inline scripts by hash.
func (s *Server) headers(next echo.HandlerFunc) echo.HandlerFunc {
	https := strings.HasPrefix(s.PublicURL, "https://")
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		if https {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(c.Path(), "/v1/") {
			h.Set("Cache-Control", "no-store")
		}
		ancestors := s.frameAncestors(c)
		if ancestors == "'none'" {
			h.Set("X-Frame-Options", "DENY")
		}
		policy := strictPolicy + ancestors
		if exception := s.policy[exceptionOf(c.Path())]; exception != "" {
			policy = exception + ancestors
		}
		h.Set("Content-Security-Policy", policy)
		return next(c)
	}
}

// frameAncestors are who may frame the answer: nobody, but for pages below /chat/:source the
// origins that may embed the source's widget.
func (s *Server) frameAncestors(c echo.Context) string {
	if !strings.HasPrefix(c.Path(), "/chat/:source") {
		return "'none'"
	}
	src := s.Runner.Source(router.SourceName(c.Param("source")))
	if src == nil || src.Chat == nil {
		return "'none'"
	}
	list := "'self'"
	for _, origin := range src.Chat.Origins() {
		if !strings.ContainsAny(origin, " ;,\r\n") {
			list += " " + origin
		}
	}
	return list
}
