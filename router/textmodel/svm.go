package textmodel

import "math/rand/v2"

// The support vector member: one machine a label against all others, squared hinge loss,
// trained by dual coordinate descent (Hsieh et al. 2008). Cost 1, as usual for texts of length one.
const (
	svmCost   = 1.0
	svmPasses = 12
	svmSharp  = 8  // turns margins into log-odds about as steep as the other members'
	svmEnough = 30 // examples a label below which the other members alone do better
	svmTiny   = 1e-2
)

// trainSVM trains the machines of all labels. A sample with several possible labels counts
// for none of them and against the others. progress may end it by answering false.
func trainSVM(samples []sample, features, labels int, seed uint64, progress func(float64) bool) (net, bool) {
	n := net{labels: labels, width: labels, denseFrom: -1, in: make([]float32, features*labels), inBias: make([]float32, labels)}
	norms := make([]float32, len(samples))
	for i, s := range samples {
		norms[i] = 1/(2*svmCost) + 1 // the bias is a feature of value one
		for _, w := range s.weights {
			norms[i] += w.value * w.value
		}
	}
	w := make([]float32, features)
	for k := range labels {
		clear(w)
		n.inBias[k] = svmSharp * margin(samples, norms, int32(k), w, rand.New(rand.NewPCG(seed, uint64(k))))
		for f, x := range w {
			n.in[f*labels+k] = svmSharp * x
		}
		if !progress(float64(k+1) / float64(labels)) {
			return n, false
		}
	}
	return n, true
}

// margin trains one machine into w and gives its bias.
func margin(samples []sample, norms []float32, label int32, w []float32, rng *rand.Rand) float32 {
	bias := float32(0)
	order, y := []int{}, make([]float32, len(samples))
	for i, s := range samples {
		y[i] = -1
		for _, l := range s.labels {
			if l == label {
				y[i] = 1
			}
		}
		if y[i] < 0 || len(s.labels) == 1 {
			order = append(order, i)
		}
	}
	alpha := make([]float32, len(samples))
	for range svmPasses {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		moved := float32(0)
		for _, i := range order {
			moved = max(moved, ascend(&samples[i], y[i], norms[i], &alpha[i], w, &bias))
		}
		if moved < svmTiny {
			break
		}
	}
	return bias
}

// ascend improves one dual variable and gives how far it was from its best.
func ascend(s *sample, y, norm float32, alpha *float32, w []float32, bias *float32) float32 {
	g := *bias
	for _, x := range s.weights {
		g += float32(w[x.feature] * x.value)
	}
	g = y*g - 1 + *alpha/(2*svmCost)
	if *alpha == 0 && g >= 0 {
		return 0
	}
	next := max(*alpha-g/norm, 0)
	d := (next - *alpha) * y
	*alpha = next
	*bias += d
	for _, x := range s.weights {
		w[x.feature] += float32(d * x.value)
	}
	return max(g, -g)
}
