package mongostore

import (
	"context"
	"encoding/json"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"switchyard/router"
	"switchyard/router/store"
)

type contactDoc struct {
	ID      string `bson:"_id"`
	Version int64  `bson:"version"`
	Body    string `bson:"body"`
}

type handleDoc struct {
	Key     string `bson:"_id"`
	Contact string `bson:"contact"`
}

// EnsureContact returns the owner of the handle key, making c its owner if it
// has none. The contact is written first, so that a handle always has its owner.
func (s *Store) EnsureContact(ctx context.Context, handleKey string, c router.Contact) (router.Contact, error) {
	const operation = "mongostore.ensure_contact"
	owner, err := s.ContactByHandle(ctx, handleKey)
	if !router.IsCode(err, router.CodeNotFound) {
		return owner, err
	}
	c.Version = 1
	body, err := json.Marshal(c)
	if err != nil {
		return c, wrap(operation, err)
	}
	_, err = s.contacts.InsertOne(ctx, contactDoc{string(c.ID), 1, string(body)})
	if err != nil && !mongo.IsDuplicateKeyError(err) {
		return c, wrap(operation, err)
	}
	_, err = s.handles.InsertOne(ctx, handleDoc{handleKey, string(c.ID)})
	if err != nil && !mongo.IsDuplicateKeyError(err) {
		return c, wrap(operation, err)
	}
	return s.ContactByHandle(ctx, handleKey)
}

// Contact reads one.
func (s *Store) Contact(ctx context.Context, id router.ContactID) (router.Contact, error) {
	var d contactDoc
	var c router.Contact
	if err := s.contacts.FindOne(ctx, byID(string(id))).Decode(&d); err != nil {
		return c, missing("mongostore.contact", "contact", string(id), err)
	}
	err := json.Unmarshal([]byte(d.Body), &c)
	return c, wrap("mongostore.contact", err)
}

// ContactByHandle finds the owner of a handle key.
func (s *Store) ContactByHandle(ctx context.Context, handleKey string) (router.Contact, error) {
	var d handleDoc
	err := s.handles.FindOne(ctx, byID(handleKey)).Decode(&d)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return router.Contact{}, router.Fail("mongostore.contact_by_handle", router.CodeNotFound, "the handle has no contact")
	}
	if err != nil {
		return router.Contact{}, wrap("mongostore.contact_by_handle", err)
	}
	return s.Contact(ctx, router.ContactID(d.Contact))
}

// SaveContact writes by compare-and-set.
func (s *Store) SaveContact(ctx context.Context, c router.Contact) (router.Contact, error) {
	const operation = "mongostore.save_contact"
	given := c
	c.Version++
	body, err := json.Marshal(c)
	if err != nil {
		return given, wrap(operation, err)
	}
	set := fields{set: bson.D{{Key: "version", Value: c.Version}, {Key: "body", Value: string(body)}}}
	res, err := s.contacts.UpdateOne(ctx, byVersion(string(c.ID), given.Version), set.update())
	if err == nil && res.MatchedCount == 0 {
		err = versionMiss(ctx, operation, "contact", string(c.ID), s.contacts)
	}
	if err != nil {
		return given, wrap(operation, err)
	}
	return c, nil
}

type docDoc struct {
	Key     string `bson:"_id"`
	Kind    string `bson:"kind"`
	ID      string `bson:"id"`
	Ref     string `bson:"ref"`
	Version int64  `bson:"version"`
	Body    []byte `bson:"body"`
}

func (d docDoc) doc() store.Doc {
	return store.Doc{Kind: d.Kind, ID: d.ID, Ref: d.Ref, Body: d.Body, Version: d.Version}
}

func docKey(kind, id string) string { return kind + "/" + id }

// GetDoc reads one record.
func (s *Store) GetDoc(ctx context.Context, kind, id string) (store.Doc, error) {
	var d docDoc
	if err := s.docs.FindOne(ctx, byID(docKey(kind, id))).Decode(&d); err != nil {
		return store.Doc{Kind: kind, ID: id}, missing("mongostore.get_doc", kind, id, err)
	}
	return d.doc(), nil
}

// PutDoc writes by compare-and-set on Version.
func (s *Store) PutDoc(ctx context.Context, d store.Doc) (store.Doc, error) {
	const operation = "mongostore.put_doc"
	if len(d.Body) > store.MaxDoc {
		return d, router.Fail(operation, router.CodeTooLarge, "the %s %s is larger than %d bytes", d.Kind, d.ID, store.MaxDoc)
	}
	key := docKey(d.Kind, d.ID)
	if d.Version == 0 {
		_, err := s.docs.InsertOne(ctx, docDoc{key, d.Kind, d.ID, d.Ref, 1, d.Body})
		if mongo.IsDuplicateKeyError(err) {
			return d, router.Fail(operation, router.CodeExists, "the %s %s is there", d.Kind, d.ID)
		}
		if err != nil {
			return d, wrap(operation, err)
		}
		d.Version = 1
		return d, nil
	}
	set := fields{set: bson.D{{Key: "ref", Value: d.Ref}, {Key: "version", Value: d.Version + 1}, {Key: "body", Value: d.Body}}}
	res, err := s.docs.UpdateOne(ctx, byVersion(key, d.Version), set.update())
	if err != nil {
		return d, wrap(operation, err)
	}
	if res.MatchedCount == 0 {
		return d, router.Fail(operation, router.CodeConflict, "the %s %s was changed meanwhile", d.Kind, d.ID)
	}
	d.Version++
	return d, nil
}

// DeleteDoc deletes by compare-and-set on version; 0 deletes any.
func (s *Store) DeleteDoc(ctx context.Context, kind, id string, version int64) error {
	const operation = "mongostore.delete_doc"
	key := docKey(kind, id)
	filter := byID(key)
	if version != 0 {
		filter = byVersion(key, version)
	}
	res, err := s.docs.DeleteOne(ctx, filter)
	if err != nil || res.DeletedCount > 0 || version == 0 {
		return wrap(operation, err)
	}
	err = versionMiss(ctx, operation, kind, key, s.docs)
	if router.IsCode(err, router.CodeNotFound) {
		return nil
	}
	return err
}

// ListDocs reads records of a kind in the order of their ids.
func (s *Store) ListDocs(ctx context.Context, kind, ref, after string, limit int) ([]store.Doc, error) {
	filter, hint := bson.D{{Key: "kind", Value: kind}}, "kind"
	if ref != "" {
		filter, hint = append(filter, bson.E{Key: "ref", Value: ref}), "ref"
	}
	filter = append(filter, bson.E{Key: "id", Value: bson.D{{Key: "$gt", Value: after}}})
	var found []docDoc
	if err := all(ctx, s.docs, filter, options.Find().SetSort(asc("id")).SetHint(hint).SetLimit(int64(store.Page(limit))), &found); err != nil {
		return nil, wrap("mongostore.list_docs", err)
	}
	ds := make([]store.Doc, len(found))
	for i, d := range found {
		ds[i] = d.doc()
	}
	return ds, nil
}
