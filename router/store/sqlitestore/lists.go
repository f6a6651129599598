package sqlitestore

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"sort"
	"strings"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

// found is a ticket of a list, with what the list is ordered by.
type found struct {
	createdAt int64
	id        string
	body      []byte
}

// ListTickets reads tickets, newest first.
func (s *Store) ListTickets(ctx context.Context, f store.TicketFilter) ([]router.Ticket, string, error) {
	const operation = "sqlitestore.list_tickets"
	limit := store.Page(f.Limit)
	var fs []found
	err := s.snapshot(ctx, operation, func(c *conn) error {
		queries, args, err := listQueries(c, f)
		if err != nil {
			return err
		}
		for i, query := range queries {
			err := c.rowsUntil(ctx, query, append(args[i], int64(limit+1)), func(r row) error {
				fs = append(fs, found{r.int(0), r.text(1), r.bytes(2)})
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	sort.Slice(fs, func(i, j int) bool {
		if fs[i].createdAt != fs[j].createdAt {
			return fs[i].createdAt > fs[j].createdAt
		}
		return fs[i].id > fs[j].id
	})
	next := ""
	if len(fs) > limit {
		fs = fs[:limit]
		next = store.Cursor(store.AtStamp(fs[limit-1].createdAt), fs[limit-1].id)
	}
	bodies := make([][]byte, len(fs))
	for i := range fs {
		bodies[i] = fs[i].body
	}
	ts, err := decodeTickets(bodies)
	return ts, next, err
}

// listQueries makes the queries whose answers together are the list. Each walks
// one index in the order of the list. A queue without a state is one query for
// each state, since that index has the state before the time.
func listQueries(c *conn, f store.TicketFilter) (queries []string, args [][]any, err error) {
	from, where, params, err := walk(c, f)
	if err != nil {
		return nil, nil, err
	}
	filter := func(column string, value string) {
		if value != "" {
			where, params = append(where, "t."+column+" = ?"), append(params, value)
		}
	}
	filter("topic", string(f.Topic))
	filter("channel", string(f.Channel))
	filter("agent", string(f.Agent))
	filter("contact", string(f.Contact))
	filter("queue", string(f.Queue))
	if f.After != "" {
		stamp, id, err := store.ParseCursor(f.After)
		if err != nil {
			return nil, nil, err
		}
		where, params = append(where, "(t.created_at, t.id) < (?, ?)"), append(params, stamp, id)
		if len(f.Terms) > 0 {
			where, params = append(where, "a.created_at <= ?"), append(params, stamp)
		}
	}
	states := []router.State{f.State}
	if f.State == "" && strings.HasSuffix(from, "tickets_queue") {
		states = router.States()
	}
	for _, state := range states {
		w, p := where, append([]any{}, params...)
		if state != "" {
			w, p = append(append([]string{}, where...), "t.state = ?"), append(p, string(state))
		}
		order := "t.created_at DESC, t.id DESC"
		if len(f.Terms) > 0 {
			order = "a.created_at DESC, t.id DESC"
		}
		query := "SELECT t.created_at, t.id, t.body FROM " + from
		if len(w) > 0 {
			query += " WHERE " + strings.Join(w, " AND ")
		}
		queries, args = append(queries, query+" ORDER BY "+order+" LIMIT ?"), append(args, p)
	}
	return queries, args, nil
}

// walk chooses the index that a list walks: the rarest term, else the narrowest of the filters.
func walk(c *conn, f store.TicketFilter) (from string, where []string, params []any, err error) {
	if len(f.Terms) > 0 {
		terms, err := rarestFirst(c, f.Terms)
		if err != nil {
			return "", nil, nil, err
		}
		where, params = append(where, "a.term = ?"), append(params, terms[0])
		for _, term := range terms[1:] {
			where = append(where, "EXISTS (SELECT 1 FROM terms b WHERE b.term = ? AND b.created_at = a.created_at AND b.ticket = a.ticket)")
			params = append(params, term)
		}
		return "terms a CROSS JOIN tickets t ON t.n = a.ticket", where, params, nil
	}
	index := "tickets_created"
	switch {
	case f.Agent != "":
		index = "tickets_agent"
	case f.Contact != "":
		index = "tickets_contact"
	case f.Queue != "":
		index = "tickets_queue"
	case f.State != "":
		index = "tickets_state"
	}
	return "tickets t INDEXED BY " + index, nil, nil, nil
}

// rareEnough bounds the look at how often a term occurs.
const rareEnough = 1000

func rarestFirst(c *conn, words []string) ([]int64, error) {
	terms, often := make([]int64, len(words)), map[int64]int64{}
	for i, w := range words {
		terms[i] = termHash(w)
		_, err := c.one(`SELECT count(*) FROM (SELECT 1 FROM terms WHERE term = ? LIMIT ?)`, []any{terms[i], int64(rareEnough)}, func(r row) error {
			often[terms[i]] = r.int(0)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	sort.SliceStable(terms, func(i, j int) bool { return often[terms[i]] < often[terms[j]] })
	return terms, nil
}

// termHash stands for a term in its table: eight bytes instead of a word.
func termHash(term string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(term)) // a hash takes everything
	return int64(binary.BigEndian.Uint64(h.Sum(nil)))
}

// IndexTerms adds search terms to a ticket.
func (s *Store) IndexTerms(ctx context.Context, id router.TicketID, terms []string) error {
	const operation = "sqlitestore.index_terms"
	return s.change(ctx, operation, func(t *tx) error {
		var n, createdAt int64
		found, err := t.one(`SELECT n, created_at FROM tickets WHERE id = ?`, []any{string(id)}, func(r row) error {
			n, createdAt = r.int(0), r.int(1)
			return nil
		})
		if err == nil && !found {
			err = router.Fail(operation, router.CodeNotFound, "there is no ticket %s", id)
		}
		if err != nil {
			return err
		}
		for _, term := range terms {
			if _, err := t.exec(`INSERT INTO terms (term, created_at, ticket) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
				termHash(term), createdAt, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// ClaimedBy reads what an agent holds.
func (s *Store) ClaimedBy(ctx context.Context, agent router.AgentID) ([]router.Ticket, error) {
	return s.tickets(ctx, "sqlitestore.claimed_by",
		`SELECT body FROM tickets WHERE agent = ? AND state = 'claimed' ORDER BY created_at, id LIMIT ?`, string(agent), int64(store.MaxLimit))
}

// QueueTickets walks the waiting tickets of a queue in the order of their ids.
func (s *Store) QueueTickets(ctx context.Context, q router.QueueName, after router.TicketID, limit int) ([]router.Ticket, error) {
	return s.tickets(ctx, "sqlitestore.queue_tickets",
		`SELECT body FROM tickets WHERE wait_queue = ? AND id > ? ORDER BY id LIMIT ?`, string(q), string(after), int64(store.Page(limit)))
}

// KeptTickets reads waiting tickets that are kept for an agent.
func (s *Store) KeptTickets(ctx context.Context, agent router.AgentID, limit int) ([]router.Ticket, error) {
	return s.tickets(ctx, "sqlitestore.kept_tickets",
		`SELECT body FROM tickets WHERE kept_for = ? ORDER BY id LIMIT ?`, string(agent), int64(store.Page(limit)))
}

func (s *Store) tickets(ctx context.Context, operation, query string, args ...any) ([]router.Ticket, error) {
	var bodies [][]byte
	err := s.read(ctx, operation, func(c *conn) error {
		return c.rows(query, args, func(r row) error {
			bodies = append(bodies, r.bytes(0))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return decodeTickets(bodies)
}

// DueTickets reads the ids of what is due, earliest first.
func (s *Store) DueTickets(ctx context.Context, now time.Time, limit int) ([]router.TicketID, error) {
	var ids []router.TicketID
	err := s.read(ctx, "sqlitestore.due_tickets", func(c *conn) error {
		return c.rows(`SELECT id FROM tickets WHERE due_at <= ? ORDER BY due_at, id LIMIT ?`,
			[]any{store.Stamp(now), int64(store.Page(limit))}, func(r row) error {
				ids = append(ids, router.TicketID(r.text(0)))
				return nil
			})
	})
	return ids, err
}
