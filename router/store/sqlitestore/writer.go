package sqlitestore

import (
	"context"
	"sync/atomic"

	"switchyard/router"
)

// op is one write that waits for its turn. Whoever moves state away from
// opQueued first decides: the writer runs it, or its caller gives it up.
type op struct {
	fn    func(*tx) error
	lone  bool // a single statement, atomic by itself: needs no savepoint
	state atomic.Int32
	done  chan error
	err   error
}

const (
	opQueued int32 = iota
	opRunning
	opAbandoned
)

// tx is the transaction that several ops share. What an op counts is kept
// aside until it has succeeded and written once per commit.
type tx struct {
	*conn
	counts map[counter]int64
	mine   []counted
	undo   []func()
}

// counter names a row that counts: kind stage or state with a name, or a run by its number.
type counter struct {
	kind string
	name string
	run  int64
}

type counted struct {
	counter
	by int64
}

func (t *tx) count(kind, name string, by int64) {
	t.mine = append(t.mine, counted{counter{kind: kind, name: name}, by})
}

func (t *tx) countRun(run, by int64) {
	t.mine = append(t.mine, counted{counter{kind: "run", run: run}, by})
}

// onUndo is called if what this op wrote does not come to be.
func (t *tx) onUndo(fn func()) { t.undo = append(t.undo, fn) }

// change runs fn in the writer and returns when it is durable.
func (s *Store) change(ctx context.Context, operation string, fn func(*tx) error) error {
	return s.submit(ctx, operation, &op{fn: fn, done: make(chan error, 1)})
}

// changeLone is change for a single statement.
func (s *Store) changeLone(ctx context.Context, operation string, fn func(*tx) error) error {
	return s.submit(ctx, operation, &op{fn: fn, lone: true, done: make(chan error, 1)})
}

func (s *Store) submit(ctx context.Context, operation string, o *op) error {
	select {
	case <-s.closing:
		return closed(operation)
	default:
	}
	if err := ctx.Err(); err != nil {
		return router.Wrap(operation, router.CodeUnavailable, err)
	}
	select {
	case s.ops <- o:
	case <-s.closing:
		return closed(operation)
	case <-ctx.Done():
		return router.Wrap(operation, router.CodeUnavailable, ctx.Err())
	}
	select {
	case err := <-o.done:
		return wrap(operation, err)
	case <-ctx.Done():
	case <-s.stopped:
	}
	if o.state.CompareAndSwap(opQueued, opAbandoned) {
		if err := ctx.Err(); err != nil {
			return router.Wrap(operation, router.CodeUnavailable, err)
		}
		return closed(operation)
	}
	return wrap(operation, <-o.done) // it runs: its commit is near, and its results are not ours yet
}

// write is the writer: it owns the only connection that changes the file.
func (s *Store) write(c *conn) {
	defer close(s.stopped)
	defer c.close()
	for {
		select {
		case o := <-s.ops:
			s.commit(c, s.gather(o))
		case <-s.closing:
			for {
				select {
				case o := <-s.ops:
					s.commit(c, s.gather(o))
				default:
					return
				}
			}
		}
	}
}

func (s *Store) gather(first *op) []*op {
	batch := make([]*op, 0, len(s.ops)+1)
	for o := first; ; {
		if o.state.CompareAndSwap(opQueued, opRunning) {
			batch = append(batch, o)
		}
		if len(batch) >= s.opts.Gather {
			return batch
		}
		select {
		case o = <-s.ops:
		default:
			return batch
		}
	}
}

// commit runs a batch in one transaction and answers every op of it.
func (s *Store) commit(c *conn, batch []*op) {
	if len(batch) == 0 {
		return
	}
	t := &tx{conn: c, counts: map[counter]int64{}}
	err := s.runBatch(t, batch)
	if err != nil {
		_, _ = c.exec("ROLLBACK") // fails only if there is nothing to roll back
		for _, undo := range t.undo {
			undo()
		}
	}
	for _, o := range batch {
		if o.err == nil {
			o.err = err
		}
		o.done <- o.err
	}
}

func (s *Store) runBatch(t *tx, batch []*op) error {
	if _, err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, o := range batch {
		if err := t.run(o); err != nil {
			return err
		}
	}
	if err := t.flushCounts(); err != nil {
		return err
	}
	_, err := t.exec("COMMIT")
	return err
}

// run runs one op; an error of its own stays in o.err, one of the transaction is returned.
func (t *tx) run(o *op) error {
	t.mine = t.mine[:0]
	undone := len(t.undo)
	if !o.lone {
		if _, err := t.exec("SAVEPOINT op"); err != nil {
			return err
		}
	}
	o.err = o.fn(t)
	if o.err == nil {
		for _, n := range t.mine {
			t.counts[n.counter] += n.by
		}
		if o.lone {
			return nil
		}
		_, err := t.exec("RELEASE op")
		return err
	}
	for _, undo := range t.undo[undone:] {
		undo()
	}
	t.undo = t.undo[:undone]
	switch {
	case o.lone && isRefusal(o.err):
		return nil
	case o.lone:
		return o.err // the file may have ended the transaction by itself
	}
	if _, err := t.exec("ROLLBACK TO op"); err != nil {
		return err
	}
	_, err := t.exec("RELEASE op")
	return err
}

func (t *tx) flushCounts() error {
	for c, by := range t.counts {
		if by == 0 {
			continue
		}
		var err error
		if c.kind == "run" {
			_, err = t.exec("UPDATE runs SET waiting = waiting + ? WHERE id = ?", by, c.run)
		} else {
			_, err = t.exec(`INSERT INTO counts (kind, name, n) VALUES (?, ?, ?)
				ON CONFLICT (kind, name) DO UPDATE SET n = n + excluded.n`, c.kind, c.name, by)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
