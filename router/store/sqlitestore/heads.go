package sqlitestore

import (
	"context"
	"math"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

const (
	headColumns = `SELECT ticket, age_at, cutoff_at, version FROM waiting WHERE run = ?`
	notSkipped  = ` AND NOT (skip_agent = ? AND skip_until > ?)`
	byAge       = headColumns + ` AND age_at >= ? AND age_at < ?` + notSkipped + ` ORDER BY age_at, ticket LIMIT ?`
	byCutoff    = headColumns + ` AND cutoff_at >= ? AND cutoff_at < ?` + notSkipped + ` ORDER BY cutoff_at, age_at, ticket LIMIT ?`
)

// Heads answers each query with the few tickets that a pull looks at.
func (s *Store) Heads(ctx context.Context, agent router.AgentID, now time.Time, qs []store.HeadQuery) ([]router.Head, error) {
	var heads []router.Head
	err := s.snapshot(ctx, "sqlitestore.heads", func(c *conn) error {
		for _, q := range qs {
			if err := ctx.Err(); err != nil {
				return err
			}
			id, run, err := s.lookUp(c, q.Run)
			if err != nil {
				return err
			}
			if id == 0 {
				continue
			}
			l := look{conn: c, run: id, of: run, agent: string(agent), now: store.Stamp(now), limit: store.Page(q.Limit), heads: heads, from: len(heads)}
			if err := l.all(q); err != nil {
				return err
			}
			heads = l.heads
		}
		return nil
	})
	return heads, err
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

// look collects the heads of one run.
type look struct {
	*conn
	run   int64
	of    router.Run
	agent string
	now   int64
	limit int
	heads []router.Head
	from  int // where the heads of this run begin
}

// span is a range of ages, from below to: the guarded, the late or the feasible.
type span struct{ from, to int64 }

func (s span) holds(at int64) bool { return s.from <= at && at < s.to }

// all asks for no more kinds than can have an answer. The oldest of any kind
// come first: they are everything up to the last of them, so that only the
// kinds from there on, if any, are asked for by themselves.
func (l *look) all(q store.HeadQuery) error {
	if window := (span{store.Stamp(q.CutoffFrom), store.Stamp(q.CutoffTo)}); window.from < window.to {
		found, err := l.seek(byCutoff, window)
		if err != nil {
			return err
		}
		l.add(found)
	}
	guard := store.Stamp(q.GuardAt)
	late := max(store.Stamp(q.LateAt), guard)
	kinds := []span{{late, math.MaxInt64}, {guard, late}, {math.MinInt64, guard}}
	oldest, err := l.seek(byAge, span{math.MinInt64, math.MaxInt64})
	if err != nil || len(oldest) == 0 {
		return err
	}
	whole := len(oldest) < l.limit
	last := store.Stamp(oldest[len(oldest)-1].AgeAt)
	for _, kind := range kinds {
		found := within(oldest, kind)
		if !whole && len(found) < l.limit && last < kind.to && kind.from < kind.to {
			if found, err = l.seek(byAge, kind); err != nil {
				return err
			}
		}
		l.add(found)
	}
	return nil
}

func within(heads []router.Head, s span) []router.Head {
	var in []router.Head
	for _, h := range heads {
		if s.holds(store.Stamp(h.AgeAt)) {
			in = append(in, h)
		}
	}
	return in
}

func (l *look) seek(query string, s span) ([]router.Head, error) {
	var found []router.Head
	err := l.rows(query, []any{l.run, s.from, s.to, l.agent, l.now, int64(l.limit)}, func(r row) error {
		found = append(found, router.Head{
			TicketID: router.TicketID(r.text(0)), Run: l.of, AgeAt: store.AtStamp(r.int(1)), CutoffAt: store.AtStamp(r.int(2)), Version: r.int(3),
		})
		return nil
	})
	return found, err
}

// add adds those that are not among the heads of this run yet.
func (l *look) add(found []router.Head) {
	for _, h := range found {
		known := false
		for _, have := range l.heads[l.from:] {
			known = known || have.TicketID == h.TicketID
		}
		if !known {
			l.heads = append(l.heads, h)
		}
	}
}
