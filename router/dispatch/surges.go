package dispatch

import (
	"context"
	"time"

	"switchyard/router"
	"switchyard/router/forecast"
	"switchyard/router/incident"
	"switchyard/router/store"
)

// Surges is what came in a quarter-hour that begins at an instant, beside the forecast of all of it. ok is false where
// there is no forecast yet: then no surge is seen, and only people open incidents.
type Surges func(ctx context.Context, begins time.Time) (counts []incident.Count, ok bool, err error)

// maxCatchUp is how many missed quarter-hours the watch takes in; after a longer stop it begins anew.
const maxCatchUp = 96

// WatchSurges takes in the quarter-hours that are over and looks into the one that goes on; what surges opens or changes
// incidents. The owner of the sweep's lease calls it each minute; twice does no harm.
func (s *Service) WatchSurges(ctx context.Context) error {
	if s.Surges == nil {
		return nil
	}
	now := s.Now()
	going := now.Truncate(incident.Slot)
	watches := store.SurgeWatch(s.Store)
	r, err := watches.Get(ctx, "desk")
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return err
	}
	if r.Value.At.Before(going.Add(-maxCatchUp * incident.Slot)) {
		r.Value = incident.Watch{At: going}
	}
	if r.Value, err = s.finishSlots(ctx, r.Value, going); err != nil {
		return err
	}
	counts, ok, err := s.Surges(ctx, going)
	if err != nil {
		return err
	}
	if ok {
		alarms, err := r.Value.Look(going, counts, forecast.SurgeRule{})
		if err != nil {
			return err
		}
		if err := s.surged(ctx, alarms); err != nil {
			return err
		}
	}
	if _, err = watches.Put(ctx, r); router.IsCode(err, router.CodeConflict) || router.IsCode(err, router.CodeExists) {
		return nil // another process has just done the same
	}
	return err
}

func (s *Service) finishSlots(ctx context.Context, w incident.Watch, until time.Time) (incident.Watch, error) {
	for w.At.Before(until) {
		counts, ok, err := s.Surges(ctx, w.At)
		if err != nil {
			return w, err
		}
		if !ok {
			w = incident.Watch{At: w.At.Add(incident.Slot)}
			continue
		}
		if w, _, err = w.Finish(w.At, counts, forecast.SurgeRule{}); err != nil {
			return w, err
		}
	}
	return w, nil
}

// surged opens and changes incidents as alarms ask.
func (s *Service) surged(ctx context.Context, alarms []incident.Alarm) error {
	if len(alarms) == 0 {
		return nil
	}
	last, err := s.Incidents(ctx)
	if err != nil {
		return err
	}
	_, err = s.OpenIncidents(ctx, incident.Plan(alarms, last, s.Live.View().Rules.Incidents, s.Now()))
	return err
}
