package phone

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"switchyard/router"
)

// maxLine bounds one line of a file, in bytes.
const maxLine = 64 << 10

// mark is how far a file was read. A file is known by device and inode, and by its first
// line, so that a rotated file is found again and a truncated one is read anew.
type mark struct {
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
	Head   string `json:"head"` // digest of the first line, empty while there is none
	Offset int64  `json:"offset"`
	Line   int    `json:"line"`
}

// follower reads one file as it grows.
type follower struct {
	file  *os.File
	mark  mark
	rows  splitter
	start int64 // where the pending lines begin
}

// identify says which file this is.
func identify(f *os.File) (mark, int64, error) {
	info, err := f.Stat()
	if err != nil {
		return mark{}, 0, err
	}
	m := mark{}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		m.Device, m.Inode = uint64(st.Dev), st.Ino
	}
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return m, 0, err
	}
	if i := bytes.IndexByte(head[:n], '\n'); i >= 0 || n == len(head) {
		if i < 0 {
			i = n
		}
		sum := sha256.Sum256(head[:i])
		m.Head = hex.EncodeToString(sum[:8])
	}
	return m, info.Size(), nil
}

// same reports whether a mark is of this very file.
func (m mark) same(o mark) bool {
	return m.Device == o.Device && m.Inode == o.Inode && (m.Head == o.Head || m.Head == "")
}

// openFollower opens a file where a mark of it says, or at its beginning.
func (a *adapter) openFollower(path string, marks []mark) (*follower, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	now, size, err := identify(file)
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	f := &follower{file: file, mark: now, rows: splitter{columns: a.columns, zone: a.zone}}
	for _, m := range marks {
		if m.same(now) && m.Offset <= size {
			f.mark.Offset, f.rows.line = m.Offset, m.Line
		}
	}
	f.start = f.mark.Offset
	return f, nil
}

// read gives the lines that are complete now to take; it stops at the end of the file.
func (f *follower) read(ctx context.Context, take func(r row, offset int64), refuse func(bad)) error {
	now, size, err := identify(f.file)
	if err != nil {
		return router.Wrap("phone.read", router.CodeUnavailable, err)
	}
	if size < f.mark.Offset || f.mark.Head != "" && now.Head != f.mark.Head { // cut short, or written anew
		f.mark.Offset, f.start, f.rows.line, f.rows.pending = 0, 0, 0, nil
	}
	f.mark.Head = now.Head
	in := bufio.NewReaderSize(io.NewSectionReader(f.file, f.mark.Offset, size-f.mark.Offset), maxLine)
	for ctx.Err() == nil {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			skipped := int64(len(line))
			for errors.Is(err, bufio.ErrBufferFull) {
				line, err = in.ReadSlice('\n')
				skipped += int64(len(line))
			}
			if err != nil {
				return nil // the long line is not complete yet
			}
			f.mark.Offset += skipped
			f.start = f.mark.Offset
			f.rows.line++
			refuse(bad{f.rows.line, router.Fail("phone.row", router.CodeTooLarge, "the line is longer than 64 KiB")})
			continue
		}
		if err != nil { // a partial last line waits for its end
			return nil
		}
		if len(f.rows.pending) == 0 {
			f.start = f.mark.Offset
		}
		at := f.start
		f.mark.Offset += int64(len(line))
		rows, bads := f.rows.add(line)
		for _, b := range bads {
			refuse(b)
		}
		for _, r := range rows {
			take(r, at)
		}
	}
	return ctx.Err()
}

// safe is the offset before everything that is still pending or in calls.
func (f *follower) safe(open []*call) mark {
	m := f.mark
	if len(f.rows.pending) > 0 {
		m.Offset = f.start
		m.Line -= len(f.rows.pending)
	}
	m.Line = f.rows.line
	for _, c := range open {
		if c.offset < m.Offset {
			m.Offset, m.Line = c.offset, c.legs[0].line-1
		}
	}
	return m
}

// paths are the files that match now, and rotated ones that a mark knows by their inode.
func (a *adapter) paths(marks []mark) []string {
	found, err := filepath.Glob(a.path)
	if err != nil {
		return nil
	}
	have := map[string]bool{}
	for _, p := range found {
		have[p] = true
	}
	var rotated []string
	entries, err := os.ReadDir(filepath.Dir(a.path))
	if err != nil {
		return found
	}
	for _, e := range entries {
		p := filepath.Join(filepath.Dir(a.path), e.Name())
		info, err := e.Info()
		if err != nil || have[p] || !info.Mode().IsRegular() {
			continue
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			for _, m := range marks {
				if m.Inode == st.Ino && m.Device == uint64(st.Dev) && m.Offset < info.Size() {
					rotated = append(rotated, p)
				}
			}
		}
	}
	return append(rotated, found...)
}
