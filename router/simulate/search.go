package simulate

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"switchyard/router"
	"switchyard/router/order"
)

// axis is one parameter of a search, between bounds. It is walked in equal ratios.
type axis struct {
	lo, hi float64
	get    func(Params) float64
	set    func(*Params, float64)
}

func (c *checker) search() {
	d := c.doc.Search
	ks := make([]float64, len(d.K))
	for i, k := range d.K {
		ks[i] = k.D().Minutes()
	}
	c.axis("search.k (minutes)", ks, 2, 20, .01, func(p Params) float64 { return p.K }, func(p *Params, x float64) { p.K = x })
	c.axis("search.guard", d.Guard, 1.5, 4, 1, func(p Params) float64 { return p.Guard }, func(p *Params, x float64) { p.Guard = x })
	c.axis("search.boost", d.Boost, 1, 16, 1e-6, func(p Params) float64 { return p.Boost }, func(p *Params, x float64) { p.Boost = x })
	for _, k := range slices.Sorted(maps.Keys(d.Weights)) {
		path := "search.weights." + string(k)
		c.known(path, k)
		own := 1.0
		if i := slices.IndexFunc(c.doc.Classes, func(x ClassDoc) bool { return x.Name == k }); i >= 0 {
			own = c.doc.Classes[i].Weight
		}
		c.axis(path, d.Weights[k], own, own, 1e-6, func(p Params) float64 {
			if w, ok := p.Weights[k]; ok {
				return w
			}
			return own
		}, func(p *Params, x float64) {
			p.Weights = maps.Clone(p.Weights)
			if p.Weights == nil {
				p.Weights = map[router.ClassName]float64{}
			}
			p.Weights[k] = x
		})
	}
	if c.out.Search.Runs == 0 {
		c.out.Search.Runs = 60
	}
	c.within("search.runs", float64(c.out.Search.Runs), 1, 10000)
	for i, t := range d.Try {
		path := fmt.Sprintf("search.try[%d]", i)
		if t.Rule != order.ATC {
			c.bad(path+".rule", "only atc is searched")
			continue
		}
		c.out.first = append(c.out.first, c.trial(path, t))
	}
}

func (c *checker) axis(path string, bounds []float64, lo, hi, least float64, get func(Params) float64, set func(*Params, float64)) {
	if len(bounds) != 0 {
		if len(bounds) != 2 || !(bounds[0] >= least) || !(bounds[1] >= bounds[0]) || math.IsInf(bounds[1], 0) {
			c.bad(path, "must be two numbers, from and to, of at least %g", least)
			return
		}
		lo, hi = bounds[0], bounds[1]
	}
	c.out.axes = append(c.out.axes, axis{lo, hi, get, set})
}

// at is the value a part of the way from lo to hi, to three digits.
func (a axis) at(part float64) float64 {
	x := a.lo * math.Pow(a.hi/a.lo, part)
	short, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 3, 64), 64)
	if err != nil {
		return x // a number that was formatted is read again
	}
	return math.Min(a.hi, math.Max(a.lo, short))
}

func (a axis) part(p Params) float64 {
	if a.hi == a.lo {
		return 0
	}
	return math.Log(a.get(p)/a.lo) / math.Log(a.hi/a.lo)
}

// Find looks for the parameters of atc that give the best share within SLA for every worst wait: first what the
// document says and a coarse grid over K, g and b, then the neighbors of what nothing yet found beats, closer each time. try plays a batch of
// trials and answers in their order. Search.Runs bounds the trials. The answer is the frontier, by worst wait.
func (s *Scenario) Find(try func([]Trial) ([]Result, error)) ([]Result, error) {
	var found []Result
	seen, left := map[string]bool{}, s.Search.Runs
	batch := append(slices.Clone(s.first), s.grid()...)
	for step := .25; left > 0; step /= 2 {
		var fresh []Trial
		for _, t := range batch {
			if name := t.String(); !seen[name] && len(fresh) < left {
				seen[name] = true
				fresh = append(fresh, t)
			}
		}
		if len(fresh) == 0 && step < .02 {
			break
		}
		left -= len(fresh)
		got, err := try(fresh)
		if err != nil {
			return nil, err
		}
		found = Frontier(append(found, got...))
		batch = s.neighbors(found, step)
	}
	return found, nil
}

// grid is up to three values on each of the first three axes, K, g and b, and never more than two thirds of the trials.
func (s *Scenario) grid() []Trial {
	n := 3
	for n > 1 && 3*n*n*n > 2*s.Search.Runs {
		n--
	}
	batch := []Trial{{Rule: order.ATC}}
	for i, a := range s.axes {
		values := 1
		if i < 3 && a.hi > a.lo {
			values = n
		}
		if i >= 3 {
			break // weights start as they are
		}
		var next []Trial
		for _, t := range batch {
			for v := range values {
				p := t.Params
				a.set(&p, a.at((float64(v)+.5)/float64(values)))
				next = append(next, Trial{order.ATC, p})
			}
		}
		batch = next
	}
	return batch
}

// neighbors are a step up and down on every axis from each of the trials, best share first.
func (s *Scenario) neighbors(of []Result, step float64) (out []Trial) {
	of = slices.Clone(of)
	slices.Reverse(of)
	for _, r := range of {
		for _, a := range s.axes {
			for _, by := range []float64{-step, step} {
				p, part := r.Params, a.part(r.Params)+by
				if a.hi == a.lo || part < -1e-9 || part > 1+1e-9 {
					continue
				}
				a.set(&p, a.at(math.Max(0, math.Min(1, part))))
				out = append(out, Trial{order.ATC, p})
			}
		}
	}
	return out
}

// Frontier keeps the results that no other beats in both: share within SLA and worst wait. The least worst wait comes first.
func Frontier(rs []Result) []Result {
	rs = slices.Clone(rs)
	slices.SortStableFunc(rs, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Worst.Mean, b.Worst.Mean), cmp.Compare(b.InSLA.Mean, a.InSLA.Mean))
	})
	var out []Result
	for _, r := range rs {
		if len(out) == 0 || r.InSLA.Mean > out[len(out)-1].InSLA.Mean {
			out = append(out, r)
		}
	}
	return out
}
