package sqlitestore

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

// FileName is the name of the database file in the data folder.
const FileName = "switchyard.db"

// Options are what may be chosen about a store; the zero value is right for a desk.
type Options struct {
	// Readers is the number of connections that read; 4 if zero.
	Readers int
	// BusyTimeout bounds the wait for another process's write; 10 s if zero, at least 5 s.
	BusyTimeout time.Duration
	// Gather bounds how many writes share one commit; 512 if zero.
	Gather int
	// CacheKiB bounds the page cache of the writer; 16 MiB if zero. A reader has an eighth of it, since each commit empties it.
	CacheKiB int
}

func (o Options) withDefaults() Options {
	if o.Readers <= 0 {
		o.Readers = 4
	}
	if o.BusyTimeout == 0 {
		o.BusyTimeout = 10 * time.Second
	}
	o.BusyTimeout = max(o.BusyTimeout, 5*time.Second)
	if o.Gather <= 0 {
		o.Gather = 512
	}
	if o.CacheKiB <= 0 {
		o.CacheKiB = 16 << 10
	}
	return o
}

// Store is a store.Store in one SQLite file. It is safe for concurrent use.
type Store struct {
	opts    Options
	ops     chan *op
	readers chan *conn
	closing chan struct{}
	stopped chan struct{}
	once    sync.Once
	runs    runCache
}

var _ store.Store = (*Store)(nil)

// Open opens the database in dir, making both if they are not there. The layout
// is not touched: call Migrate before anything else.
func Open(ctx context.Context, dir string, opts Options) (*Store, error) {
	const operation = "sqlitestore.open"
	if err := ctx.Err(); err != nil {
		return nil, router.Wrap(operation, router.CodeUnavailable, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, router.Wrap(operation, router.CodeUnavailable, err)
	}
	opts = opts.withDefaults()
	name := filepath.Join(dir, FileName)
	writer, err := connect(name, opts.BusyTimeout, opts.CacheKiB)
	if err != nil {
		return nil, wrap(operation, err)
	}
	s := &Store{
		opts:    opts,
		ops:     make(chan *op, opts.Gather),
		readers: make(chan *conn, opts.Readers),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	for range opts.Readers {
		r, err := connect(name, opts.BusyTimeout, opts.CacheKiB/8)
		if err != nil {
			writer.close()
			s.closeReaders(len(s.readers))
			return nil, wrap(operation, err)
		}
		s.readers <- r
	}
	go s.write(writer)
	return s, nil
}

// address is the name of a file as SQLite wants it, with what each connection starts with.
func address(name string) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: name}).EscapedPath()}).String()
}

// Migrate brings the layout up to date.
func (s *Store) Migrate(ctx context.Context) error {
	return s.change(ctx, "sqlitestore.migrate", migrate)
}

// Ping reads and writes a row that nobody needs.
func (s *Store) Ping(ctx context.Context) error {
	return s.change(ctx, "sqlitestore.ping", func(t *tx) error {
		_, err := t.exec(`INSERT INTO counts (kind, name, n) VALUES ('ping', '', 1)
			ON CONFLICT (kind, name) DO UPDATE SET n = n + 1`)
		if isRefusal(err) || err == nil {
			return err
		}
		return router.Wrap("sqlitestore.ping", router.CodeUnavailable, err)
	})
}

// Close lets the writes that wait finish, then closes the file; safe twice.
func (s *Store) Close() error {
	s.once.Do(func() {
		close(s.closing)
		<-s.stopped
		s.closeReaders(s.opts.Readers)
	})
	return nil
}

func (s *Store) closeReaders(n int) {
	for range n {
		(<-s.readers).close()
	}
}

// read runs fn on a connection of its own. fn must not keep it.
func (s *Store) read(ctx context.Context, operation string, fn func(*conn) error) error {
	select {
	case <-s.closing:
		return closed(operation)
	default:
	}
	if err := ctx.Err(); err != nil {
		return router.Wrap(operation, router.CodeUnavailable, err)
	}
	select {
	case c := <-s.readers:
		defer func() { s.readers <- c }()
		return wrap(operation, fn(c))
	case <-s.closing:
		return closed(operation)
	case <-ctx.Done():
		return router.Wrap(operation, router.CodeUnavailable, ctx.Err())
	}
}

// snapshot runs fn like read, with one view of the file for all its statements.
func (s *Store) snapshot(ctx context.Context, operation string, fn func(*conn) error) error {
	return s.read(ctx, operation, func(c *conn) error {
		if _, err := c.exec("BEGIN"); err != nil {
			return err
		}
		err := fn(c)
		_, end := c.exec("COMMIT")
		return errors.Join(err, end)
	})
}

func closed(operation string) error {
	return router.Fail(operation, router.CodeUnavailable, "the store is closed")
}
