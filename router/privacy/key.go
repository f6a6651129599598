package privacy

import "strings"

// mark is how a key or token begins, and how much must follow.
type mark struct {
	prefix string
	least  int
	kind   string
}

// keyMarks are the beginnings that issuers give their keys, folded, by first byte.
var keyMarks = func() (out [256][]mark) {
	for _, m := range []mark{
		{"sk-", 16, KindAPIKey}, {"sk_live_", 8, KindAPIKey}, {"sk_test_", 8, KindAPIKey}, {"rk_live_", 8, KindAPIKey}, {"rk_test_", 8, KindAPIKey},
		{"pk_live_", 8, KindAPIKey}, {"pk_test_", 8, KindAPIKey}, {"whsec_", 12, KindAPIKey}, {"akia", 16, KindAPIKey}, {"asia", 16, KindAPIKey},
		{"akid", 24, KindAPIKey}, {"ltai", 12, KindAPIKey}, {"aiza", 30, KindAPIKey}, {"ghp_", 20, KindToken}, {"gho_", 20, KindToken}, {"ghu_", 20, KindToken},
		{"ghs_", 20, KindToken}, {"ghr_", 20, KindToken}, {"github_pat_", 20, KindToken}, {"glpat-", 16, KindToken}, {"npm_", 24, KindToken}, {"hf_", 24, KindToken},
		{"xoxb-", 10, KindToken}, {"xoxp-", 10, KindToken}, {"xoxa-", 10, KindToken}, {"xoxr-", 10, KindToken}, {"xoxs-", 10, KindToken}, {"xapp-", 10, KindToken},
		{"ya29.", 20, KindToken}, {"sg.", 32, KindAPIKey}, {"dop_v1_", 20, KindToken}, {"shpat_", 20, KindToken}, {"eyj", 24, KindToken}, {"pypi-", 20, KindToken},
		{"age-secret-key-", 20, KindPrivateKey},
	} {
		out[m.prefix[0]] = append(out[m.prefix[0]], m)
	}
	return out
}()

// keys finds what carries its own mark.
func (t *text) keys() {
	t.pem()
	for i := 0; i < len(t.s); i++ {
		c := t.s[i]
		if c == ':' {
			t.inAddress(i)
			t.bot(i)
			continue
		}
		ms := keyMarks[c]
		if ms == nil || i > 0 && isWord(t.s[i-1]) {
			continue
		}
		for _, m := range ms {
			if !strings.HasPrefix(t.s[i:], m.prefix) {
				continue
			}
			to := keyEnd(t.s, i)
			if v := t.s[i+len(m.prefix) : max(to, i+len(m.prefix))]; len(v) >= m.least && (strings.ContainsAny(v, "0123456789") || len(v) > 32) {
				t.add(found{from: i, to: to, kind: m.kind})
				i = to
			}
			break
		}
	}
}

// keyEnd is where the characters of a key end; a mark of the sentence at its end is not its own.
func keyEnd(s string, i int) int {
	to := i
	for to < len(s) && (isWord(s[to]) || strings.IndexByte("-_.+/=~", s[to]) >= 0) {
		to++
	}
	return i + len(strings.TrimRight(s[i:to], "."))
}

// key is the end of a key or token at the end of a link, 0 where there is none.
func (t *text) key(h hit, l link) int {
	to := l.at + keyEnd(t.s[l.at:min(len(t.s), l.at+maxValue/2)], 0) // enough to decide on
	v := t.s[l.at:to]
	letters, digits := 0, 0
	for i := range len(v) {
		if isDigit(v[i]) {
			digits++
		} else if isLetter(v[i]) {
			letters++
		}
	}
	least := 8
	switch {
	case h.sense == sensePrivate:
		least = 30
	case !l.strong || h.sense == senseBearer:
		least = 16
	case h.to-h.from < 7: // key, token, secret
		least = 12
	}
	if h.sense == senseToken && letters == 0 && l.strong && digits >= 6 && digits <= 8 && t.isolated(l.at, to) {
		return to
	}
	if len(v) < least || v[0] == '/' || digits < 2 && (digits == 0 || len(v) < 20) || letters < 2 || shapedOther(v) {
		return 0
	}
	return keyEnd(t.s, l.at)
}

