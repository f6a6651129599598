package sqlitestore

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

const messageColumns = `body, stage, stage_at, ticket, contact, attempts, retry_at, provider_id, error, version, received_at, id`

// messageRow is a message as it stands in a row: what never changes, encoded,
// and what moves with the stage, in columns.
type messageRow struct {
	m          router.Message
	body       []byte
	receivedAt int64
}

// fixed encodes what is written once.
func fixed(m router.Message) ([]byte, error) {
	m.Stage, m.StageAt, m.TicketID, m.ContactID = "", store.AtStamp(0), "", ""
	m.Attempts, m.RetryAt, m.ProviderID, m.Error, m.Version = 0, store.AtStamp(0), "", "", 0
	b, err := json.Marshal(m)
	return b, router.Wrap("sqlitestore.message", router.CodeInternal, err)
}

func scanMessage(r row) messageRow {
	return messageRow{
		body: r.bytes(0), receivedAt: r.int(10),
		m: router.Message{
			Stage: router.Stage(r.text(1)), StageAt: store.AtStamp(r.int(2)),
			TicketID: router.TicketID(r.text(3)), ContactID: router.ContactID(r.text(4)),
			Attempts: int(r.int(5)), RetryAt: store.AtStamp(r.int(6)),
			ProviderID: r.text(7), Error: r.text(8), Version: r.int(9), ID: router.MessageID(r.text(11)),
		},
	}
}

func (r messageRow) message() (router.Message, error) {
	m, moving := router.Message{}, r.m
	if err := json.Unmarshal(r.body, &m); err != nil {
		return m, router.Wrap("sqlitestore.message", router.CodeInternal, err)
	}
	m.Stage, m.StageAt, m.TicketID, m.ContactID = moving.Stage, moving.StageAt, moving.TicketID, moving.ContactID
	m.Attempts, m.RetryAt, m.ProviderID = moving.Attempts, moving.RetryAt, moving.ProviderID
	m.Error, m.Version = moving.Error, moving.Version
	return m, nil
}

func decodeMessages(rs []messageRow) ([]router.Message, error) {
	ms := make([]router.Message, 0, len(rs))
	for _, r := range rs {
		m, err := r.message()
		if err != nil {
			return nil, err
		}
		ms = append(ms, m)
	}
	return ms, nil
}

// workStage is the stage by which work finds a message, NULL where nothing is to be done.
func workStage(s router.Stage) any {
	if !worked(s) {
		return nil
	}
	return string(s)
}

func worked(s router.Stage) bool {
	switch s {
	case router.StageReceived, router.StageDraft, router.StageQueued, router.StageFailed, router.StageDead:
		return true
	}
	return false
}

