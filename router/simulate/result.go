package simulate

import (
	"math"

	"switchyard/router"
	"switchyard/router/order"
)

// Stat is a number over seeds: its mean, the mean's standard error, the bounds of its 95 % confidence interval
// (Student's t), and the least and the largest seed.
type Stat struct {
	Mean float64 `json:"mean"`
	SE   float64 `json:"se"`
	Lo   float64 `json:"lo"`
	Hi   float64 `json:"hi"`
	Min  float64 `json:"min"`
	Max  float64 `json:"max"`
}

// Group is what became of a group of tickets: means over seeds, worst waits the largest of all. Shares in per cent, waits in minutes.
type Group struct {
	N         float64  `json:"n"` // a seed
	InSLA     Stat     `json:"in_sla"`
	MeanWait  float64  `json:"mean_wait_min"`
	P95Wait   float64  `json:"p95_wait_min"`
	WorstWait float64  `json:"worst_wait_min"`
	WorstOver float64  `json:"worst_over_sla"`
	Abandoned float64  `json:"abandoned"`
	Unserved  float64  `json:"unserved,omitempty"`
	CutMet    *float64 `json:"cutoffs_met,omitempty"`
}

// Result sums up a trial over seeds (INTERFACES §7).
type Result struct {
	Rule       order.Rule                 `json:"rule"`
	Params     Params                     `json:"params"`
	InSLA      Stat                       `json:"in_sla"`
	ByClass    map[router.ClassName]Group `json:"by_class"`
	ByChannel  map[router.Channel]Group   `json:"by_channel"`
	ByLanguage map[router.Language]Group  `json:"by_language,omitempty"`
	ByHour     []Group                    `json:"by_hour"`
	CutMet     *float64                   `json:"cutoffs_met"`
	Worst      Stat                       `json:"worst_over_sla"`
	MeanWait   float64                    `json:"mean_wait_min"`
	P95Wait    float64                    `json:"p95_wait_min"`
	WorstWait  float64                    `json:"worst_wait_min"`
	Abandoned  float64                    `json:"abandoned"`
	Unserved   float64                    `json:"unserved"`
	PassedOn   float64                    `json:"passed_on"`   // of all tickets, by agents who could not help
	Busy       float64                    `json:"utilization"` // of the time agents were there
	Gini       float64                    `json:"gini"`        // of the agents' work in a day: 0 is all alike
	N          float64                    `json:"n"`           // tickets a seed
	Runs       int                        `json:"runs"`        // the most in a seed
	Published  *PublishedDoc              `json:"published"`
}

// Report is what a scenario gave.
type Report struct {
	Name     string   `json:"scenario"`
	Load     float64  `json:"load"`
	Seeds    int      `json:"seeds"`
	Days     int      `json:"days"`
	Rules    []Result `json:"rules"`
	Frontier []Result `json:"frontier,omitempty"`
}

// NewStat works out the numbers over seeds; without any it is all zero, and of one there is no error to tell.
func NewStat(xs []float64) Stat {
	if len(xs) == 0 {
		return Stat{}
	}
	s, n := Stat{Min: xs[0], Max: xs[0]}, float64(len(xs))
	for _, x := range xs {
		s.Mean += x / n
		s.Min, s.Max = math.Min(s.Min, x), math.Max(s.Max, x)
	}
	sum := 0.0
	for _, x := range xs {
		sum += (x - s.Mean) * (x - s.Mean)
	}
	if n > 1 {
		s.SE = math.Sqrt(sum / (n - 1) / n)
	}
	t := student975(len(xs) - 1)
	s.Lo, s.Hi = s.Mean-t*s.SE, s.Mean+t*s.SE
	return s
}

// student975 is the 97.5 % quantile of Student's t: exact for 1 and 2 degrees of freedom, beyond them by the
// expansion of Abramowitz and Stegun 26.7.5, good to .01 from 3 on.
func student975(df int) float64 {
	switch df {
	case 0:
		return 0
	case 1:
		return 12.7062
	case 2:
		return 4.30265
	}
	const x = 1.959964
	v := float64(df)
	g1 := (math.Pow(x, 3) + x) / 4
	g2 := (5*math.Pow(x, 5) + 16*math.Pow(x, 3) + 3*x) / 96
	g3 := (3*math.Pow(x, 7) + 19*math.Pow(x, 5) + 17*math.Pow(x, 3) - 15*x) / 384
	g4 := (79*math.Pow(x, 9) + 776*math.Pow(x, 7) + 1482*math.Pow(x, 5) - 1920*math.Pow(x, 3) - 945*x) / 92160
	return x + g1/v + g2/(v*v) + g3/(v*v*v) + g4/(v*v*v*v)
}

