package sqlitestore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"switchyard/router"
)

// conn is one connection with its prepared statements. It uses the driver
// without database/sql between, which a pull of many seeks would pay for at each.
// It is used by one goroutine at a time.
type conn struct {
	raw   driver.Conn
	stmts map[string]driver.Stmt
}

// statement is what the driver's statements are able to do.
type statement interface {
	driver.StmtExecContext
	driver.StmtQueryContext
}

func connect(name string, busy time.Duration, cacheKiB int) (*conn, error) {
	raw, err := (&sqlite.Driver{}).Open(address(name))
	if err != nil {
		return nil, err
	}
	c := &conn{raw: raw, stmts: map[string]driver.Stmt{}}
	for _, pragma := range []string{
		fmt.Sprintf("busy_timeout = %d", busy.Milliseconds()),
		"journal_mode = WAL",
		"synchronous = FULL",
		"wal_autocheckpoint = 8000",
		"journal_size_limit = 67108864",
		"temp_store = MEMORY",
		fmt.Sprintf("cache_size = -%d", cacheKiB),
	} {
		if err := c.once("PRAGMA " + pragma); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// once runs a statement that is not worth keeping.
func (c *conn) once(query string) error {
	st, err := c.raw.Prepare(query)
	if err != nil {
		return err
	}
	_, err = st.(statement).ExecContext(context.Background(), nil)
	return errors.Join(err, st.Close())
}

func (c *conn) prepare(query string) (statement, error) {
	if st, ok := c.stmts[query]; ok {
		return st.(statement), nil
	}
	st, err := c.raw.Prepare(query)
	if err != nil {
		return nil, err
	}
	c.stmts[query] = st
	return st.(statement), nil
}

// exec runs a statement and says how many rows it changed.
func (c *conn) exec(query string, args ...any) (int64, error) {
	st, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(context.Background(), named(args))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// rows runs a query that is short by its limit and hands each row to fn, which must not keep the slice.
func (c *conn) rows(query string, args []any, fn func(r row) error) error {
	return c.rowsUntil(context.Background(), query, args, fn)
}

// rowsUntil is rows that ends when ctx does, for the queries that may take a while.
func (c *conn) rowsUntil(ctx context.Context, query string, args []any, fn func(r row) error) (err error) {
	st, err := c.prepare(query)
	if err != nil {
		return err
	}
	rs, err := st.QueryContext(ctx, named(args))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rs.Close()) }()
	r := make(row, len(rs.Columns()))
	for {
		switch err := rs.Next(r); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := fn(r); err != nil {
			return err
		}
	}
}

// one reads the first row of a query; false if there is none.
func (c *conn) one(query string, args []any, fn func(r row) error) (bool, error) {
	found := false
	err := c.rows(query, args, func(r row) error {
		if found {
			return nil
		}
		found = true
		return fn(r)
	})
	return found, err
}

func (c *conn) close() {
	for _, st := range c.stmts {
		_ = st.Close() // the connection goes with it
	}
	_ = c.raw.Close() // nothing uncommitted is on it
}

func named(args []any) []driver.NamedValue {
	if len(args) == 0 {
		return nil
	}
	vs := make([]driver.NamedValue, len(args))
	for i, a := range args {
		vs[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return vs
}

// row is one row of a result.
type row []driver.Value

func (r row) int(i int) int64   { n, _ := r[i].(int64); return n }
func (r row) text(i int) string { s, _ := r[i].(string); return s }
func (r row) bytes(i int) []byte {
	b, _ := r[i].([]byte)
	return b
}

// null is NULL for an empty text: the row is not in the index of that column.
func null[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// nullInt is NULL for zero.
func nullInt(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// isUnique reports whether err says that a unique key is taken.
func isUnique(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code() == lib.SQLITE_CONSTRAINT_UNIQUE || e.Code() == lib.SQLITE_CONSTRAINT_PRIMARYKEY
}

// isRefusal reports whether err is an answer of ours and not a failure of the file.
func isRefusal(err error) bool {
	var e *router.Error
	return errors.As(err, &e)
}

// wrap gives an error of the file its code: a full disk, a lost file, a lock
// that did not come free are unavailable; what we did wrong ourselves is internal.
func wrap(operation string, err error) error {
	if err == nil || isRefusal(err) {
		return err
	}
	var e *sqlite.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return router.Wrap(operation, router.CodeUnavailable, err)
	case !errors.As(err, &e):
		return router.Wrap(operation, router.CodeInternal, err)
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_TOOBIG:
		return router.Wrap(operation, router.CodeTooLarge, err)
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM,
		lib.SQLITE_READONLY, lib.SQLITE_NOMEM, lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB, lib.SQLITE_PROTOCOL, lib.SQLITE_INTERRUPT:
		return router.Wrap(operation, router.CodeUnavailable, err)
	}
	return router.Wrap(operation, router.CodeInternal, err)
}
