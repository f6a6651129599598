package textmodel

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// OutOfScope is the label of texts that are about none of the topics.
const OutOfScope = "oos"

// Label is what a text can be: a topic and, where it has some, one of its sub-topics.
type Label struct {
	Topic    string `json:"topic"`
	Subtopic string `json:"subtopic,omitempty"`
}

// Model is a trained text model. It does not change; any number of goroutines may use it.
type Model struct {
	Info
	lexicon    *lexicon
	vocabulary *vocabulary
	nets       []quantized
	plain      blend    // of the nets that see only the text
	withDense  blend    // of all nets, where the text has a vector
	prints     []uint64 // fingerprints of the training texts
	version    string
	topicOf    []int // label → index in Topics; -1: out of scope
}

// Version names the model: the same bytes, the same version.
func (m *Model) Version() string { return m.version }

// Info is what a model says of itself.
type Info struct {
	Format     int      `json:"format"`
	Digest     string   `json:"digest"` // of the training examples
	Examples   int      `json:"examples"`
	Seed       uint64   `json:"seed"`
	Labels     []Label  `json:"labels"`
	Topics     []string `json:"topics"`               // in scope, in order
	Embeddings string   `json:"embeddings,omitempty"` // id of the embeddings model whose vectors it may use
	Dense      int      `json:"dense,omitempty"`      // their length
	Metrics    Metrics  `json:"metrics"`              // on texts that the measured nets had not seen
}

// Metrics is how well a model did on texts it had not seen; shares from 0 to 1.
type Metrics struct {
	N        int     `json:"n"`
	Accuracy float64 `json:"accuracy"`
	ECE      float64 `json:"ece"`
	OOS      int     `json:"oos"`
}

// blend joins the nets' answers and makes probabilities of them.
type blend struct {
	Temperature float64      `json:"temperature"`
	Scope       scopeWeights `json:"scope"` // logistic weights of the signals
}

// Prediction is a text's topics. Topic is the best one in scope.
type Prediction struct {
	Topic      string
	Subtopic   string
	Confidence float64 // that Topic is right, given that the text is in scope
	OutOfScope float64 // probability
	Topics     []float64
	Words      []string // that spoke most for Topic, as they stand in the folded text

	best, leaf int
	labels     []float64
	signals    scopeWeights
}

// Sure is the probability that the topic is right and the text in scope at all.
func (p Prediction) Sure() float64 { return p.Confidence * (1 - p.OutOfScope) }

// Predict says what a text is about. vec is its vector by the embeddings model named in
// Info, nil if there is none: then the text alone decides.
func (m *Model) Predict(text string, vec []float32) Prediction {
	s := prepare(text)
	fs := m.lexicon.extract(s)
	v := m.vocabulary.vector(fs)
	b := m.plain
	if m.Dense > 0 && len(vec) == m.Dense {
		v.dense, b = vec, m.withDense
	}
	p := b.judge(ask(m.nets, v), m.topicOf, len(m.Topics))
	p.Topic = m.Topics[p.best]
	for i, t := range m.topicOf {
		if t == p.best && (p.Subtopic == "" || p.labels[i] > p.labels[p.leaf]) {
			p.leaf, p.Subtopic = i, m.Labels[i].Subtopic
		}
	}
	p.Words = m.words(s, fs, v, p)
	return p
}

// answer is what the nets say of a text.
type answer struct {
	logs     []float64 // mean of the nets' log-probabilities, by label
	known    float64   // share of the text that training has seen
	evidence float64   // the linear member's highest score
	lowest   []float64 // the lowest log-probability that a member gives, by label
}

// ask asks the nets that were made for what the vector has: the text alone, or an embedding too.
func ask(nets []quantized, v vector) answer {
	a := answer{logs: make([]float64, nets[0].labels), lowest: make([]float64, nets[0].labels), known: float64(v.known)}
	x := make([]float32, nets[0].labels)
	n := 0.0
	for i := range nets {
		if (nets[i].denseFrom >= 0) != (v.dense != nil) {
			continue
		}
		nets[i].logits(v, x)
		if n == 0 {
			a.evidence = float64(slices.Max(x))
		}
		addLogSoftmax(a.logs, a.lowest, x)
		n++
	}
	for i := range a.logs {
		a.logs[i] /= n
	}
	return a
}

