package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"switchyard/api/auth"
	"switchyard/api/gate"
	"switchyard/api/stream"
	"switchyard/channels"
	"switchyard/channels/intake"
	"switchyard/channels/runner"
	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/learn"
	"switchyard/router/store"
)

// SourceAdmin lists and changes the desk's sources.
type SourceAdmin interface {
	// List is all sources with their health, as managers see them: never with secrets.
	List(ctx context.Context) (any, error)
	// Put makes or replaces a source from its keys, checked as a whole. invalid_field, forbidden.
	Put(ctx context.Context, keys map[string]any) (router.SourceName, error)
	// Delete removes a source. not_found, forbidden.
	Delete(ctx context.Context, name router.SourceName) error
}

// Deps is what the server is made of.
type Deps struct {
	Store   store.Store
	Desk    *dispatch.Service
	Live    *dispatch.Live
	Intake  *intake.Service
	Auth    *auth.Service
	Runner  *runner.Runner
	Bus     channels.Bus
	Sources SourceAdmin
	Teacher *learn.Teacher
	// Tasks is the dashboard of the task lanes, mounted under TasksRoot; may be nil.
	Tasks http.Handler
	// Registry gets the server's metrics and is served under /metrics; nil: one of its own.
	Registry *prometheus.Registry
	Log      *slog.Logger
	Now      func() time.Time
	// PublicURL is the address under which customers, providers and pages reach the desk.
	PublicURL string
	// TrustedProxies are addresses or prefixes whose X-Forwarded-For is believed.
	TrustedProxies []string
	// Pages are the routes of the pages, mounted in the same table.
	Pages []gate.Route
	// SignIn is the path of the sign-in page, to which a browser without a session is sent. Default /signin.
	SignIn string
	// Limits bound callers by address; zero fields have their defaults.
	Limits Limits
}

// TasksRoot is the path of the dashboard of the task lanes.
const TasksRoot = "/admin/tasks"

// CookieName is the cookie that carries a page's session.
const CookieName = "switchyard_session"

// Server answers HTTP.
type Server struct {
	Deps
	echo    *echo.Echo
	hub     *stream.Hub
	proxies []netip.Prefix
	limits  limits
	metrics *metrics
	docs    http.Handler
	policy  map[string]string // content security policies of pages that bring inline script, by path
	uploads chan struct{}     // bounds uploads at once

	stop context.CancelFunc
	done sync.WaitGroup
}

// New makes a server and starts what it needs beside requests. Close ends it.
func New(d Deps) (*Server, error) {
	if d.SignIn == "" {
		d.SignIn = "/signin"
	}
	if d.Registry == nil {
		d.Registry = prometheus.NewRegistry()
	}
	d.PublicURL = strings.TrimRight(d.PublicURL, "/")
	proxies, err := parseProxies(d.TrustedProxies)
	if err != nil {
		return nil, err
	}
	s := &Server{Deps: d, proxies: proxies, limits: newLimits(d.Limits, d.Now), docs: docsHandler(), policy: map[string]string{}, uploads: make(chan struct{}, maxUploads)}
	if s.metrics, err = newMetrics(s); err != nil {
		return nil, err
	}
	s.inlinePolicies()
	s.hub = stream.New(d.Bus, dispatch.Topic, d.Log)
	if err := s.mount(); err != nil {
		s.hub.Close()
		s.metrics.unregister()
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.done.Add(2)
	go s.tellCounts(ctx)
	go s.sweepRemembered(ctx)
	return s, nil
}

// Handler serves all routes.
func (s *Server) Handler() http.Handler { return s.echo }

// Close ends event streams and background work; safe twice. Call it before the HTTP server
// is shut down, which waits for streams to end.
func (s *Server) Close() {
	s.stop()
	s.hub.Close()
	s.done.Wait()
	s.metrics.unregister()
}

// mount builds the router from the table.
func (s *Server) mount() error {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.problem
	e.Use(s.identify, s.observe, s.recover, s.headers)
	for _, r := range s.Routes() {
		if r.Permission == "" || r.Handler == nil {
			return router.Fail("api.routes", router.CodeInternal, "the route %s %s states no permission or has no handler", r.Method, r.Path)
		}
		e.Add(r.Method, r.Path, s.guard(r))
	}
	s.echo = e
	return nil
}
