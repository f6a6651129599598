package textmodel

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"

	"switchyard/router"
)

// Example is one labelled text. Topic OutOfScope is reserved; Subtopic may be unknown.
type Example struct {
	Text     string
	Topic    string
	Subtopic string
	Vector   []float32 // by an embeddings model; all examples have one, or none
	Line     int       // where it came from, for errors
}

// Plan is a training run cut into steps that may run side by side: Run for each job, then Finish.
type Plan struct {
	examples []Example
	lexicon  *lexicon
	docs     [][]found
	labels   []Label
	topics   []string
	topicOf  []int
	folds    []int // of each example
	jobs     int
	dense    int
	Options
}

// Options of a training run. Noise adds a copy of each text with slips of the fingers: it helps
// where people type in a hurry, not on clean texts. Without leaves parts out, to see what they bring.
type Options struct {
	Noise      bool
	Seed       uint64
	Embeddings string // id of the model that made the examples' vectors; empty: they have none
	Without    map[Part]bool
}

// Part is a part of the model that an ablation can leave out.
type Part string

// The parts of the model.
const (
	PartContent  Part = "content pairs"
	PartChars    Part = "character n-grams"
	PartConcepts Part = "concepts"
	PartNames    Part = "label names"
	PartSVM      Part = "support vector member"
	PartNetworks Part = "networks"
)

// Parts are all parts that can be left out.
func Parts() []Part {
	return []Part{PartContent, PartChars, PartConcepts, PartNames, PartSVM, PartNetworks}
}

// reads reports whether a block of features is used.
func (o Options) reads(block uint8) bool {
	switch block {
	case blockContent:
		return !o.Without[PartContent]
	case blockChars:
		return !o.Without[PartChars]
	case blockConcepts:
		return !o.Without[PartConcepts]
	}
	return true
}

// smallSet is the number of examples up to which all five folds are trained to calibrate on; above it one is enough.
const smallSet = 4000

// NewPlan checks the examples and cuts the work. Errors name the lines.
func NewPlan(examples []Example, o Options) (*Plan, error) {
	p := &Plan{examples: examples, Options: o, jobs: 6, lexicon: newLexicon(conceptsText)}
	if len(examples) > smallSet {
		p.jobs = 2
	}
	if err := p.label(); err != nil {
		return nil, err
	}
	p.docs = make([][]found, len(examples))
	p.folds = make([]int, len(examples))
	for i, e := range examples {
		p.docs[i] = p.extract(e.Text)
		p.folds[i] = int(fnv(seedName, prepare(e.Text)) % 5)
	}
	if len(examples) > 0 {
		p.dense = len(examples[0].Vector)
	}
	return p, nil
}

// extract finds the features that this run reads.
func (p *Plan) extract(text string) []found {
	return slices.DeleteFunc(p.lexicon.extract(prepare(text)), func(f found) bool { return !p.reads(f.block) })
}

// label lists topics and labels in the order of their names, out of scope last.
func (p *Plan) label() error {
	seen := map[Label]bool{}
	for _, e := range p.examples {
		if e.Topic == "" {
			return router.FailField("train", "topic", "line %d: the topic is missing", e.Line)
		}
		seen[Label{e.Topic, e.Subtopic}] = true
	}
	for l := range seen {
		if l.Subtopic == "" && l.Topic != OutOfScope && p.hasSubtopics(l.Topic) {
			continue // a text whose sub-topic is unknown
		}
		p.labels = append(p.labels, l)
	}
	sort.Slice(p.labels, func(i, j int) bool {
		a, b := p.labels[i], p.labels[j]
		if (a.Topic == OutOfScope) != (b.Topic == OutOfScope) {
			return b.Topic == OutOfScope
		}
		return a.Topic < b.Topic || a.Topic == b.Topic && a.Subtopic < b.Subtopic
	})
	for _, l := range p.labels {
		if l.Topic == OutOfScope {
			p.topicOf = append(p.topicOf, -1)
			continue
		}
		if n := len(p.topics); n == 0 || p.topics[n-1] != l.Topic {
			p.topics = append(p.topics, l.Topic)
		}
		p.topicOf = append(p.topicOf, len(p.topics)-1)
	}
	if len(p.topics) < 2 {
		return router.FailField("train", "topic", "there is only one topic (%s): nothing to tell apart", strings.Join(p.topics, ""))
	}
	return nil
}

func (p *Plan) hasSubtopics(topic string) bool {
	for _, e := range p.examples {
		if e.Topic == topic && e.Subtopic != "" {
			return true
		}
	}
	return false
}

