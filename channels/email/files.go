package email

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"switchyard/channels/email/parse"
	"switchyard/router"
)

// file is a file with mail in it.
type file struct {
	path string
	size int64
}

// findFiles lists a file, or the files of a folder and those below in order; names that begin with a dot are left out.
func findFiles(root string) ([]file, error) {
	var out []file
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != root && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		out = append(out, file{path, info.Size()})
		return nil
	})
	if err != nil {
		code := router.CodeInternal
		if errors.Is(err, fs.ErrNotExist) {
			code = router.CodeNotFound
		}
		return nil, router.Fail("email.files", code, "%s cannot be read", root)
	}
	return out, nil
}

// rawMail is one mail of a file. Err is set when it could not be had.
type rawMail struct {
	raw  []byte
	line int // where it begins, in a mailbox file
	err  error
}

// readMails calls each for every mail of a file. Only .mbox files are split.
func readMails(ctx context.Context, f file, each func(rawMail) error) error {
	in, err := os.Open(f.path)
	if err != nil {
		return each(rawMail{err: router.Fail("email.files", router.CodeUnreadable, "the file cannot be opened")})
	}
	defer in.Close()
	if strings.EqualFold(filepath.Ext(f.path), ".mbox") {
		return splitMbox(ctx, in, each)
	}
	raw, err := io.ReadAll(io.LimitReader(in, parse.MaxSize+1))
	if err != nil {
		err = router.Fail("email.files", router.CodeUnreadable, "the file cannot be read")
	}
	return each(rawMail{raw: raw, err: err})
}

// splitMbox cuts a mailbox file at its "From " lines and takes back the quoting of such lines.
func splitMbox(ctx context.Context, in io.Reader, each func(rawMail) error) error {
	r := bufio.NewReaderSize(in, 64<<10)
	m := mbox{each: each, blank: true}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		line, err := r.ReadSlice('\n')
		if e := m.line(line, err == bufio.ErrBufferFull); e != nil {
			return e
		}
		if err == io.EOF {
			return m.flush()
		}
		if err != nil && err != bufio.ErrBufferFull {
			if e := m.flush(); e != nil {
				return e
			}
			return each(rawMail{err: router.Fail("email.files", router.CodeUnreadable, "the file cannot be read to its end")})
		}
	}
}

// mbox is the state of splitting a mailbox file.
type mbox struct {
	each    func(rawMail) error
	buf     bytes.Buffer
	n       int  // lines so far
	start   int  // line at which the mail begins
	blank   bool // the last line was blank
	partial bool // the last piece did not end its line
	begun   bool
}

func (m *mbox) line(line []byte, partial bool) error {
	whole := !m.partial
	m.partial = partial
	if whole && len(line) > 0 {
		m.n++
		if m.blank && bytes.HasPrefix(line, []byte("From ")) {
			if err := m.flush(); err != nil {
				return err
			}
			m.begun, m.start, m.blank = true, m.n+1, false
			return nil
		}
		if quoted := bytes.TrimLeft(line, ">"); len(quoted) < len(line) && bytes.HasPrefix(quoted, []byte("From ")) {
			line = line[1:]
		}
	}
	m.blank = whole && !partial && len(bytes.TrimRight(line, "\r\n")) == 0
	if m.buf.Len() <= parse.MaxSize {
		m.buf.Write(line)
	}
	return nil
}

func (m *mbox) flush() error {
	raw := bytes.Clone(m.buf.Bytes())
	m.buf.Reset()
	if !m.begun && len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	if len(raw) <= parse.MaxSize { // the blank line before the next mail belongs to the mailbox
		raw = bytes.TrimSuffix(raw, []byte("\n"))
		raw = bytes.TrimSuffix(raw, []byte("\r"))
	}
	return m.each(rawMail{raw: raw, line: max(m.start, 1)})
}
