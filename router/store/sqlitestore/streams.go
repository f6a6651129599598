package sqlitestore

import (
	"context"
	"math"

	"switchyard/router"
	"switchyard/router/store"
)

// Append adds an entry to a stream, once for each id.
func (s *Store) Append(ctx context.Context, stream string, e store.Entry) (int64, error) {
	const operation = "sqlitestore.append"
	if err := store.CheckEntry(operation, e); err != nil {
		return 0, err
	}
	var seq int64
	read := func(r row) error { seq = r.int(0); return nil }
	err := s.change(ctx, operation, func(t *tx) error {
		found, err := t.one(`SELECT seq FROM entries WHERE stream = ? AND id = ?`, []any{stream, e.ID}, read)
		if err != nil || found {
			return err
		}
		if _, err := t.one(`SELECT seq FROM entries WHERE stream = ? ORDER BY seq DESC LIMIT 1`, []any{stream}, read); err != nil {
			return err
		}
		seq++
		_, err = t.exec(`INSERT INTO entries (stream, seq, id, at, body) VALUES (?, ?, ?, ?, ?)`,
			stream, seq, e.ID, store.Stamp(e.At), blob(e.Body))
		return err
	})
	if err != nil {
		return 0, err
	}
	return seq, nil
}

// ReadStream reads entries after a number, oldest first.
func (s *Store) ReadStream(ctx context.Context, stream string, after int64, limit int) ([]store.Entry, error) {
	return s.entries(ctx, `SELECT seq, id, at, body FROM entries WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?`, stream, after, limit)
}

// TailStream reads the entries before a number, newest first.
func (s *Store) TailStream(ctx context.Context, stream string, before int64, limit int) ([]store.Entry, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	return s.entries(ctx, `SELECT seq, id, at, body FROM entries WHERE stream = ? AND seq < ? ORDER BY seq DESC LIMIT ?`, stream, before, limit)
}

func (s *Store) entries(ctx context.Context, query, stream string, bound int64, limit int) ([]store.Entry, error) {
	var es []store.Entry
	err := s.read(ctx, "sqlitestore.stream", func(c *conn) error {
		return c.rows(query, []any{stream, bound, int64(store.Page(limit))}, func(r row) error {
			es = append(es, store.Entry{Seq: r.int(0), ID: r.text(1), At: store.AtStamp(r.int(2)), Body: r.bytes(3)})
			return nil
		})
	})
	return es, err
}

// PutBlob stores bytes under an id that has none.
func (s *Store) PutBlob(ctx context.Context, id router.BlobID, data []byte) error {
	const operation = "sqlitestore.put_blob"
	if len(data) > store.MaxBlob {
		return router.Fail(operation, router.CodeTooLarge, "a file may have at most %d bytes", store.MaxBlob)
	}
	return s.changeLone(ctx, operation, func(t *tx) error {
		_, err := t.exec(`INSERT INTO blobs (id, data) VALUES (?, ?) ON CONFLICT (id) DO NOTHING`, string(id), blob(data))
		return err
	})
}

// Blob reads the bytes of an id.
func (s *Store) Blob(ctx context.Context, id router.BlobID) ([]byte, error) {
	const operation = "sqlitestore.blob"
	var data []byte
	err := s.read(ctx, operation, func(c *conn) error {
		found, err := c.one(`SELECT data FROM blobs WHERE id = ?`, []any{string(id)}, func(r row) error {
			data = r.bytes(0)
			return nil
		})
		if err == nil && !found {
			err = router.Fail(operation, router.CodeNotFound, "there are no bytes under %s", id)
		}
		return err
	})
	return data, err
}

// DeleteBlob forgets the bytes of an id.
func (s *Store) DeleteBlob(ctx context.Context, id router.BlobID) error {
	return s.changeLone(ctx, "sqlitestore.delete_blob", func(t *tx) error {
		_, err := t.exec(`DELETE FROM blobs WHERE id = ?`, string(id))
		return err
	})
}
