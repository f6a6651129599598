package textmodel

import (
	"math"
)

// scopeShare is the share of out-of-scope texts that probabilities assume of a desk.
const scopeShare = 0.1

// defaultScope are the logistic weights where training had too few out-of-scope texts to learn them.
var defaultScope = scopeWeights{0.5, 0.6, 0.5, 2}

// fewOOS is the number of out-of-scope texts below which no weights are learned from them.
const fewOOS = 20

// Finish joins the results of all jobs, in the order of the jobs, to a model calibrated on texts the measured nets had not seen.
// It gives the model and its file.
func (p *Plan) Finish(rs []Result) (*Model, []byte, error) {
	m := &Model{lexicon: p.lexicon, vocabulary: rs[0].vocabulary, nets: rs[0].nets, topicOf: p.topicOf}
	m.Info = Info{Format: Format, Digest: Digest(p.examples), Examples: len(p.examples), Seed: p.Seed, Labels: p.labels, Topics: p.topics, Embeddings: p.Embeddings, Dense: p.dense}
	for _, doc := range p.docs {
		m.prints = append(m.prints, fingerprint(doc))
	}
	m.plain = p.calibrate(rs, 0)
	if p.dense > 0 {
		m.withDense = p.calibrate(rs, 1)
	}
	m.Metrics = p.measure(rs, m)
	file, err := m.Encode()
	if err != nil {
		return nil, nil, err
	}
	m, err = Decode(file)
	return m, file, err
}

// calibrate finds the temperature (Guo et al. 2017) and the weights of the out-of-scope signals (Platt 1999).
func (p *Plan) calibrate(rs []Result, which int) blend {
	b := blend{Temperature: 1, Scope: defaultScope}
	loss := func(t float64) float64 {
		sum := 0.0
		b.Temperature = t
		p.held(rs, which, func(e Example, a answer) {
			if e.Topic != OutOfScope {
				j := b.judge(a, p.topicOf, len(p.topics))
				sum -= math.Log(max(j.Topics[p.topic(e.Topic)], 1e-9))
			}
		})
		return sum
	}
	b.Temperature = minimize(loss, 0.2, 4)
	var xs []scopeWeights
	var in []bool
	outs := 0
	p.held(rs, which, func(e Example, a answer) {
		xs = append(xs, b.judge(a, p.topicOf, len(p.topics)).signals)
		in = append(in, e.Topic != OutOfScope)
		if e.Topic == OutOfScope {
			outs++
		}
	})
	if outs >= fewOOS {
		b.Scope = logistic(xs, in, (1-scopeShare)/float64(len(in)-outs), scopeShare/float64(outs))
	}
	return b
}

// held visits the texts that nets answered without having seen them.
func (p *Plan) held(rs []Result, which int, visit func(Example, answer)) {
	for _, r := range rs {
		for k, i := range r.held {
			visit(p.examples[i], r.answers[which][k])
		}
	}
}

func (p *Plan) topic(name string) int {
	for i, t := range p.topics {
		if t == name {
			return i
		}
	}
	return -1
}

// minimize searches a minimum between two bounds by golden sections.
func minimize(f func(float64) float64, a, b float64) float64 {
	g := (math.Sqrt(5) - 1) / 2
	for range 24 {
		c, d := b-g*(b-a), a+g*(b-a)
		if f(c) < f(d) {
			b = d
		} else {
			a = c
		}
	}
	return (a + b) / 2
}

// logistic fits weights so that 1/(1+exp(−w·x)) is the probability of being in scope, by
// Newton's method with a small ridge. Each side has its own weight a text.
func logistic(xs []scopeWeights, in []bool, wIn, wOut float64) scopeWeights {
	var w scopeWeights
	for range 30 {
		var g scopeWeights
		var h [len(scopeWeights{})]scopeWeights
		for i, x := range xs {
			z := 0.0
			for j := range x {
				z += w[j] * x[j]
			}
			q, share, y := 1/(1+math.Exp(-z)), wOut, 0.0
			if in[i] {
				share, y = wIn, 1
			}
			for j := range x {
				g[j] += share * (y - q) * x[j]
				for k := range x {
					h[j][k] += share * q * (1 - q) * x[j] * x[k]
				}
			}
		}
		for j := range w {
			g[j] -= 1e-4 * w[j]
			h[j][j] += 1e-4
		}
		step := solve(h, g)
		for j := range w {
			w[j] += step[j]
		}
	}
	return w
}

// solve solves h·x = g for a symmetric positive h by Gauss elimination.
func solve(h [len(scopeWeights{})]scopeWeights, g scopeWeights) scopeWeights {
	for i := range g {
		for r := i + 1; r < len(g); r++ {
			f := h[r][i] / h[i][i]
			for c := i; c < len(g); c++ {
				h[r][c] -= f * h[i][c]
			}
			g[r] -= f * g[i]
		}
	}
	for i := len(g) - 1; i >= 0; i-- {
		for c := i + 1; c < len(g); c++ {
			g[i] -= h[i][c] * g[c]
		}
		g[i] /= h[i][i]
	}
	return g
}

// measure is how the calibrated answers did on texts the nets had not seen.
func (p *Plan) measure(rs []Result, m *Model) Metrics {
	which, b := 0, m.plain
	if p.dense > 0 {
		which, b = 1, m.withDense
	}
	var s Score
	p.held(rs, which, func(e Example, a answer) {
		j := b.judge(a, p.topicOf, len(p.topics))
		j.Topic = p.topics[j.best]
		s.Add(e.Topic, "", j, false, false)
	})
	r := s.Report()
	return Metrics{N: r.N, Accuracy: r.Accuracy, ECE: r.ECE, OOS: s.out}
}
