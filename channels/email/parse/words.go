package parse

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// encodedWord is RFC 2047, and what is sent instead of it.
var encodedWord = regexp.MustCompile(`=\?([^?\s*]{1,40})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]*(?:\?[^=?][^?]*)*)\?=`)

// words decodes the encoded words of a field. Bytes that stand there plainly are
// decoded by what they look like.
func (p *parser) words(raw string) string {
	if !strings.Contains(raw, "=?") {
		return p.plain(raw)
	}
	var out strings.Builder
	var pending []byte
	label := ""
	flush := func() {
		if len(pending) > 0 {
			out.WriteString(p.decode(pending, label))
			pending = nil
		}
	}
	at := 0
	for _, m := range encodedWord.FindAllStringSubmatchIndex(raw, 500) {
		gap := raw[at:m[0]]
		if strings.TrimSpace(gap) != "" || at == 0 {
			flush()
			out.WriteString(p.plain(gap))
		}
		word, charset := unword(raw[m[6]:m[7]], raw[m[4]] == 'b' || raw[m[4]] == 'B'), raw[m[2]:m[3]]
		if !strings.EqualFold(charset, label) {
			flush()
		}
		label, at = charset, m[1]
		pending = append(pending, word...)
	}
	flush()
	if at == 0 {
		p.warn("a broken encoded word")
	}
	out.WriteString(p.plain(raw[at:]))
	return out.String()
}

// plain decodes bytes of a header that are not encoded words.
func (p *parser) plain(raw string) string {
	if isASCII([]byte(raw)) && !strings.Contains(raw, "\x1b") {
		return raw
	}
	return p.decode([]byte(raw), "")
}

func unword(text string, isBase64 bool) []byte {
	if isBase64 {
		return unbase64([]byte(text))
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '_' {
			c = ' '
		} else if c == '=' && i+2 < len(text) {
			if v, ok := unhex(text[i+1], text[i+2]); ok {
				c, i = v, i+2
			}
		}
		out = append(out, c)
	}
	return out
}

func unhex(a, b byte) (byte, bool) {
	x, ok1 := hexDigit(a)
	y, ok2 := hexDigit(b)
	return x<<4 | y, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// unbase64 decodes what is there and skips what does not belong; padding may be missing or in the middle.
func unbase64(in []byte) []byte {
	out := make([]byte, 0, len(in)*3/4+3)
	var quad [4]byte
	n := 0
	emit := func() {
		var dst [3]byte
		if n < 2 {
			n = 0
			return
		}
		k, _ := base64.RawStdEncoding.Decode(dst[:], quad[:n])
		out = append(out, dst[:k]...)
		n = 0
	}
	for _, c := range in {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			quad[n] = c
			if n++; n == 4 {
				emit()
			}
		case c == '=':
			emit()
		}
	}
	emit()
	return out
}

// unquote decodes quoted-printable; what is broken stays as it stands.
func unquote(in []byte) []byte {
	out := make([]byte, 0, len(in))
	for len(in) > 0 {
		line, rest := cutLine(in)
		ended := len(rest) > 0 || in[len(in)-1] == '\n'
		line = []byte(strings.TrimRight(string(line), " \t"))
		soft := false
		for i := 0; i < len(line); i++ {
			c := line[i]
			if c != '=' {
				out = append(out, c)
				continue
			}
			if i == len(line)-1 {
				soft = true
				break
			}
			if i+2 < len(line) {
				if v, ok := unhex(line[i+1], line[i+2]); ok {
					out, i = append(out, v), i+2
					continue
				}
			}
			out = append(out, c)
		}
		if ended && !soft {
			out = append(out, '\n')
		}
		in = rest
	}
	return out
}
