package api

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/learn"
)

// freshFor is how old the view of the desk may be before the process is not ready.
const freshFor = 30 * time.Second

// Healthz answers GET /healthz.
func (s *Server) Healthz(c echo.Context) error {
	return c.JSON(http.StatusOK, openapi.Status{Status: "ok"})
}

// Readyz answers GET /readyz.
func (s *Server) Readyz(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
	defer cancel()
	if err := s.Store.Ping(ctx); err != nil {
		return &router.Error{Op: "api.ready", Code: router.CodeUnavailable, Detail: "the store does not answer", Err: err}
	}
	if v := s.Live.View(); v == nil || s.Now().Sub(v.Snapshot.At) > freshFor {
		return router.Fail("api.ready", router.CodeUnavailable, "the view of the desk is stale")
	}
	return c.JSON(http.StatusOK, openapi.Status{Status: "ready"})
}

// OpenapiDocument answers GET /openapi.yaml.
func (s *Server) OpenapiDocument(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/yaml", openapi.Document)
}

// Metrics answers GET /metrics.
func (s *Server) Metrics(c echo.Context) error {
	promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}).ServeHTTP(c.Response(), c.Request())
	return nil
}

// metrics are the server's own, and the desk's at the moment of asking.
type metrics struct {
	s        *Server
	requests *prometheus.HistogramVec
	hooks    *prometheus.CounterVec
	waiting, oldest, predicted, agents,
	stages, listeners, model,
	decided, below, mix *prometheus.Desc
}

func newMetrics(s *Server) (*metrics, error) {
	m := &metrics{s: s,
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "switchyard_http_request_seconds", Help: "Time to answer, by route.",
			Buckets: []float64{.001, .005, .02, .1, .5, 2, 10}}, []string{"method", "route", "status"}),
		hooks:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "switchyard_hook_calls_total", Help: "Calls of webhooks, by source and outcome."}, []string{"source", "outcome"}),
		waiting:   prometheus.NewDesc("switchyard_queue_waiting", "Tickets that wait.", []string{"queue"}, nil),
		oldest:    prometheus.NewDesc("switchyard_queue_oldest_seconds", "Business time the oldest ticket has waited.", []string{"queue"}, nil),
		predicted: prometheus.NewDesc("switchyard_queue_predicted_wait_seconds", "Predicted wait of a new ticket.", []string{"queue"}, nil),
		agents:    prometheus.NewDesc("switchyard_queue_agents", "Available agents that cover the queue.", []string{"queue"}, nil),
		stages:    prometheus.NewDesc("switchyard_messages", "Messages that are on their way or stuck, by stage.", []string{"stage"}, nil),
		model:     prometheus.NewDesc("switchyard_text_model_info", "The text model that this process decides with; always 1.", []string{"version"}, nil),
		decided:   prometheus.NewDesc("switchyard_topic_tickets", "Tickets that came, by the topic first decided: of the last 24 hours, or of the 28 days before.", []string{"topic", "window"}, nil),
		below:     prometheus.NewDesc("switchyard_decisions_below_threshold_share", "Share of tickets, 0 to 1, whose topic was first decided below the policy's threshold.", []string{"window"}, nil),
		mix:       prometheus.NewDesc("switchyard_topic_mix_distance", "How far the topics of the last 24 hours are from those of the 28 days before: total variation, 0 to 1. None while either has no tickets.", nil, nil),
		listeners: prometheus.NewDesc("switchyard_stream_listeners", "Listeners of the event stream at this process.", nil, nil),
	}
	for _, c := range m.collectors() {
		if err := s.Registry.Register(c); err != nil {
			m.unregister()
			return nil, router.Wrap("api.metrics", router.CodeInternal, err)
		}
	}
	return m, nil
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.requests, m.hooks, m}
}

func (m *metrics) unregister() {
	for _, c := range m.collectors() {
		m.s.Registry.Unregister(c)
	}
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.waiting, m.oldest, m.predicted, m.agents, m.stages, m.listeners, m.model, m.decided, m.below, m.mix} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(m.listeners, float64(m.s.hub.Listeners()))
	if v := m.s.Live.View(); v != nil {
		for name, q := range v.Snapshot.Queues {
			gauge(m.waiting, float64(q.Waiting), string(name))
			gauge(m.oldest, q.OldestMinutes*60, string(name))
			gauge(m.predicted, q.Predicted*60, string(name))
			gauge(m.agents, float64(q.Agents), string(name))
		}
		if v.Model != nil {
			gauge(m.model, 1, v.Model.Version())
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	m.drift(ctx, gauge)
	counts, err := m.s.Store.CountStages(ctx)
	if err != nil {
		m.s.Log.Debug("stages not counted", "error", err)
		return
	}
	for _, stage := range []router.Stage{router.StageReceived, router.StageDraft, router.StageQueued, router.StageFailed, router.StageDead} {
		gauge(m.stages, float64(counts[stage]), string(stage))
	}
}

// drift tells what the desk's tickets are about lately.
func (m *metrics) drift(ctx context.Context, gauge func(*prometheus.Desc, float64, ...string)) {
	d, err := learn.DriftOf(ctx, m.s.Store, m.s.Now())
	if err != nil {
		m.s.Log.Debug("drift not counted", "error", err)
		return
	}
	for _, t := range d.Topics {
		topic := string(t.Topic)
		if topic == "" {
			topic = "none"
		}
		gauge(m.decided, float64(t.Day), topic, "day")
		gauge(m.decided, float64(t.Weeks), topic, "weeks")
	}
	if d.Day > 0 {
		gauge(m.below, d.Below, "day")
	}
	if d.Weeks > 0 {
		gauge(m.below, d.BelowWeeks, "weeks")
	}
	if d.Day > 0 && d.Weeks > 0 {
		gauge(m.mix, d.Distance)
	}
}
