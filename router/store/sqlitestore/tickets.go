package sqlitestore

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

// ticketRow is what the columns of a ticket say.
type ticketRow struct {
	n, version                                 int64
	state, queue, topic, channel, contact      string
	agent, openKey, waitQueue, keptFor, handle string
	due, createdAt                             int64
	run, ageAt, cutoffAt                       int64 // of the row in waiting; run 0: none
}

// columnsOf is the row of a ticket, but for n and run.
func columnsOf(t router.Ticket, due time.Time) ticketRow {
	r := ticketRow{
		version: t.Version, state: string(t.State), queue: string(t.Queue), topic: string(t.Topic), channel: string(t.Channel),
		contact: string(t.ContactID), agent: string(t.Agent), openKey: t.OpenKey(), due: store.Stamp(due), createdAt: store.Stamp(t.CreatedAt),
	}
	if t.Keyless {
		r.handle = handleRef(t.Source, t.Handle.Key(t.Source))
	}
	if t.State == router.StateWaiting {
		r.waitQueue, r.keptFor, r.ageAt = string(t.Queue), string(t.KeptFor), store.Stamp(t.AgeAt)
		r.cutoffAt = store.Stamp(t.CutoffAt)
	}
	return r
}

func handleRef(source router.SourceName, handleKey string) string {
	return string(source) + "|" + handleKey
}

func encodeTicket(t router.Ticket) ([]byte, error) {
	b, err := json.Marshal(t)
	return b, router.Wrap("sqlitestore.ticket", router.CodeInternal, err)
}

func decodeTicket(body []byte) (router.Ticket, error) {
	var t router.Ticket
	err := json.Unmarshal(body, &t)
	return t, router.Wrap("sqlitestore.ticket", router.CodeInternal, err)
}

func decodeTickets(bodies [][]byte) ([]router.Ticket, error) {
	ts := make([]router.Ticket, 0, len(bodies))
	for _, b := range bodies {
		t, err := decodeTicket(b)
		if err != nil {
			return nil, err
		}
		ts = append(ts, t)
	}
	return ts, nil
}

