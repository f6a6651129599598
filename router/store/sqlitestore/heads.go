package sqlitestore

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

// A statement that looks at one run costs more in being called than in seeking,
// so that looks go in groups: one row for each run, with the heads of it by age
// and by cut-off written into two texts, a line for each.
const (
	groupSize  = 16
	notSkipped = ` AND NOT (skip_agent = ?1 AND skip_until > ?2)`
	asLines    = `(SELECT group_concat(age_at || ' ' || cutoff_at || ' ' || version || ' ' || ticket, char(10)) FROM (
		SELECT age_at, cutoff_at, version, ticket FROM `
	byAge    = asLines + `waiting WHERE run = q.run` + notSkipped + ` ORDER BY age_at, ticket LIMIT ?3))`
	byCutoff = asLines + `cutoffs WHERE run = q.run AND cutoff_at >= q.low AND cutoff_at < q.high` + notSkipped +
		` ORDER BY cutoff_at, age_at, ticket LIMIT ?3))`
	bySpan = `SELECT age_at || ' ' || cutoff_at || ' ' || version || ' ' || ticket FROM waiting
		WHERE run = ?4 AND age_at >= ?5 AND age_at < ?6` + notSkipped + ` ORDER BY age_at, ticket LIMIT ?3`
)

var byGroup = groupQuery()

func groupQuery() string {
	values := make([]string, groupSize)
	for i := range values {
		values[i] = fmt.Sprintf("(?%d, ?%d, ?%d)", 3*i+4, 3*i+5, 3*i+6)
	}
	return `WITH q (run, low, high) AS (VALUES ` + strings.Join(values, ", ") + `) SELECT ` + byAge + `, ` + byCutoff + ` FROM q`
}

// look is what one query wants, and what was found for it.
type look struct {
	store.HeadQuery
	id     int64
	run    router.Run
	limit  int
	oldest []router.Head
	window []router.Head
}

// span is a range of ages, from below to: the guarded, the late or the feasible.
type span struct{ from, to int64 }

func (s span) holds(at int64) bool { return s.from <= at && at < s.to }

// Heads answers each query with the few tickets that a pull looks at.
func (s *Store) Heads(ctx context.Context, agent router.AgentID, now time.Time, qs []store.HeadQuery) ([]router.Head, error) {
	var heads []router.Head
	err := s.snapshot(ctx, "sqlitestore.heads", func(c *conn) error {
		looks, err := s.looks(c, qs)
		if err != nil {
			return err
		}
		for from := 0; from < len(looks); from += groupSize {
			if err := ctx.Err(); err != nil {
				return err
			}
			group := looks[from:min(from+groupSize, len(looks))]
			if err := lookTogether(c, agent, now, group); err != nil {
				return err
			}
			for i := range group {
				if heads, err = group[i].answer(c, agent, now, heads); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return heads, err
}

// looks finds the runs of the queries; a query of a run that nothing ever waited in falls away.
func (s *Store) looks(c *conn, qs []store.HeadQuery) ([]look, error) {
	looks := make([]look, 0, len(qs))
	for _, q := range qs {
		id, run, err := s.lookUp(c, q.Run)
		if err != nil {
			return nil, err
		}
		if id != 0 {
			looks = append(looks, look{HeadQuery: q, id: id, run: run, limit: store.Page(q.Limit)})
		}
	}
	return looks, nil
}

// lookTogether finds the oldest of each run, and those whose cut-off is in its window.
func lookTogether(c *conn, agent router.AgentID, now time.Time, group []look) error {
	limit := 0
	args := make([]any, 3, 3+3*groupSize)
	for i := range groupSize {
		if i >= len(group) {
			args = append(args, int64(0), int64(0), int64(0))
			continue
		}
		limit = max(limit, group[i].limit)
		args = append(args, group[i].id, store.Stamp(group[i].CutoffFrom), store.Stamp(group[i].CutoffTo))
	}
	args[0], args[1], args[2] = string(agent), store.Stamp(now), int64(limit)
	i := 0
	return c.rows(byGroup, args, func(r row) (err error) {
		if i >= len(group) {
			return nil
		}
		l := &group[i]
		i++
		if l.oldest, err = l.parse(r.text(0), l.oldest); err != nil {
			return err
		}
		l.window, err = l.parse(r.text(1), l.window)
		return err
	})
}

// parse reads lines of heads, at most as many as the look wants.
func (l *look) parse(lines string, hs []router.Head) ([]router.Head, error) {
	for lines != "" && len(hs) < l.limit {
		var line string
		line, lines, _ = strings.Cut(lines, "\n")
		var n [3]int64
		for i := range n {
			var word string
			word, line, _ = strings.Cut(line, " ")
			var err error
			if n[i], err = strconv.ParseInt(word, 10, 64); err != nil {
				return nil, router.Wrap("sqlitestore.heads", router.CodeInternal, err)
			}
		}
		hs = append(hs, router.Head{
			TicketID: router.TicketID(line), Run: l.run, AgeAt: store.AtStamp(n[0]), CutoffAt: store.AtStamp(n[1]), Version: n[2],
		})
	}
	return hs, nil
}

// answer adds the heads of a run. The oldest of any kind are everything up to
// the last of them, so that only the kinds from there on, if any, are asked for by themselves.
func (l *look) answer(c *conn, agent router.AgentID, now time.Time, heads []router.Head) ([]router.Head, error) {
	from := len(heads)
	heads = append(heads, l.window...)
	if len(l.oldest) == 0 {
		return heads, nil
	}
	guard := store.Stamp(l.GuardAt)
	late := max(store.Stamp(l.LateAt), guard)
	whole := len(l.oldest) < l.limit
	last := store.Stamp(l.oldest[len(l.oldest)-1].AgeAt)
	for _, kind := range []span{{late, math.MaxInt64}, {guard, late}, {math.MinInt64, guard}} {
		found := within(l.oldest, kind)
		if !whole && len(found) < l.limit && last < kind.to && kind.from < kind.to {
			var err error
			if found, err = l.seek(c, agent, now, kind); err != nil {
				return nil, err
			}
		}
		heads = addNew(heads, from, found)
	}
	return heads, nil
}

// within is the part of heads in the order of their ages that lies in a span.
func within(heads []router.Head, s span) []router.Head {
	from := 0
	for from < len(heads) && !s.holds(store.Stamp(heads[from].AgeAt)) {
		from++
	}
	to := from
	for to < len(heads) && s.holds(store.Stamp(heads[to].AgeAt)) {
		to++
	}
	return heads[from:to]
}

// seek finds the oldest of one kind.
func (l *look) seek(c *conn, agent router.AgentID, now time.Time, s span) ([]router.Head, error) {
	var found []router.Head
	args := []any{string(agent), store.Stamp(now), int64(l.limit), l.id, s.from, s.to}
	err := c.rows(bySpan, args, func(r row) (err error) {
		found, err = l.parse(r.text(0), found)
		return err
	})
	return found, err
}

// addNew adds those that are not among the heads of this run, which begin at from.
func addNew(heads []router.Head, from int, found []router.Head) []router.Head {
	seen := heads[from:]
	for i := range found {
		known := false
		for k := range seen {
			known = known || seen[k].TicketID == found[i].TicketID
		}
		if !known {
			heads = append(heads, found[i])
		}
	}
	return heads
}
