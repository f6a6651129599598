package simulate

import (
	"math"
	"testing"
	"time"

	"switchyard/router/order"
)

func read(t *testing.T, doc []byte) *Scenario {
	t.Helper()
	s, err := Read(doc, time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// results plays trials on all seeds of a scenario.
func results(t *testing.T, s *Scenario, trials []Trial) (rs []Result) {
	t.Helper()
	for _, trial := range trials {
		outs := make([]*Outcome, s.Seeds)
		for i := range outs {
			var err error
			if outs[i], err = s.Play(trial, uint64(i+1), Options{}); err != nil {
				t.Fatal(err)
			}
		}
		rs = append(rs, s.Summarize(trial, outs))
	}
	return rs
}

// The whole table of ROUTING §2 at load .94, 8 seeds of 60 days a row, by its test: within three combined standard
// errors. Where the table states the range over its 8 seeds, that gives its error (range / 2.847 is the standard
// deviation of 8 normal numbers, Tippett 1925); elsewhere ours is taken for its own.
func TestReferenceTable(t *testing.T) {
	s := read(t, Reference())
	if s.Seeds != 8 || s.Days != 60 || s.Load != .94 || len(s.Trials) != len(order.Rules()) {
		t.Fatalf("not the reference experiment: %d seeds, %d days, load %g, %d rules", s.Seeds, s.Days, s.Load, len(s.Trials))
	}
	for _, r := range results(t, s, s.Trials) {
		p := r.Published
		if p == nil {
			t.Fatalf("%s: no published row", r.Rule)
		}
		theirs := r.InSLA.SE
		if len(p.Range) == 2 {
			theirs = (p.Range[1] - p.Range[0]) / 2.847 / math.Sqrt(8)
		}
		if off := math.Abs(r.InSLA.Mean - p.InSLA); off > 3*math.Hypot(r.InSLA.SE, theirs) {
			t.Errorf("%s: in SLA %.2f (%.2f), published %.1f (%.2f)", r.Rule, r.InSLA.Mean, r.InSLA.SE, p.InSLA, theirs)
		}
		if off := math.Abs(r.Worst.Mean - p.Worst); off > 3*math.Sqrt2*r.Worst.SE+.05 {
			t.Errorf("%s: worst %.2f (%.2f), published %.1f", r.Rule, r.Worst.Mean, r.Worst.SE, p.Worst)
		}
		if r.Rule == order.ATC && r.Worst.Mean > 3.8 {
			t.Errorf("atc: worst %.2f, above 3.8", r.Worst.Mean)
		}
		if math.Abs(r.Busy-94) > .5 || r.InSLA.SE > 1 {
			t.Errorf("%s: the agents were busy %.1f %% of the time, and the error is %.2f", r.Rule, r.Busy, r.InSLA.SE)
		}
	}
}

// The wallet desk runs, and nothing in it is lost, stuck or left out.
func TestWallet(t *testing.T) {
	s := read(t, Wallet())
	if err := s.Override(0, 1, 5); err != nil {
		t.Fatal(err)
	}
	for _, r := range results(t, s, s.Trials) {
		sum := 0.0
		for _, g := range r.ByClass {
			sum += g.N
		}
		if r.Unserved != 0 || sum != r.N || r.Abandoned == 0 || r.PassedOn == 0 || r.CutMet == nil || len(r.ByChannel) != 4 || len(r.ByLanguage) != 2 {
			t.Errorf("%s: %+v", r.Rule, r)
		}
	}
}

// Invariants A and B.
func TestSeedsAreTheSameForAllRules(t *testing.T) {
	s := read(t, Wallet())
	if err := s.Override(0, 1, 3); err != nil {
		t.Fatal(err)
	}
	came := func(rule order.Rule) (out []Arrival) {
		setup := law{agents: 20, weights: []float64{1}, rule: rule, units: 60}.setup()
		setup.Classes, setup.Start, setup.End = s.classes(Trial{Rule: rule}), s.start, s.start.AddDate(0, 0, 1)
		source := s.Source(7)
		if _, err := Run(setup, func(a *Arrival) bool {
			more := source(a)
			out = append(out, *a)
			return more
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	a, b := came(order.ATC), came(order.FIFO)
	if len(a) < 1000 || len(a) != len(b) {
		t.Fatalf("%d and %d arrivals", len(a), len(b))
	}
	for i := range a {
		if !a[i].At.Equal(b[i].At) || a[i].Service != b[i].Service || a[i].Run.Key != b[i].Run.Key {
			t.Fatalf("arrival %d differs: %+v %+v", i, a[i], b[i])
		}
	}
	for _, trial := range s.Trials {
		first, again := results(t, s, []Trial{trial})[0], results(t, s, []Trial{trial})[0]
		if first.InSLA != again.InSLA || first.Worst != again.Worst || first.MeanWait != again.MeanWait || first.Gini != again.Gini {
			t.Fatalf("%s: two runs of one seed differ", trial)
		}
	}
}

func TestSearchFindsTheFrontier(t *testing.T) {
	s := read(t, Reference())
	if err := s.Override(0, 1, 10); err != nil {
		t.Fatal(err)
	}
	s.Search.Runs = 12
	tried := 0
	var all []Result
	front, err := s.Find(func(ts []Trial) ([]Result, error) {
		tried += len(ts)
		for _, trial := range ts {
			p := trial.Params
			if trial.Rule != order.ATC || p.K < 2 || p.K > 20 || p.Guard < 1.5 || p.Guard > 4 || p.Boost < 1 || p.Boost > 16 {
				t.Errorf("outside its bounds: %s", trial)
			}
		}
		rs := results(t, s, ts)
		all = append(all, rs...)
		return rs, nil
	})
	if err != nil || tried < 8 || tried > 12 || len(front) == 0 {
		t.Fatalf("%d tried, %d found, %v", tried, len(front), err)
	}
	for i, f := range front {
		if i > 0 && (f.InSLA.Mean <= front[i-1].InSLA.Mean || f.Worst.Mean <= front[i-1].Worst.Mean) {
			t.Errorf("not in order: %+v after %+v", f.InSLA, front[i-1].InSLA)
		}
		for _, r := range all {
			if r.InSLA.Mean > f.InSLA.Mean && r.Worst.Mean <= f.Worst.Mean {
				t.Errorf("beaten: %.3f at %.3f by %.3f at %.3f", f.InSLA.Mean, f.Worst.Mean, r.InSLA.Mean, r.Worst.Mean)
			}
		}
	}
}