// InsertTicket stores a new ticket. Until a save says otherwise it is due when it escalates.
func (s *Store) InsertTicket(ctx context.Context, t router.Ticket) (router.Ticket, error) {
	const operation = "sqlitestore.insert_ticket"
	given := t.Version
	t.Version = 1
	body, err := encodeTicket(t)
	if err != nil {
		return t, err
	}
	err = s.change(ctx, operation, func(x *tx) error {
		next := columnsOf(t, t.EscalateAt)
		if err := s.enterRun(x, &next, t); err != nil {
			return err
		}
		_, err := x.exec(`INSERT INTO tickets (id, version, body, created_at, state, queue, topic, channel, contact, agent,
			due_at, open_key, handle_ref, run, age_at, cutoff_at, wait_queue, kept_for) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(t.ID), int64(1), body, next.createdAt, next.state, next.queue, next.topic, next.channel, null(next.contact), null(next.agent),
			nullInt(next.due), null(next.openKey), null(next.handle), nullInt(next.run), nullInt(next.ageAt),
			nullInt(next.cutoffAt), null(next.waitQueue), null(next.keptFor))
		x.count("state", next.state, 1)
		return taken(operation, string(t.ID), err)
	})
	if err != nil {
		t.Version = given
	}
	return t, err
}

// taken makes a unique key that is taken the answer exists.
func taken(operation, id string, err error) error {
	if isUnique(err) {
		return router.Fail(operation, router.CodeExists, "the ticket %s, or an open ticket of its handle, is there", id)
	}
	return err
}

// Ticket reads one.
func (s *Store) Ticket(ctx context.Context, id router.TicketID) (router.Ticket, error) {
	return s.oneTicket(ctx, "sqlitestore.ticket", `SELECT body FROM tickets WHERE id = ?`, string(id))
}

// LatestTicket reads the newest ticket of a handle on a source.
func (s *Store) LatestTicket(ctx context.Context, source router.SourceName, handleKey string) (router.Ticket, error) {
	return s.oneTicket(ctx, "sqlitestore.latest_ticket",
		`SELECT body FROM tickets WHERE handle_ref = ? ORDER BY created_at DESC, id DESC LIMIT 1`, handleRef(source, handleKey))
}

func (s *Store) oneTicket(ctx context.Context, operation, query, key string) (router.Ticket, error) {
	var body []byte
	err := s.read(ctx, operation, func(c *conn) error {
		found, err := c.one(query, []any{key}, func(r row) error {
			body = r.bytes(0)
			return nil
		})
		if err == nil && !found {
			err = router.Fail(operation, router.CodeNotFound, "there is no such ticket")
		}
		return err
	})
	if err != nil {
		return router.Ticket{}, err
	}
	return decodeTicket(body)
}

// SaveTicket writes by compare-and-set.
func (s *Store) SaveTicket(ctx context.Context, t router.Ticket, due time.Time) (router.Ticket, error) {
	const operation = "sqlitestore.save_ticket"
	given := t.Version
	t.Version++
	body, err := encodeTicket(t)
	if err != nil {
		return t, err
	}
	err = s.change(ctx, operation, func(x *tx) error { return s.replace(x, operation, given, t, due, body) })
	if err != nil {
		t.Version = given
	}
	return t, err
}

func (s *Store) replace(x *tx, operation string, given int64, t router.Ticket, due time.Time, body []byte) error {
	var old ticketRow
	found, err := x.one(`SELECT n, version, state, queue, topic, channel, contact, agent, due_at, open_key, run, age_at, wait_queue, kept_for, handle_ref,
		cutoff_at
		FROM tickets WHERE id = ?`, []any{string(t.ID)}, func(r row) error {
		old = ticketRow{
			n: r.int(0), version: r.int(1), state: r.text(2), queue: r.text(3), topic: r.text(4), channel: r.text(5), contact: r.text(6),
			agent: r.text(7), due: r.int(8), openKey: r.text(9), run: r.int(10), ageAt: r.int(11), waitQueue: r.text(12), keptFor: r.text(13),
			handle: r.text(14), cutoffAt: r.int(15),
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := checkVersion(operation, "ticket", string(t.ID), found, old.version, given); err != nil {
		return err
	}
	next := columnsOf(t, due)
	if err := leaveRun(x, old, string(t.ID)); err != nil {
		return err
	}
	if err := s.enterRun(x, &next, t); err != nil {
		return err
	}
	if old.state != next.state {
		x.count("state", old.state, -1)
		x.count("state", next.state, 1)
	}
	query, args := updateOf(old, next, body)
	_, err = x.exec(query, args...)
	return taken(operation, string(t.ID), err)
}

// updateOf sets the columns that changed and no others, so that no index is
// rewritten in vain: a statement rewrites every index of every column it names.
func updateOf(old, next ticketRow, body []byte) (string, []any) {
	var query strings.Builder
	query.WriteString(`UPDATE tickets SET version = ?, body = ?`)
	args := []any{next.version, body}
	set := func(changed bool, column string, value any) {
		if changed {
			query.WriteString(", " + column + " = ?")
			args = append(args, value)
		}
	}
	set(old.state != next.state, "state", next.state)
	set(old.queue != next.queue, "queue", next.queue)
	set(old.topic != next.topic, "topic", next.topic)
	set(old.channel != next.channel, "channel", next.channel)
	set(old.contact != next.contact, "contact", null(next.contact))
	set(old.agent != next.agent, "agent", null(next.agent))
	set(old.due != next.due, "due_at", nullInt(next.due))
	set(old.openKey != next.openKey, "open_key", null(next.openKey))
	set(old.handle != next.handle, "handle_ref", null(next.handle))
	set(old.run != next.run, "run", nullInt(next.run))
	set(old.ageAt != next.ageAt, "age_at", nullInt(next.ageAt))
	set(old.cutoffAt != next.cutoffAt, "cutoff_at", nullInt(next.cutoffAt))
	set(old.waitQueue != next.waitQueue, "wait_queue", null(next.waitQueue))
	set(old.keptFor != next.keptFor, "kept_for", null(next.keptFor))
	query.WriteString(" WHERE n = ?")
	return query.String(), append(args, old.n)
}
