// Package told keeps how good the waits were that were predicted when tickets came: what was told beside what
// happened, as counts that add up, and the bands that follow from them. It is pure.
//
// What always holds:
//
//	A. Counts add up in any order (Plus), so that processes may count by themselves.
//	B. The 50 % band lies within the 90 % band.
//	C. A band is given only where enough was seen.
package told

import (
	"math"
	"time"
)

// Told counts waits that were told and that happened, for one class.
type Told struct {
	By   map[int]map[int]int `json:"by"` // told step → bin of the wait that came → how many
	N    int                 `json:"n"`
	Sum  float64             `json:"sum"`  // told − came, minutes
	Abs  float64             `json:"abs"`  // the same without sign
	Wait float64             `json:"wait"` // came, minutes

	Banded int `json:"banded"` // how many had a band when they were judged
	In50   int `json:"in_50"`
	In90   int `json:"in_90"`
}

// Band is what a told wait lies between, in half and in nine of ten cases.
type Band struct {
	Low90  time.Duration `json:"low_90"`
	Low50  time.Duration `json:"low_50"`
	High50 time.Duration `json:"high_50"`
	High90 time.Duration `json:"high_90"`
}

// Within reports whether a wait lies in the 50 % and in the 90 % band.
func (b Band) Within(wait time.Duration) (half, nine bool) {
	return wait >= b.Low50 && wait <= b.High50, wait >= b.Low90 && wait <= b.High90
}

// steps are the told waits, in minutes, from which on another band is kept.
var steps = []float64{0, 0.5, 2, 5, 10, 20, 40, 80, 160}

const (
	// least is how many observations a band needs; with fewer the next lower step's is used.
	least = 40
	// perOctave is how many bins a doubling of (wait + floor) has: a bin is 9 % wide.
	perOctave = 8
	// floor is where bins begin to be even, in minutes.
	floor = 0.25
)

func stepOf(told time.Duration) int {
	i := 0
	for i+1 < len(steps) && told.Minutes() >= steps[i+1] {
		i++
	}
	return i
}

func binOf(wait time.Duration) int {
	return int(math.Round(perOctave * math.Log2(1+math.Max(0, wait.Minutes())/floor)))
}

// edge is the wait at the lower edge of a bin; 0 of the first.
func edge(bin int) time.Duration {
	return time.Duration(math.Max(0, floor*(math.Exp2((float64(bin)-0.5)/perOctave)-1)) * float64(time.Minute))
}

// Count counts one wait, told and come, with the band there was for it then, if there was one.
func (t *Told) Count(told, wait time.Duration, band *Band) {
	if t.By == nil {
		t.By = map[int]map[int]int{}
	}
	step, diff := stepOf(told), (told - wait).Minutes()
	if t.By[step] == nil {
		t.By[step] = map[int]int{}
	}
	t.By[step][binOf(wait)]++
	t.N++
	t.Sum, t.Abs, t.Wait = t.Sum+diff, t.Abs+math.Abs(diff), t.Wait+wait.Minutes()
	if band == nil {
		return
	}
	t.Banded++
	half, nine := band.Within(wait)
	if half {
		t.In50++
	}
	if nine {
		t.In90++
	}
}

// One is the count of one wait.
func One(told, wait time.Duration, band *Band) (t Told) {
	t.Count(told, wait, band)
	return t
}

// Plus is the sum of both.
func (t Told) Plus(o Told) Told {
	out := Told{By: map[int]map[int]int{}, N: t.N + o.N, Sum: t.Sum + o.Sum, Abs: t.Abs + o.Abs, Wait: t.Wait + o.Wait,
		Banded: t.Banded + o.Banded, In50: t.In50 + o.In50, In90: t.In90 + o.In90}
	for _, part := range []Told{t, o} {
		for step, bins := range part.By {
			if out.By[step] == nil {
				out.By[step] = map[int]int{}
			}
			for bin, n := range bins {
				out.By[step][bin] += n
			}
		}
	}
	return out
}

// Band is the band of a told wait; ok is false where too little was seen.
func (t Told) Band(told time.Duration) (band Band, ok bool) {
	for i := stepOf(told); i >= 0; i-- {
		total := 0
		for _, n := range t.By[i] {
			total += n
		}
		if total >= least {
			return bandOf(t.By[i], total), true
		}
	}
	return band, false
}

func bandOf(bins map[int]int, total int) Band {
	last := 0
	for bin := range bins {
		last = max(last, bin)
	}
	// at is the first bin up to which a share lies
	at := func(share float64) int {
		sum := 0
		for bin := 0; bin <= last; bin++ {
			if sum += bins[bin]; float64(sum) >= share*float64(total) {
				return bin
			}
		}
		return last
	}
	return Band{edge(at(.05)), edge(at(.25)), edge(at(.75) + 1), edge(at(.95) + 1)}
}
