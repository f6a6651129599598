package phone

import (
	"bytes"
	"strings"
)

const (
	maxRow   = 64 << 10
	maxLines = 16 // of one row with line breaks in its fields
)

// piece is one row as it was cut out of a file. Bad says why it is none.
type piece struct {
	line   int   // where it begins, from 1
	offset int64 // where it begins, in bytes
	raw    []byte
	fields []string
	bad    string
}

// splitter cuts a file into rows. A quote left open does not run on into a line that is a
// whole row by itself.
type splitter struct {
	columns int // 0: 18 or 21
	held    []physical
	size    int
}

// physical is one line of a file, without its end.
type physical struct {
	line   int
	offset int64
	text   []byte
}

// line takes the next line and gives the rows that are whole now.
func (s *splitter) line(l physical) []piece {
	l.text = bytes.TrimSuffix(l.text, []byte("\r"))
	if l.line == 1 {
		l.text = bytes.TrimPrefix(l.text, []byte("\xef\xbb\xbf"))
	}
	if len(s.held) == 0 {
		return s.first(l)
	}
	if fields, state := splitRow(l.text); state == rowWhole && s.fits(len(fields)) && looksLikeRow(fields) {
		return append(s.finish(), piece{line: l.line, offset: l.offset, raw: l.text, fields: fields})
	}
	s.held, s.size = append(s.held, l), s.size+len(l.text)+1
	fields, state := splitRow(s.joined())
	switch {
	case state == rowWhole && s.fits(len(fields)):
		p := piece{line: s.held[0].line, offset: s.held[0].offset, raw: s.joined(), fields: fields}
		s.held = nil
		return []piece{p}
	case state == rowOpen && len(s.held) < maxLines && s.size < maxRow:
		return nil
	}
	return s.again()
}

// first takes a line when nothing is held.
func (s *splitter) first(l physical) []piece {
	if len(bytes.TrimSpace(l.text)) == 0 {
		return nil
	}
	p := piece{line: l.line, offset: l.offset, raw: l.text}
	fields, state := splitRow(l.text)
	switch {
	case len(l.text) > maxRow:
		p.raw, p.bad = l.text[:maxRow], "the row is longer than 64 KiB"
	case state == rowOpen:
		s.held, s.size = []physical{l}, len(l.text)
		return nil
	case state == rowBroken:
		p.bad = "a quoted field is followed by something else than a comma"
	case len(fields) > 0 && strings.EqualFold(fields[0], "accountcode"):
		return nil // a heading
	case !s.fits(len(fields)):
		p.bad = s.wrongCount(len(fields))
	default:
		p.fields = fields
	}
	return []piece{p}
}

// again gives up on the first line that is held and takes the others anew.
func (s *splitter) again() []piece {
	held := s.held
	s.held = nil
	out := []piece{{line: held[0].line, offset: held[0].offset, raw: held[0].text, bad: "a quote is not closed"}}
	for _, l := range held[1:] {
		out = append(out, s.line(l)...)
	}
	return out
}

// finish gives up on all that is held: the file has ended, or a whole row follows.
func (s *splitter) finish() []piece {
	var out []piece
	for len(s.held) > 0 {
		out = append(out, s.again()...)
	}
	return out
}

func (s *splitter) joined() []byte {
	texts := make([][]byte, len(s.held))
	for i, l := range s.held {
		texts[i] = l.text
	}
	return bytes.Join(texts, []byte("\n"))
}

func (s *splitter) fits(n int) bool {
	if s.columns != 0 {
		return n == s.columns
	}
	return n == columns18 || n == columns21
}

// The states of a text that should be a row.
const (
	rowWhole = iota
	rowOpen
	rowBroken
)

// splitRow parts a row into fields: quoted with doubled quotes inside, or bare.
func splitRow(b []byte) (fields []string, state int) {
	for i := 0; ; {
		var f []byte
		if i < len(b) && b[i] == '"' {
			i++
			for {
				j := bytes.IndexByte(b[i:], '"')
				if j < 0 {
					return fields, rowOpen
				}
				f = append(f, b[i:i+j]...)
				i += j + 1
				if i < len(b) && b[i] == '"' {
					f = append(f, '"')
					i++
					continue
				}
				break
			}
			if i < len(b) && b[i] != ',' {
				return fields, rowBroken
			}
		} else {
			j := bytes.IndexByte(b[i:], ',')
			if j < 0 {
				j = len(b) - i
			}
			f = b[i : i+j]
			i += j
		}
		fields = append(fields, string(f))
		if i >= len(b) {
			return fields, rowWhole
		}
		i++ // the comma
	}
}

// looksLikeRow reports whether fields can be a row on their own: its times and numbers are there.
func looksLikeRow(fields []string) bool {
	return timeShape(fields[colStart]) && digits(fields[colDuration]) && digits(fields[colBillsec])
}

func timeShape(s string) bool {
	return len(s) >= len("2006-01-02 15:04:05") && s[4] == '-' && s[13] == ':'
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
