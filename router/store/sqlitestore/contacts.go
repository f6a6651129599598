package sqlitestore

import (
	"context"
	"encoding/json"

	"switchyard/router"
)

// EnsureContact returns the owner of the handle key, making c its owner if it has none.
func (s *Store) EnsureContact(ctx context.Context, handleKey string, c router.Contact) (router.Contact, error) {
	const operation = "sqlitestore.ensure_contact"
	owner, err := s.ContactByHandle(ctx, handleKey)
	if !router.IsCode(err, router.CodeNotFound) {
		return owner, err
	}
	c.Version = 1
	body, err := json.Marshal(c)
	if err != nil {
		return c, router.Wrap(operation, router.CodeInternal, err)
	}
	err = s.change(ctx, operation, func(t *tx) error {
		if _, err := t.exec(`INSERT INTO contacts (id, version, body) VALUES (?, 1, ?) ON CONFLICT (id) DO NOTHING`,
			string(c.ID), body); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO handles (key, contact) VALUES (?, ?) ON CONFLICT (key) DO NOTHING`, handleKey, string(c.ID))
		return err
	})
	if err != nil {
		return c, err
	}
	return s.ContactByHandle(ctx, handleKey)
}

// Contact reads one.
func (s *Store) Contact(ctx context.Context, id router.ContactID) (router.Contact, error) {
	return s.contact(ctx, "sqlitestore.contact", `SELECT body, version FROM contacts WHERE id = ?`, string(id))
}

// ContactByHandle finds the owner of a handle key.
func (s *Store) ContactByHandle(ctx context.Context, handleKey string) (router.Contact, error) {
	return s.contact(ctx, "sqlitestore.contact_by_handle",
		`SELECT c.body, c.version FROM handles h JOIN contacts c ON c.id = h.contact WHERE h.key = ?`, handleKey)
}

func (s *Store) contact(ctx context.Context, operation, query, key string) (router.Contact, error) {
	var c router.Contact
	var body []byte
	var version int64
	err := s.read(ctx, operation, func(cn *conn) error {
		found, err := cn.one(query, []any{key}, func(r row) error {
			body, version = r.bytes(0), r.int(1)
			return nil
		})
		if err == nil && !found {
			err = router.Fail(operation, router.CodeNotFound, "there is no such contact")
		}
		return err
	})
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(body, &c); err != nil {
		return c, router.Wrap(operation, router.CodeInternal, err)
	}
	c.Version = version
	return c, nil
}

// SaveContact writes by compare-and-set.
func (s *Store) SaveContact(ctx context.Context, c router.Contact) (router.Contact, error) {
	const operation = "sqlitestore.save_contact"
	given := c.Version
	c.Version++
	body, err := json.Marshal(c)
	if err != nil {
		return c, router.Wrap(operation, router.CodeInternal, err)
	}
	err = s.change(ctx, operation, func(t *tx) error {
		var version int64
		found, err := t.one(`SELECT version FROM contacts WHERE id = ?`, []any{string(c.ID)}, func(r row) error {
			version = r.int(0)
			return nil
		})
		if err != nil {
			return err
		}
		if err := checkVersion(operation, "contact", string(c.ID), found, version, given); err != nil {
			return err
		}
		_, err = t.exec(`UPDATE contacts SET version = ?, body = ? WHERE id = ?`, c.Version, body, string(c.ID))
		return err
	})
	if err != nil {
		c.Version = given
	}
	return c, err
}
