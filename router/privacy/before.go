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
	to := len(strings.TrimRight(t.s[:end], " ,\"'`)"))
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
	x := found{from: from, to: to, kind: kindOf[h.sense]}
	digits := digitsEnd(t.s, from) == to
	switch n := to - from; h.sense {
	case senseOTP, senseCode:
		if split := from - 4; digits && n == 3 && split >= start && digitsEnd(t.s, split) == split+3 && t.s[split+3] == ' ' {
			x.from, n = split, 6 // 482 913
		}
		if !digits || n < 4 || n > 8 || h.sense == senseCode && n != 6 {
			return false
		}
	case sensePIN:
		if !digits || n < 4 || n > 8 {
			return false
		}
	case senseCVV, senseSecurity:
		if !digits || n < 3 || n > 4 {
			return false
		}
	case sensePassword:
		if n < 4 || strings.Contains(t.s[from:to], "\n") || !strings.ContainsAny(t.s[from:to], "0123456789") || digits && (n > 10 || dated(t.s[from:to])) || shapedOther(t.s[from:to]) {
			return false
		}
	case senseAccount, senseBank:
		x.from, x.to = t.accountBefore(start, to)
		if x.to == 0 {
			return false
		}
		x.tail = lastFour(t.s[x.from:x.to])
	case senseID:
		if !isOldCNID(t.s[from:to]) {
			return false
		}
	default:
		return false
	}
	if digits && !t.isolated(x.from, x.to) || t.claimed(x.from) {
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
