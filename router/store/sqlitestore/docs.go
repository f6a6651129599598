package sqlitestore

import (
	"context"

	"switchyard/router"
	"switchyard/router/store"
)

// GetDoc reads one record.
func (s *Store) GetDoc(ctx context.Context, kind, id string) (store.Doc, error) {
	const operation = "sqlitestore.get_doc"
	d := store.Doc{Kind: kind, ID: id}
	err := s.read(ctx, operation, func(c *conn) error {
		found, err := c.one(`SELECT ref, version, body FROM docs WHERE kind = ? AND id = ?`, []any{kind, id}, func(r row) error {
			d.Ref, d.Version, d.Body = r.text(0), r.int(1), r.bytes(2)
			return nil
		})
		if err == nil && !found {
			err = router.Fail(operation, router.CodeNotFound, "there is no %s %s", kind, id)
		}
		return err
	})
	return d, err
}

// PutDoc writes by compare-and-set on Version.
func (s *Store) PutDoc(ctx context.Context, d store.Doc) (store.Doc, error) {
	const operation = "sqlitestore.put_doc"
	if len(d.Body) > store.MaxDoc {
		return d, router.Fail(operation, router.CodeTooLarge, "the %s %s is larger than %d bytes", d.Kind, d.ID, store.MaxDoc)
	}
	err := s.changeLone(ctx, operation, func(t *tx) error {
		if d.Version == 0 {
			n, err := t.exec(`INSERT INTO docs (kind, id, ref, version, body) VALUES (?, ?, ?, 1, ?) ON CONFLICT (kind, id) DO NOTHING`,
				d.Kind, d.ID, d.Ref, blob(d.Body))
			if err == nil && n == 0 {
				err = router.Fail(operation, router.CodeExists, "the %s %s is there", d.Kind, d.ID)
			}
			return err
		}
		n, err := t.exec(`UPDATE docs SET ref = ?, version = version + 1, body = ? WHERE kind = ? AND id = ? AND version = ?`,
			d.Ref, blob(d.Body), d.Kind, d.ID, d.Version)
		if err == nil && n == 0 {
			err = router.Fail(operation, router.CodeConflict, "the %s %s was changed meanwhile", d.Kind, d.ID)
		}
		return err
	})
	if err != nil {
		return d, err
	}
	d.Version++
	return d, nil
}

// blob is a value for a column that is never NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// DeleteDoc deletes by compare-and-set on version; 0 deletes any.
func (s *Store) DeleteDoc(ctx context.Context, kind, id string, version int64) error {
	const operation = "sqlitestore.delete_doc"
	return s.change(ctx, operation, func(t *tx) error {
		n, err := t.exec(`DELETE FROM docs WHERE kind = ? AND id = ? AND (? = 0 OR version = ?)`, kind, id, version, version)
		if err != nil || n > 0 || version == 0 {
			return err
		}
		found, err := t.one(`SELECT 1 FROM docs WHERE kind = ? AND id = ?`, []any{kind, id}, func(row) error { return nil })
		if err == nil && found {
			err = router.Fail(operation, router.CodeConflict, "the %s %s was changed meanwhile", kind, id)
		}
		return err
	})
}

// ListDocs reads records of a kind in the order of their ids.
func (s *Store) ListDocs(ctx context.Context, kind, ref, after string, limit int) ([]store.Doc, error) {
	query, args := `SELECT id, ref, version, body FROM docs WHERE kind = ? AND id > ? ORDER BY id LIMIT ?`, []any{kind, after}
	if ref != "" {
		query, args = `SELECT id, ref, version, body FROM docs WHERE kind = ? AND ref = ? AND id > ? ORDER BY id LIMIT ?`, []any{kind, ref, after}
	}
	var ds []store.Doc
	err := s.read(ctx, "sqlitestore.list_docs", func(c *conn) error {
		return c.rows(query, append(args, int64(store.Page(limit))), func(r row) error {
			ds = append(ds, store.Doc{Kind: kind, ID: r.text(0), Ref: r.text(1), Version: r.int(2), Body: r.bytes(3)})
			return nil
		})
	})
	return ds, err
}
