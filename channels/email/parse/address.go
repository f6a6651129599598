package parse

import "strings"

// address is a mailbox with its name.
type address struct{ name, address string }

const maxAddresses = 100

// addresses reads an address list and forgives what it can.
func (p *parser) addresses(raw string) []address {
	var out []address
	for _, one := range splitAddresses(raw) {
		if len(out) == maxAddresses {
			break
		}
		if a, ok := p.oneAddress(one); ok {
			out = append(out, a)
		}
	}
	return out
}

// splitAddresses splits at commas (and group marks) outside quotes, comments and angle brackets.
func splitAddresses(raw string) []string {
	var out []string
	quoted, angle, depth, from := false, false, 0, 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\\':
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == ',' && !angle, c == ';' && !angle:
			out, from = append(out, raw[from:i]), i+1
		case c == ':' && !angle && !strings.Contains(raw[from:i], "@"):
			from = i + 1
		}
	}
	return append(out, raw[min(from, len(raw)):])
}

func (p *parser) oneAddress(raw string) (address, bool) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return address{}, false
	}
	if i := strings.LastIndexByte(raw, '<'); i >= 0 {
		addr := raw[i+1:]
		if j := strings.IndexByte(addr, '>'); j >= 0 {
			addr = addr[:j]
		}
		name := p.words(unquoteString(strings.TrimSpace(raw[:i])))
		if j := strings.LastIndexByte(addr, ':'); j >= 0 && strings.HasPrefix(addr, "@") {
			addr = addr[j+1:]
		}
		return address{name, cleanAddress(p.words(addr))}, true
	}
	name := ""
	if i := strings.IndexByte(raw, '('); i > 0 {
		name = p.words(strings.Trim(raw[i:], "() "))
		raw = stripComments(raw)
	}
	addr := cleanAddress(p.words(unquoteString(raw)))
	if strings.Contains(addr, " ") {
		for _, w := range strings.Fields(addr) {
			if w = cleanAddress(w); validAddress(w) {
				return address{strings.TrimSpace(strings.Replace(addr, w, "", 1)), w}, true
			}
		}
	}
	return address{name, addr}, true
}

func cleanAddress(s string) string {
	s = strings.Trim(stripComments(s), " \t\r\n<>'\"")
	return strings.TrimPrefix(s, "mailto:")
}

// unquoteString takes the quotes off a quoted string.
func unquoteString(s string) string {
	if !strings.Contains(s, `"`) && !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case c != '"':
			b.WriteByte(c)
		}
	}
	return b.String()
}

// validAddress reports whether this could be a mailbox on the net.
func validAddress(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || len(s) > 254 {
		return false
	}
	for _, r := range s {
		if r <= ' ' || r == 0x7f || strings.ContainsRune("<>(),;:\\\"[]", r) || r == 0xfffd {
			return false
		}
	}
	return true
}
