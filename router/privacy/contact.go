package privacy

import (
	"slices"
	"strings"
)

// contacts finds phone numbers and mail addresses, where asked for.
func (t *text) contacts(also []string) {
	if slices.Contains(also, KindEmail) {
		t.emails()
	}
	if slices.Contains(also, KindPhone) {
		t.phones()
	}
}

const local = ".!#$%&'*+/=?^_{|}~-" // besides letters and digits, before the @ (RFC 5322)

// maxLocal is the longest part of a mail address before its @ (RFC 5321).
const maxLocal = 64

// emails masks what stands before the @ of an address.
func (t *text) emails() {
	for i := 0; ; {
		n := strings.IndexByte(t.s[i:], '@')
		if n < 0 {
			return
		}
		at := i + n
		from, to := at, at+1
		for from > i && at-from < maxLocal && (isWord(t.s[from-1]) || strings.IndexByte(local, t.s[from-1]) >= 0) {
			from--
		}
		for to < len(t.s) && (isWord(t.s[to]) || t.s[to] == '.' || t.s[to] == '-') {
			to++
		}
		_, top, ok := cutLast(strings.TrimRight(t.s[at+1:to], ".-"), '.')
		if ok && from < at && len(top) >= 2 && firstWord(top) == top {
			t.add(found{from: from, to: at, kind: KindEmail})
		}
		i = at + 1
	}
}

// phones masks numbers in international form, Chinese mobile and land lines, and what stands right after a word for one.
func (t *text) phones() {
	for i := 0; i < len(t.runs); i++ {
		first := t.runs[i]
		plus := first.from > 0 && t.s[first.from-1] == '+'
		h, ok := t.hitBefore(first.from)
		named := ok && (h.sense == sensePhone || h.sense == senseStop && phoneWord[t.s[h.from:h.to]]) && (t.link(h.to).at == first.from || plus && t.link(h.to).at == first.from-1)
		d, best, end := "", 0, 0
		for n := 0; i+n < len(t.runs) && len(d) <= 15; n++ {
			r := t.runs[i+n]
			if n > 0 && !phoneGap(t.s[t.runs[i+n-1].to:r.from]) {
				break
			}
			d += t.s[r.from:min(r.to, r.from+16)]
			if isPhone(d, plus, named) {
				best, end = n+1, r.to
			}
		}
		if best == 0 || end < len(t.s) && isWord(t.s[end]) || first.from > 0 && isWord(t.s[first.from-1]) || t.ordered(first.from) {
			continue
		}
		from := first.from
		if plus {
			from--
		}
		t.add(found{from: from, to: end, kind: KindPhone, tail: lastFour(t.s[from:end])})
		i += best - 1
	}
}

var phoneWord = set("phone mobile tel telephone whatsapp 手机 电话 座机")

func phoneGap(s string) bool {
	switch s {
	case " ", "-", ".", ") ", ")", " (", "(", " - ":
		return true
	}
	return false
}

func isPhone(d string, plus, named bool) bool {
	switch {
	case plus, named:
		return len(d) >= 7 && len(d) <= 15
	case mobile(d), len(d) == 13 && strings.HasPrefix(d, "86") && mobile(d[2:]):
		return true
	case len(d) == 10 && (strings.HasPrefix(d, "400") || strings.HasPrefix(d, "800")):
		return true
	}
	return len(d) >= 10 && len(d) <= 12 && d[0] == '0' && d[1] != '0'
}
