package classify

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"switchyard/router/fold"
)

// folded is the beginning of a text, at most maxText characters, in half width, lower case and
// simplified characters, with the way back to what was written.
type folded struct {
	text   string
	raw    string
	shifts []shift // in order; none where both are the same
}

// shift says that from a byte of the folded text on, the raw one is so many bytes further.
type shift struct{ at, by int32 }

// foldRaw folds, and knows the way back. Line breaks stay, other blanks become a space each, invisible characters go.
func foldRaw(raw string) folded {
	out := make([]byte, 0, min(len(raw), 3*maxText)+utf8.UTFMax)
	f := folded{raw: raw}
	by, i := 0, 0
	for n := 0; i < len(raw) && n < maxText; n++ {
		if i-len(out) != by {
			by = i - len(out)
			f.shifts = append(f.shifts, shift{int32(len(out)), int32(by)})
		}
		if c := raw[i]; c < utf8.RuneSelf {
			out = append(out, foldByte(c))
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(raw[i:])
		if size == 3 && isHan(r) && fold.Rune(r) == r {
			out = append(out, raw[i], raw[i+1], raw[i+2])
		} else if q := foldRune(r); q >= 0 {
			out = utf8.AppendRune(out, q)
		}
		i += size
	}
	if i-len(out) != by {
		f.shifts = append(f.shifts, shift{int32(len(out)), int32(i - len(out))})
	}
	f.text = string(out)
	return f
}

func foldByte(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c + 'a' - 'A'
	case c == '\t' || c == '\r' || c == '\v' || c == '\f':
		return ' '
	case c == '`':
		return '\''
	}
	return c
}

// foldRune gives the character that stands for r, or -1 if nothing does.
func foldRune(r rune) rune {
	switch {
	case isHan(r):
		return fold.Rune(r)
	case r >= 0xFF01 && r <= 0xFF5E:
		r -= 0xFEE0
	case r == 0xFFE5:
		return '¥'
	case r == 0xFFE1:
		return '£'
	case r == '’' || r == '‘' || r == '′':
		return '\''
	case r >= 0x2010 && r <= 0x2015 || r == 0x2212:
		return '-'
	case r == '●' || r == '∙' || r == '⋅':
		return '•'
	case r == 0x2028 || r == 0x2029 || r == 0x85:
		return '\n'
	case unicode.IsSpace(r):
		return ' '
	case unicode.Is(unicode.Cf, r):
		return -1
	}
	return unicode.ToLower(r)
}

// origin is the byte of the raw text at which the character at a byte of the folded one came from.
func (f folded) origin(i int) int {
	n := sort.Search(len(f.shifts), func(k int) bool { return int(f.shifts[k].at) > i })
	if n == 0 {
		return i
	}
	return i + int(f.shifts[n-1].by)
}

// written are the words as they stand in the raw text, without invisible characters.
func (f folded) written(from, to int) string {
	words := f.raw[f.origin(from):f.origin(to)]
	if f.shifts == nil {
		return words
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(words, ""))
}

// capital reports whether the letter at i was written as a capital.
func (f folded) capital(i int) bool {
	c := f.raw[f.origin(i)]
	return c >= 'A' && c <= 'Z'
}

// runeSet is a set of characters of the basic plane.
type runeSet [1024]uint64

func (s *runeSet) add(r rune) { s[r>>6&1023] |= 1 << (r & 63) }

func (s *runeSet) has(r rune) bool { return r < 0x10000 && s[r>>6]&(1<<(r&63)) != 0 }

func setOf(chars string) *runeSet {
	s := &runeSet{}
	for _, r := range chars {
		s.add(r)
	}
	return s
}

func isHan(r rune) bool {
	return r >= 0x4E00 && r <= 0x9FFF || r >= 0x3400 && r <= 0x4DBF || r == '〇' || r >= 0x20000 && r <= 0x323AF
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }

func isAlnum(c byte) bool { return isLower(c) || isDigit(c) }

