package textmodel

import "strings"

// Plain is the common baseline to compare with: one support vector machine a topic over
// lower-case words, pairs of words and character n-grams by tf-idf, nothing else.
type Plain struct {
	vocabulary *vocabulary
	net        net
	labels     []string
}

// TrainPlain trains the baseline on the same examples as a Plan.
func TrainPlain(examples []Example, seed uint64) *Plain {
	p := &Plain{}
	at := map[string]int32{}
	docs := make([][]found, len(examples))
	samples := make([]sample, len(examples))
	for i, e := range examples {
		if _, ok := at[e.Topic]; !ok {
			at[e.Topic] = int32(len(p.labels))
			p.labels = append(p.labels, e.Topic)
		}
		docs[i] = plainFeatures(e.Text)
		samples[i].labels = []int32{at[e.Topic]}
	}
	p.vocabulary = newVocabulary(docs, len(docs)*200)
	for i := range samples {
		samples[i].vector = p.vocabulary.vector(docs[i])
	}
	p.net, _ = trainSVM(samples, len(p.vocabulary.keys), len(p.labels), seed, func(float64) bool { return true })
	return p
}

// Predict is the topic of a text.
func (p *Plain) Predict(text string) string {
	x := append([]float32{}, p.net.inBias...)
	for _, w := range p.vocabulary.vector(plainFeatures(text)).weights {
		axpy(x, p.net.row(w.feature), w.value)
	}
	best := 0
	for i := range x {
		if x[i] > x[best] {
			best = i
		}
	}
	return p.labels[best]
}

func plainFeatures(text string) []found {
	s := strings.ToLower(text)
	var out []found
	last := uint32(0)
	for i, t := range tokens(s) {
		key := fnv(seedWord, s[t.from:t.to])
		out = append(out, found{block: blockWords, key: key})
		if i > 0 {
			out = append(out, found{block: blockWords, key: mix(mix(seedPair, last), key)})
		}
		last = key
		out = charGrams(out, s, t)
	}
	return out
}
