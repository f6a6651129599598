package textmodel

import (
	"math"
	"math/rand/v2"
)

// recipe says how one member of the ensemble is trained. The numbers were chosen on
// validation parts of public data sets; deploy/docs/classification.md says which.
type recipe struct {
	units      int     // units between features and labels; 0: a linear model
	rate       float64 // of AdaGrad, falling to 0 over the epochs
	dropIn     float64 // share of a text's features left out at each look
	dropHidden float64
	useDense   bool // sees the vectors of the embeddings endpoint too
	seed       uint64
}

// members are the learners of an ensemble beside the support vector machine: a linear softmax and
// two small networks that see combinations; with vectors, the same three once more that see them
// too. The first member is linear: its weights explain.
func (p *Plan) members() []recipe {
	out := []recipe{{rate: 0.4, dropIn: 0.6, seed: 1}}
	if !p.Without[PartNetworks] {
		net := recipe{units: min(96, 12+len(p.labels)), rate: 0.06, dropIn: 0.5, dropHidden: 0.5, seed: 2}
		out = append(out, net)
		net.seed++
		out = append(out, net)
	}
	if p.dense > 0 {
		for _, r := range out {
			r.useDense, r.seed = true, r.seed+10
			out = append(out, r)
		}
	}
	return out
}

// net is a softmax over labels, linear in the features or with one hidden layer between.
type net struct {
	hidden, labels int
	width          int       // columns of in: hidden, or labels where there is no hidden layer
	in             []float32 // features × width, then dense × width
	inBias         []float32
	out            []float32 // hidden × labels
	outBias        []float32
	denseFrom      int // first row of in that belongs to the dense vector; -1: none
}

// sample is a training text: its vector and the labels it may have (one, or all of a topic).
type sample struct {
	vector
	labels []int32
}

// learner trains a net by mini-batches with AdaGrad (Duchi, Hazan, Singer 2011) and
// dropout (Srivastava et al. 2014).
type learner struct {
	net
	recipe
	rng       *rand.Rand
	gIn, gOut []float32 // sums of squared gradients
	slot      []int32   // row of in → its place in grad, +1
	touched   []int32
	grad      []float32 // touched × width
	gradOut   []float32
	biasIn    []float32
	biasOut   []float32
	rows      []weight // the features of one look, dropout applied
	h, dh     []float32
	p         []float32
	mask      []float32
}

func newLearner(r recipe, features, dense, labels int, seed uint64) *learner {
	l := &learner{recipe: r, rng: rand.New(rand.NewPCG(seed, r.seed))}
	l.hidden, l.labels, l.width, l.denseFrom = r.units, labels, labels, -1
	if r.units > 0 {
		l.width = r.units
	}
	n := features
	if r.useDense {
		l.denseFrom = features
		n += dense
	}
	l.in, l.inBias = make([]float32, n*l.width), make([]float32, l.width)
	l.gIn = make([]float32, n*l.width)
	l.slot = make([]int32, n)
	if r.units > 0 {
		for i := range l.in {
			l.in[i] = float32(l.rng.NormFloat64()) * 0.25
		}
		l.out, l.outBias = make([]float32, r.units*labels), make([]float32, labels)
		for i := range l.out {
			l.out[i] = float32(l.rng.NormFloat64() / math.Sqrt(float64(r.units)))
		}
		l.gOut, l.gradOut = make([]float32, len(l.out)), make([]float32, len(l.out))
		l.h, l.dh, l.mask = make([]float32, r.units), make([]float32, r.units), make([]float32, r.units)
	}
	l.biasIn, l.biasOut = make([]float32, l.width), make([]float32, labels)
	l.p = make([]float32, labels)
	return l
}

// epochs and batch follow the number of texts: few texts are looked at more often, in smaller batches.
func epochs(n int) int {
	return int(min(max(14*math.Sqrt(6000/float64(max(n, 1))), 10), 36))
}

func batchSize(n int) int {
	if n < 2000 {
		return 32
	}
	return 64
}

// train looks at all samples for some epochs; progress hears the share done and ends it by answering false.
func (l *learner) train(samples []sample, progress func(float64) bool) bool {
	all, size := epochs(len(samples)), batchSize(len(samples))
	order := make([]int, len(samples))
	for i := range order {
		order[i] = i
	}
	for e := range all {
		l.rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		rate := float32(l.rate * (1 - float64(e)/float64(all)))
		for from := 0; from < len(order); from += size {
			batch := order[from:min(from+size, len(order))]
			for _, i := range batch {
				l.look(&samples[i], 1/float32(len(batch)))
			}
			l.step(rate)
		}
		if !progress(float64(e+1) / float64(all)) {
			return false
		}
	}
	return true
}

