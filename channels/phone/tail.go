package phone

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	printSize  = 256 // bytes at the beginning that a file is known by
	printKnown = 64  // as many tell a copy from another file
	chunk      = 256 << 10
	maxFiles   = 500
)

// mark is how far a file was read, and how to know the file again.
type mark struct {
	Path   string `json:"path"`
	Dev    uint64 `json:"dev"`
	Inode  uint64 `json:"inode"`
	Print  string `json:"print"`
	Length int    `json:"length"` // bytes that Print is of
	Offset int64  `json:"offset"`
	Line   int    `json:"line"`
}

// tail follows one file.
type tail struct {
	mark    // Offset and Line: what the splitter has taken
	f       *os.File
	info    os.FileInfo
	partial []byte // the last line, not ended yet; of one too long only the beginning
	size    int64  // of the last line, as read
	split   splitter
	seen    map[string]int // rows without a call's id, and bad ones
	grewAt  time.Time
	gone    bool // no path of the source leads to it any more
	goneAt  time.Time
	whole   bool // read to its end
}

// openTail opens a file. from, if not nil, says where to go on.
func openTail(path string, columns int, from *mark, now time.Time) (*tail, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is no file")
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	t := &tail{f: f, info: info, split: splitter{columns: columns}, seen: map[string]int{}, grewAt: now}
	t.Path = path
	t.Dev, t.Inode = identity(info)
	if from != nil {
		t.Offset, t.Line, t.Print, t.Length = from.Offset, from.Line, from.Print, from.Length
	}
	t.extend()
	return t, nil
}

// fingerprint is a hash of a file's first bytes, ok only if it has that many.
func fingerprint(f io.ReaderAt, length int) (string, bool) {
	b := make([]byte, length)
	if n, _ := f.ReadAt(b, 0); n < length {
		return "", false
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8]), true
}

// extend takes more of a file's beginning into its fingerprint, once there is more.
func (t *tail) extend() {
	if t.Length >= printSize {
		return
	}
	info, err := t.f.Stat()
	if err != nil || info.Size() <= int64(t.Length) {
		return
	}
	n := int(min(info.Size(), printSize))
	if p, ok := fingerprint(t.f, n); ok {
		t.Print, t.Length = p, n
	}
}

// truncated reports whether the file is not what was read before.
func (t *tail) truncated() bool {
	info, err := t.f.Stat()
	if err != nil {
		return false
	}
	if info.Size() < t.Offset+t.size {
		return true
	}
	p, ok := fingerprint(t.f, t.Length)
	return !ok || t.Length > 0 && p != t.Print
}

// is reports whether an open file is the one that was marked, perhaps a copy of it.
func (m mark) is(f *os.File, info os.FileInfo, path string) bool {
	if info.Size() < m.Offset {
		return false
	}
	if p, ok := fingerprint(f, m.Length); !ok || m.Length > 0 && p != m.Print {
		return false
	}
	dev, inode := identity(info)
	same := dev == m.Dev && inode == m.Inode && inode != 0
	return same || m.Length >= printKnown || m.Length > 0 && path == m.Path
}

// sibling finds where a marked file went: a file whose name begins with its old name.
func (m mark) sibling(taken func(os.FileInfo) bool) string {
	entries, err := os.ReadDir(filepath.Dir(m.Path))
	if err != nil {
		return ""
	}
	base := filepath.Base(m.Path)
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	tried := 0
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), stem) || !e.Type().IsRegular() || tried >= maxFiles {
			continue
		}
		tried++
		path := filepath.Join(filepath.Dir(m.Path), e.Name())
		if m.at(path, taken) {
			return path
		}
	}
	return ""
}

func (m mark) at(path string, taken func(os.FileInfo) bool) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	return err == nil && !taken(info) && m.is(f, info, path)
}

// restart begins anew: the file was emptied.
func (t *tail) restart(columns int) {
	t.Offset, t.Line, t.Print, t.Length = 0, 0, "", 0
	t.partial, t.size, t.split, t.seen = nil, 0, splitter{columns: columns}, map[string]int{}
	t.extend()
}

// read takes what has been added, at most a few chunks; more says that there is more.
func (t *tail) read(now time.Time) (ps []piece, more bool, err error) {
	buf := make([]byte, chunk)
	for range 4 {
		n, err := t.f.ReadAt(buf, t.Offset+t.size)
		if n > 0 {
			t.grewAt = now
			ps = append(ps, t.lines(buf[:n])...)
		}
		if err == io.EOF || n == 0 && err == nil {
			t.extend()
			t.whole = true
			return ps, false, nil
		}
		if err != nil {
			return ps, false, err
		}
	}
	t.whole = false
	return ps, true, nil
}

// lines cuts bytes into lines; the last one waits for its end.
func (t *tail) lines(b []byte) []piece {
	var ps []piece
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		part := b
		if i >= 0 {
			part = b[:i]
		}
		if len(t.partial) <= maxRow {
			t.partial = append(t.partial, part...)
		}
		t.size += int64(len(part))
		if i < 0 {
			break
		}
		b = b[i+1:]
		t.size++
		ps = append(ps, t.end()...)
	}
	return ps
}

// end takes the line that is gathered.
func (t *tail) end() []piece {
	t.Line++
	ps := t.split.line(physical{t.Line, t.Offset, slices.Clone(t.partial)})
	t.Offset += t.size
	t.partial, t.size = t.partial[:0], 0
	return ps
}

// giveUp takes what was left open as it is: the file is complete, or nothing follows.
func (t *tail) giveUp() []piece {
	var ps []piece
	if t.gone && t.size > 0 {
		ps = t.end()
	}
	return append(ps, t.split.finish()...)
}

// open is where the first row begins that is not whole yet.
func (t *tail) open() spot {
	if len(t.split.held) > 0 {
		return spot{t.split.held[0].offset, t.split.held[0].line - 1}
	}
	return spot{t.Offset, t.Line}
}
