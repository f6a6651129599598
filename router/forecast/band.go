package forecast

import "math"

// Band is a forecast count: its mean, and whole numbers between which (ends
// included) it lies with 50 % and with 90 %.
type Band struct {
	Mean   float64 `json:"mean"`
	Low90  int     `json:"low_90"`
	Low50  int     `json:"low_50"`
	High50 int     `json:"high_50"`
	High90 int     `json:"high_90"`
}

// bandOf is the band of a negative binomial count with this mean and variance, of a
// Poisson one where the variance is not above the mean.
func bandOf(mean, variance float64) Band {
	b := Band{Mean: mean}
	q := quantiles(mean, math.Max(variance, mean), [4]float64{.05, .25, .75, .95})
	b.Low90, b.Low50, b.High50, b.High90 = q[0], q[1], q[2], q[3]
	return b
}

// normal5 and normal25 are the 95 % and 75 % quantiles of the normal law.
const normal5, normal25 = 1.6448536269514722, 0.6744897501960817

// exactBelow is up to which mean probabilities are summed.
const exactBelow = 300

// quantiles are the least counts at which the distribution reaches each of ps. Large
// means go by the cube root of a gamma law (Wilson, Hilferty 1931).
func quantiles(mean, variance float64, ps [4]float64) (out [4]int) {
	if mean <= 1e-12 {
		return out
	}
	if mean > exactBelow {
		k := mean * mean / variance
		for i, z := range [4]float64{-normal5, -normal25, normal25, normal5} {
			root := math.Max(0, 1-1/(9*k)+z/(3*math.Sqrt(k)))
			out[i] = int(math.Round(math.Min(mean*root*root*root, 1e15)))
		}
		return out
	}
	r, q, p := math.Inf(1), 0.0, math.Exp(-mean)
	if variance > mean*(1+1e-9) {
		r, q = mean*mean/(variance-mean), 1-mean/variance
		p = math.Exp(-r * math.Log(variance/mean))
	}
	cdf, k := p, 0
	for i, want := range ps {
		for cdf < want && k < 10_000_000 {
			if math.IsInf(r, 1) {
				p *= mean / float64(k+1)
			} else {
				p *= (float64(k) + r) / float64(k+1) * q
			}
			k++
			cdf += p
			if p < 1e-18 && float64(k) > mean {
				break
			}
		}
		out[i] = k
	}
	return out
}
