package dispatch

import (
	"context"
	"sync"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

const (
	// decidedEvery is how long counts of decisions may stay in memory; a crash loses no more.
	decidedEvery = 10 * time.Second
	// stopTime bounds the write of the last counts.
	stopTime = 2 * time.Second
)

// decided gathers this process's counts of first decisions until they are stored.
type decided struct {
	mu       sync.Mutex
	hours    map[time.Time]store.DecidedCounts
	storedAt time.Time
}

// Decided counts the first decision of a ticket, for the desk's mix of topics.
func (l *Live) Decided(d router.Decision) {
	l.decided.mu.Lock()
	defer l.decided.mu.Unlock()
	c := store.DecidedCount{N: 1}
	if d.Classification.Rejected {
		c.Below = 1
	}
	l.decided.add(d.At.UTC().Truncate(time.Hour), store.DecidedCounts{d.Classification.Topic: c})
}

func (d *decided) add(hour time.Time, counts store.DecidedCounts) {
	if d.hours == nil {
		d.hours = map[time.Time]store.DecidedCounts{}
	}
	d.hours[hour] = d.hours[hour].Plus(counts)
}

// storeDecided adds the gathered counts to the store's, if the last time is long enough ago. What cannot be
// stored is kept for the next time.
func (l *Live) storeDecided(ctx context.Context, every time.Duration) {
	now := l.now()
	l.decided.mu.Lock()
	hours := l.decided.hours
	if len(hours) == 0 || now.Sub(l.decided.storedAt) < every {
		l.decided.mu.Unlock()
		return
	}
	l.decided.hours, l.decided.storedAt = nil, now
	l.decided.mu.Unlock()
	for hour, counts := range hours {
		_, err := store.DecidedDays(l.store).Update(ctx, hour.Format(time.DateOnly), func(d *store.DecidedDay) (bool, error) {
			d.Hours[hour.Hour()] = d.Hours[hour.Hour()].Plus(counts)
			return true, nil
		})
		if err != nil {
			l.log.Debug("counts of decisions not stored yet", "error", err)
			l.decided.mu.Lock()
			l.decided.add(hour, counts)
			l.decided.mu.Unlock()
		}
	}
}
