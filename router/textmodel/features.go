package textmodel

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"switchyard/router/fold"
)

// maxText bounds the characters looked at of one text.
const maxText = 8000

// The blocks of features. Each is scaled to length one by itself, so that the many
// character n-grams do not drown the few words.
const (
	blockWords    = iota // stems and Chinese characters, alone and in pairs of neighbors
	blockContent         // words that carry meaning, alone and with one of the next three
	blockChars           // character n-grams within words and Chinese runs
	blockConcepts        // concepts of the lexicon, alone and in pairs
	blocks
)

// token is a word, a number, a Chinese character or a mark of a folded text.
type token struct {
	from, to int // bytes
	kind     tokenKind
	key      uint32
	content  bool
}

type tokenKind uint8

const (
	kindWord tokenKind = iota
	kindNumber
	kindHan
	kindMark
)

// found is one occurrence of a feature: its block and key, and the bytes it covers.
type found struct {
	block    uint8
	key      uint32
	from, to int32
}

// fnv is the 32-bit FNV-1a hash, continued.
func fnv(h uint32, s string) uint32 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// The seeds keep features of different makes apart.
const (
	seedWord = 2166136261 + iota*7919
	seedPair
	seedContent
	seedSkip
	seedChars
	seedHan
	seedName
	seedConcept
)

// mix joins two hashes into one, order mattering.
func mix(a, b uint32) uint32 {
	h := uint64(a)*0x9E3779B97F4A7C15 ^ uint64(b)*0xC2B2AE3D27D4EB4F
	h ^= h >> 29
	h *= 0xBF58476D1CE4E5B9
	return uint32(h >> 32)
}

// tokens cuts a folded text.
func tokens(s string) []token {
	out := make([]token, 0, len(s)/4+4)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		from := i
		i += n
		switch {
		case unicode.Is(unicode.Han, r):
			out = append(out, token{from, i, kindHan, fnv(seedHan, s[from:i]), true})
		case r >= '0' && r <= '9':
			for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || s[i] == ',') {
				i++
			}
			out = append(out, token{from, i, kindNumber, mix(seedWord, uint32(min(i-from, 7))), false})
		case unicode.IsLetter(r):
			for i < len(s) {
				r, n := utf8.DecodeRuneInString(s[i:])
				if !(unicode.IsLetter(r) && !unicode.Is(unicode.Han, r) || r == '\'' || r >= '0' && r <= '9') {
					break
				}
				i += n
			}
			w := s[from:i]
			out = append(out, token{from, i, kindWord, fnv(seedWord, stem(w)), !stopWords[w]})
		case unicode.IsSpace(r):
		default:
			out = append(out, token{from, i, kindMark, fnv(seedWord, s[from:i]), false})
		}
	}
	return out
}

// extract finds the features of a folded text.
func (l *lexicon) extract(s string) []found {
	ts := tokens(s)
	out := make([]found, 0, 6*len(s)+16)
	for i, t := range ts {
		out = append(out, found{blockWords, t.key, int32(t.from), int32(t.to)})
		if i > 0 {
			out = append(out, found{blockWords, mix(mix(seedPair, ts[i-1].key), t.key), int32(ts[i-1].from), int32(t.to)})
		}
	}
	out = content(out, ts)
	out = l.find(out, ts)
	for i := 0; i < len(ts); i++ {
		switch ts[i].kind {
		case kindWord, kindNumber, kindMark:
			out = charGrams(out, s, ts[i])
		case kindHan:
			j := i
			for j+1 < len(ts) && ts[j+1].kind == kindHan && ts[j+1].from == ts[j].to {
				j++
			}
			out = hanGrams(out, s, ts[i:j+1])
			i = j
		}
	}
	return out
}

// skip is how far the partner of a pair of content words may be, in content words.
const skip = 3

// content pairs the words that carry meaning, whatever small words stand between them. A
// Chinese item is two neighboring characters; two items that overlap make no pair.
func content(out []found, ts []token) []found {
	items := make([]token, 0, len(ts))
	for i, t := range ts {
		switch {
		case t.kind == kindHan && i+1 < len(ts) && ts[i+1].kind == kindHan && ts[i+1].from == t.to:
			items = append(items, token{t.from, ts[i+1].to, kindHan, mix(t.key, ts[i+1].key), true})
		case t.kind == kindWord && t.content:
			items = append(items, t)
		}
	}
	for i, a := range items {
		out = append(out, found{blockContent, mix(seedContent, a.key), int32(a.from), int32(a.to)})
		for _, b := range items[i+1 : min(len(items), i+1+skip)] {
			if b.from >= a.to {
				out = append(out, found{blockContent, mix(mix(seedSkip, a.key), b.key), int32(a.from), int32(b.to)})
			}
		}
	}
	return out
}

// charGrams adds the 2- to 5-grams of a word with a blank at each end.
func charGrams(out []found, s string, t token) []found {
	w := " " + s[t.from:t.to] + " "
	if len(w) > 40 {
		w = w[:40]
	}
	for i := 0; i < len(w); i++ {
		h := uint32(seedChars)
		for n, j := 1, i; n <= 5 && j < len(w); n, j = n+1, j+1 {
			h = (h ^ uint32(w[j])) * 16777619
			if n > 1 {
				out = append(out, found{block: blockChars, key: h, from: -1})
			}
		}
	}
	return out
}

// hanGrams adds the 2- to 4-grams of a run of Chinese characters.
func hanGrams(out []found, s string, run []token) []found {
	for i := range run {
		h := uint32(seedHan)
		for j := i; j < len(run) && j < i+4; j++ {
			h = fnv(h, s[run[j].from:run[j].to])
			if j > i {
				out = append(out, found{blockChars, h, int32(run[i].from), int32(run[j].to)})
			}
		}
	}
	return out
}

// stem cuts the common endings of English words, so that their forms meet.
func stem(w string) string {
	w = strings.TrimSuffix(strings.TrimSuffix(w, "'"), "'s")
	n := len(w)
	switch {
	case n > 4 && strings.HasSuffix(w, "ies"):
		return w[:n-3] + "y"
	case n > 5 && strings.HasSuffix(w, "ing"):
		return undouble(w[:n-3])
	case n > 4 && strings.HasSuffix(w, "ied"):
		return w[:n-3] + "y"
	case n > 4 && strings.HasSuffix(w, "ed"):
		return undouble(w[:n-2])
	case n > 4 && strings.HasSuffix(w, "es") && strings.ContainsRune("sxzho", rune(w[n-3])):
		return w[:n-2]
	case n > 3 && w[n-1] == 's' && w[n-2] != 's' && w[n-2] != 'u' && w[n-2] != 'i':
		return undouble(w[:n-1])
	case n > 5 && strings.HasSuffix(w, "ly"):
		return w[:n-2]
	}
	return undouble(w)
}

// undouble drops a doubled last consonant and a silent e.
func undouble(w string) string {
	n := len(w)
	if n > 4 && w[n-1] == 'e' {
		return w[:n-1]
	}
	if n > 3 && w[n-1] == w[n-2] && w[n-1] != 'l' && w[n-1] != 's' {
		return w[:n-1]
	}
	return w
}

// stopWords carry little meaning by themselves.
var stopWords = set("a an the is am are was were be been i my me to of and in on it its this that with for at your you do does did have has had can could will would should please")

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// prepare folds a text for extract.
func prepare(text string) string { return fold.Text(text, maxText) }

// sublinear is 1 + ln(count), the usual damping of repeated features.
func sublinear(n int) float32 { return float32(1 + math.Log(float64(n))) }
