package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"switchyard/api/openapi"
	"switchyard/channels"
	"switchyard/router"
)

// HookChallenge answers GET /v1/hooks/{source}.
func (s *Server) HookChallenge(c echo.Context, source router.SourceName) error {
	return s.hook(c, source)
}

// Hook answers POST /v1/hooks/{source}.
func (s *Server) Hook(c echo.Context, source router.SourceName) error { return s.hook(c, source) }

// hook hands a provider's call to its source. Calls that are well signed are bounded by source;
// those that are not, by the address they come from.
func (s *Server) hook(c echo.Context, source router.SourceName) error {
	src := s.Runner.Source(source)
	if src == nil || src.Hook == nil {
		return router.Fail("api.hook", router.CodeNotFound, "there is no source of this name that takes webhooks")
	}
	err := s.serveHook(c, src)
	outcome := "accepted"
	if err != nil {
		outcome = string(router.CodeOf(err))
	}
	s.metrics.hooks.WithLabelValues(string(source), outcome).Inc()
	return err
}

func (s *Server) serveHook(c echo.Context, src *channels.Source) error {
	if err := s.limits.source.check(string(src.Name)); err != nil {
		return err
	}
	body, err := readBody(c)
	if err != nil {
		return err
	}
	req := c.Request()
	answer, err := src.Hook.ServeHook(req.Context(), channels.HookRequest{Method: req.Method, URL: s.PublicURL + req.URL.RequestURI(),
		Query: req.URL.Query(), Header: req.Header, Body: body})
	switch code := router.CodeOf(err); code {
	case router.CodeBadSignature, router.CodeStaleTimestamp, router.CodeUnauthorized, router.CodeForbidden:
		if limited := s.limits.signatures.take(s.remoteKey(c)); limited != nil {
			return limited
		}
		return err
	}
	_ = s.limits.source.take(string(src.Name)) // counts this call; the next one is refused when they are used up
	if err != nil {
		if answer.Results != nil {
			return withResults{err, answer.Results}
		}
		return err
	}
	if answer.Status == 0 {
		answer.Status = http.StatusOK
	}
	if len(answer.Body) == 0 {
		return c.NoContent(answer.Status)
	}
	if answer.Type == "" {
		answer.Type = "text/plain; charset=utf-8"
	}
	return c.Blob(answer.Status, answer.Type, answer.Body)
}

// chat finds a source with live sessions.
func (s *Server) chat(source router.SourceName) (channels.Chat, error) {
	src := s.Runner.Source(source)
	if src == nil || src.Chat == nil {
		return nil, router.Fail("api.chat", router.CodeNotFound, "there is no chat of this name")
	}
	return src.Chat, nil
}

// OpenChatSession answers POST /v1/chat/{source}/sessions.
func (s *Server) OpenChatSession(c echo.Context, source router.SourceName, _ openapi.OpenChatSessionParams) error {
	s.allowOrigin(c)
	chat, err := s.chat(source)
	if err != nil {
		return err
	}
	if err := s.limits.chat.take(s.remoteKey(c)); err != nil {
		return err
	}
	in, err := decode[openapi.ChatSessionRequest](c)
	if err != nil {
		return err
	}
	session, err := chat.OpenSession(c.Request().Context(), channels.SessionRequest{Name: in.Name, Email: in.Email, Language: in.Language,
		Answers: in.Answers, Origin: c.Request().Header.Get("Origin")})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, session)
}

// ChatSocket answers GET /v1/chat/{source}/socket.
func (s *Server) ChatSocket(c echo.Context, source router.SourceName) error {
	chat, err := s.chat(source)
	if err != nil {
		return err
	}
	chat.ServeSocket(c.Response(), c.Request())
	return nil
}

// ChatWidget answers GET /chat/{source}/widget.js.
func (s *Server) ChatWidget(c echo.Context, source router.SourceName) error {
	chat, err := s.chat(source)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", chat.Widget())
}

// allowOrigin lets a listed page read an answer: the widget on another site calls us across origins.
func (s *Server) allowOrigin(c echo.Context) bool {
	origin := c.Request().Header.Get("Origin")
	h := c.Response().Header()
	h.Add("Vary", "Origin")
	if origin == "" {
		return false
	}
	for _, src := range s.Runner.Sources() {
		mine := c.Param("source") == "" || string(src.Name) == c.Param("source")
		if src.Chat != nil && mine && slices.ContainsFunc(src.Chat.Origins(), func(o string) bool { return strings.EqualFold(o, origin) }) {
			h.Set("Access-Control-Allow-Origin", origin)
			return true
		}
	}
	return false
}

// preflight answers what a browser asks before a call across origins.
func (s *Server) preflight(c echo.Context) error {
	if !s.allowOrigin(c) {
		return router.Fail("api.preflight", router.CodeForbidden, "this origin may not embed the chat")
	}
	h := c.Response().Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key")
	h.Set("Access-Control-Max-Age", "600")
	return c.NoContent(http.StatusNoContent)
}
