package classify

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"switchyard/router/policy"
)

// maxText bounds the characters looked at of one ticket.
const maxText = 8000

// phrase is one entry of a topic's word lists.
type phrase struct {
	text   string // normalized
	topic  int    // index in Ruleset.Topics
	weight float64
	latin  bool // whole words only
	open   bool // any ending: written with an asterisk
	shown  string
}

// Matcher finds all phrases of a policy in one pass over a text.
type Matcher struct {
	first map[string][]phrase // by the first three letters, or the first Chinese character
}

// NewMatcher compiles the word lists of a ruleset's topics.
func NewMatcher(rs *policy.Ruleset) *Matcher {
	m := &Matcher{first: map[string][]phrase{}}
	for i, t := range rs.Topics {
		for _, list := range t.Words {
			for _, w := range list.Any {
				p := phrase{topic: i, weight: list.Weight, shown: w}
				p.text = Normalize(strings.TrimSuffix(w, "*"))
				p.open = strings.HasSuffix(w, "*")
				r, _ := utf8.DecodeRuneInString(p.text)
				p.latin = !unicode.Is(unicode.Han, r)
				if p.text != "" {
					m.first[lead(p.text)] = append(m.first[lead(p.text)], p)
				}
			}
		}
	}
	return m
}

// lead is the key under which phrases that may begin here are found.
func lead(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if unicode.Is(unicode.Han, r) {
		return s[:n]
	}
	return s[:min(2, len(s))]
}

// Normalize folds width and case, typographic apostrophes and runs of blanks, and cuts at maxText characters.
func Normalize(s string) string {
	if len(s) > 4*maxText {
		s = strings.ToValidUTF8(s[:4*maxText], "")
	}
	var b strings.Builder
	b.Grow(len(s))
	blank, n := true, 0
	for _, r := range s {
		if n++; n > maxText {
			break
		}
		if r >= 0xFF01 && r <= 0xFF5E || r == 0x3000 {
			r, _ = utf8.DecodeRuneInString(width.Fold.String(string(r)))
		}
		switch {
		case r == '’' || r == '‘' || r == '`':
			r = '\''
		case unicode.IsSpace(r):
			if !blank {
				b.WriteByte(' ')
			}
			blank = true
			continue
		case unicode.Is(unicode.Cf, r): // zero-width characters and marks of direction
			continue
		}
		blank = false
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.TrimSpace(b.String())
}

// Hit is a phrase that was found.
type Hit struct {
	Topic  int
	Weight float64
	Phrase string
}

// Find gives each phrase that occurs in a normalized text, once, in the order of first occurrence.
func (m *Matcher) Find(text string) []Hit {
	var hits []Hit
	seen := map[string]bool{}
	prevWord := false
	for i, r := range text {
		word := isWord(r)
		if word && prevWord {
			continue // inside a Latin word: phrases begin at its start
		}
		prevWord = word
		for _, p := range m.first[lead(text[i:])] {
			if !seen[p.shown] && strings.HasPrefix(text[i:], p.text) && p.ends(text[i+len(p.text):]) {
				seen[p.shown] = true
				hits = append(hits, Hit{p.topic, p.weight, p.shown})
			}
		}
	}
	return hits
}

func isWord(r rune) bool {
	return !unicode.Is(unicode.Han, r) && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\'')
}

func (p phrase) ends(rest string) bool {
	if !p.latin || p.open || rest == "" {
		return true
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return !isWord(r)
}