// look adds one sample's gradient.
func (l *learner) look(s *sample, share float32) {
	l.drop(s)
	if l.hidden == 0 {
		copy(l.p, l.inBias)
		for _, w := range l.rows {
			axpy(l.p, l.row(w.feature), w.value)
		}
		softmax(l.p)
		towards(l.p, s.labels, share)
		l.backIn(l.p)
		return
	}
	copy(l.h, l.inBias)
	for _, w := range l.rows {
		axpy(l.h, l.row(w.feature), w.value)
	}
	copy(l.p, l.outBias)
	keep := float32(1 / (1 - l.dropHidden))
	for i, x := range l.h {
		l.mask[i] = 0
		if x > 0 && l.rng.Float64() >= l.dropHidden {
			l.mask[i] = keep
			axpy(l.p, l.out[i*l.labels:(i+1)*l.labels], x*keep)
		}
	}
	softmax(l.p)
	towards(l.p, s.labels, share)
	for j, g := range l.p {
		l.biasOut[j] += g
	}
	for i, x := range l.h {
		l.dh[i] = 0
		if m := l.mask[i]; m > 0 {
			row := l.out[i*l.labels : (i+1)*l.labels]
			l.dh[i] = dot(row, l.p) * m
			axpy(l.gradOut[i*l.labels:(i+1)*l.labels], l.p, x*m)
		}
	}
	l.backIn(l.dh)
}

// drop chooses the features that this look sees.
func (l *learner) drop(s *sample) {
	l.rows = l.rows[:0]
	keep := float32(1 / (1 - l.dropIn))
	for _, w := range s.weights {
		if l.rng.Float64() >= l.dropIn {
			l.rows = append(l.rows, weight{w.feature, w.value * keep})
		}
	}
	if l.denseFrom >= 0 {
		for i, x := range s.dense {
			if x != 0 {
				l.rows = append(l.rows, weight{int32(l.denseFrom + i), x * denseScale})
			}
		}
	}
}

func (n *net) row(i int32) []float32 { return n.in[int(i)*n.width : (int(i)+1)*n.width] }

func (l *learner) backIn(d []float32) {
	for j, g := range d {
		l.biasIn[j] += g
	}
	for _, w := range l.rows {
		s := l.slot[w.feature]
		if s == 0 {
			l.touched = append(l.touched, w.feature)
			s = int32(len(l.touched))
			l.slot[w.feature] = s
			if need := int(s) * l.width; need > len(l.grad) {
				l.grad = append(l.grad, make([]float32, need)...)
			}
		}
		axpy(l.grad[int(s-1)*l.width:int(s)*l.width], d, w.value)
	}
}

// step moves the weights by the batch's gradient and forgets it.
func (l *learner) step(rate float32) {
	for s, f := range l.touched {
		adagrad(l.row(f), l.gIn[int(f)*l.width:(int(f)+1)*l.width], l.grad[s*l.width:(s+1)*l.width], rate)
		l.slot[f] = 0
	}
	l.touched = l.touched[:0]
	bias := rate / 3
	for j := range l.biasIn {
		l.inBias[j] -= bias * l.biasIn[j]
		l.biasIn[j] = 0
	}
	if l.hidden > 0 {
		adagrad(l.out, l.gOut, l.gradOut, rate*2/3)
		for j := range l.biasOut {
			l.outBias[j] -= bias * l.biasOut[j]
			l.biasOut[j] = 0
		}
	}
}

// adagrad moves w against the gradient g, each weight by its own rate, and clears g.
func adagrad(w, sum, g []float32, rate float32) {
	sum, g = sum[:len(w)], g[:len(w)]
	for i, x := range g {
		if x != 0 {
			sum[i] += x * x
			w[i] -= rate * x / float32(math.Sqrt(float64(sum[i])+1e-10))
			g[i] = 0
		}
	}
}

// towards turns probabilities into the gradient of the loss −ln Σ p[labels], times share.
func towards(p []float32, labels []int32, share float32) {
	sum := float32(1e-12)
	for _, l := range labels {
		sum += p[l]
	}
	for _, l := range labels {
		p[l] -= p[l] / sum
	}
	for i := range p {
		p[i] *= share
	}
}

func softmax(x []float32) {
	most := x[0]
	for _, v := range x {
		most = max(most, v)
	}
	sum := float32(0)
	for i, v := range x {
		x[i] = float32(math.Exp(float64(v - most)))
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
}

// axpy adds a·x to y.
func axpy(y, x []float32, a float32) {
	x = x[:len(y)]
	for len(y) >= 4 {
		y0, x0 := y[:4], x[:4]
		y0[0] += float32(a * x0[0])
		y0[1] += float32(a * x0[1])
		y0[2] += float32(a * x0[2])
		y0[3] += float32(a * x0[3])
		y, x = y[4:], x[4:]
	}
	for i := range y {
		y[i] += float32(a * x[i])
	}
}

func dot(x, y []float32) float32 {
	y = y[:len(x)]
	var a, b float32
	for i := 0; i+1 < len(x); i += 2 {
		a += float32(x[i] * y[i])
		b += float32(x[i+1] * y[i+1])
	}
	if len(x)%2 == 1 {
		a += float32(x[len(x)-1] * y[len(x)-1])
	}
	return a + b
}