// wordEnd is where the Latin word at i ends; an apostrophe or letters with accents do not end it.
func wordEnd(s string, i int) int {
	for i < len(s) {
		c := s[i]
		switch {
		case isAlnum(c) || c == '_' || c == '\'' && i+1 < len(s) && isLower(s[i+1]):
			i++
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			if isHan(r) || !unicode.Is(unicode.Latin, r) && !unicode.Is(unicode.Mn, r) {
				return i
			}
			i += size
		default:
			return i
		}
	}
	return i
}

// phrases finds which of many phrases begins at a place of a folded text. Latin ones match whole words.
type phrases[T any] struct {
	leads  runeSet // the first Chinese characters
	han    map[rune][]phraseOf[T]
	latin  map[string][]phraseOf[T] // by the first word
	longer int                      // bytes of the longest first word
}

type phraseOf[T any] struct {
	text string
	what T
}

// lexicon makes phrases of lists, in which a bar parts one phrase from the next.
func lexicon[T any](add func(put func(what T, list string))) *phrases[T] {
	p := &phrases[T]{han: map[rune][]phraseOf[T]{}, latin: map[string][]phraseOf[T]{}}
	add(func(what T, list string) {
		for text := range strings.SplitSeq(list, "|") {
			if r, _ := utf8.DecodeRuneInString(text); isHan(r) {
				p.leads.add(r)
				p.han[r] = append(p.han[r], phraseOf[T]{text, what})
				continue
			}
			word := text[:wordEnd(text, 0)]
			p.latin[word] = append(p.latin[word], phraseOf[T]{text, what})
			p.longer = max(p.longer, len(word))
		}
	})
	byLength := func(list []phraseOf[T]) {
		sort.SliceStable(list, func(a, b int) bool { return len(list[a].text) > len(list[b].text) })
	}
	for _, list := range p.han {
		byLength(list)
	}
	for _, list := range p.latin {
		byLength(list)
	}
	return p
}

// atHan gives the longest phrase that begins with the Chinese character r at i, and where it ends.
func (p *phrases[T]) atHan(s string, i int, r rune) (what T, end int, ok bool) {
	if !p.leads.has(r) {
		return what, i, false
	}
	for _, x := range p.han[r] {
		if strings.HasPrefix(s[i:], x.text) {
			return x.what, i + len(x.text), true
		}
	}
	return what, i, false
}

// atWord gives the longest phrase that begins with the Latin word from i to end.
func (p *phrases[T]) atWord(s string, i, end int) (what T, to int, ok bool) {
	if end-i > p.longer {
		return what, i, false
	}
	for _, x := range p.latin[s[i:end]] {
		if to := i + len(x.text); strings.HasPrefix(s[i:], x.text) && wordEnd(s, to) == to {
			return x.what, to, true
		}
	}
	return what, i, false
}

// at gives the longest phrase at i, of either script.
func (p *phrases[T]) at(s string, i int) (what T, end int, ok bool) {
	if i >= len(s) {
		return what, i, false
	}
	if r, _ := utf8.DecodeRuneInString(s[i:]); isHan(r) {
		return p.atHan(s, i, r)
	}
	return p.atWord(s, i, wordEnd(s, i))
}

// blanks skips at most n spaces.
func blanks(s string, i, n int) int {
	for ; n > 0 && i < len(s) && s[i] == ' '; n-- {
		i++
	}
	return i
}

// cut takes the first of the prefixes that stands at i off.
func cut(s string, i int, prefixes ...string) (int, bool) {
	for _, p := range prefixes {
		if strings.HasPrefix(s[i:], p) {
			return i + len(p), true
		}
	}
	return i, false
}

// runeAt is the character at i, 0 at the end.
func runeAt(s string, i int) rune {
	if i >= len(s) {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return r
}

// nextWord is the Latin word after blanks at i.
func nextWord(s string, i int) string {
	i = blanks(s, i, 2)
	return s[i:wordEnd(s, i)]
}

// prevWord is the Latin word that ends before i, blanks and a few marks left out.
func prevWord(s string, i int) string {
	least := max(0, i-28)
	for i > least && (s[i-1] == ' ' || s[i-1] == ':' || s[i-1] == '#') {
		i--
	}
	end := i
	for i > least && (isAlnum(s[i-1]) || s[i-1] == '\'') {
		i--
	}
	return s[i:end]
}
