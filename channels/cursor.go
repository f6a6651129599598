package channels

import (
	"context"
	"encoding/json"

	"switchyard/router"
	"switchyard/router/store"
)

// StoreCursors keeps cursors as small records of the store.
type StoreCursors struct{ Docs store.Docs }

func (c StoreCursors) collection() store.Collection[json.RawMessage] {
	return store.Collection[json.RawMessage]{Docs: c.Docs, Kind: "cursor"}
}

func cursorID(source router.SourceName, name string) string { return string(source) + "/" + name }

// LoadCursor reads a cursor into v.
func (c StoreCursors) LoadCursor(ctx context.Context, source router.SourceName, name string, v any) (bool, error) {
	r, err := c.collection().Get(ctx, cursorID(source, name))
	if router.IsCode(err, router.CodeNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, router.Wrap("cursor.load", router.CodeInternal, json.Unmarshal(r.Value, v))
}

// SaveCursor replaces a cursor.
func (c StoreCursors) SaveCursor(ctx context.Context, source router.SourceName, name string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return router.Wrap("cursor.save", router.CodeInternal, err)
	}
	_, err = c.collection().Update(ctx, cursorID(source, name), func(old *json.RawMessage) (bool, error) {
		*old = body
		return true, nil
	})
	return err
}
