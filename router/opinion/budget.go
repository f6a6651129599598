package opinion

import (
	"context"
	"sync"
	"time"

	"switchyard/router/store"
)

// Purse counts calls for all processes together. InStore keeps it in the store.
type Purse interface {
	// Take takes up to n of the limit calls of a day (as 2006-01-02) under a name, and says how many it got.
	Take(ctx context.Context, name, day string, n, limit int) (int, error)
}

// blockShare is the part of a day's budget that a process takes at a time, so that not every call
// writes to the store. What a process took and did not use when it stopped is lost for the day.
const blockShare = 100

// budget lets a bounded number of calls through a day.
type budget struct {
	name  string
	limit int   // calls a day
	purse Purse // nil: no bound

	mu    sync.Mutex
	day   string
	left  int  // of the block taken
	spent bool // the whole day's
}

// take takes one call. first is true once a day, for the call that finds the budget spent.
func (b *budget) take(ctx context.Context, now time.Time) (ok, first bool, err error) {
	if b.purse == nil {
		return true, false, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if day := now.UTC().Format(time.DateOnly); day != b.day {
		b.day, b.left, b.spent = day, 0, false
	}
	if b.spent {
		return false, false, nil
	}
	if b.left == 0 {
		if b.left, err = b.purse.Take(ctx, b.name, b.day, max(1, b.limit/blockShare), b.limit); err != nil {
			return false, false, err
		}
	}
	if b.left == 0 {
		b.spent = true
		return false, true, nil
	}
	b.left--
	return true, false, nil
}

// used is how much of a day's budget is taken.
type used struct {
	Day   string `json:"day"`
	Calls int    `json:"calls"`
}

// take takes up to n. A clock that is a day behind takes of the newer day.
func (u *used) take(day string, n, limit int) int {
	if day > u.Day {
		*u = used{Day: day}
	}
	n = max(0, min(n, limit-u.Calls))
	u.Calls += n
	return n
}

// inStore is a Purse of records under compare-and-set.
type inStore struct{ used store.Collection[used] }

// InStore is a Purse in the store, one record a name: however many processes share it, the limit holds.
func InStore(d store.Docs) Purse {
	return inStore{store.Collection[used]{Docs: d, Kind: "opinion_budget"}}
}

// Take implements Purse.
func (p inStore) Take(ctx context.Context, name, day string, n, limit int) (int, error) {
	got := 0
	_, err := p.used.Update(ctx, name, func(u *used) (bool, error) {
		got = u.take(day, n, limit)
		return got > 0, nil
	})
	if err != nil {
		return 0, err
	}
	return got, nil
}
