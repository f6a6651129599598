package workers

import (
	"context"
	"time"

	"switchyard/router"
	"switchyard/router/store"
	"switchyard/workers/task"
)

// watchEvery is how often surges are looked for.
const watchEvery = time.Minute

// incident works on one incident.
func (s *Server) incident(ctx context.Context, id string) error {
	err := s.alone(ctx, "incident:"+id, func(ctx context.Context, mine func(context.Context) (bool, error)) error {
		return s.Desk.WorkIncident(ctx, id, mine)
	})
	if router.IsCode(err, router.CodeNotFound) {
		return nil
	}
	return err
}

// incidents asks for what is left to do for incidents, and once a minute looks for surges.
func (s *Server) incidents(ctx context.Context, now time.Time) error {
	for _, i := range s.Desk.Live.View().Incidents {
		left := i.LinkedAt.IsZero()
		if !left && i.Standing > 0 {
			owed, err := store.IncidentOwings(s.Store).List(ctx, i.ID, "", 1)
			if err != nil {
				return err
			}
			left = len(owed) > 0
		}
		if left && s.sweep.fresh("incident"+i.ID, now) {
			s.Nudger.Nudge(ctx, task.KindIncident, task.LaneTimers, i.ID)
		}
	}
	running, err := store.IncidentAnswers(s.Store).List(ctx, "running", "", sweepLimit)
	if err != nil {
		return err
	}
	for _, a := range running {
		if s.sweep.fresh("incident"+a.Value.Incident, now) {
			s.Nudger.Nudge(ctx, task.KindIncident, task.LaneTimers, a.Value.Incident)
		}
	}
	if now.Sub(s.sweep.watched) < watchEvery {
		return nil
	}
	s.sweep.watched = now
	return s.Desk.WatchSurges(ctx)
}
