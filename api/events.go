package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/stream"
	"switchyard/router"
)

const (
	countsEvery = 2 * time.Second
	beatEvery   = 15 * time.Second
	// writeTime is how long one event may take to reach a listener before the stream is ended.
	writeTime = 10 * time.Second
)

// count is what the stream says of a queue.
type count struct {
	Waiting          int     `json:"waiting"`
	OldestMinutes    float64 `json:"oldest_minutes"`
	AtRisk           int     `json:"at_risk"`
	PredictedMinutes float64 `json:"predicted_minutes"`
	Agents           int     `json:"agents"`
	Open             bool    `json:"open"`
}

// counts is the event of queue counts.
func (s *Server) counts() (stream.Event, error) {
	snap := s.Live.View().Snapshot
	out := make(map[router.QueueName]count, len(snap.Queues))
	for name, q := range snap.Queues {
		out[name] = count{q.Waiting, q.OldestMinutes, q.AtRisk, q.Predicted, q.Agents, q.Open}
	}
	data, err := json.Marshal(map[string]any{"queues": out})
	return stream.Event{Name: "queues", Data: data}, err
}

// tellCounts tells listeners of queue counts when they have changed.
func (s *Server) tellCounts(ctx context.Context) {
	defer s.done.Done()
	t := time.NewTicker(countsEvery)
	defer t.Stop()
	var last []byte
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		s.hub.Remind()
		if s.hub.Listeners() == 0 {
			continue
		}
		if e, err := s.counts(); err == nil && !bytes.Equal(e.Data, last) {
			last = e.Data
			s.hub.Tell(e)
		}
	}
}

// Stream answers GET /v1/stream: the counts at once, then whatever happens.
func (s *Server) Stream(c echo.Context) error {
	events, stop, err := s.hub.Listen()
	if err != nil {
		return err
	}
	defer stop()
	now, err := s.counts()
	if err != nil {
		return err
	}
	w, out := c.Response(), http.NewResponseController(c.Response())
	w.Header().Set(echo.HeaderContentType, "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	write := func(format string, args ...any) error {
		_ = out.SetWriteDeadline(time.Now().Add(writeTime)) // where the connection cannot, the server's own bound holds
		if _, err := fmt.Fprintf(w, format, args...); err != nil {
			return err
		}
		return out.Flush()
	}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	err = write("retry: 2000\nevent: %s\ndata: %s\n\n", now.Name, now.Data)
	for err == nil {
		select {
		case <-c.Request().Context().Done():
			return nil
		case <-beat.C:
			err = write(": beat\n\n")
		case e, open := <-events:
			if !open {
				return nil
			}
			err = write("event: %s\ndata: %s\n\n", e.Name, e.Data)
		}
	}
	return nil // the listener is gone; nobody is left to be told
}
