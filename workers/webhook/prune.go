package webhook

import (
	"context"
	"time"

	"switchyard/router/store"
)

const (
	// keptFor is how long the record of an ended call is kept.
	keptFor = 30 * 24 * time.Hour
	// pruneEvery is how often a page of ended calls is looked through.
	pruneEvery = time.Minute
)

// pruning remembers how far the ended calls were looked through; of the sweep alone.
type pruning struct {
	at    time.Time
	after map[store.CallState]string
}

// prune deletes records of calls that ended long ago, a page of each state at a time.
func (c *Caller) prune(ctx context.Context, now time.Time) error {
	if now.Sub(c.pruned.at) < pruneEvery {
		return nil
	}
	c.pruned.at = now
	if c.pruned.after == nil {
		c.pruned.after = map[store.CallState]string{}
	}
	calls := store.WebhookCalls(c.Docs)
	for _, state := range []store.CallState{store.CallDone, store.CallFailed} {
		rs, err := calls.List(ctx, string(state), c.pruned.after[state], store.MaxLimit)
		if err != nil {
			return err
		}
		c.pruned.after[state] = ""
		for _, r := range rs {
			if now.Sub(r.Value.EndedAt) > keptFor {
				if err := calls.Delete(ctx, r.ID); err != nil {
					return err
				}
			}
		}
		if len(rs) == store.MaxLimit {
			c.pruned.after[state] = rs[len(rs)-1].ID
		}
	}
	return nil
}
