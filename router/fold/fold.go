// Package fold makes texts comparable: what differs only in width, case, script
// variant or invisible characters reads the same afterwards.
//
// What always holds:
//
//	A. Text is pure and linear; its answer has at most the number of characters asked for.
//	B. Folding a folded text changes nothing.
//	C. Traditional characters become Simplified one by one: the number of characters stays.
//	D. A letter that only looks like a Latin one (Cyrillic, Greek) becomes it
//	   only in a word that has Latin letters too: Russian stays Russian.
package fold

import (
	"strings"
	"unicode"

	"github.com/longbridgeapp/opencc"
	"golang.org/x/text/width"
)

// Text folds width, case, invisible characters, typographic apostrophes, Traditional
// characters, look-alike letters and runs of blanks, and cuts after maxRunes characters.
func Text(s string, maxRunes int) string {
	if len(s) > 4*maxRunes {
		s = strings.ToValidUTF8(s[:4*maxRunes], "")
	}
	var b strings.Builder
	b.Grow(len(s))
	blank, alike, n := true, false, 0
	for _, r := range s {
		if n++; n > maxRunes {
			break
		}
		if r, blank = one(r, blank); r < 0 {
			continue
		}
		alike = alike || r >= 0x370 && r < 0x500
		b.WriteRune(r)
	}
	out := strings.TrimSpace(b.String())
	if alike {
		return lookAlikes(out)
	}
	return out
}

// one folds one character; -1 drops it. blank says whether what came before is a blank.
func one(r rune, blank bool) (rune, bool) {
	if r < 0x80 {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A', false
		case r == '`':
			return '\'', false
		case r > ' ' && r < 0x7f:
			return r, false
		case r < ' ' && !unicode.IsSpace(r) || r == 0x7f:
			return -1, blank
		}
		if blank {
			return -1, true
		}
		return ' ', true
	}
	r = Rune(r)
	switch {
	case r == '’' || r == '‘' || r == 'ʼ':
		return '\'', false
	case r == '“' || r == '”' || r == '„':
		return '"', false
	case unicode.IsSpace(r):
		if blank {
			return -1, true
		}
		return ' ', true
	case r < 0x80:
		return one(r, blank)
	case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Mn, r), r == unicode.ReplacementChar:
		return -1, blank
	}
	return r, false
}

// Rune folds width, case and script variant of one character.
func Rune(r rune) rune {
	switch {
	case r >= firstHan && r <= lastHan:
		return rune(simplified[r-firstHan])
	case r >= 0xFF01 && r <= 0xFFEE, r == 0x3000:
		for _, f := range width.Fold.String(string(r)) {
			r = f
		}
	}
	return unicode.ToLower(r)
}

const (
	firstHan = 0x4E00
	lastHan  = 0x9FFF
)

// simplified maps Chinese characters to their Simplified form (OpenCC's table, one character at a time).
var simplified = table()

func table() (t [lastHan - firstHan + 1]uint16) {
	convert, err := opencc.New("t2s")
	for i := range t {
		t[i] = uint16(firstHan + i)
		if err != nil {
			continue
		}
		out, err := convert.Convert(string(rune(firstHan + i)))
		if rs := []rune(out); err == nil && len(rs) == 1 && rs[0] >= firstHan && rs[0] <= lastHan {
			t[i] = uint16(rs[0])
		}
	}
	return t
}

// alikes are letters that look like a Latin one, lower case.
var alikes = map[rune]rune{'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'һ': 'h', 'і': 'i', 'ј': 'j', 'к': 'k', 'м': 'm', 'н': 'h', 'о': 'o', 'р': 'p',
	'ѕ': 's', 'т': 't', 'у': 'y', 'х': 'x', 'α': 'a', 'ε': 'e', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x'}

// lookAlikes mends words that mix Latin letters with letters that only look like them (invariant D).
func lookAlikes(s string) string {
	words := strings.SplitAfter(s, " ")
	for i, w := range words {
		if !strings.ContainsFunc(w, func(r rune) bool { return r >= 'a' && r <= 'z' }) {
			continue
		}
		words[i] = strings.Map(func(r rune) rune {
			if to, ok := alikes[r]; ok {
				return to
			}
			return r
		}, w)
	}
	return strings.Join(words, "")
}
