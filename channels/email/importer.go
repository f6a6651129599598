package email

import (
	"context"
	"errors"
	"fmt"

	"switchyard/channels"
	"switchyard/channels/email/parse"
	"switchyard/router"
)

// importer records past mail as history.
type importer struct {
	source router.SourceName
	intake channels.Intake
	opts   parse.Options
}

const (
	importMails = 50
	importBytes = 8 << 20
	maxRefused  = 10_000 // errors that are kept
)

// importRun is one import under way.
type importRun struct {
	*importer
	batch    []router.Inbound
	names    []string
	bytes    int
	accepted int
	refused  []error
}

// Import records every mail of a file or folder (.mbox files are split) as history. While the intake
// is down it waits.
func (i *importer) Import(ctx context.Context, path string, progress func(done, total int64)) (int, []error, error) {
	files, err := findFiles(path)
	if err != nil {
		return 0, nil, err
	}
	if progress == nil {
		progress = func(int64, int64) {}
	}
	var done, total int64
	for _, f := range files {
		total += f.size
	}
	run := &importRun{importer: i}
	progress(0, total)
	for _, f := range files {
		read := int64(0)
		err := readMails(ctx, f, func(m rawMail) error {
			read = min(read+int64(len(m.raw)), f.size)
			if err := run.take(ctx, f, m); err != nil {
				return err
			}
			progress(done+read, total)
			return nil
		})
		if err != nil {
			return run.accepted, run.refused, err
		}
		done += f.size
		progress(done, total)
	}
	err = run.flush(ctx)
	return run.accepted, run.refused, err
}

func (r *importRun) take(ctx context.Context, f file, m rawMail) error {
	name := f.path
	if m.line > 0 {
		name = fmt.Sprintf("%s:%d", f.path, m.line)
	}
	err := m.err
	var mail parse.Mail
	if err == nil {
		mail, err = read(m.raw, r.opts)
	}
	if err != nil {
		r.refuse(name, err)
		return nil
	}
	if mail.Own != "" {
		return nil
	}
	in := mail.Inbound(r.source, m.raw)
	in.History = true
	r.batch, r.names, r.bytes = append(r.batch, in), append(r.names, name), r.bytes+len(m.raw)
	if len(r.batch) >= importMails || r.bytes >= importBytes {
		return r.flush(ctx)
	}
	return nil
}

func (r *importRun) refuse(name string, err error) {
	if len(r.refused) < maxRefused {
		r.refused = append(r.refused, fmt.Errorf("%s: %w", name, err))
	}
}

// flush hands on what was gathered until the intake has answered for all of it.
func (r *importRun) flush(ctx context.Context) error {
	pause := backoff{}
	for len(r.batch) > 0 {
		answers := r.intake.Accept(ctx, r.batch)
		var again []router.Inbound
		var names []string
		for i, in := range r.batch {
			switch {
			case i >= len(answers), router.IsCode(answers[i].Err, router.CodeUnavailable):
				again, names = append(again, in), append(names, r.names[i])
			case answers[i].Err != nil:
				r.refuse(r.names[i], answers[i].Err)
			default:
				r.accepted++
			}
		}
		r.batch, r.names, r.bytes = again, names, 0
		if len(again) == 0 {
			break
		}
		if ctx.Err() != nil {
			return router.Wrap("email.import", router.CodeUnavailable, errors.Join(ctx.Err()))
		}
		sleep(ctx, pause.next())
	}
	return nil
}
