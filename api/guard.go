package api

import (
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/router"
)

// The bounds of bodies.
const (
	maxBody = 1 << 20
	maxFile = 10 << 20
	// maxUpload leaves room for the multipart form around a file.
	maxUpload  = maxFile + 64<<10
	maxUploads = 4
	// bodyTime is how long a body may take to arrive.
	bodyTime = 2 * time.Minute
	// maxRest and restTime bound what is read of a body that was refused.
	maxRest  = 16 << 20
	restTime = 5 * time.Second
)

const uploadPath = "/v1/attachments"

// guard stands before every handler: who calls, may he, did his page write this, how much does he send.
func (s *Server) guard(r gate.Route) echo.HandlerFunc {
	h := r.Handler
	api := strings.HasPrefix(r.Path, "/v1/")
	if r.Method == http.MethodPost && api && !strings.HasPrefix(r.Path, "/v1/hooks/") {
		h = s.once(h)
	}
	return func(c echo.Context) (err error) {
		sent := c.Request().Body
		defer func() {
			if err != nil {
				drop(c, sent)
			}
		}()
		who, err := s.caller(c, r.Permission)
		if err != nil {
			return err
		}
		gate.SetCaller(c, who)
		if !r.Permission.Allows(who) {
			return s.refuse(c, r, who)
		}
		limit := int64(maxBody)
		if r.Path == uploadPath {
			limit = maxUpload
		}
		if c.Request().ContentLength > limit {
			return tooLarge(limit)
		}
		c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, limit)
		if c.Request().ContentLength != 0 { // a body that trickles in for ever is given up; the server takes the bound back for the next request
			_ = http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(bodyTime))
		}
		if err := s.ownPage(c, r, who, api); err != nil {
			return err
		}
		if r.Permission == gate.Public && !api && r.Method == http.MethodPost {
			if err := s.limits.signIn.take(s.remoteKey(c)); err != nil {
				return err
			}
		}
		return h(c)
	}
}

// drop reads what is left of a refused body, within bounds: a client that is still sending when its
// connection is closed never sees the answer. One that asked first whether to send need not.
func drop(c echo.Context, body io.Reader) {
	if c.Request().ContentLength == 0 || c.Request().Header.Get("Expect") != "" {
		return
	}
	_ = http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(restTime))
	_, _ = io.CopyN(io.Discard, body, maxRest)
}

// caller finds out who calls: by bearer token, else by the cookie of a page. On public routes a
// cookie is looked at for the pages' sake, and may be wrong.
func (s *Server) caller(c echo.Context, p gate.Permission) (gate.Caller, error) {
	ctx := c.Request().Context()
	scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	bearer := strings.EqualFold(scheme, "Bearer")
	if bearer && p != gate.Public {
		u, err := s.Auth.Bearer(ctx, token)
		if err == nil {
			return gate.Caller{User: &u}, nil
		}
		if router.IsCode(err, router.CodeUnauthorized) && p == gate.Files {
			return s.visitor(c, token)
		}
		return gate.Caller{}, err
	}
	cookie, err := c.Cookie(CookieName)
	if err != nil || bearer {
		return gate.Caller{}, nil
	}
	u, session, err := s.Auth.Cookie(ctx, cookie.Value)
	if err == nil {
		return gate.Caller{User: &u, CSRF: session.CSRF, Session: cookie.Value}, nil
	}
	if router.IsCode(err, router.CodeUnauthorized) || p == gate.Public {
		return gate.Caller{}, nil
	}
	return gate.Caller{}, err
}

// visitor finds the chat source that knows a visitor token. unauthorized.
func (s *Server) visitor(c echo.Context, token string) (gate.Caller, error) {
	for _, src := range s.Runner.Sources() {
		if src.Chat == nil {
			continue
		}
		h, err := src.Chat.Visitor(c.Request().Context(), token)
		if err == nil {
			return gate.Caller{Visitor: &gate.Visitor{Source: src.Name, Handle: h}}, nil
		}
		if !router.IsCode(err, router.CodeUnauthorized) {
			return gate.Caller{}, err
		}
	}
	return gate.Caller{}, errWho
}

var errWho = router.Fail("api.guard", router.CodeUnauthorized, "sign in first, or send a valid token")

// refuse answers who may not: nobody is asked to sign in, somebody is told no.
func (s *Server) refuse(c echo.Context, r gate.Route, who gate.Caller) error {
	if who.User != nil || who.Visitor != nil {
		return router.Fail("api.guard", router.CodeForbidden, "your role does not permit this")
	}
	page := !strings.HasPrefix(r.Path, "/v1/") && r.Method == http.MethodGet && strings.Contains(c.Request().Header.Get("Accept"), "text/html")
	if page && c.Request().URL.Path != s.SignIn {
		return c.Redirect(http.StatusSeeOther, s.SignIn+"?next="+url.QueryEscape(c.Request().URL.Path))
	}
	return errWho
}

// ownPage refuses writes that a foreign page made a browser send.
func (s *Server) ownPage(c echo.Context, r gate.Route, who gate.Caller, api bool) error {
	req := c.Request()
	if req.Method == http.MethodGet || req.Method == http.MethodHead || req.Method == http.MethodOptions {
		return nil
	}
	foreign := router.Fail("api.csrf", router.CodeForbidden, "this write did not come from one of our pages")
	switch {
	case r.Permission == gate.Public:
		if !api && req.Header.Get("Sec-Fetch-Site") == "cross-site" {
			return foreign
		}
		return nil
	case who.CSRF == "": // came with a token, which no foreign page has
		return nil
	case strings.HasPrefix(r.Path, TasksRoot): // a third party's page, which knows no CSRF value: browsers say where a write comes from
		if o, err := url.Parse(req.Header.Get("Origin")); err == nil && o.Host != "" && o.Host == req.Host {
			return nil
		}
		return foreign
	}
	shown := req.Header.Get("X-CSRF-Token")
	if shown == "" && !api {
		if err := req.ParseMultipartForm(maxBody); err != nil && !errors.Is(err, http.ErrNotMultipart) {
			return bodyError(err, maxBody)
		}
		shown = req.PostFormValue("csrf")
	}
	if subtle.ConstantTimeCompare([]byte(shown), []byte(who.CSRF)) != 1 {
		return foreign
	}
	return nil
}
