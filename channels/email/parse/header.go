package parse

import (
	"bytes"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// field is one header field, unfolded, as bytes.
type field struct {
	name  string // in lower case
	value string // raw: not decoded
}

type header struct{ fields []field }

func (h header) get(name string) string {
	name = strings.ToLower(name)
	for _, f := range h.fields {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

func (h header) all(name string) []string {
	name = strings.ToLower(name)
	var out []string
	for _, f := range h.fields {
		if f.name == name {
			out = append(out, f.value)
		}
	}
	return out
}

func (h header) count(name string) int { return len(h.all(name)) }

// has reports whether the field is there at all.
func (h header) has(name string) bool { return h.count(name) > 0 }

// cutLine splits after the first line; line has no line end.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		line, rest = b, nil
	} else {
		line, rest = b[:i], b[i+1:]
	}
	return bytes.TrimSuffix(line, []byte("\r")), rest
}

// header reads fields up to the first blank line and returns the rest.
func (p *parser) header(b []byte) (header, []byte) {
	var h header
	if bytes.IndexByte(b[:min(len(b), maxField)], '\n') < 0 {
		b = bytes.ReplaceAll(b, []byte("\r"), []byte("\n"))
	}
	for len(b) > 0 {
		line, rest := cutLine(b)
		if len(line) == 0 {
			return h, rest
		}
		if line[0] == ' ' || line[0] == '\t' {
			if len(bytes.TrimSpace(line)) == 0 && !startsField(rest) {
				return h, rest
			}
			p.fold(&h, line)
			b = rest
			continue
		}
		name, value, ok := splitField(line)
		if !ok {
			if bytes.HasPrefix(line, []byte("--")) {
				return h, b
			}
			p.warn("a line of the header is not a field")
			b = rest
			if len(h.fields) == 0 {
				return h, b
			}
			continue
		}
		if len(h.fields) < maxHeaders {
			h.fields = append(h.fields, field{name, string(value[:min(len(value), maxField)])})
		} else {
			p.warn("the header has too many fields")
		}
		b = rest
	}
	return h, b
}

func startsField(b []byte) bool {
	line, _ := cutLine(b)
	_, _, ok := splitField(line)
	return ok || len(line) > 0 && (line[0] == ' ' || line[0] == '\t')
}

func (p *parser) fold(h *header, line []byte) {
	if len(h.fields) == 0 {
		return
	}
	last := &h.fields[len(h.fields)-1]
	if len(last.value)+len(line) > maxField {
		p.warn("a field of the header is too long")
		return
	}
	last.value += " " + string(bytes.TrimSpace(line))
}

func splitField(line []byte) (name string, value []byte, ok bool) {
	i := bytes.IndexByte(line, ':')
	if i < 1 || i > 100 {
		return "", nil, false
	}
	raw := bytes.TrimRight(line[:i], " \t")
	for _, c := range raw {
		if c <= ' ' || c >= 0x7f {
			return "", nil, false
		}
	}
	return strings.ToLower(string(raw)), bytes.TrimSpace(line[i+1:]), len(raw) > 0
}

var dateLayouts = []string{
	"Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST",
	"2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04 -0700", "2 Jan 2006 15:04 -0700", "2 Jan 2006 15:04 MST",
	"Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05", "2 Jan 06 15:04:05 -0700", "2 Jan 06 15:04:05 MST",
	"2 Jan 06 15:04 -0700", "2 Jan 06 15:04 MST", "Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 2006 -0700",
	"Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 -0700 2006", "2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05", time.RFC3339, "2 January 2006 15:04:05 -0700",
}

// zones are the names of RFC 5322; Go reads an unknown name as UTC.
var zones = map[string]string{"EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500", "MST": "-0700",
	"MDT": "-0600", "PST": "-0800", "PDT": "-0700", "GMT": "+0000", "UT": "+0000", "UTC": "+0000", "Z": "+0000"}

// date reads the Date field. What cannot be right becomes the zero time.
func (p *parser) date(h header) time.Time {
	if !h.has("Date") {
		p.warn("no Date")
		return time.Time{}
	}
	for _, v := range h.all("Date") {
		if at, ok := parseDate(v); ok {
			if y := at.Year(); y < 1970 || y > 2200 {
				break
			}
			return at.UTC()
		}
	}
	p.warn("the Date cannot be read")
	return time.Time{}
}

func parseDate(v string) (time.Time, bool) {
	v = stripComments(v)
	f := strings.Fields(v)
	if len(f) == 0 {
		return time.Time{}, false
	}
	if d := strings.TrimSuffix(f[0], ","); len(f) > 1 && len(d) > 0 && !unicode.IsDigit(rune(d[0])) && unicode.IsDigit(rune(f[1][0])) {
		f = f[1:]
	}
	for i := range f {
		if z, ok := zones[strings.ToUpper(f[i])]; ok {
			f[i] = z
		}
	}
	v = strings.Join(f, " ")
	for _, layout := range dateLayouts {
		if at, err := time.Parse(layout, v); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func stripComments(s string) string {
	var b strings.Builder
	depth := 0
	for _, c := range []byte(s) {
		switch {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// oneLine makes a decoded field one line of printable characters.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == ' ':
			return ' '
		case unicode.IsControl(r) || r == utf8.RuneError || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// clip cuts to n characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	i := 0
	for at := range s {
		if i == n {
			return s[:at]
		}
		i++
	}
	return s
}

// clipBytes cuts to at most n bytes at a character's edge.
func clipBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
