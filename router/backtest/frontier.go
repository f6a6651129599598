package backtest

import (
	"switchyard/router/decide"
)

// Point is what a guard would have given over the past: more share in SLA costs a longer worst wait.
type Point struct {
	Guard    float64 `json:"guard"`
	Share    float64 `json:"in_sla"` // per cent, by the policy's own targets
	Worst    float64 `json:"worst_over_sla"`
	MeanWait float64 `json:"mean_wait_min"`
	InForce  bool    `json:"in_force,omitempty"` // as the policy has it
}

// guards are what Frontier tries besides the policy's own.
var guards = []float64{1.5, 2, 2.5, 3, 4, 6, 12}

// Frontier replays cases with one guard g after the other for all classes, and as the policy has them.
func Frontier(rs *decide.Ruleset, cases []Case, desk Desk, progress func(done, total float64)) ([]Point, error) {
	var out []Point
	for i, g := range append([]float64{0}, guards...) {
		desk.Guard = g
		p, err := Play(rs, cases, desk, func(done, total float64) {
			if progress != nil {
				progress(float64(i)*total+done, float64(len(guards)+1)*total)
			}
		})
		if err != nil {
			return nil, err
		}
		all := p.Outcome.All
		at := Point{Guard: g, Share: 100 * float64(all.Met) / float64(max(all.Judged, 1)), Worst: all.WorstOver, MeanWait: all.Wait / 60 / float64(max(all.Came, 1)), InForce: g == 0}
		if g == 0 {
			for _, c := range p.classes { // of the classes at the end; the same for all in most policies
				at.Guard = max(at.Guard, c.Guard)
			}
		}
		out = append(out, at)
	}
	return out, nil
}
