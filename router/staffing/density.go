package staffing

import "math"

// density is exp(λ·(1 − e^(−θx))/θ − Nμx): the shape of the offered wait's density
// for x > 0, in hours. It is log-concave, so it has one peak and light tails.
type density struct {
	lambda, theta, out float64 // per hour; out = N·μ
	peak, top          float64 // where it is highest, and its logarithm there
	left, right        float64 // beyond these it is below e^−depth of its peak
}

// depth is how many powers of e below its peak the density counts as nothing.
const depth = 45

func newDensity(l Line) density {
	d := density{lambda: l.PerHour, out: float64(l.Agents) / l.Handling.Hours()}
	if l.Patience > 0 {
		d.theta = 1 / l.Patience.Hours()
	}
	if d.theta > 0 && d.lambda > d.out {
		d.peak = math.Log(d.lambda/d.out) / d.theta
	}
	d.top = d.log(d.peak)
	slope := d.out - d.lambda*math.Exp(-d.theta*d.peak)
	step := 1 / (math.Abs(slope) + math.Sqrt(d.theta*math.Max(d.lambda*math.Exp(-d.theta*d.peak), 1e-9)) + 1e-12)
	for d.right = d.peak + step; d.top-d.log(d.right) < depth; d.right += step {
		step *= 1.5
	}
	for step = d.right - d.peak; ; step *= 1.5 {
		if d.left = math.Max(0, d.peak-step); d.left == 0 || d.top-d.log(d.left) > depth {
			return d
		}
	}
}

// patient is the share of customers who would wait longer than x.
func (d density) patient(x float64) float64 { return math.Exp(-d.theta * x) }

func (d density) log(x float64) float64 { return d.lambda*d.endured(x) - d.out*x }

// endured is the mean time that a customer offered a wait of x really waits.
func (d density) endured(x float64) float64 {
	if d.theta == 0 {
		return x
	}
	return -math.Expm1(-d.theta*x) / d.theta
}

// sums are ∫ g(x)·exp(log(x) − top) dx for three g: 1, the share that is still patient,
// and the wait that is endured.
type sums struct{ all, patient, endured float64 }

// integral is taken from a to b in two pieces, so that patience far shorter than the
// waits is seen as well.
func (d density) integral(a, b float64) (s sums) {
	a, b = math.Max(a, d.left), math.Min(b, d.right)
	if !(b > a) {
		return s
	}
	if cut := a + 40/d.theta; d.theta > 0 && cut < b {
		d.add(&s, a, cut)
		a = cut
	}
	d.add(&s, a, b)
	return s
}

// panels is into how many parts a piece is cut, each of some e-folds at most.
const panels = 32

func (d density) add(s *sums, a, b float64) {
	rule(a, b, panels, func(x, weight float64) {
		endured := d.endured(x)
		p := weight * math.Exp(d.lambda*endured-d.out*x-d.top)
		s.all += p
		s.patient += p * (1 - d.theta*endured)
		s.endured += p * endured
	})
}

// nodes and weights of Gauss–Legendre quadrature with eight points (Abramowitz,
// Stegun 1964, table 25.4), the positive half.
var nodes = [4]float64{0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363}
var weights = [4]float64{0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763}

// gauss integrates f from a to b in equal panels.
func gauss(a, b float64, parts int, f func(float64) float64) float64 {
	sum := 0.0
	rule(a, b, parts, func(x, weight float64) { sum += weight * f(x) })
	return sum
}

// rule visits the points of the quadrature with their weights.
func rule(a, b float64, parts int, visit func(x, weight float64)) {
	half := (b - a) / float64(2*parts)
	for i := range parts {
		mid := a + half*float64(2*i+1)
		for k, x := range nodes {
			visit(mid-half*x, weights[k]*half)
			visit(mid+half*x, weights[k]*half)
		}
	}
}
