package store

import (
	"strings"
	"unicode"
)

// maxTerms bounds the search terms of one text.
const maxTerms = 400

// Terms makes the search terms of a text: words in lower case, and for Chinese
// every pair of neighboring characters. The same function makes the terms of a query,
// so that both stores search alike. A query of a single Chinese character has no term.
func Terms(text string) []string {
	seen := map[string]bool{}
	var out []string
	add := func(s string) {
		if s != "" && !seen[s] && len(out) < maxTerms {
			seen[s] = true
			out = append(out, s)
		}
	}
	var word []rune
	var han rune
	flush := func() {
		if len(word) > 1 && len(word) <= 40 {
			add(string(word))
		}
		word = word[:0]
	}
	for _, r := range strings.ToLower(text) {
		switch {
		case unicode.Is(unicode.Han, r):
			flush()
			if han != 0 {
				add(string([]rune{han, r}))
			}
			han = r
			continue
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			word = append(word, r)
		default:
			flush()
		}
		han = 0
	}
	flush()
	return out
}
