package backtest

import (
	"math"
	"slices"
	"time"

	"switchyard/router"
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

// Band is what a wait told lies between, in half and in nine of ten cases.
type Band struct {
	Low90, Low50, High50, High90 time.Duration
}

// steps are the told waits, in minutes, from which on another band is learned.
var steps = []float64{0, 0.5, 2, 5, 10, 20, 40, 80, 160}

// least is how many observations a band needs; with fewer the next lower step's is used.
const least = 40

// Bands are the bands of told waits of one class, learned from what happened: quantiles of the waits that followed,
// by how long was told (the ROUTING §4 way: bands taken from replay).
type Bands struct {
	by [][]float64 // waits in minutes by step, sorted
}

// LearnBands learns from told and happened waits.
func LearnBands(fates []Fate) Bands {
	b := Bands{by: make([][]float64, len(steps))}
	for _, f := range fates {
		if f.Served {
			i := stepOf(f.Told)
			b.by[i] = append(b.by[i], f.Wait.Minutes())
		}
	}
	for i := range b.by {
		slices.Sort(b.by[i])
	}
	return b
}

func stepOf(told time.Duration) int {
	i := 0
	for i+1 < len(steps) && told.Minutes() >= steps[i+1] {
		i++
	}
	return i
}

// Of is the band of a told wait; ok is false where too little was seen.
func (b Bands) Of(told time.Duration) (band Band, ok bool) {
	if len(b.by) == 0 {
		return band, false
	}
	i := stepOf(told)
	for ; i >= 0 && len(b.by[i]) < least; i-- {
	}
	if i < 0 {
		return band, false
	}
	at := func(share float64) time.Duration {
		xs := b.by[i]
		return time.Duration(xs[min(len(xs)-1, int(share*float64(len(xs))))] * float64(time.Minute))
	}
	return Band{at(.05), at(.25), at(.75), at(.95)}, true
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
		out = append(out, judge(class, LearnBands(halves[0]), halves[1]))
	}
	slices.SortFunc(out, func(a, b WaitError) int { return cmpClass(a.Class, b.Class) })
	return out
}

func cmpClass(a, b router.ClassName) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func judge(class router.ClassName, bands Bands, fates []Fate) WaitError {
	e := WaitError{Class: class, N: len(fates)}
	n, known := float64(len(fates)), 0.0
	for _, f := range fates {
		diff := (f.Told - f.Wait).Minutes()
		e.Mean += diff / n
		e.Abs += math.Abs(diff) / n
		e.Wait += f.Wait.Minutes() / n
		band, ok := bands.Of(f.Told)
		if !ok {
			continue
		}
		known++
		if f.Wait >= band.Low50 && f.Wait <= band.High50 {
			e.Cover50++
		}
		if f.Wait >= band.Low90 && f.Wait <= band.High90 {
			e.Cover90++
		}
	}
	if known > 0 {
		e.Cover50, e.Cover90 = 100*e.Cover50/known, 100*e.Cover90/known
	}
	return e
}
