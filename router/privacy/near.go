package privacy

import (
	"strings"
	"unicode/utf8"
)

// kindOf is the kind of secret that stands beside a word of a sense.
var kindOf = map[sense]string{
	senseOTP: KindOTP, senseCode: KindOTP, senseSecurity: KindCVV, sensePIN: KindPassword, sensePassword: KindPassword, senseForgot: KindPassword,
	senseCVV: KindCVV, senseAccount: KindBankAccount, senseBank: KindBankAccount, senseRouting: KindBankAccount, senseID: KindCNID,
	senseKey: KindAPIKey, senseToken: KindToken, senseBearer: KindToken, sensePrivate: KindPrivateKey, senseSeed: KindPrivateKey,
}

// link is what stands between a word and its value.
type link struct {
	at     int  // where the value begins
	strong bool // something said: here it comes
	word   bool // a word said it, not only a mark
	open   bool // the value stands in quotes
	lines  int
}

// The bounds of how far from its word a value is looked for, in bytes, and of how long it is.
const (
	maxLink  = 96
	maxGap   = 80
	maxValue = 256
)

// near finds secrets beside their words: after them first, before them if there is none.
func (t *text) near() {
	done := 0 // what stands before it is a secret already
	for i, h := range t.hits {
		if kindOf[h.sense] == "" || h.from < done {
			continue
		}
		have := len(t.found)
		end := len(t.s) // of what may belong to this word: up to the next one
		for _, next := range t.hits[i+1:] {
			if next.from > h.to+maxGap {
				break
			}
			if next.sense != senseNone && next.sense != senseAccount && next.sense != senseCode {
				end = next.from
				break
			}
		}
		begin := 0
		if i > 0 {
			begin = t.hits[i-1].to
		}
		if !t.direct(h) && !t.after(h, end) {
			t.before(h, begin)
		}
		for _, x := range t.found[have:] {
			done = max(done, x.to)
		}
	}
}

// direct reads a value right after its word: "密码：abc123", "pin is 4821".
func (t *text) direct(h hit) bool {
	l := t.link(h.to)
	if h.sense == senseForgot && !l.strong {
		return false
	}
	return t.value(h, l, false)
}

// after reads a value that a sentence leads to: "the code I got this morning was 839201".
func (t *text) after(h hit, end int) bool {
	for i := h.to; i < min(end, h.to+maxGap); {
		c := t.s[i]
		if c == '\n' || c == ';' || c == '!' || c == '?' || isDigit(c) || c == '.' && (i+1 == len(t.s) || t.s[i+1] <= ' ') {
			return false
		}
		if w, ok := wordAt(t.s, i); ok && w.sense.links() {
			if w.sense == senseCopula && t.value(h, t.link(i), true) {
				return true
			}
			i = w.to
			continue
		}
		r, n := utf8.DecodeRuneInString(t.s[i:])
		if r == '•' || r == '。' || r == '！' || r == '？' {
			return false
		}
		i += n
	}
	return false
}

// link reads what may stand between a word and its value: blanks, marks, and words that only connect.
func (t *text) link(i int) link {
	l := link{at: i}
	for l.at < min(len(t.s), i+maxLink) && !l.open && l.lines <= 2 {
		if n := t.mark(&l); n > 0 {
			l.at += n
			continue
		}
		w, ok := wordAt(t.s, l.at)
		if !ok || !w.sense.links() || isLetter(t.s[l.at]) && !endsWord(t.s, w.to) {
			break
		}
		if w.sense == senseCopula {
			l.strong, l.word = true, true
		}
		l.at = w.to
	}
	return l
}

// mark reads a blank or a mark between a word and its value and answers its length, 0 where something else stands.
func (t *text) mark(l *link) int {
	switch c := t.s[l.at]; c {
	case ' ', '\t', '\r', ',', '(', '[', '{', '#', '~', '/', '|', ')', ']', '*', '-':
		return 1
	case '\n':
		l.lines++
		return 1
	case ':', '=', '>':
		l.strong = true
		return 1
	case '.':
		if abbreviations[lastWord(t.s[:l.at])] {
			return 1
		}
	case '"', '\'', '`':
		l.open = l.at+1 < len(t.s) && !strings.ContainsRune(" :=,)]", rune(t.s[l.at+1]))
		return 1
	case '<':
		return tag(t.s[l.at:])
	}
	return 0
}

// abbreviations are followed by a dot that ends no sentence.
var abbreviations = set("no nr num acct acc ref tel id")

// endsWord reports whether a Latin word that ends here is a word of its own, not the beginning of a value.
func endsWord(s string, i int) bool {
	return i >= len(s) || s[i] >= utf8.RuneSelf || strings.IndexByte(" \t\r\n:=,('\"[", s[i]) >= 0
}

// tag is the length of an HTML tag at the beginning of s, 0 where there is none.
func tag(s string) int {
	if len(s) < 3 || s[1] != '/' && !isLetter(s[1]) {
		return 0
	}
	if i := strings.IndexByte(s[:min(len(s), 64)], '>'); i > 0 {
		return i + 1
	}
	return 0
}

// value reads the value of a word at the end of a link. In a longer sentence (far) it must look like nothing else.
func (t *text) value(h hit, l link, far bool) bool {
	if l.at >= len(t.s) {
		return false
	}
	x := found{from: l.at, kind: kindOf[h.sense]}
	switch h.sense {
	case senseOTP, senseCode:
		x.to = t.code(h, l, far)
	case senseSecurity:
		if x.to = t.plainDigits(h, l.at, 3, 4); x.to == 0 {
			x.kind, x.to = KindOTP, t.code(h, l, far)
		}
	case sensePIN:
		x.to = t.plainDigits(h, l.at, 4, 8)
	case sensePassword, senseForgot:
		x.to = t.password(l, far)
	case senseCVV:
		x.to = t.plainDigits(h, l.at, 3, 4)
	case senseAccount, senseBank, senseRouting:
		return t.account(h, l)
	case senseID:
		if to := digitsEnd(t.s, l.at); isOldCNID(t.s[l.at:to]) && t.isolated(l.at, to) {
			x.to = to
		}
	case senseKey, senseToken, senseBearer, sensePrivate:
		x.to = t.key(h, l)
	case senseSeed:
		x.to = t.seed(l.at)
	}
	if x.to <= x.from {
		return false
	}
	t.add(x)
	t.another(h, x)
	return true
}

// also are the words between a secret and another of its kind: "abc123 or abc124", "四八，不对，是四九".
var also = []string{" and ", " or ", " then ", "和", "或者", "或", "还有", "不对", "不是", "错了", "跟", "/", ", "}

// another reads one more value of the same kind and size after one.
func (t *text) another(h hit, x found) {
	if x.kind != KindOTP && x.kind != KindPassword {
		return
	}
	for _, w := range also {
		i := len(t.s) - len(strings.TrimLeft(t.s[x.to:], ", "))
		if strings.HasPrefix(w, " ") || w == ", " {
			i = x.to
		}
		if !strings.HasPrefix(t.s[i:], w) {
			continue
		}
		l := t.link(i + len(w))
		l.strong, l.word = true, true
		to := 0
		if x.kind == KindOTP {
			to = t.code(h, l, true)
		} else if to = t.password(l, true); !strings.ContainsFunc(t.s[l.at:max(to, l.at)], isASCIILetter) && to-l.at != x.to-x.from {
			to = 0
		}
		if to-l.at == x.to-x.from || to > l.at && x.kind == KindPassword {
			next := found{from: l.at, to: to, kind: x.kind}
			t.add(next)
			t.another(h, next)
		}
		return
	}
}