// InsertMessages stores messages that are not there yet, with Version 1.
func (s *Store) InsertMessages(ctx context.Context, ms []router.Message) ([]bool, error) {
	const operation = "sqlitestore.insert_messages"
	if len(ms) == 0 {
		return nil, nil
	}
	bodies := make([][]byte, len(ms))
	for i, m := range ms {
		b, err := fixed(m)
		if err != nil {
			return nil, err
		}
		bodies[i] = b
	}
	stored := make([]bool, len(ms))
	submit := s.change
	if len(ms) == 1 {
		submit = s.changeLone
	}
	err := submit(ctx, operation, func(t *tx) error {
		for i, m := range ms {
			n, err := t.exec(`INSERT INTO messages (id, body, received_at, stage, stage_at, work_stage, ticket, contact,
				attempts, retry_at, provider_id, error, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
				ON CONFLICT (id) DO NOTHING`,
				string(m.ID), bodies[i], store.Stamp(m.ReceivedAt), string(m.Stage), store.Stamp(m.StageAt), workStage(m.Stage),
				null(m.TicketID), null(m.ContactID), int64(m.Attempts), store.Stamp(m.RetryAt), m.ProviderID, m.Error)
			if err != nil {
				return err
			}
			stored[i] = n == 1
			if stored[i] {
				t.count("stage", string(m.Stage), 1)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return stored, nil
}

// Message reads one.
func (s *Store) Message(ctx context.Context, id router.MessageID) (router.Message, error) {
	const operation = "sqlitestore.message"
	ms, err := s.MessagesByID(ctx, []router.MessageID{id})
	if err != nil {
		return router.Message{}, err
	}
	if len(ms) == 0 {
		return router.Message{}, router.Fail(operation, router.CodeNotFound, "there is no message %s", id)
	}
	return ms[0], nil
}

// MessagesByID reads those that exist, in the order asked.
func (s *Store) MessagesByID(ctx context.Context, ids []router.MessageID) ([]router.Message, error) {
	const operation = "sqlitestore.messages_by_id"
	if len(ids) > store.MaxLimit {
		return nil, router.Fail(operation, router.CodeTooLarge, "at most %d messages can be read together", store.MaxLimit)
	}
	var rs []messageRow
	err := s.snapshot(ctx, operation, func(c *conn) error {
		for _, id := range ids {
			err := c.rows(`SELECT `+messageColumns+` FROM messages WHERE id = ?`, []any{string(id)}, func(r row) error {
				rs = append(rs, scanMessage(r))
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return decodeMessages(rs)
}

// SaveMessage writes what may change of a message.
func (s *Store) SaveMessage(ctx context.Context, m router.Message) (router.Message, error) {
	const operation = "sqlitestore.save_message"
	var saved messageRow
	err := s.change(ctx, operation, func(t *tx) error {
		var version int64
		var stage string
		found, err := t.one(`SELECT version, stage FROM messages WHERE id = ?`, []any{string(m.ID)}, func(r row) error {
			version, stage = r.int(0), r.text(1)
			return nil
		})
		if err != nil {
			return err
		}
		if err := checkVersion(operation, "message", string(m.ID), found, version, m.Version); err != nil {
			return err
		}
		if stage != string(m.Stage) {
			t.count("stage", stage, -1)
			t.count("stage", string(m.Stage), 1)
		}
		_, err = t.one(`UPDATE messages SET stage = ?, stage_at = ?, work_stage = ?, ticket = ?, contact = ?, attempts = ?,
			retry_at = ?, provider_id = ?, error = ?, version = version + 1 WHERE id = ? RETURNING `+messageColumns,
			[]any{string(m.Stage), store.Stamp(m.StageAt), workStage(m.Stage), null(m.TicketID), null(m.ContactID), int64(m.Attempts),
				store.Stamp(m.RetryAt), m.ProviderID, m.Error, string(m.ID)},
			func(r row) error {
				saved = scanMessage(r)
				return nil
			})
		return err
	})
	if err != nil {
		return m, err
	}
	return saved.message()
}

// checkVersion is the compare of every compare-and-set.
func checkVersion(operation, what, id string, found bool, have, given int64) error {
	if !found {
		return router.Fail(operation, router.CodeNotFound, "there is no %s %s", what, id)
	}
	if have != given {
		return router.Fail(operation, router.CodeConflict, "the %s %s was changed meanwhile", what, id)
	}
	return nil
}

// TicketMessages reads a ticket's messages, oldest first.
func (s *Store) TicketMessages(ctx context.Context, id router.TicketID, after string, limit int) ([]router.Message, string, error) {
	return s.pageMessages(ctx, "sqlitestore.ticket_messages", "ticket = ?", string(id), ascending, after, limit)
}

// ContactMessages reads a contact's messages, newest first.
func (s *Store) ContactMessages(ctx context.Context, id router.ContactID, after string, limit int) ([]router.Message, string, error) {
	return s.pageMessages(ctx, "sqlitestore.contact_messages", "contact = ?", string(id), descending, after, limit)
}

// direction is the order of a list and how its next page begins.
type direction struct{ compare, order string }

var (
	ascending  = direction{">", "ASC"}
	descending = direction{"<", "DESC"}
)

func (s *Store) pageMessages(ctx context.Context, operation, where, key string, dir direction, after string, limit int) ([]router.Message, string, error) {
	limit = store.Page(limit)
	query, args := `SELECT `+messageColumns+` FROM messages WHERE `+where, []any{key}
	if after != "" {
		stamp, id, err := store.ParseCursor(after)
		if err != nil {
			return nil, "", err
		}
		query, args = query+` AND (received_at, id) `+dir.compare+` (?, ?)`, append(args, stamp, id)
	}
	query += strings.ReplaceAll(` ORDER BY received_at DIR, id DIR LIMIT ?`, "DIR", dir.order)
	var rs []messageRow
	err := s.read(ctx, operation, func(c *conn) error {
		return c.rows(query, append(args, int64(limit+1)), func(r row) error {
			rs = append(rs, scanMessage(r))
			return nil
		})
	})
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(rs) > limit {
		rs = rs[:limit]
		last := rs[limit-1]
		next = store.Cursor(store.AtStamp(last.receivedAt), string(last.m.ID))
	}
	ms, err := decodeMessages(rs)
	return ms, next, err
}

// StagedMessages reads messages on which work is due, longest in the stage first.
func (s *Store) StagedMessages(ctx context.Context, stage router.Stage, before time.Time, limit int) ([]router.Message, error) {
	const operation = "sqlitestore.staged_messages"
	if !worked(stage) {
		return nil, router.FailField(operation, "stage", "no work is found by the stage %q", stage)
	}
	var rs []messageRow
	at := store.Stamp(before)
	err := s.read(ctx, operation, func(c *conn) error {
		return c.rows(`SELECT `+messageColumns+` FROM messages WHERE work_stage = ? AND stage_at < ? AND retry_at <= ?
			ORDER BY stage_at, id LIMIT ?`, []any{string(stage), at, at, int64(store.Page(limit))}, func(r row) error {
			rs = append(rs, scanMessage(r))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return decodeMessages(rs)
}

// CountStages counts messages by stage, where work may be due.
func (s *Store) CountStages(ctx context.Context) (map[router.Stage]int, error) {
	counts := map[router.Stage]int{}
	err := s.counts(ctx, "sqlitestore.count_stages", "stage", func(name string, n int) {
		if worked(router.Stage(name)) {
			counts[router.Stage(name)] = n
		}
	})
	return counts, err
}

// counts reads the counters of a kind that are not zero.
func (s *Store) counts(ctx context.Context, operation, kind string, fn func(name string, n int)) error {
	return s.read(ctx, operation, func(c *conn) error {
		return c.rows(`SELECT name, n FROM counts WHERE kind = ? AND n <> 0`, []any{kind}, func(r row) error {
			fn(r.text(0), int(r.int(1)))
			return nil
		})
	})
}
