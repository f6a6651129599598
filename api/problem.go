package api

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/policy"
)

// statuses is the one map from codes to HTTP.
var statuses = map[router.Code]int{
	router.CodeInvalidJSON:       http.StatusBadRequest,
	router.CodeUnauthorized:      http.StatusUnauthorized,
	router.CodeBadSignature:      http.StatusUnauthorized,
	router.CodeStaleTimestamp:    http.StatusUnauthorized,
	router.CodeForbidden:         http.StatusForbidden,
	router.CodeNotFound:          http.StatusNotFound,
	codeMethodNotAllowed:         http.StatusMethodNotAllowed,
	router.CodeConflict:          http.StatusConflict,
	router.CodeExists:            http.StatusConflict,
	router.CodeStaleClaim:        http.StatusConflict,
	router.CodeUnseenMessage:     http.StatusConflict,
	router.CodeNotClaimable:      http.StatusConflict,
	router.CodeInvalidTransition: http.StatusConflict,
	router.CodeTooLarge:          http.StatusRequestEntityTooLarge,
	router.CodeInvalidField:      http.StatusUnprocessableEntity,
	router.CodeCannotReply:       http.StatusUnprocessableEntity,
	router.CodeUnreadable:        http.StatusUnprocessableEntity,
	router.CodeRateLimited:       http.StatusTooManyRequests,
	router.CodeUnavailable:       http.StatusServiceUnavailable,
	router.CodeInternal:          http.StatusInternalServerError,
}

// codeMethodNotAllowed is of HTTP alone.
const codeMethodNotAllowed router.Code = "method_not_allowed"

// withResults adds what is wrong item by item to an error.
type withResults struct {
	error
	results any
}

func (e withResults) Unwrap() error { return e.error }

// limited is a rate_limited error with the time after which to try again.
type limited struct {
	error
	after time.Duration
}

func (e limited) Unwrap() error { return e.error }

func tooMany(after time.Duration) error {
	return limited{router.Fail("api.limit", router.CodeRateLimited, "too many at once; try again later"), after}
}

// problem answers every error with a problem document and logs it once if it is ours.
func (s *Server) problem(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := s.problemOf(err, c)
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "application/problem+json")
	h.Set("Cache-Control", "no-store")
	var l limited
	if errors.As(err, &l) {
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(l.after.Seconds())))))
	}
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	}
	if p.Status >= 500 {
		s.Log.Error("a request failed", "route", c.Path(), "code", p.Code, "request_id", p.RequestId, "error", err)
	}
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal","request_id":""}`)
	}
	c.Response().WriteHeader(p.Status)
	if c.Request().Method != http.MethodHead {
		_, _ = c.Response().Write(append(body, '\n'))
	}
}

func (s *Server) problemOf(err error, c echo.Context) openapi.Problem {
	f := faultOf(err)
	p := openapi.Problem{Type: "about:blank", Code: f.Code, Field: f.Field, Detail: f.Detail, RequestId: requestID(c)}
	p.Status = statuses[router.Code(f.Code)]
	if p.Status == 0 {
		p.Status, p.Code = http.StatusInternalServerError, string(router.CodeInternal)
	}
	p.Title = http.StatusText(p.Status)
	var r withResults
	if errors.As(err, &r) {
		p.Results = r.results
	}
	return p
}

// faultOf is what an outsider learns of an error: code, field and the plain sentence, never the cause.
func faultOf(err error) openapi.Fault {
	var he *echo.HTTPError
	if errors.As(err, &he) {
		err = ofEcho(he)
	}
	var e *router.Error
	if !errors.As(err, &e) {
		return openapi.Fault{Code: string(router.CodeInternal), Detail: "something went wrong here; it was logged"}
	}
	f := openapi.Fault{Code: string(e.Code), Field: e.Field, Detail: e.Detail}
	if e.Code == router.CodeInternal {
		return openapi.Fault{Code: f.Code, Detail: "something went wrong here; it was logged"}
	}
	for in := error(e); f.Detail == "" && in != nil; in = errors.Unwrap(in) {
		if inner, ok := in.(*router.Error); ok {
			f.Detail = inner.Detail
		}
	}
	if f.Detail == "" {
		f.Detail = plain[e.Code]
	}
	return f
}

// plain are the sentences of errors that bring none.
var plain = map[router.Code]string{
	router.CodeNotFound:    "there is nothing of that name",
	router.CodeConflict:    "somebody else wrote first; read again",
	router.CodeExists:      "it is there already",
	router.CodeUnavailable: "this cannot be done right now; try again",
	router.CodeTooLarge:    "this is too large",
}

// ofEcho gives errors of the router and of generated parameter binding their codes.
func ofEcho(he *echo.HTTPError) error {
	text, _ := he.Message.(string)
	switch he.Code {
	case http.StatusNotFound:
		return router.Fail("api", router.CodeNotFound, "there is no such address")
	case http.StatusMethodNotAllowed:
		return router.Fail("api", codeMethodNotAllowed, "this address does not take this method")
	case http.StatusRequestEntityTooLarge:
		return router.Fail("api", router.CodeTooLarge, "the body is too large")
	case http.StatusBadRequest:
		if rest, ok := strings.CutPrefix(text, "Invalid format for parameter "); ok {
			name, _, _ := strings.Cut(rest, ":")
			return router.FailField("api.parameter", name, "has the wrong form")
		}
		if rest, ok := strings.CutPrefix(text, "Query argument "); ok {
			name, _, _ := strings.Cut(rest, " ")
			return router.FailField("api.parameter", name, "must be given")
		}
		if rest, ok := strings.CutPrefix(text, "Expected one value for "); ok {
			name, _, _ := strings.Cut(rest, ",")
			return router.FailField("api.parameter", name, "must be given once")
		}
	}
	return router.Wrap("api", router.CodeInternal, he)
}

// problemsOf names all problems of a policy item by item.
func problemsOf(err error) error {
	var ps policy.Problems
	if errors.As(err, &ps) {
		return withResults{err, ps}
	}
	return err
}
