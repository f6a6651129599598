package textmodel

import (
	_ "embed"
	"strings"
)

//go:embed concepts.txt
var conceptsText string

// lexicon finds concepts: phrases in either language that mean the same.
type lexicon struct {
	text    string
	longest map[uint32]int      // first token → tokens of the longest phrase that begins with it
	phrases map[uint32][]uint32 // hash of a phrase's tokens → keys of its concepts
}

// maxPhrase bounds the tokens of a phrase.
const maxPhrase = 8

// newLexicon reads lines "name: phrase, phrase"; lines that begin with # are remarks.
func newLexicon(text string) *lexicon {
	l := &lexicon{text: text, longest: map[uint32]int{}, phrases: map[uint32][]uint32{}}
	for line := range strings.Lines(text) {
		concept, list, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		key := fnv(seedConcept, concept)
		for phrase := range strings.SplitSeq(list, ",") {
			ts := tokens(prepare(phrase))
			if len(ts) == 0 || len(ts) > maxPhrase {
				continue
			}
			h := uint32(seedConcept)
			for _, t := range ts {
				h = mix(h, t.key)
			}
			l.longest[ts[0].key] = max(l.longest[ts[0].key], len(ts))
			l.phrases[h] = append(l.phrases[h], key)
		}
	}
	return l
}

// near is how many concepts further on the partner of a pair may be.
const near = 5

// find adds the concepts of a text, and pairs of concepts that stand near each other in either order.
func (l *lexicon) find(out []found, ts []token) []found {
	var hits []found
	for i, t := range ts {
		h := uint32(seedConcept)
		for n := 0; n < l.longest[t.key] && i+n < len(ts); n++ {
			h = mix(h, ts[i+n].key)
			for _, c := range l.phrases[h] {
				hits = append(hits, found{blockConcepts, c, int32(t.from), int32(ts[i+n].to)})
			}
		}
	}
	out = append(out, hits...)
	for i, a := range hits {
		for _, b := range hits[i+1 : min(len(hits), i+1+near)] {
			if a.key != b.key {
				out = append(out, found{blockConcepts, mix(seedPair, min(a.key, b.key)) ^ max(a.key, b.key), -1, -1})
			}
		}
	}
	return out
}
