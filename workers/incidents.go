package workers

import (
	"context"
	"time"

	"switchyard/router"
	"switchyard/router/store"
	"switchyard/workers/task"
)

const (
	// incidentLease is how long after its owner's death another process goes on with an incident.
	incidentLease = time.Minute
	// watchEvery is how often surges are looked for.
	watchEvery = time.Minute
)

// incident works on one incident under a lease, which its progress renews.
func (s *Server) incident(ctx context.Context, id string) error {
	leases := store.Leases{Docs: s.Store}
	mine := func(ctx context.Context) (bool, error) {
		_, held, err := leases.Take(ctx, "incident:"+id, s.Owner, s.Now(), incidentLease)
		return held, err
	}
	if _, twice := s.working.LoadOrStore(id, true); twice {
		return nil // in this process; the sweep comes back to what is left
	}
	defer s.working.Delete(id)
	if held, err := mine(ctx); err != nil || !held {
		return err
	}
	err := s.Desk.WorkIncident(ctx, id, mine)
	if freed := leases.Release(context.WithoutCancel(ctx), "incident:"+id, s.Owner); err == nil {
		err = freed
	}
	if router.IsCode(err, router.CodeNotFound) {
		return nil
	}
	return err
}

// incidents asks for what is left to do for incidents, and once a minute looks for surges.
func (s *Server) incidents(ctx context.Context, now time.Time) error {
	for _, i := range s.Desk.Live.View().Incidents {
		if i.LinkedAt.IsZero() && s.sweep.fresh("incident"+i.ID, now) {
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