// Summarize sums up a trial's outcomes, one a seed, in the order of the seeds, with what was published of it.
func (s *Scenario) Summarize(t Trial, outs []*Outcome) Result {
	r := Summarize(t, outs)
	r.Published = s.published(t)
	return r
}

// Summarize sums up outcomes of one trial, in the order of their seeds.
func Summarize(t Trial, outs []*Outcome) Result {
	r := Result{Rule: t.Rule, Params: t.Params, ByClass: map[router.ClassName]Group{}, ByChannel: map[router.Channel]Group{}, ByLanguage: map[router.Language]Group{}}
	all := groupOf(outs, func(o *Outcome) *Tally { return &o.All })
	r.InSLA, r.MeanWait, r.P95Wait, r.WorstWait = all.InSLA, all.MeanWait, all.P95Wait, all.WorstWait
	r.CutMet, r.Abandoned, r.Unserved, r.N = all.CutMet, all.Abandoned, all.Unserved, all.N
	r.Worst = NewStat(each(outs, func(o *Outcome) float64 { return o.All.WorstOver }))
	r.Busy = mean(each(outs, func(o *Outcome) float64 { return 100 * o.Utilization() }))
	r.Gini = mean(each(outs, (*Outcome).Gini))
	r.PassedOn = mean(each(outs, func(o *Outcome) float64 { return percent(o.PassedOn, o.All.Came) }))
	for _, o := range outs {
		r.Runs = max(r.Runs, o.Runs)
		for k := range o.ByClass {
			r.ByClass[k] = groupOf(outs, func(o *Outcome) *Tally { return o.ByClass[k] })
		}
		for k := range o.ByChannel {
			r.ByChannel[k] = groupOf(outs, func(o *Outcome) *Tally { return o.ByChannel[k] })
		}
		for k := range o.ByLanguage {
			if k != "" {
				r.ByLanguage[k] = groupOf(outs, func(o *Outcome) *Tally { return o.ByLanguage[k] })
			}
		}
	}
	for h := range 24 {
		r.ByHour = append(r.ByHour, groupOf(outs, func(o *Outcome) *Tally { return &o.ByHour[h] }))
	}
	return r
}

// groupOf sums up one group; seeds in which nobody of it came do not count.
func groupOf(outs []*Outcome, of func(*Outcome) *Tally) Group {
	var g Group
	var n, in, wait, p95, gone, left, cut []float64
	for _, o := range outs {
		t := of(o)
		if t == nil || t.Came == 0 {
			continue
		}
		n = append(n, float64(t.Came))
		wait = append(wait, t.Wait/float64(t.Came)/60)
		p95 = append(p95, t.Quantile(.95)/60)
		gone, left = append(gone, percent(t.Gone, t.Came)), append(left, percent(t.Unserved, t.Came))
		if t.Judged > 0 {
			in = append(in, percent(t.Met, t.Judged))
		}
		if t.Cut > 0 {
			cut = append(cut, percent(t.CutMet, t.Cut))
		}
		g.WorstWait, g.WorstOver = math.Max(g.WorstWait, t.Worst/60), math.Max(g.WorstOver, t.WorstOver)
	}
	g.N, g.InSLA, g.MeanWait, g.P95Wait, g.Abandoned, g.Unserved = mean(n), NewStat(in), mean(wait), mean(p95), mean(gone), mean(left)
	if len(cut) > 0 {
		met := mean(cut)
		g.CutMet = &met
	}
	return g
}

func each(outs []*Outcome, f func(*Outcome) float64) []float64 {
	xs := make([]float64, len(outs))
	for i, o := range outs {
		xs[i] = f(o)
	}
	return xs
}

func mean(xs []float64) float64 { return NewStat(xs).Mean }

func percent(part, all int) float64 {
	if all == 0 {
		return 0
	}
	return 100 * float64(part) / float64(all)
}