// Jobs is the number of steps that Run does; each may run beside the others.
func (p *Plan) Jobs() int { return p.jobs }

// Result is what a job gives: the whole model's parts (job 0), or the answers of nets that had
// not seen a fold for the texts of that fold.
type Result struct {
	vocabulary *vocabulary
	nets       []quantized
	held       []int
	answers    [2][]answer // plain, with dense
}

// Run does one job; progress hears its share done, 0–1, and ends the job by answering false. Job 0 trains on everything, job k leaves fold k−1 out.
func (p *Plan) Run(job int, progress func(float64) bool) Result {
	var docs [][]found
	var train []int
	r := Result{}
	for i := range p.examples {
		if job > 0 && p.folds[i] == job-1 {
			r.held = append(r.held, i)
			continue
		}
		docs, train = append(docs, p.docs[i]), append(train, i)
	}
	names, rng := p.names(), rand.New(rand.NewPCG(p.Seed, uint64(job)))
	r.vocabulary = newVocabulary(docs, vocabularySize(len(p.labels)))
	samples := make([]sample, 0, len(train)+len(names))
	for _, i := range train {
		samples = append(samples, sample{p.vector(r.vocabulary, i), p.allowed(p.examples[i])})
		if p.Noise {
			copied := sample{r.vocabulary.vector(p.extract(noisy(p.examples[i].Text, rng))), samples[len(samples)-1].labels}
			copied.dense = p.examples[i].Vector
			samples = append(samples, copied)
		}
	}
	for _, n := range names {
		samples = append(samples, sample{r.vocabulary.vector(p.extract(n.text)), []int32{n.label}})
	}
	if !p.train(&r, samples, progress) {
		return r
	}
	p.answer(&r)
	if job > 0 {
		r.nets, r.vocabulary = nil, nil
	}
	return r
}

// train trains all members; false if progress ended it. With few examples a label there is no
// support vector machine: the others do better without it there.
func (p *Plan) train(r *Result, samples []sample, progress func(float64) bool) bool {
	ms, svm := p.members(), len(samples) >= svmEnough*len(p.labels) && !p.Without[PartSVM]
	steps, done := len(ms), 0
	part := func(x float64) bool { return progress((float64(done) + x) / float64(steps)) }
	if svm {
		steps++
		n, ok := trainSVM(samples, len(r.vocabulary.keys), len(p.labels), p.Seed, part)
		if !ok {
			return false
		}
		r.nets = append(r.nets, quantize(&n))
		done++
	}
	for _, m := range ms {
		l := newLearner(m, len(r.vocabulary.keys), p.dense, len(p.labels), p.Seed)
		if !l.train(samples, part) {
			return false
		}
		r.nets = append(r.nets, quantize(&l.net))
		done++
	}
	return true
}

// answer asks the nets about the texts that they have not seen.
func (p *Plan) answer(r *Result) {
	for _, i := range r.held {
		v := p.vector(r.vocabulary, i)
		if p.dense > 0 {
			r.answers[1] = append(r.answers[1], ask(r.nets, v))
			v.dense = nil
		}
		r.answers[0] = append(r.answers[0], ask(r.nets, v))
	}
}

func (p *Plan) vector(v *vocabulary, i int) vector {
	x := v.vector(p.docs[i])
	x.dense = p.examples[i].Vector
	return x
}

// allowed are the labels that an example may have: its own, or all of its topic.
func (p *Plan) allowed(e Example) []int32 {
	var own, all []int32
	for i, l := range p.labels {
		if l.Topic == e.Topic {
			all = append(all, int32(i))
			if l.Subtopic == e.Subtopic {
				own = append(own, int32(i))
			}
		}
	}
	if len(own) > 0 {
		return own
	}
	return all
}

// name is a label's own name, which is the first thing one knows of it.
type name struct {
	text  string
	label int32
}

func (p *Plan) names() []name {
	var out []name
	if p.Without[PartNames] {
		return nil
	}
	for i, l := range p.labels {
		if l.Topic != OutOfScope {
			out = append(out, name{strings.NewReplacer("_", " ", "-", " ").Replace(l.Topic + " " + l.Subtopic), int32(i)})
		}
	}
	return out
}

// Digest names the training examples: the same texts and labels in any order give the same.
func Digest(examples []Example) string {
	lines := make([]string, len(examples))
	for i, e := range examples {
		lines[i] = fmt.Sprintf("%q %q %q", e.Topic, e.Subtopic, e.Text)
	}
	sort.Strings(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:12])
}
