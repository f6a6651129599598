package dispatch

import (
	"context"
	"sync"
	"time"

	"switchyard/router"
	"switchyard/router/forecast"
	"switchyard/router/pace"
	"switchyard/router/store"
	"switchyard/router/told"
)

const (
	// tallyEvery is how long what was counted may stay in memory; a crash loses no more.
	tallyEvery = 10 * time.Second
	// stopTime bounds the write of the last counts.
	stopTime = 2 * time.Second
)

// summand is something that can be counted by parts, in any order.
type summand[T any] interface{ Plus(T) T }

// tally gathers what this process counts, by record, until it is added to the store's.
type tally[T summand[T]] struct {
	mu      sync.Mutex
	waiting map[string]T
}

func (t *tally[T]) add(id string, more T) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(id, more)
}

func (t *tally[T]) put(id string, more T) {
	if t.waiting == nil {
		t.waiting = map[string]T{}
	}
	t.waiting[id] = t.waiting[id].Plus(more)
}

// flush adds what was gathered to the records of c, each by compare-and-set. What cannot be stored is kept for the next time.
func (t *tally[T]) flush(ctx context.Context, c store.Collection[T]) (last error) {
	t.mu.Lock()
	waiting := t.waiting
	t.waiting = nil
	t.mu.Unlock()
	for id, more := range waiting {
		_, err := c.Update(ctx, id, func(have *T) (bool, error) {
			*have = (*have).Plus(more)
			return true, nil
		})
		if err != nil {
			last = err
			t.add(id, more)
		}
	}
	return last
}

// pending is base with what is not stored yet of one record.
func (t *tally[T]) pending(id string, base T) T {
	t.mu.Lock()
	defer t.mu.Unlock()
	if more, ok := t.waiting[id]; ok {
		return base.Plus(more)
	}
	return base
}

// tallies are all that this process counts.
type tallies struct {
	decided  tally[store.DecidedDay]
	demand   tally[store.DemandDay]
	arrivals tally[store.Arrivals]
	paces    tally[pace.Meter]
	told     tally[told.Told]

	// what the store had at the last look, guarded by Live.mu
	storedAt time.Time
	desk     store.Arrivals
	meters   map[pace.Key]pace.Meter
	waits    map[router.ClassName]told.Told
}

// Decided counts the first decision of a ticket, for the desk's mix of topics.
func (l *Live) Decided(d router.Decision) {
	c := store.DecidedCount{N: 1}
	if d.Classification.Rejected {
		c.Below = 1
	}
	hour, day := d.At.UTC().Hour(), store.DecidedDay{}
	day.Hours[hour] = store.DecidedCounts{d.Classification.Topic: c}
	l.tallies.decided.add(d.At.UTC().Format(time.DateOnly), day)
}

// Came counts a ticket that came, decided for the first time: for the mix of topics, and, where it is neither spam
// nor automatic, for demand and arrivals.
func (l *Live) Came(t router.Ticket, d router.Decision) {
	l.Decided(d)
	if d.State == router.StateHeld {
		return
	}
	l.Demanded(t.CreatedAt, forecast.Key{Channel: t.Channel, Topic: d.Classification.Topic, Language: d.Classification.Language}, d.Class)
}

// Demanded counts one contact of a customer. class is empty where it became no ticket, as an answered call.
func (l *Live) Demanded(at time.Time, key forecast.Key, class router.ClassName) {
	id, day := store.OneDemand(at, key)
	l.tallies.demand.add(id, day)
	l.tallies.arrivals.add("desk", store.OneArrival(at, class))
}

// Worked counts a claim in which an agent worked on a ticket.
func (l *Live) Worked(class router.ClassName, ch router.Channel, d time.Duration, at time.Time) {
	if m := (pace.Meter{}).Observe(d, at); len(m.Bins) > 0 {
		l.tallies.paces.add(pace.Key{Class: class, Channel: ch}.ID(), m)
	}
}

// Waited counts a wait that was told when a case began and has come, beside the band there was for it.
func (l *Live) Waited(class router.ClassName, said, wait time.Duration) {
	var band *told.Band
	if v := l.View(); v != nil {
		if b, ok := v.Waits[class].Band(said); ok {
			band = &b
		}
	}
	l.tallies.told.add(string(class), told.One(said, wait, band))
}

// count stores what was counted and reads what all processes counted, if the last time is long enough ago.
func (l *Live) count(ctx context.Context, every time.Duration) {
	now := l.now()
	if !l.tallies.storedAt.IsZero() && now.Sub(l.tallies.storedAt) < every {
		return
	}
	l.tallies.storedAt = now
	for _, err := range []error{
		l.tallies.decided.flush(ctx, store.DecidedDays(l.store)), l.tallies.demand.flush(ctx, store.DemandDays(l.store)),
		l.tallies.arrivals.flush(ctx, store.DeskArrivals(l.store)), l.tallies.paces.flush(ctx, store.Paces(l.store)),
		l.tallies.told.flush(ctx, store.ToldWaits(l.store)), l.readCounts(ctx),
	} {
		if err != nil {
			l.log.Debug("counts not stored or read yet", "error", err)
		}
	}
}

// readCounts reads the arrivals and service times of the whole desk.
func (l *Live) readCounts(ctx context.Context) error {
	r, err := store.DeskArrivals(l.store).Get(ctx, "desk")
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return err
	}
	all, err := store.Paces(l.store).All(ctx, "")
	if err != nil {
		return err
	}
	waits, err := store.ToldWaits(l.store).All(ctx, "")
	if err != nil {
		return err
	}
	l.tallies.waits = make(map[router.ClassName]told.Told, len(waits))
	for _, w := range waits {
		l.tallies.waits[router.ClassName(w.ID)] = w.Value
	}
	l.tallies.desk, l.tallies.meters = r.Value, make(map[pace.Key]pace.Meter, len(all))
	for _, p := range all {
		if key, ok := pace.ParseKey(p.ID); ok {
			l.tallies.meters[key] = p.Value
		}
	}
	return nil
}

// worked is how long the agent worked in the claim that a change of a ticket ended; ok is false where it
// ended none, or none in which he acted. Only an agent who works parks, resolves or holds. A claim that
// ended by itself, or that a manager ended, counts until his last act.
func worked(before, after router.Ticket) (d time.Duration, ok bool) {
	if before.State != router.StateClaimed || after.State == router.StateClaimed && after.Epoch == before.Epoch {
		return 0, false
	}
	until := before.ActedAt
	switch {
	case after.State == router.StateResolved, after.State == router.StateSnoozed, after.State == router.StatePendingCustomer, after.State == router.StateHeld:
		until = after.UpdatedAt
	case before.ActedAt.IsZero():
		return 0, false
	case after.State == router.StateWaiting && (after.Returned == "released" || after.Returned == "transferred"):
		until = after.UpdatedAt
	}
	return until.Sub(before.ClaimedAt), true
}