// inAddress masks the password of an address: https://name:password@host.
func (t *text) inAddress(i int) {
	if !strings.HasPrefix(t.s[i:], "://") {
		return
	}
	rest := t.s[i+3 : min(len(t.s), i+3+maxValue)]
	if end := strings.IndexAny(rest, " \t\r\n/?#\"'<>"); end >= 0 {
		rest = rest[:end]
	}
	at, colon := strings.LastIndexByte(rest, '@'), strings.IndexByte(rest, ':')
	if colon < 0 || at <= colon+1 || strings.Contains(rest, "•") {
		return
	}
	t.add(found{from: i + 3 + colon + 1, to: i + 3 + at, kind: KindPassword})
}

// bot masks a token of the form 8 to 10 digits, a colon, 35 characters.
func (t *text) bot(i int) {
	from := i
	for from > 0 && i-from < 11 && isDigit(t.s[from-1]) {
		from--
	}
	if i-from < 8 || i-from > 10 {
		return
	}
	if to := keyEnd(t.s, i+1); to-i-1 >= 32 && to-i-1 <= 40 {
		t.add(found{from: from, to: to, kind: KindToken})
	}
}

// maxPEM bounds how far the end of a private key is looked for, in bytes.
const maxPEM = 16 << 10

// pem masks blocks of private keys whole, also where an end is missing.
func (t *text) pem() {
	for i := 0; ; {
		n := strings.Index(t.s[i:], "private key")
		if n < 0 {
			return
		}
		at := i + n
		i = at + len("private key")
		before := t.s[max(0, at-40):at]
		if b := strings.LastIndex(before, "-begin "); b >= 0 && strings.Trim(before[b+1:], "abcdefghijklmnopqrstuvwxyz0123456789 ") == "" {
			from := at - len(before) + b + 1
			to := t.pemEnd(i)
			t.add(found{from: t.dashes(from), to: to, kind: KindPrivateKey})
			i = to
		} else if e := strings.LastIndex(before, "end "); e > 0 && before[e-1] == '-' {
			end := at - len(before) + e
			if from := t.bodyBegin(t.dashes(end)); from < t.dashes(end) {
				t.add(found{from: from, to: t.afterDashes(i), kind: KindPrivateKey})
			}
		}
	}
}

func (t *text) dashes(i int) int {
	for i > 0 && t.s[i-1] == '-' {
		i--
	}
	return i
}

func (t *text) afterDashes(i int) int {
	if strings.HasPrefix(t.s[i:], " block") {
		i += len(" block")
	}
	for i < len(t.s) && t.s[i] == '-' {
		i++
	}
	return i
}

// pemEnd is where a block ends that began: after its end line, or with its last piece of base64.
func (t *text) pemEnd(i int) int {
	i = t.afterDashes(i)
	within := t.s[i:min(len(t.s), i+maxPEM)]
	if b := strings.Index(within, "-begin"); b >= 0 {
		within = within[:b]
	}
	if e := strings.Index(within, "-end "); e >= 0 {
		if k := strings.Index(within[e:], "private key"); k >= 0 && k < 40 {
			return t.afterDashes(i + e + k + len("private key"))
		}
	}
	to := i
	for at := i; at < len(t.s); {
		for at < len(t.s) && (t.s[at] <= ' ' || t.s[at] == '>' || t.s[at] == '\\') {
			at++
		}
		end := at
		for end < len(t.s) && t.s[end] > ' ' && t.s[end] != '\\' {
			end++
		}
		if !body(t.s[at:end]) {
			break
		}
		to, at = end, end
	}
	return to
}

// bodyBegin is where the pieces of base64 begin that end at i.
func (t *text) bodyBegin(i int) int {
	from := i
	for at := i; at > 0; {
		for at > 0 && t.s[at-1] <= ' ' {
			at--
		}
		begin := at
		for begin > 0 && t.s[begin-1] > ' ' {
			begin--
		}
		if !body(t.s[begin:at]) {
			break
		}
		from, at = begin, begin
	}
	return from
}

// body reports whether a piece is one of a key's body: base64, or a header of it.
func body(w string) bool {
	if strings.HasSuffix(w, ":") || strings.Contains(w, ",encrypted") || strings.HasPrefix(w, "aes-") || strings.HasPrefix(w, "des-") {
		return true
	}
	if w == "" {
		return false
	}
	for i := range len(w) {
		if !isWord(w[i]) && w[i] != '+' && w[i] != '/' && w[i] != '=' {
			return false
		}
	}
	return len(w) >= 16 || strings.ContainsAny(w, "0123456789+/=")
}
