package sqlitestore

import (
	"fmt"

	"switchyard/router"
)

// migrations only grows. The layout's version is the number of those that ran.
// Each may run again on a layout that has it.
var migrations = [][]string{
	{
		`CREATE TABLE IF NOT EXISTS messages (
			n INTEGER PRIMARY KEY, id TEXT NOT NULL, body BLOB NOT NULL,
			received_at INTEGER NOT NULL, stage TEXT NOT NULL, stage_at INTEGER NOT NULL, work_stage TEXT,
			ticket TEXT, contact TEXT, attempts INTEGER NOT NULL, retry_at INTEGER NOT NULL,
			provider_id TEXT NOT NULL, error TEXT NOT NULL, version INTEGER NOT NULL)`,
		`CREATE UNIQUE INDEX IF NOT EXISTS messages_id ON messages (id)`,
		`CREATE INDEX IF NOT EXISTS messages_ticket ON messages (ticket, received_at, id) WHERE ticket IS NOT NULL`,
		`CREATE INDEX IF NOT EXISTS messages_contact ON messages (contact, received_at, id) WHERE contact IS NOT NULL`,
		`CREATE INDEX IF NOT EXISTS messages_stage ON messages (work_stage, stage_at, id, retry_at) WHERE work_stage IS NOT NULL`,

		`CREATE TABLE IF NOT EXISTS tickets (
			n INTEGER PRIMARY KEY, id TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL,
			created_at INTEGER NOT NULL, state TEXT NOT NULL, queue TEXT NOT NULL, topic TEXT NOT NULL,
			channel TEXT NOT NULL, contact TEXT, agent TEXT, due_at INTEGER, open_key TEXT, handle_ref TEXT,
			run INTEGER, age_at INTEGER, cutoff_at INTEGER, wait_queue TEXT, kept_for TEXT)`,
		`CREATE UNIQUE INDEX IF NOT EXISTS tickets_id ON tickets (id)`,
		`CREATE UNIQUE INDEX IF NOT EXISTS tickets_open ON tickets (open_key) WHERE open_key IS NOT NULL`,
		`CREATE INDEX IF NOT EXISTS tickets_created ON tickets (created_at, id)`,
		`CREATE INDEX IF NOT EXISTS tickets_state ON tickets (state, created_at, id)`,
		`CREATE INDEX IF NOT EXISTS tickets_queue ON tickets (queue, state, created_at, id)`,
		`CREATE INDEX IF NOT EXISTS tickets_contact ON tickets (contact, created_at, id) WHERE contact IS NOT NULL`,
		`CREATE INDEX IF NOT EXISTS tickets_agent ON tickets (agent, created_at, id) WHERE agent IS NOT NULL`,
		`CREATE INDEX IF NOT EXISTS tickets_handle ON tickets (handle_ref, created_at, id) WHERE handle_ref IS NOT NULL`,
		`CREATE INDEX IF NOT EXISTS tickets_due ON tickets (due_at, id) WHERE due_at IS NOT NULL`,
		`CREATE INDEX IF NOT EXISTS tickets_waiting ON tickets (wait_queue, id) WHERE wait_queue IS NOT NULL`,
		`CREATE INDEX IF NOT EXISTS tickets_kept ON tickets (kept_for, id) WHERE kept_for IS NOT NULL`,

		`CREATE TABLE IF NOT EXISTS runs (
			id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, queue TEXT NOT NULL, kept_for TEXT NOT NULL,
			body BLOB NOT NULL, waiting INTEGER NOT NULL DEFAULT 0)`,
		`CREATE INDEX IF NOT EXISTS runs_busy ON runs (queue, kept_for, key) WHERE waiting > 0`,
		`CREATE TABLE IF NOT EXISTS waiting (
			run INTEGER NOT NULL, age_at INTEGER NOT NULL, ticket TEXT NOT NULL, cutoff_at INTEGER NOT NULL,
			skip_agent TEXT NOT NULL, skip_until INTEGER NOT NULL, version INTEGER NOT NULL,
			PRIMARY KEY (run, age_at, ticket)) WITHOUT ROWID`,
		`CREATE TABLE IF NOT EXISTS cutoffs (
			run INTEGER NOT NULL, cutoff_at INTEGER NOT NULL, age_at INTEGER NOT NULL, ticket TEXT NOT NULL,
			skip_agent TEXT NOT NULL, skip_until INTEGER NOT NULL, version INTEGER NOT NULL,
			PRIMARY KEY (run, cutoff_at, age_at, ticket)) WITHOUT ROWID`,

		`CREATE TABLE IF NOT EXISTS terms (
			term INTEGER NOT NULL, created_at INTEGER NOT NULL, ticket INTEGER NOT NULL,
			PRIMARY KEY (term, created_at, ticket)) WITHOUT ROWID`,
		`CREATE TABLE IF NOT EXISTS contacts (
			n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, body BLOB NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS handles (key TEXT PRIMARY KEY, contact TEXT NOT NULL) WITHOUT ROWID`,
		`CREATE TABLE IF NOT EXISTS docs (
			n INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, ref TEXT NOT NULL,
			version INTEGER NOT NULL, body BLOB NOT NULL)`,
		`CREATE UNIQUE INDEX IF NOT EXISTS docs_id ON docs (kind, id)`,
		`CREATE INDEX IF NOT EXISTS docs_ref ON docs (kind, ref, id)`,
		`CREATE TABLE IF NOT EXISTS entries (
			stream TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL,
			PRIMARY KEY (stream, seq)) WITHOUT ROWID`,
		`CREATE UNIQUE INDEX IF NOT EXISTS entries_id ON entries (stream, id)`,
		`CREATE TABLE IF NOT EXISTS blobs (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, data BLOB NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS counts (
			kind TEXT NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID`,
	},
}

func migrate(t *tx) error {
	var have int64
	if _, err := t.one("PRAGMA user_version", nil, func(r row) error {
		have = r.int(0)
		return nil
	}); err != nil {
		return err
	}
	if have > int64(len(migrations)) {
		return router.Fail("sqlitestore.migrate", router.CodeUnavailable,
			"the data was written by a newer version (layout %d, this one knows %d)", have, len(migrations))
	}
	for _, steps := range migrations[have:] {
		for _, step := range steps {
			if err := t.once(step); err != nil {
				return err
			}
		}
	}
	if have == int64(len(migrations)) {
		return nil
	}
	return t.once(fmt.Sprintf("PRAGMA user_version = %d", len(migrations)))
}
