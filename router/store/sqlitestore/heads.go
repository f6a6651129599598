package sqlitestore

import (
	"context"
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
	line       = `age_at || ' ' || cutoff_at || ' ' || version || ' ' || ticket || ' ' || iif(skip_until > ?2, skip_agent, '')`
	asLines    = `(SELECT group_concat(line, char(10)) FROM (SELECT ` + line + ` AS line FROM `
	byAge      = asLines + `waiting WHERE run = q.run` + notSkipped + ` ORDER BY age_at, ticket LIMIT ?3))`
	byCutoff   = asLines + `cutoffs WHERE run = q.run AND cutoff_at >= q.low AND cutoff_at < q.high AND age_at < q.aged` + notSkipped +
		` ORDER BY cutoff_at, age_at, ticket LIMIT ?3))`
	bySpan = asLines + `waiting WHERE run = q.run AND age_at >= q.low AND age_at < q.high` + notSkipped + ` ORDER BY age_at, ticket LIMIT ?3))`
)

var (
	byGroup = grouped(`run, low, high, aged`, byAge+`, `+byCutoff)
	bySpans = grouped(`run, low, high`, bySpan)
)

// grouped makes columns of each of a group of rows, which stand in q.
func grouped(row, columns string) string {
	n, at := strings.Count(row, ",")+1, 4
	values := make([]string, groupSize)
	for i := range values {
		marks := make([]string, n)
		for k := range marks {
			marks[k] = "?" + strconv.Itoa(at)
			at++
		}
		values[i] = "(" + strings.Join(marks, ", ") + ")"
	}
	return `WITH q (` + row + `) AS (VALUES ` + strings.Join(values, ", ") + `) SELECT ` + columns + ` FROM q`
}

// look is what one query wants, and what was found for it.
type look struct {
	store.HeadQuery
	id     int64
	run    router.Run
	limit  int
	oldest []router.Head
	window []router.Head
	found  [][]router.Head // of the spans that were sought
}

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
			if err := seekTogether(c, agent, now, group); err != nil {
				return err
			}
			for _, l := range group {
				heads = append(heads, l.Answer(l.window, l.oldest, l.found)...)
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
	rows := make([][]any, len(group))
	limit := 0
	for i, l := range group {
		limit = max(limit, l.limit)
		rows[i] = []any{l.id, store.Stamp(l.CutoffFrom), store.Stamp(l.CutoffTo), l.Aged()}
	}
	return c.together(byGroup, agent, now, limit, rows, func(i int, r row) (err error) {
		l := &group[i]
		if l.oldest, err = l.parse(r.text(0), l.oldest); err != nil {
			return err
		}
		l.window, err = l.parse(r.text(1), l.window)
		return err
	})
}

// seekTogether finds the oldest of the spans that the oldest of each run do not answer.
func seekTogether(c *conn, agent router.AgentID, now time.Time, group []look) error {
	var rows [][]any
	var of []*look
	limit := 0
	for i := range group {
		l := &group[i]
		for _, s := range l.Sought(l.oldest) {
			limit = max(limit, l.limit)
			rows, of = append(rows, []any{l.id, s.From, s.To}), append(of, l)
		}
	}
	for from := 0; from < len(rows); from += groupSize {
		err := c.together(bySpans, agent, now, limit, rows[from:min(from+groupSize, len(rows))], func(i int, r row) error {
			l := of[from+i]
			found, err := l.parse(r.text(0), nil)
			l.found = append(l.found, found)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// together runs a grouped query for some rows, at most groupSize; the rest of the group finds nothing, since no run has
// the number 0.
func (c *conn) together(query string, agent router.AgentID, now time.Time, limit int, rows [][]any, take func(i int, r row) error) error {
	args := make([]any, 3, 3+len(rows[0])*groupSize)
	args[0], args[1], args[2] = string(agent), store.Stamp(now), int64(limit)
	for _, r := range rows {
		args = append(args, r...)
	}
	for len(args) < cap(args) {
		args = append(args, int64(0))
	}
	i := -1
	return c.rows(query, args, func(r row) error {
		if i++; i >= len(rows) {
			return nil
		}
		return take(i, r)
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
		ticket, agent, _ := strings.Cut(line, " ")
		hs = append(hs, router.Head{
			TicketID: router.TicketID(ticket), Run: l.run, AgeAt: store.AtStamp(n[0]), CutoffAt: store.AtStamp(n[1]), SkipFor: router.AgentID(agent), Version: n[2],
		})
	}
	return hs, nil
}

// RunTickets walks the waiting tickets of a run, oldest first.
func (s *Store) RunTickets(ctx context.Context, key router.RunKey, after router.Head, limit int) ([]router.Head, error) {
	var heads []router.Head
	err := s.read(ctx, "sqlitestore.runtickets", func(c *conn) error {
		id, run, err := s.lookUp(c, key)
		if err != nil || id == 0 {
			return err
		}
		from := int64(math.MinInt64)
		if after.TicketID != "" {
			from = store.Stamp(after.AgeAt)
		}
		l := look{run: run, limit: store.Page(limit)}
		return c.rows(`SELECT `+line+` FROM waiting WHERE run = ?1 AND (age_at, ticket) > (?3, ?4) ORDER BY age_at, ticket LIMIT ?5`,
			[]any{id, int64(math.MaxInt64), from, string(after.TicketID), int64(l.limit)}, func(r row) (err error) {
				heads, err = l.parse(r.text(0), heads)
				return err
			})
	})
	return heads, err
}
