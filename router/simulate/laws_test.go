package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/order"
	"switchyard/router/prioritize"
)

var monday = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

const unit = time.Minute // mean service time of the laws: μ = 1

// law is a line of common exponential service with mean 1: agents, arrival rates and what the classes are worth.
type law struct {
	agents   int
	rates    []float64
	weights  []float64
	rule     order.Rule
	patience float64 // mean; 0: endless
	units    float64 // how long, in units
	even     bool    // arrivals at even distances instead of a Poisson stream
	cutoffs  bool
	watch    func(v *View, e Event)
}

func (c law) setup() Setup {
	s := Setup{Start: monday, End: monday.Add(time.Duration(c.units) * unit), Warmup: time.Duration(c.units/50) * unit,
		Classes: map[router.ClassName]prioritize.Params{}, Rules: map[router.QueueName]order.Rule{"desk": c.rule}, Watch: c.watch}
	for i := range c.agents {
		s.Agents = append(s.Agents, Agent{User: router.User{ID: router.AgentID(fmt.Sprintf("a%03d", i))}})
	}
	for i, w := range c.weights {
		s.Classes[className(i)] = prioritize.Params{Class: order.Class{Weight: w, Target: 2 * unit, Handling: unit, Lead: 2 * unit, K: unit, Guard: 2, Boost: 1, Bonus: time.Duration(w) * unit}}
	}
	return s
}

func className(i int) router.ClassName { return router.ClassName(rune('a' + i)) }

func (c law) source(seed uint64) Source {
	r := rand.New(rand.NewPCG(seed, 99))
	total, at := 0.0, 0.0
	runs := make([]*router.Run, len(c.rates))
	for i, rate := range c.rates {
		run := router.Ticket{Queue: "desk", Class: className(i), Channel: router.ChannelChat}.Run()
		runs[i], total = &run, total+rate
	}
	return func(a *Arrival) bool {
		gap := r.ExpFloat64()
		if c.even {
			gap = 1
		}
		at += gap / total
		u, which := r.Float64()*total, 0
		for ; which < len(runs)-1 && u >= c.rates[which]; which++ {
			u -= c.rates[which]
		}
		*a = Arrival{At: monday.Add(time.Duration(at * float64(unit))), Run: runs[which], Service: max(1, time.Duration(r.ExpFloat64()*float64(unit)))}
		if patience := r.ExpFloat64(); c.patience > 0 {
			a.Patience = max(1, time.Duration(patience*c.patience*float64(unit)))
		}
		if c.cutoffs && which == 0 {
			a.CutoffAt = a.At.Add(time.Duration(3 * r.Float64() * float64(unit)))
		}
		return true
	}
}