func addLogSoftmax(sum, lowest []float64, x []float32) {
	most, total := slices.Max(x), 0.0
	for _, v := range x {
		total += math.Exp(float64(v - most))
	}
	all := float64(most) + math.Log(total)
	for i, v := range x {
		sum[i] += float64(v) - all
		lowest[i] = min(lowest[i], float64(v)-all)
	}
}

// judge makes topics of labels, tempers them and says how likely the text is out of scope.
func (b blend) judge(a answer, topicOf []int, topics int) Prediction {
	p := Prediction{Topics: make([]float64, topics), labels: make([]float64, len(a.logs))}
	most := slices.Max(a.logs)
	out, all := 0.0, 0.0
	for i, x := range a.logs {
		e := math.Exp((x - most) / b.Temperature)
		p.labels[i] = e
		if t := topicOf[i]; t >= 0 {
			p.Topics[t] += e
			all += e
		} else {
			out += e
		}
	}
	for t := range p.Topics {
		if p.Topics[t] > p.Topics[p.best] {
			p.best = t
		}
	}
	top := p.Topics[p.best]
	for t := range p.Topics {
		p.Topics[t] /= all
	}
	p.Confidence = p.Topics[p.best]
	p.signals = signals(top, out, p.Confidence, a, topicOf, p.best)
	p.OutOfScope = b.outOfScope(p.signals)
	return p
}

// scopeWeights are weights or values of the signals that tell what is in scope.
type scopeWeights [6]float64

// signals are what speaks for a text being in scope: the margin of the best topic over the
// trained negatives, its share among topics, how much of the text is known from training, how
// strongly its features speak for anything, and whether the members agree.
func signals(top, out, confidence float64, a answer, topicOf []int, best int) scopeWeights {
	margin := 0.0
	if out > 0 {
		margin = min(max(math.Log(top/out), -8), 8)
	}
	agree := -8.0
	for i, t := range topicOf {
		if t == best {
			agree = max(agree, a.lowest[i])
		}
	}
	return scopeWeights{1, margin, logit(confidence), a.known, a.evidence, agree}
}

func logit(p float64) float64 {
	p = min(max(p, 1e-4), 1-1e-4)
	return math.Log(p / (1 - p))
}

func (b blend) outOfScope(s scopeWeights) float64 {
	z := 0.0
	for i, w := range b.Scope {
		z += w * s[i]
	}
	return 1 / (1 + math.Exp(z))
}

// span is a part of a text and how much it speaks for a topic.
type span struct {
	from, to int32
	score    float64
}

// words are the words and phrases of a text that speak most for its topic, by the linear model.
func (m *Model) words(s string, fs []found, v vector, p Prediction) []string {
	scores := m.scores(v, p)
	all := make([]span, 0, len(fs)/4)
	for i, f := range fs {
		if at := v.places[i]; f.from >= 0 && f.block != blockContent && at >= 0 && scores[at] > 0 {
			all = append(all, span{f.from, f.to, scores[at]})
		}
	}
	slices.SortFunc(all, func(a, b span) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	var out []string
	var taken []span
	for _, x := range all {
		if len(out) == maxWords {
			break
		}
		words := s[x.from:x.to]
		if says(words) && !slices.Contains(out, words) && !slices.ContainsFunc(taken, func(t span) bool { return x.from < t.to && t.from < x.to }) {
			taken = append(taken, x)
			out = append(out, words)
		}
	}
	return out
}

// scores is how much each weight of a text speaks for its topic: its label's weight over the mean of all labels.
func (m *Model) scores(v vector, p Prediction) []float64 {
	share := make([]float64, len(m.Labels)) // of the topic's labels; less the mean
	inTopic := 0.0
	for i, t := range m.topicOf {
		if t == p.best {
			inTopic += p.labels[i]
		}
	}
	for i, t := range m.topicOf {
		share[i] = -1 / float64(len(share))
		if t == p.best {
			share[i] += p.labels[i] / inTopic
		}
	}
	out := make([]float64, len(v.weights))
	for i, w := range v.weights {
		sum := 0.0
		for j, q := range m.nets[0].rowOf(w.feature) {
			sum += float64(q) * share[j]
		}
		out[i] = sum * float64(m.nets[0].scale[w.feature]*w.value)
	}
	return out
}

// says reports whether words tell a reader something: no mark, small word or single letter does.
func says(words string) bool {
	if stopWords[words] || len(words) < 2 {
		return false
	}
	return strings.IndexFunc(words, unicode.IsLetter) >= 0
}

// maxWords bounds the words given as a reason.
const maxWords = 4
