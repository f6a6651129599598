package phone

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"switchyard/channels"
	"switchyard/router"
)

// importer records past calls as history.
type importer struct {
	source router.SourceName
	intake channels.Intake
	opts   Options
}

const (
	importBatch = 100
	importEvery = 2000 // rows between two looks for complete calls
	maxRefused  = 10_000
)

// importRun is one import under way.
type importRun struct {
	*importer
	rules    rules
	calls    *gather
	accepted int
	refused  []error
}

// Import records every call of a file or folder as history. It counts rows. While the intake is
// down it waits.
func (i *importer) Import(ctx context.Context, path string, progress func(done, total int64)) (int, []error, error) {
	files, err := findFiles(path)
	if err != nil {
		return 0, nil, err
	}
	if progress == nil {
		progress = func(int64, int64) {}
	}
	var done, total int64
	sizes := make([]int64, len(files))
	for n, f := range files {
		if info, err := os.Stat(f); err == nil {
			sizes[n] = info.Size()
			total += info.Size()
		}
	}
	run := &importRun{importer: i, rules: i.opts.rules(), calls: newGather()}
	progress(0, total)
	for n, f := range files {
		err := readLegs(ctx, f, i.opts, func(l leg, line int, err error) error {
			if err != nil {
				run.refuse(fmt.Errorf("%s: %w", f, err))
				return nil
			}
			run.calls.add(l, time.Time{}, nil, spot{})
			if run.calls.rows%importEvery == 0 {
				return run.flush(ctx, false)
			}
			return nil
		}, func(at int64) { progress(done+min(at, sizes[n]), total) })
		if err != nil {
			return run.accepted, run.refused, err
		}
		done += sizes[n]
	}
	err = run.flush(ctx, true)
	progress(total, total)
	return run.accepted, run.refused, err
}

func (r *importRun) refuse(err error) {
	if len(r.refused) < maxRefused {
		r.refused = append(r.refused, err)
	}
}

// flush hands on the calls that are complete until the intake has answered for all of them.
func (r *importRun) flush(ctx context.Context, all bool) error {
	keys := r.calls.settled(time.Time{}, time.Hour, all)
	for len(keys) > 0 {
		n := min(len(keys), importBatch)
		if err := r.hand(ctx, keys[:n]); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

func (r *importRun) hand(ctx context.Context, keys []string) error {
	pause := backoff{}
	for len(keys) > 0 {
		if err := ctx.Err(); err != nil {
			return router.Wrap("phone.import", router.CodeUnavailable, err)
		}
		ins := make([]router.Inbound, len(keys))
		for n, k := range keys {
			ins[n] = r.rules.call(r.source, r.calls.calls[k].legs)
			ins[n].History = true
		}
		var again []string
		answers := r.intake.Accept(ctx, ins)
		for n, k := range keys {
			legs := r.calls.calls[k].legs
			switch {
			case n >= len(answers) || router.IsCode(answers[n].Err, router.CodeUnavailable):
				again = append(again, k)
				continue
			case answers[n].Err != nil:
				r.refuse(fmt.Errorf("line %d: %w", legs[0].line, answers[n].Err))
			default:
				r.accepted += len(legs)
			}
			delete(r.calls.calls, k)
		}
		if keys = again; len(keys) > 0 {
			sleep(ctx, pause.next())
		}
	}
	return nil
}

// backoff is a pause that grows, with jitter.
type backoff struct{ last time.Duration }

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, 200*time.Millisecond), 30*time.Second)
	return b.last/2 + rand.N(b.last)
}

// sleep waits, and less if ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
