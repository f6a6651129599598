package phone

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"switchyard/router"
)

// Record is one row as "switchyard parse asterisk_cdr" prints it.
type Record struct {
	File        string          `json:"file"`
	ExternalID  string          `json:"external_id"`
	Channel     router.Channel  `json:"channel"`
	Handle      string          `json:"handle"`
	Name        string          `json:"name"`
	Subject     string          `json:"subject"`
	Text        string          `json:"text"`
	HTML        string          `json:"html"`
	SentAt      *time.Time      `json:"sent_at"`
	ThreadKeys  []string        `json:"thread_keys"`
	Language    router.Language `json:"language"`
	Attachments []struct{}      `json:"attachments"`
	Kind        router.Kind     `json:"kind"`
	Warnings    []string        `json:"warnings"`
	Line        int             `json:"line"`
}

// RecordError stands in place of a row that could not be read.
type RecordError struct {
	File  string `json:"file"`
	Line  int    `json:"line,omitempty"`
	Error struct {
		Code   router.Code `json:"code"`
		Detail string      `json:"detail"`
	} `json:"error"`
}

func recordError(file string, line int, err error) RecordError {
	e := RecordError{File: file, Line: line}
	e.Error.Code = router.CodeOf(err)
	e.Error.Detail = err.Error()
	var ours *router.Error
	if errors.As(err, &ours) && ours.Detail != "" {
		e.Error.Detail = ours.Detail
		if ours.Field != "" {
			e.Error.Detail = ours.Field + ": " + ours.Detail
		}
	}
	return e
}

// ParseFile normalizes every row of a file, or of the files of a folder in order, without joining
// legs; region is the country of numbers without one. It emits Record and RecordError.
func ParseFile(ctx context.Context, path, region string, emit func(line any) error) (failed int, err error) {
	err = filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n, err := parseOne(ctx, file, region, emit)
		failed += n
		return err
	})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return failed + 1, emit(recordError(path, 0, router.Fail("phone.parse", router.CodeNotFound, "the file cannot be opened")))
	}
	return failed, err
}

func parseOne(ctx context.Context, file, region string, emit func(any) error) (failed int, err error) {
	r := rules{region: region}
	seen := map[string]int{}
	var emitErr error
	err = readFile(ctx, file, 0, time.UTC, nil, func(l row) {
		in := r.inbound(call{key: l.key(), legs: []row{l}})
		n := seen[l.hash]
		seen[l.hash]++
		sent := l.start
		rec := Record{File: file, ExternalID: fmt.Sprintf("%s-%d", l.hash, n), Channel: router.ChannelPhone, Handle: r.number(l.src, l.key()), Name: in.Name,
			Text: in.Text, SentAt: &sent, ThreadKeys: []string{}, Attachments: []struct{}{}, Kind: router.KindCall, Warnings: []string{}, Line: l.line}
		emitErr = errors.Join(emitErr, emit(rec))
	}, func(b bad) {
		failed++
		emitErr = errors.Join(emitErr, emit(recordError(file, b.line, b.err)))
	})
	return failed, errors.Join(err, emitErr)
}

// readFile gives every row and every bad line of a whole file.
func readFile(ctx context.Context, file string, columns int, zone *time.Location, progress func(done int64), take func(row), refuse func(bad)) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	s := splitter{columns: columns, zone: zone}
	in := bufio.NewReaderSize(f, maxLine)
	done := int64(0)
	give := func(rows []row, bads []bad) {
		for _, b := range bads {
			refuse(b)
		}
		for _, r := range rows {
			take(r)
		}
	}
	for ctx.Err() == nil {
		line, err := in.ReadBytes('\n')
		done += int64(len(line))
		if len(line) > maxLine {
			s.line++
			refuse(bad{s.line, router.Fail("phone.row", router.CodeTooLarge, "the line is longer than 64 KiB")})
		} else if len(line) > 0 {
			give(s.add(line))
		}
		if progress != nil {
			progress(done)
		}
		if errors.Is(err, io.EOF) {
			give(s.flush())
			return nil
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Import implements channels.Importer: every call of a file becomes history.
func (a *adapter) Import(ctx context.Context, path string, progress func(done, total int64)) (accepted int, refused []error, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, nil, router.FailField("phone.import", "path", "the file cannot be opened")
	}
	calls := map[string]*call{}
	var order []string
	err = readFile(ctx, path, a.columns, a.zone, func(done int64) { progress(done/2, info.Size()) }, func(r row) {
		c := calls[r.key()]
		if c == nil {
			c = &call{key: r.key()}
			calls[r.key()] = c
			order = append(order, r.key())
		}
		c.legs = append(c.legs, r)
	}, func(b bad) { refused = append(refused, fmt.Errorf("line %d: %w", b.line, b.err)) })
	if err != nil {
		return 0, refused, err
	}
	for from := 0; from < len(order) && ctx.Err() == nil; from += acceptAtOnce {
		to := min(from+acceptAtOnce, len(order))
		ins := make([]router.Inbound, 0, to-from)
		for _, key := range order[from:to] {
			in := a.rules.inbound(*calls[key])
			in.History = true
			ins = append(ins, in)
		}
		for _, x := range a.deps.Intake.Accept(ctx, ins) {
			switch {
			case router.IsCode(x.Err, router.CodeUnavailable):
				return accepted, refused, x.Err
			case x.Err != nil:
				refused = append(refused, x.Err)
			default:
				accepted++
			}
		}
		progress(info.Size()/2+info.Size()*int64(to)/int64(2*len(order)), info.Size())
	}
	return accepted, refused, ctx.Err()
}
