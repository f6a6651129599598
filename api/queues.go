package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/load"
	"switchyard/router/told"
)

// AdminQueues answers GET /v1/admin/queues.
func (s *Server) AdminQueues(c echo.Context) error {
	view, now := s.Live.View(), s.Now()
	out := openapi.QueueList{Items: []openapi.Queue{}, At: view.Snapshot.At}
	for _, q := range view.Rules.QueueList {
		l := view.Snapshot.Queues[q.Name]
		out.Items = append(out.Items, openapi.Queue{Name: q.Name, Title: q.Title, Waiting: l.Waiting, OldestSeconds: l.OldestMinutes * 60, AtRisk: l.AtRisk,
			PredictedWaitSeconds: l.Predicted * 60, Agents: l.Agents, Open: q.Hours.Open(now), NextEdgeAt: q.Hours.NextEdge(now), Overflowing: view.Modes.Overflow[q.Name], Predicted: predictedOf(view, l)})
	}
	for _, cl := range view.Rules.ClassList {
		if w := view.Waits[cl.Name]; w.N > 0 {
			out.Waits = append(out.Waits, toldOf(cl.Name, w))
		}
	}
	return c.JSON(http.StatusOK, out)
}

// predictedOf are the waits predicted in a queue, by class, with their bands.
func predictedOf(view *dispatch.View, q load.Queue) (out []openapi.PredictedWait) {
	for _, cl := range view.Rules.ClassList {
		minutes, ok := q.ByClass[cl.Name]
		if !ok {
			continue
		}
		p := openapi.PredictedWait{Class: cl.Name, Seconds: minutes * 60}
		if b, ok := view.Waits[cl.Name].Band(time.Duration(minutes * float64(time.Minute))); ok {
			p.Band50, p.Band90 = []float64{b.Low50.Seconds(), b.High50.Seconds()}, []float64{b.Low90.Seconds(), b.High90.Seconds()}
		}
		out = append(out, p)
	}
	return out
}

func toldOf(class router.ClassName, w told.Told) openapi.ToldWaits {
	n, banded := float64(w.N), float64(max(1, w.Banded))
	return openapi.ToldWaits{Class: class, N: w.N, MeanErrorSeconds: 60 * w.Sum / n, MeanAbsoluteErrorSeconds: 60 * w.Abs / n, MeanWaitSeconds: 60 * w.Wait / n,
		InBand50: 100 * float64(w.In50) / banded, InBand90: 100 * float64(w.In90) / banded}
}
