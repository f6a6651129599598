package backtest

import (
	"cmp"
	"math"
	"slices"

	"switchyard/router"
	"switchyard/router/told"
)

// WaitError is how good the wait told to customers was, for one class. Minutes; shares per cent.
type WaitError struct {
	Class   router.ClassName `json:"class"`
	N       int              `json:"n"`          // judged: those after the ones that the bands were learned from
	Mean    float64          `json:"mean_error"` // told − happened
	Abs     float64          `json:"mean_absolute_error"`
	Wait    float64          `json:"mean_wait"`
	Cover50 float64          `json:"in_50_band"`
	Cover90 float64          `json:"in_90_band"`
}

// Errors judges the told waits of a replay, class by class: the bands are learned from every other ticket and
// judged on the rest, so that none is judged by itself.
func Errors(fates []Fate) []WaitError {
	by := map[router.ClassName][2][]Fate{}
	for i, f := range fates {
		if f.Served {
			halves := by[f.Class]
			halves[i%2] = append(halves[i%2], f)
			by[f.Class] = halves
		}
	}
	var out []WaitError
	for class, halves := range by {
		if len(halves[1]) == 0 {
			continue
		}
		out = append(out, judge(class, learn(halves[0]), halves[1]))
	}
	slices.SortFunc(out, func(a, b WaitError) int { return cmp.Compare(a.Class, b.Class) })
	return out
}

// learn counts told and come waits.
func learn(fates []Fate) told.Told {
	var sum told.Told
	for _, f := range fates {
		sum.Count(f.Told, f.Wait, nil)
	}
	return sum
}

func judge(class router.ClassName, bands told.Told, fates []Fate) WaitError {
	e := WaitError{Class: class, N: len(fates)}
	n, known := float64(len(fates)), 0.0
	for _, f := range fates {
		diff := (f.Told - f.Wait).Minutes()
		e.Mean += diff / n
		e.Abs += math.Abs(diff) / n
		e.Wait += f.Wait.Minutes() / n
		band, ok := bands.Band(f.Told)
		if !ok {
			continue
		}
		known++
		half, nine := band.Within(f.Wait)
		if half {
			e.Cover50++
		}
		if nine {
			e.Cover90++
		}
	}
	if known > 0 {
		e.Cover50, e.Cover90 = 100*e.Cover50/known, 100*e.Cover90/known
	}
	return e
}
