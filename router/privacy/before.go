package privacy

import (
	"strings"
	"unicode/utf8"
)

// backward are the words that may stand between a value and the word after it.
var backward = []string{" is ", " was ", " are ", " were ", "'s ", " as ", " = ", " - ", "(", " for ", "是", "为", "当", "做", "="}

// before reads a value that stands before its word: "482913 is your code", "abc123 是我的密码".
func (t *text) before(h hit, begin int) {
	begin = max(begin, h.from-maxGap)
	for begin < h.from && !utf8.RuneStart(t.s[begin]) {
		begin++
	}
	window := t.s[begin:h.from]
	for _, b := range backward {
		if b == " for " && h.sense != senseOTP {
			continue
		}
		for i, at := 0, 0; ; at = i + len(b) {
			if i = strings.Index(window[at:], b); i < 0 {
				break
			}
			if i += at; !ended(window[i+len(b):]) && t.ends(h, begin, begin+i) {
				return
			}
		}
	}
	if h.sense == senseOTP && t.closes(h.to) { // "482913 验证码"
		t.six(h, begin, h.from)
	}
}

// ended reports whether a sentence ends in a text, or a mask stands in it.
func ended(s string) bool {
	for _, stop := range []string{"\n", "。", "！", "？", "; ", "! ", "? ", ". ", "•"} {
		if strings.Contains(s, stop) {
			return true
		}
	}
	return false
}

// closes reports whether nothing more is said after a word.
func (t *text) closes(i int) bool {
	if i >= len(t.s) {
		return true
	}
	r, _ := utf8.DecodeRuneInString(t.s[i:])
	return strings.ContainsRune("\n,.;!?)]。！？", r)
}

// six masks six digits that stand alone right before a word.
func (t *text) six(h hit, start, end int) {
	to := len(strings.TrimRight(t.s[:end], " ("))
	if from := to - 6; from >= start && digitsEnd(t.s, from) == to && t.isolated(from, to) && !t.claimed(from) {
		t.add(found{from: from, to: to, kind: kindOf[h.sense]})
	}
}

// ends reads a value that ends before a connecting word at end and begins not before start.
func (t *text) ends(h hit, start, end int) bool {
	to := start + len(strings.TrimRight(t.s[start:end], " ,\"'`)"))
	from := to
	if to < end && t.s[to] == '"' { // a quoted one may have blanks
		from = start + strings.LastIndexByte(t.s[start:to], '"') + 1
	}
	for (to == end || t.s[to] != '"' || from == to) && from > start && t.s[from-1] > ' ' && t.s[from-1] < utf8.RuneSelf && !strings.ContainsRune("\"'`(,", rune(t.s[from-1])) {
		from--
	}
	if from >= to {
		return false
	}
	return t.fits(h, start, found{from: from, to: to, kind: kindOf[h.sense]})
}

// fits adds a value that stands before its word, where it looks like what the word says.
func (t *text) fits(h hit, start int, x found) bool {
	v, n := t.s[x.from:x.to], x.to-x.from
	digits := digitsEnd(v, 0) == n
	ok := digits
	switch h.sense {
	case senseOTP, senseCode:
		if split := x.from - 4; ok && n == 3 && split >= start && digitsEnd(t.s, split) == split+3 && t.s[split+3] == ' ' {
			x.from, n = split, 6 // 482 913
		}
		ok = ok && n >= 4 && n <= 8 && (h.sense == senseOTP || n == 6)
	case sensePIN:
		ok = ok && n >= 4 && n <= 8
	case senseCVV, senseSecurity:
		ok = ok && n >= 3 && n <= 4
	case sensePassword:
		ok = n >= 4 && strings.ContainsAny(v, "0123456789") && !strings.Contains(v, "\n") && !(digits && (n > 10 || dated(v))) && !shapedOther(v)
	case senseAccount, senseBank:
		if x.from, x.to = t.accountBefore(start, x.to); x.to > 0 {
			x.tail = lastFour(t.s[x.from:x.to])
		}
		ok = x.to > 0
	case senseID:
		ok = isOldCNID(v)
	default:
		ok = false
	}
	if !ok || digits && !t.isolated(x.from, x.to) || t.claimed(x.from) {
		return false
	}
	t.add(x)
	return true
}

// claimed reports whether a value belongs to a word before it that says what else it is: an order, an amount, an error.
func (t *text) claimed(from int) bool {
	h, ok := t.hitBefore(from)
	return ok && (h.sense == senseOrder || h.sense == senseStop || h.sense == senseNone) && t.link(h.to).at == from
}
