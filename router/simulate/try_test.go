package simulate

import (
	"fmt"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	s, err := Read(Reference(), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	for _, tr := range s.Trials {
		b := time.Now()
		var outs []*Outcome
		for seed := range 8 {
			o, err := s.Play(tr, uint64(seed+1), Options{})
			if err != nil {
				t.Fatal(err)
			}
			outs = append(outs, o)
		}
		r := s.Summarize(tr, .94, outs)
		cut := 0.0
		if r.CutMet != nil {
			cut = *r.CutMet
		}
		fmt.Printf("%-22s %.2f±%.2f [%.1f %.1f] sec %.1f rec %.1f cut %.1f worst %.2f max %.2f util %.1f gini %.3f n %.0f  pub %v %v  %v\n", tr, r.InSLA.Mean, r.InSLA.SE, r.InSLA.Min, r.InSLA.Max, r.ByClass["security"].InSLA.Mean, r.ByClass["recovery"].InSLA.Mean, cut, r.Worst.Mean, r.Worst.Max, r.Busy, r.Gini, r.N, r.Published.InSLA, r.Published.Worst, time.Since(b))
	}
}
