package store

import (
	"context"
	"encoding/json"

	"switchyard/router"
)

// Collection gives the records of one kind a type. T is encoded as JSON.
type Collection[T any] struct {
	Docs Docs
	Kind string
	// Ref is the second key of a record, where the kind has one.
	Ref func(T) string
}

// Record is a value with the version it was read at.
type Record[T any] struct {
	ID      string
	Version int64
	Value   T
}

// Get reads one record. not_found.
func (c Collection[T]) Get(ctx context.Context, id string) (Record[T], error) {
	d, err := c.Docs.GetDoc(ctx, c.Kind, id)
	if err != nil {
		return Record[T]{ID: id}, err
	}
	return c.decode(d)
}

func (c Collection[T]) decode(d Doc) (Record[T], error) {
	r := Record[T]{ID: d.ID, Version: d.Version}
	if err := json.Unmarshal(d.Body, &r.Value); err != nil {
		return r, router.Wrap("store."+c.Kind, router.CodeInternal, err)
	}
	return r, nil
}

// Put writes a record by compare-and-set on its Version (0: must not exist). exists, conflict.
func (c Collection[T]) Put(ctx context.Context, r Record[T]) (Record[T], error) {
	body, err := json.Marshal(r.Value)
	if err != nil {
		return r, router.Wrap("store."+c.Kind, router.CodeInternal, err)
	}
	ref := ""
	if c.Ref != nil {
		ref = c.Ref(r.Value)
	}
	d, err := c.Docs.PutDoc(ctx, Doc{Kind: c.Kind, ID: r.ID, Ref: ref, Body: body, Version: r.Version})
	if err != nil {
		return r, err
	}
	r.Version = d.Version
	return r, nil
}

// Ensure stores v under id if nothing is there, and returns what is there then.
func (c Collection[T]) Ensure(ctx context.Context, id string, v T) (Record[T], error) {
	r, err := c.Put(ctx, Record[T]{ID: id, Value: v})
	if router.IsCode(err, router.CodeExists) {
		return c.Get(ctx, id)
	}
	return r, err
}

// updateTries bounds how often Update reads again after a conflict.
const updateTries = 20

// Update changes a record by compare-and-set, reading again on conflict. A record
// that is not there is the zero value with Version 0. change returns false to leave it as it is.
func (c Collection[T]) Update(ctx context.Context, id string, change func(*T) (bool, error)) (Record[T], error) {
	var last error
	for range updateTries {
		r, err := c.Get(ctx, id)
		if err != nil && !router.IsCode(err, router.CodeNotFound) {
			return r, err
		}
		write, err := change(&r.Value)
		if err != nil || !write {
			return r, err
		}
		r, last = c.Put(ctx, r)
		if !router.IsCode(last, router.CodeConflict) && !router.IsCode(last, router.CodeExists) {
			return r, last
		}
	}
	return Record[T]{ID: id}, last
}

// Delete deletes whatever version is there.
func (c Collection[T]) Delete(ctx context.Context, id string) error {
	return c.Docs.DeleteDoc(ctx, c.Kind, id, 0)
}

// List reads records in the order of their ids after one of them; ref "" lists all.
func (c Collection[T]) List(ctx context.Context, ref, after string, limit int) ([]Record[T], error) {
	ds, err := c.Docs.ListDocs(ctx, c.Kind, ref, after, limit)
	if err != nil {
		return nil, err
	}
	rs := make([]Record[T], 0, len(ds))
	for _, d := range ds {
		r, err := c.decode(d)
		if err != nil {
			return nil, err
		}
		rs = append(rs, r)
	}
	return rs, nil
}

// All reads every record of a kind (or of one ref of it), page by page.
func (c Collection[T]) All(ctx context.Context, ref string) ([]Record[T], error) {
	var all []Record[T]
	after := ""
	for {
		page, err := c.List(ctx, ref, after, MaxLimit)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < MaxLimit {
			return all, nil
		}
		after = page[len(page)-1].ID
	}
}
