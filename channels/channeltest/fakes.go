package channeltest

import (
	"context"
	"encoding/json"
	"sort"
	"sync"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

// Clock is a clock that stands still until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock makes a clock that shows this time.
func NewClock(now time.Time) *Clock { return &Clock{now: now} }

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Cursors keeps cursors in memory.
type Cursors struct {
	mu    sync.Mutex
	kept  map[string]json.RawMessage
	saves int
	// OnSave, if set, is called before a cursor is replaced.
	OnSave func(source router.SourceName, name string, value []byte)
}

// NewCursors makes an empty set of cursors.
func NewCursors() *Cursors { return &Cursors{kept: map[string]json.RawMessage{}} }

// LoadCursor reads a cursor into v.
func (c *Cursors) LoadCursor(_ context.Context, source router.SourceName, name string, v any) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, ok := c.kept[string(source)+"/"+name]
	if !ok {
		return false, nil
	}
	return true, json.Unmarshal(body, v)
}

// SaveCursor replaces a cursor.
func (c *Cursors) SaveCursor(ctx context.Context, source router.SourceName, name string, v any) error {
	if ctx.Err() != nil {
		return router.Wrap("cursor.save", router.CodeUnavailable, ctx.Err())
	}
	body, err := json.Marshal(v)
	if err != nil {
		return router.Wrap("cursor.save", router.CodeInternal, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.OnSave != nil {
		c.OnSave(source, name, body)
	}
	c.kept[string(source)+"/"+name] = body
	c.saves++
	return nil
}

// Saves counts how often a cursor was saved.
func (c *Cursors) Saves() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.saves
}

// Bus carries news in memory.
type Bus struct {
	mu   sync.Mutex
	subs map[string]map[chan []byte]bool
}

// NewBus makes a bus that nobody listens to.
func NewBus() *Bus { return &Bus{subs: map[string]map[chan []byte]bool{}} }

// Publish gives news to whoever listens; a slow listener misses it.
func (b *Bus) Publish(_ context.Context, topic string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.subs[topic] {
		select {
		case ch <- append([]byte(nil), data...):
		default:
		}
	}
	return nil
}

// Subscribe gives news of a topic until stop is called or ctx ends.
func (b *Bus) Subscribe(ctx context.Context, topic string) (<-chan []byte, func()) {
	ch := make(chan []byte, 64)
	b.mu.Lock()
	if b.subs[topic] == nil {
		b.subs[topic] = map[chan []byte]bool{}
	}
	b.subs[topic][ch] = true
	b.mu.Unlock()
	var once sync.Once
	end := func() {
		once.Do(func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			delete(b.subs[topic], ch)
			close(ch)
		})
	}
	unhook := context.AfterFunc(ctx, end)
	return ch, func() { unhook(); end() }
}

// Docs keeps small records in memory.
type Docs struct {
	mu   sync.Mutex
	kept map[[2]string]store.Doc
}

// NewDocs makes an empty set of records.
func NewDocs() *Docs { return &Docs{kept: map[[2]string]store.Doc{}} }

// GetDoc reads one.
func (d *Docs) GetDoc(_ context.Context, kind, id string) (store.Doc, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	doc, ok := d.kept[[2]string{kind, id}]
	if !ok {
		return store.Doc{}, router.Fail("docs.get", router.CodeNotFound, "there is no such record")
	}
	return doc, nil
}

// PutDoc writes by compare-and-set.
func (d *Docs) PutDoc(_ context.Context, doc store.Doc) (store.Doc, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := [2]string{doc.Kind, doc.ID}
	old, ok := d.kept[key]
	switch {
	case doc.Version == 0 && ok:
		return store.Doc{}, router.Fail("docs.put", router.CodeExists, "the record is there")
	case doc.Version != old.Version:
		return store.Doc{}, router.Fail("docs.put", router.CodeConflict, "the record has changed")
	}
	doc.Version++
	doc.Body = append([]byte(nil), doc.Body...)
	d.kept[key] = doc
	return doc, nil
}

// DeleteDoc deletes one.
func (d *Docs) DeleteDoc(_ context.Context, kind, id string, version int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	old, ok := d.kept[[2]string{kind, id}]
	if ok && version != 0 && old.Version != version {
		return router.Fail("docs.delete", router.CodeConflict, "the record has changed")
	}
	delete(d.kept, [2]string{kind, id})
	return nil
}

// ListDocs reads records of a kind in the order of their ids.
func (d *Docs) ListDocs(_ context.Context, kind, ref, after string, limit int) ([]store.Doc, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []store.Doc
	for _, doc := range d.kept {
		if doc.Kind == kind && doc.ID > after && (ref == "" || doc.Ref == ref) {
			out = append(out, doc)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	if len(out) > limit {
		out = out[:limit]
	}
	return out, nil
}

// Streams keeps logs in memory.
type Streams struct {
	mu   sync.Mutex
	kept map[string][]store.Entry
}

// NewStreams makes an empty set of logs.
func NewStreams() *Streams { return &Streams{kept: map[string][]store.Entry{}} }

// Append adds an entry once for each id.
func (s *Streams) Append(_ context.Context, stream string, e store.Entry) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, have := range s.kept[stream] {
		if e.ID != "" && have.ID == e.ID {
			return have.Seq, nil
		}
	}
	e.Seq = int64(len(s.kept[stream])) + 1
	s.kept[stream] = append(s.kept[stream], e)
	return e.Seq, nil
}

// ReadStream reads entries after a number, oldest first.
func (s *Streams) ReadStream(_ context.Context, stream string, after int64, limit int) ([]store.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.kept[stream]
	if after >= int64(len(all)) {
		return nil, nil
	}
	rest := all[max(after, 0):]
	return append([]store.Entry(nil), rest[:min(limit, len(rest))]...), nil
}

// TailStream reads the last entries before a number, newest first.
func (s *Streams) TailStream(_ context.Context, stream string, before int64, limit int) ([]store.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []store.Entry
	for i := len(s.kept[stream]) - 1; i >= 0 && len(out) < limit; i-- {
		if e := s.kept[stream][i]; before == 0 || e.Seq < before {
			out = append(out, e)
		}
	}
	return out, nil
}
