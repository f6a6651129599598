package pace

import (
	"math"
	"sort"
	"strings"
	"time"

	"switchyard/router"
)

const (
	// Shortest and Longest bound what counts as work on a ticket in one claim. What is outside was
	// a slip of the hand or was forgotten, and is not learned from.
	Shortest = 5 * time.Second
	Longest  = 4 * time.Hour
	// HalfLife is after how long an observation weighs half.
	HalfLife = 14 * 24 * time.Hour
	// Least is how many effective observations an estimate needs to count at all.
	Least = 10
	// half is how many give it half of the weight: k in n/(n+k).
	half = 20

	binsPerOctave = 4
	bins          = 46  // of binsPerOctave from Shortest: the last one begins below Longest
	wide          = 3.0 // robust deviations from the median that are kept
	consistent    = 1.4826
)

// Key is what service times are learned by.
type Key struct {
	Class   router.ClassName
	Channel router.Channel
}

// ID names the key.
func (k Key) ID() string { return string(k.Channel) + "|" + string(k.Class) }

// ParseKey is the key of a name; ok is false where it is none.
func ParseKey(id string) (k Key, ok bool) {
	channel, class, ok := strings.Cut(id, "|")
	return Key{router.ClassName(class), router.Channel(channel)}, ok
}

// Bin holds the weight of its observations and the weighted sum of their seconds.
type Bin struct {
	N   float64 `json:"n"`
	Sum float64 `json:"sum"`
}

// Meter is what was seen of one class and channel. Its zero value is empty.
type Meter struct {
	At      time.Time   `json:"at"`      // the moment for which the weights hold
	Bins    map[int]Bin `json:"bins"`    // by number: bin i begins at Shortest · 2^(i/4)
	Squares float64     `json:"squares"` // sum of the squared weights
}

// Observe adds a claim of duration d that ended at a moment. What is outside Shortest and Longest is left out.
func (m Meter) Observe(d time.Duration, at time.Time) Meter {
	if d < Shortest || d > Longest {
		return m
	}
	one := Meter{At: at, Bins: map[int]Bin{binOf(d): {N: 1, Sum: d.Seconds()}}, Squares: 1}
	return m.Plus(one)
}

func binOf(d time.Duration) int {
	return min(bins-1, int(binsPerOctave*math.Log2(float64(d)/float64(Shortest))))
}

// Plus is both together, at the later of their moments.
func (m Meter) Plus(o Meter) Meter {
	at := m.At
	if o.At.After(at) {
		at = o.At
	}
	out := Meter{At: at, Bins: map[int]Bin{}}
	for _, part := range []Meter{m, o} {
		keep := decay(at.Sub(part.At))
		for i, b := range part.Bins {
			have := out.Bins[i]
			out.Bins[i] = Bin{have.N + keep*b.N, have.Sum + keep*b.Sum}
		}
		out.Squares += keep * keep * part.Squares
	}
	return out
}

func decay(age time.Duration) float64 {
	return math.Exp2(-float64(age) / float64(HalfLife))
}

// Estimate is the mean handling time and on how many effective observations, after the decay until now, it
// rests. ok is false where there are fewer than Least.
func (m Meter) Estimate(now time.Time) (mean time.Duration, n float64, ok bool) {
	keep := decay(max(0, now.Sub(m.At)))
	at := make([]int, 0, len(m.Bins))
	total := 0.0
	for i, b := range m.Bins {
		if b.N > 0 && b.Sum > 0 {
			at = append(at, i)
			total += b.N
		}
	}
	if total == 0 || !(m.Squares > 0) {
		return 0, 0, false
	}
	sort.Ints(at)
	// Kish's number does not fall with age by itself: what has faded counts for what is left of it.
	n = total * total / m.Squares * math.Min(1, keep)
	if n < Least {
		return 0, n, false
	}
	low, high := m.fences(at, total)
	weight, sum := 0.0, 0.0
	for _, i := range at {
		if y := m.Bins[i].log(); low <= y && y <= high {
			weight, sum = weight+m.Bins[i].N, sum+m.Bins[i].Sum
		}
	}
	mean = time.Duration(sum / weight * float64(time.Second)).Round(time.Second)
	return min(max(mean, Shortest), Longest), n, true
}

// log is the logarithm of a bin's mean, in seconds.
func (b Bin) log() float64 { return math.Log(b.Sum / b.N) }

// fences are the bounds of what counts, as logarithms of seconds; the median lies between them.
func (m Meter) fences(at []int, total float64) (low, high float64) {
	type point struct{ y, w float64 }
	points := make([]point, 0, len(at))
	for _, i := range at {
		points = append(points, point{m.Bins[i].log(), m.Bins[i].N})
	}
	median := func() float64 {
		sort.Slice(points, func(i, j int) bool { return points[i].y < points[j].y })
		sum := 0.0
		for _, p := range points {
			if sum += p.w; sum >= total/2 {
				return p.y
			}
		}
		return points[len(points)-1].y
	}
	mid := median()
	for i := range points {
		points[i].y = math.Abs(points[i].y - mid)
	}
	// A deviation below a bin's width says only that bins are coarse.
	spread := wide * math.Max(consistent*median(), math.Ln2/binsPerOctave)
	return mid - spread, mid + spread
}

// Weight is the part of an estimate on n effective observations in the mixture, 0–1.
func Weight(n float64) float64 {
	if !(n >= Least) {
		return 0
	}
	if math.IsInf(n, 1) {
		return 1
	}
	return n / (n + half)
}

// Mix is the handling time that counts: the learned one with its weight, the stated one with the rest.
func Mix(stated, learned time.Duration, n float64) time.Duration {
	w := Weight(n)
	return time.Duration((1-w)*float64(stated) + w*float64(learned)).Round(time.Second)
}
