package phone

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"switchyard/router"
)

// Options say how rows are read.
type Options struct {
	Columns int            // 18, 21, or 0 for either
	Zone    *time.Location // of the times in the rows; nil: UTC
	Region  string         // country of numbers without one
	Inbound []string       // contexts of calls from outside; empty: the usual ones
}

func (o Options) rules() rules {
	names := o.Inbound
	if len(names) == 0 {
		names = defaultInbound
	}
	r := rules{region: o.Region, inbound: map[string]bool{}}
	for _, n := range names {
		r.inbound[n] = true
	}
	return r
}

func (o Options) zone() *time.Location {
	if o.Zone == nil {
		return time.UTC
	}
	return o.Zone
}

// Record is one line of `parse asterisk_cdr`: one row. Its call is what the row alone tells.
type Record struct {
	File        string          `json:"file"`
	Line        int             `json:"line"`
	ExternalID  string          `json:"external_id"`
	Channel     router.Channel  `json:"channel"`
	Handle      string          `json:"handle"`
	Name        string          `json:"name"`
	Subject     string          `json:"subject"`
	Text        string          `json:"text"`
	HTML        string          `json:"html"`
	SentAt      time.Time       `json:"sent_at"`
	ThreadKeys  []string        `json:"thread_keys"`
	Language    router.Language `json:"language"`
	Attachments []struct{}      `json:"attachments"`
	Kind        router.Kind     `json:"kind"`
	Warnings    []string        `json:"warnings"`
	Call        *router.Call    `json:"call"`
	CallID      string          `json:"call_id"` // what joins the rows of a call
}

// RecordError is the line of a row that cannot be read.
type RecordError struct {
	File  string `json:"file"`
	Line  int    `json:"line,omitempty"`
	Error struct {
		Code   router.Code `json:"code"`
		Detail string      `json:"detail"`
	} `json:"error"`
}

// ParseFile reads the rows of a file, or of a folder's files in order, and calls emit with a Record
// or a RecordError for each. It answers how many could not be read. An error is emit's own, or
// the end of ctx.
func ParseFile(ctx context.Context, path string, opts Options, emit func(line any) error) (failed int, err error) {
	files, err := findFiles(path)
	if err != nil {
		return 1, emit(recordError(path, 0, err))
	}
	r := opts.rules()
	for _, f := range files {
		err := readLegs(ctx, f, opts, func(l leg, line int, err error) error {
			if err != nil {
				failed++
				return emit(recordError(f, line, err))
			}
			in := r.call("", []leg{l})
			return emit(Record{File: f, Line: l.line, ExternalID: l.id, Channel: router.ChannelPhone, Handle: in.Handle.Address, Name: in.Name, Text: in.Text,
				SentAt: in.SentAt, ThreadKeys: []string{}, Attachments: []struct{}{}, Kind: router.KindCall, Warnings: append([]string{}, in.Warnings...), Call: in.Call, CallID: l.call})
		}, nil)
		if err != nil {
			return failed, err
		}
	}
	return failed, nil
}

func recordError(path string, line int, err error) RecordError {
	r := RecordError{File: path, Line: line}
	r.Error.Code, r.Error.Detail = router.CodeOf(err), err.Error()
	var own *router.Error
	if errors.As(err, &own) && own.Detail != "" {
		r.Error.Detail = own.Detail
	}
	return r
}

// findFiles lists a file, or the files of a folder and those below in order; names that begin with a dot are left out.
func findFiles(root string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != root && strings.HasPrefix(d.Name(), ".") && d.IsDir():
			return fs.SkipDir
		case path != root && strings.HasPrefix(d.Name(), "."), d.IsDir():
			return nil
		}
		out = append(out, path)
		return nil
	})
	if err != nil {
		return nil, router.Fail("phone.files", router.CodeNotFound, "%s cannot be read", root)
	}
	return out, nil
}

// readLegs calls each for every row of a file, or why it is none. at hears how far it is, in bytes.
func readLegs(ctx context.Context, path string, opts Options, each func(l leg, line int, err error) error, at func(int64)) error {
	in, err := os.Open(path)
	if err != nil {
		return each(leg{}, 0, router.Fail("phone.files", router.CodeUnreadable, "the file cannot be opened"))
	}
	defer in.Close()
	seen := map[string]int{}
	s := splitter{columns: opts.Columns}
	take := func(ps []piece) error {
		for _, p := range ps {
			l, err := readLeg(p, opts.zone())
			if err == nil {
				id := router.HashID("r", string(p.raw))
				seen[id]++
				l.id = rowID(p.raw, seen[id])
			}
			if err := each(l, p.line, err); err != nil {
				return err
			}
		}
		return nil
	}
	r := bufio.NewReaderSize(in, 128<<10)
	var offset int64
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		text, size, err := readLine(r)
		if size > 0 {
			if err := take(s.line(physical{n, offset, text})); err != nil {
				return err
			}
			offset += size
			if at != nil {
				at(offset)
			}
		}
		if err == io.EOF {
			return take(s.finish())
		}
		if err != nil {
			return each(leg{}, n, router.Fail("phone.files", router.CodeUnreadable, "the file cannot be read on"))
		}
	}
}

// readLine reads a line without its end; of one that is too long only the beginning, so that it is refused.
func readLine(r *bufio.Reader) (text []byte, size int64, err error) {
	for {
		part, e := r.ReadSlice('\n')
		size += int64(len(part))
		if len(text) <= maxRow {
			text = append(text, part...)
		}
		if e == bufio.ErrBufferFull {
			continue
		}
		if len(text) > 0 && text[len(text)-1] == '\n' {
			text = text[:len(text)-1]
		}
		return text, size, e
	}
}
