package parse

import (
	"bytes"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// part is one node of a mail's tree.
type part struct {
	header   header
	ctype    string // media type in lower case
	params   map[string]string
	disp     string
	file     string // declared name
	body     []byte // as it came, still encoded
	children []*part
}

var mediaType = regexp.MustCompile(`^[!#$%&'*+.^_\x60|~0-9a-z-]+/[!#$%&'*+.^_\x60|~0-9a-z-]+$`)

// tree reads a part and what is in it.
func (p *parser) tree(b []byte, defaultType string, depth int) *part {
	p.parts++
	n := &part{}
	n.header, n.body = p.header(b)
	n.ctype, n.params = p.contentType(n.header, defaultType)
	disp, dispParams := p.parameters(n.header.get("Content-Disposition"))
	n.disp = strings.ToLower(disp)
	if n.file = dispParams["filename"]; n.file == "" {
		n.file = n.params["name"]
	}
	if strings.HasPrefix(n.ctype, "multipart/") {
		p.split(n, depth)
	}
	return n
}

func (p *parser) contentType(h header, fallback string) (string, map[string]string) {
	raw := h.get("Content-Type")
	if raw == "" {
		return fallback, map[string]string{}
	}
	ctype, params := p.parameters(raw)
	ctype = strings.ToLower(strings.ReplaceAll(ctype, " ", ""))
	if !mediaType.MatchString(ctype) {
		p.warn("a Content-Type cannot be read")
		switch {
		case ctype == "text" || ctype == "text/":
			ctype = "text/plain"
		case params["boundary"] != "":
			ctype = "multipart/mixed"
		case params["name"] != "":
			ctype = "application/octet-stream"
		default:
			ctype = fallback
		}
	}
	return ctype, params
}

// split cuts a multipart at its boundary.
func (p *parser) split(n *part, depth int) {
	boundary := n.params["boundary"]
	if boundary == "" || !bytes.Contains(n.body, []byte("--"+boundary)) {
		boundary = firstBoundary(n.body)
		p.warn("a multipart has no boundary")
	}
	if boundary == "" {
		n.ctype = "text/plain"
		return
	}
	if depth >= MaxDepth {
		p.warn("parts are nested too deep")
		n.ctype = "application/octet-stream"
		return
	}
	inner := "text/plain"
	if n.ctype == "multipart/digest" {
		inner = "message/rfc822"
	}
	sections, closed := cutSections(n.body, boundary, MaxParts+1)
	if !closed {
		p.warn("a multipart is not closed")
	}
	for _, s := range sections {
		if p.parts >= MaxParts {
			p.warn("the mail has too many parts")
			return
		}
		n.children = append(n.children, p.tree(s, inner, depth+1))
	}
}

// cutSections cuts at lines that begin with the delimiter, at most limit times.
func cutSections(b []byte, boundary string, limit int) (out [][]byte, closed bool) {
	delimiter := []byte("--" + boundary)
	start, at := -1, 0
	for at < len(b) && len(out) < limit {
		i := bytes.Index(b[at:], delimiter)
		if i < 0 {
			break
		}
		i += at
		at = i + len(delimiter)
		if i > 0 && b[i-1] != '\n' && b[i-1] != '\r' {
			continue
		}
		line, rest := cutLine(b[at:])
		tail := bytes.TrimRight(line, " \t")
		last := bytes.Equal(tail, []byte("--"))
		if len(tail) > 0 && !last {
			continue
		}
		if start >= 0 {
			out = append(out, trimEnd(b[start:i]))
		}
		if last {
			return out, true
		}
		start = len(b) - len(rest)
		at = start
	}
	if start >= 0 && len(out) < limit {
		out = append(out, b[start:])
	}
	return out, false
}

func trimEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

var boundaryLine = regexp.MustCompile(`(?m)^--([^\s-][^\r\n]{0,68}|-{2,60}[^\s-][^\r\n]{0,60})\s*$`)

func firstBoundary(b []byte) string {
	m := boundaryLine.FindSubmatch(b[:min(len(b), 64<<10)])
	if m == nil {
		return ""
	}
	return strings.TrimRight(string(m[1]), " \t\r")
}

// decoded is the part's content without its transfer encoding.
func (n *part) decoded() []byte {
	switch strings.ToLower(strings.Trim(stripComments(n.header.get("Content-Transfer-Encoding")), " \t\";")) {
	case "base64":
		return unbase64(n.body)
	case "quoted-printable", "quoted_printable", "qp":
		return unquote(n.body)
	case "x-uuencode", "uuencode", "x-uue", "uue":
		return unuu(n.body)
	}
	return n.body
}

// unuu decodes uuencode.
func unuu(in []byte) []byte {
	var out []byte
	started := false
	for len(in) > 0 {
		var line []byte
		line, in = cutLine(in)
		if !started {
			started = bytes.HasPrefix(line, []byte("begin "))
			continue
		}
		if len(line) == 0 || bytes.Equal(line, []byte("end")) {
			break
		}
		want := int(line[0]-' ') & 63
		line = line[1:]
		for i := 0; i+3 < len(line) && want > 0; i += 4 {
			a, b, c, d := (line[i]-' ')&63, (line[i+1]-' ')&63, (line[i+2]-' ')&63, (line[i+3]-' ')&63
			three := []byte{a<<2 | b>>4, b<<4 | c>>2, c<<6 | d}
			out = append(out, three[:min(3, want)]...)
			want -= 3
		}
	}
	return out
}

const maxParams = 64

// parameters splits "value; a=b; c*0*=…" and decodes RFC 2231 and 2047.
func (p *parser) parameters(raw string) (string, map[string]string) {
	pieces := splitParams(raw)
	params, extended := map[string]string{}, map[string][]segment{}
	for i, piece := range pieces[1:] {
		if i == maxParams {
			p.warn("a field has too many parameters")
			break
		}
		name, value, ok := strings.Cut(piece, "=")
		if name = strings.ToLower(strings.TrimSpace(name)); !ok || name == "" {
			continue
		}
		value = strings.TrimSpace(value)
		base, seg := parseSegment(name, unquoteParam(value))
		if seg == nil {
			if _, twice := params[name]; !twice {
				params[name] = p.paramValue(name, unquoteParam(value))
			}
			continue
		}
		extended[base] = append(extended[base], *seg)
	}
	for name, segs := range extended {
		params[name] = p.join(segs)
	}
	return strings.TrimSpace(stripComments(pieces[0])), params
}

func (p *parser) paramValue(name, v string) string {
	if name == "boundary" {
		return v
	}
	return p.words(v)
}

func unquoteParam(v string) string {
	if strings.HasPrefix(v, `"`) {
		return unquoteString(v)
	}
	return strings.TrimRight(v, " \t\"")
}

// splitParams splits at semicolons outside quotes.
func splitParams(raw string) []string {
	var out []string
	quoted, from := false, 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			out, from = append(out, raw[from:i]), i+1
		}
	}
	return append(out, raw[min(from, len(raw)):])
}

