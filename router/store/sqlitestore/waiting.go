package sqlitestore

import (
	"context"
	"encoding/json"
	"sync"

	"switchyard/router"
	"switchyard/router/store"
)

// runCache remembers the numbers of runs, which never change once committed.
type runCache struct {
	mu    sync.RWMutex
	byKey map[router.RunKey]int64
	byID  map[int64]router.Run
}

func (c *runCache) id(key router.RunKey) (int64, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	id, ok := c.byKey[key]
	return id, ok
}

func (c *runCache) run(id int64) (router.Run, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	r, ok := c.byID[id]
	return r, ok
}

// runCacheLimit bounds the cache; a desk has some hundred runs.
const runCacheLimit = 20000

func (c *runCache) add(id int64, r router.Run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey == nil || len(c.byKey) >= runCacheLimit {
		c.byKey, c.byID = map[router.RunKey]int64{}, map[int64]router.Run{}
	}
	c.byKey[r.Key], c.byID[id] = id, r
}

func (c *runCache) forget(id int64, key router.RunKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byKey, key)
	delete(c.byID, id)
}

// leaveRun takes a ticket out of the run it waits in, if it waits.
func leaveRun(x *tx, old ticketRow, id string) error {
	if old.run == 0 {
		return nil
	}
	x.countRun(old.run, -1)
	if old.cutoffAt != 0 {
		if _, err := x.exec(`DELETE FROM cutoffs WHERE run = ? AND cutoff_at = ? AND age_at = ? AND ticket = ?`,
			old.run, old.cutoffAt, old.ageAt, id); err != nil {
			return err
		}
	}
	_, err := x.exec(`DELETE FROM waiting WHERE run = ? AND age_at = ? AND ticket = ?`, old.run, old.ageAt, id)
	return err
}

// enterRun puts a waiting ticket into its run and notes the run's number in its row.
func (s *Store) enterRun(x *tx, next *ticketRow, t router.Ticket) error {
	if t.State != router.StateWaiting {
		return nil
	}
	id, err := s.ensureRun(x, t.Run())
	if err != nil {
		return err
	}
	next.run = id
	x.countRun(id, 1)
	rest := []any{next.ageAt, string(t.ID), next.cutoffAt, string(t.SkipAgent), store.Stamp(t.SkipUntil), t.Version}
	const columns = ` (run, age_at, ticket, cutoff_at, skip_agent, skip_until, version) VALUES (?, ?, ?, ?, ?, ?, ?)`
	if next.cutoffAt != 0 {
		if _, err := x.exec(`INSERT INTO cutoffs`+columns, append([]any{id}, rest...)...); err != nil {
			return taken("sqlitestore.ticket", string(t.ID), err)
		}
	}
	_, err = x.exec(`INSERT INTO waiting`+columns, append([]any{id}, rest...)...)
	return taken("sqlitestore.ticket", string(t.ID), err)
}

func (s *Store) ensureRun(x *tx, r router.Run) (int64, error) {
	if id, ok := s.runs.id(r.Key); ok {
		return id, nil
	}
	var id int64
	read := func(r row) error { id = r.int(0); return nil }
	found, err := x.one(`SELECT id FROM runs WHERE key = ?`, []any{string(r.Key)}, read)
	if err != nil {
		return 0, err
	}
	if !found {
		body, err := json.Marshal(r)
		if err != nil {
			return 0, err
		}
		if _, err := x.one(`INSERT INTO runs (key, queue, kept_for, body) VALUES (?, ?, ?, ?) RETURNING id`,
			[]any{string(r.Key), string(r.Queue), string(r.KeptFor), body}, read); err != nil {
			return 0, err
		}
		x.onUndo(func() { s.runs.forget(id, r.Key) })
	}
	s.runs.add(id, r)
	return id, nil
}

func decodeRun(body []byte) (router.Run, error) {
	var r router.Run
	err := json.Unmarshal(body, &r)
	return r, router.Wrap("sqlitestore.run", router.CodeInternal, err)
}

// known is the run of a number and its encoding, from the cache if it is there.
func (s *Store) known(id int64, body []byte) (router.Run, error) {
	if r, ok := s.runs.run(id); ok {
		return r, nil
	}
	r, err := decodeRun(body)
	if err == nil {
		s.runs.add(id, r)
	}
	return r, err
}

// Runs lists the runs that hold waiting tickets for one of these agents, ordered by key.
func (s *Store) Runs(ctx context.Context, queues []router.QueueName, agents ...router.AgentID) ([]router.Run, error) {
	names, err := json.Marshal(append([]router.QueueName{}, queues...))
	if err != nil {
		return nil, router.Wrap("sqlitestore.runs", router.CodeInternal, err)
	}
	keepers, err := json.Marshal(append([]router.AgentID{""}, agents...))
	if err != nil {
		return nil, router.Wrap("sqlitestore.runs", router.CodeInternal, err)
	}
	var rs []router.Run
	err = s.read(ctx, "sqlitestore.runs", func(c *conn) error {
		return c.rows(`SELECT id, body FROM runs WHERE waiting > 0 AND queue IN (SELECT value FROM json_each(?))
			AND kept_for IN (SELECT value FROM json_each(?)) ORDER BY key LIMIT ?`, []any{string(names), string(keepers), int64(runCacheLimit)}, func(r row) error {
			run, err := s.known(r.int(0), r.bytes(1))
			rs = append(rs, run)
			return err
		})
	})
	return rs, err
}

// Load counts waiting tickets by run, ordered by key.
func (s *Store) Load(ctx context.Context) ([]store.RunLoad, error) {
	var ls []store.RunLoad
	err := s.read(ctx, "sqlitestore.load", func(c *conn) error {
		return c.rows(`SELECT id, body, waiting, (SELECT age_at FROM waiting w WHERE w.run = runs.id ORDER BY age_at LIMIT 1)
			FROM runs WHERE waiting > 0 ORDER BY key LIMIT ?`, []any{int64(runCacheLimit)}, func(r row) error {
			run, err := s.known(r.int(0), r.bytes(1))
			ls = append(ls, store.RunLoad{Run: run, Waiting: int(r.int(2)), OldestAgeAt: store.AtStamp(r.int(3))})
			return err
		})
	})
	return ls, err
}

// CountStates counts tickets by state other than resolved.
func (s *Store) CountStates(ctx context.Context) (map[router.State]int, error) {
	counts := map[router.State]int{}
	err := s.counts(ctx, "sqlitestore.count_states", "state", func(name string, n int) {
		if router.State(name) != router.StateResolved {
			counts[router.State(name)] = n
		}
	})
	return counts, err
}

// lookUp finds a run by its key; its number is 0 if nothing ever waited in it.
func (s *Store) lookUp(c *conn, key router.RunKey) (int64, router.Run, error) {
	if id, ok := s.runs.id(key); ok {
		if run, ok := s.runs.run(id); ok {
			return id, run, nil
		}
	}
	var id int64
	var run router.Run
	_, err := c.one(`SELECT id, body FROM runs WHERE key = ?`, []any{string(key)}, func(r row) (err error) {
		id = r.int(0)
		run, err = s.known(id, r.bytes(1))
		return err
	})
	return id, run, err
}