// outcomes plays a law on some seeds.
func (c law) outcomes(t *testing.T, seeds int) []*Outcome {
	t.Helper()
	outs := make([]*Outcome, seeds)
	for i := range outs {
		var err error
		if outs[i], err = Run(c.setup(), c.source(uint64(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	return outs
}

// meanWait is the mean wait of a group over seeds, in units.
func meanWait(outs []*Outcome, of func(*Outcome) *Tally) Stat {
	return NewStat(each(outs, func(o *Outcome) float64 { return of(o).Wait / float64(of(o).Came) / unit.Seconds() }))
}

func class(i int) func(*Outcome) *Tally {
	return func(o *Outcome) *Tally { return o.ByClass[className(i)] }
}

func everyone(o *Outcome) *Tally { return &o.All }

// near checks a value against ours, within three combined standard errors (ROUTING §5).
func near(t *testing.T, name string, got Stat, want, se float64) {
	t.Helper()
	if off := math.Abs(got.Mean - want); !(off <= 3*math.Hypot(got.SE, se)) {
		t.Errorf("%s: %.5f (%.5f), want %.5f (%.5f)", name, got.Mean, got.SE, want, se)
	} else {
		t.Logf("%s: %.5f (%.5f), want %.5f (%.5f)", name, got.Mean, got.SE, want, se)
	}
	if !(got.SE < .05*want) {
		t.Errorf("%s: an error of %.5f proves nothing about %.5f", name, got.SE, want)
	}
}

// E13: non-preemptive priorities, exact values by Cobham 1954.
func TestE13Priorities(t *testing.T) {
	outs := law{agents: 10, rates: []float64{3, 3, 2.5}, weights: []float64{3, 2, 1}, rule: order.Strict, units: 20000}.outcomes(t, 10)
	for i, want := range []struct{ exact, des, se float64 }{{.075694, .0751, .0003}, {.189236, .1874, .0009}, {.883102, .875, .009}} {
		got := meanWait(outs, class(i))
		near(t, fmt.Sprintf("class %d, Cobham", i), got, want.exact, 0)
		near(t, fmt.Sprintf("class %d, published", i), got, want.des, want.se)
	}
}

// E14: accumulating priority. Between classes of one target and handling time gcmu accumulates at the rates of the weights.
func TestE14AccumulatingPriority(t *testing.T) {
	outs := law{agents: 10, rates: []float64{4, 4.5}, weights: []float64{4, 1}, rule: order.GCMu, units: 20000}.outcomes(t, 10)
	for i, want := range []struct{ exact, des, se float64 }{{.182928, .1840, .0016}, {.504630, .5092, .0057}} {
		got := meanWait(outs, class(i))
		near(t, fmt.Sprintf("class %d, exact", i), got, want.exact, 0)
		near(t, fmt.Sprintf("class %d, published", i), got, want.des, want.se)
	}
}

// E20: under common exponential service no order of work changes the mean wait of all.
func TestE20Conservation(t *testing.T) {
	for _, rule := range order.Rules() {
		outs := law{agents: 10, rates: []float64{3, 3, 2.5}, weights: []float64{3, 2, 1}, rule: rule, units: 8000, cutoffs: true}.outcomes(t, 8)
		near(t, string(rule), meanWait(outs, everyone), .353241, 0)
		sum := NewStat(each(outs, func(o *Outcome) float64 {
			total := 0.0
			for i, rate := range []float64{3, 3, 2.5} {
				total += rate * class(i)(o).Wait / float64(class(i)(o).Came) / unit.Seconds()
			}
			return total
		}))
		near(t, string(rule)+" sum", sum, 3.002547, 0)
	}
}

func waited(o *Outcome) float64 { return float64(o.All.Waited) / float64(o.All.Came) }

// E21: M/M/14 against Erlang C, and E6 with abandonment.
func TestE21Erlang(t *testing.T) {
	outs := law{agents: 14, rates: []float64{10}, weights: []float64{1}, rule: order.FIFO, units: 20000}.outcomes(t, 10)
	near(t, "M/M/14 P(wait)", NewStat(each(outs, waited)), .174132, 0)
	near(t, "M/M/14 Wq", meanWait(outs, everyone), .043533, 0)
	outs = law{agents: 50, rates: []float64{48}, weights: []float64{1}, rule: order.FIFO, patience: 2, units: 4000}.outcomes(t, 10)
	near(t, "E6 E[W]", meanWait(outs, everyone), .06177, .00051)
	near(t, "E6 P(wait)", NewStat(each(outs, waited)), .4678, .0022)
	near(t, "E6 P(abandon)", NewStat(each(outs, func(o *Outcome) float64 { return float64(o.All.Gone) / float64(o.All.Came) })), .03096, .00030)
	near(t, "E6 exact E[W]", meanWait(outs, everyone), 3.709/60, 0)
	near(t, "E6 utilization", NewStat(each(outs, (*Outcome).Utilization)), .9303, 0)
}

// E18: the head of the line's wait as a forecast errs twice as much as the length of the line, in squares,
// when arrivals are random, and hardly more when they are even.
func TestE18HeadOfLine(t *testing.T) {
	for _, c := range []struct {
		name string
		rho  float64
		even bool
		want float64
	}{{"Poisson .95", .95, false, 2.00}, {"Poisson .98", .98, false, 1.99}, {"even .95", .95, true, 1.04}, {"even .98", .98, true, 1.02}} {
		var line, head float64
		told := map[router.TicketID][2]float64{} // forecasts made at arrival, in units
		l := law{agents: 100, rates: []float64{100 * c.rho}, weights: []float64{1}, rule: order.FIFO, units: 8000, even: c.even}
		l.watch = func(v *View, e Event) {
			switch {
			case e.Kind == Came && v.Idle() == 0 && v.Waiting() > 0:
				v.Lines(func(_ *router.Run, n int, longest time.Duration) {
					told[e.ID] = [2]float64{float64(n+1) / 100, longest.Seconds() / unit.Seconds()}
				})
			case e.Kind == Started:
				if f, ok := told[e.ID]; ok {
					w := e.Wait.Seconds() / unit.Seconds()
					line += (w - f[0]) * (w - f[0])
					head += (w - f[1]) * (w - f[1])
					delete(told, e.ID)
				}
			}
		}
		l.outcomes(t, 2)
		if ratio := head / line; math.Abs(ratio/c.want-1) > .05 {
			t.Errorf("%s: %.3f, want %.2f", c.name, ratio, c.want)
		} else {
			t.Logf("%s: %.3f, want %.2f", c.name, ratio, c.want)
		}
	}
}