// segment is one piece of an RFC 2231 parameter.
type segment struct {
	n       int
	encoded bool
	value   string
}

func parseSegment(name, value string) (string, *segment) {
	base, rest, ok := strings.Cut(name, "*")
	if !ok {
		return name, nil
	}
	seg := &segment{value: value}
	if strings.HasSuffix(rest, "*") || rest == "" {
		seg.encoded, rest = true, strings.TrimSuffix(rest, "*")
	}
	seg.n, _ = strconv.Atoi(rest)
	return base, seg
}

func (p *parser) join(segs []segment) string {
	sort.SliceStable(segs, func(i, j int) bool { return segs[i].n < segs[j].n })
	charset := ""
	var b []byte
	for i, s := range segs {
		v := s.value
		if i == 0 && s.encoded {
			if q := strings.SplitN(v, "'", 3); len(q) == 3 {
				charset, v = q[0], q[2]
			}
		}
		if s.encoded {
			b = append(b, unpercent(v)...)
			continue
		}
		b = append(b, v...)
	}
	if charset == "" && bytes.Contains(b, []byte("=?")) {
		return p.words(string(b))
	}
	return p.decode(b, charset)
}

func unpercent(s string) []byte {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if v, ok := unhex(s[i+1], s[i+2]); ok {
				out, i = append(out, v), i+2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}
