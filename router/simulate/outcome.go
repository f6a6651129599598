package simulate

import (
	"math"
	"slices"
	"time"

	"switchyard/router"
)

// octave is how many steps the histogram of waits has from one power of two to the next: a quantile is good to 1.1 %.
const octave = 64

// Tally counts one group of tickets of one seed. Times are seconds.
type Tally struct {
	Came      int // all that were counted
	Judged    int // served, left late, or never served
	Met       int // of these, started within their target
	Waited    int // did not start at once
	Gone      int // lost patience
	Unserved  int // still there when the time to finish was over
	Cut       int // carried a cut-off
	CutMet    int // of these, started before it
	Wait      float64
	Worst     float64
	WorstOver float64 // of its own target
	waits     []uint32
}

func (t *Tally) count(o *once) {
	t.Came++
	t.Wait += o.wait
	t.Worst, t.WorstOver = math.Max(t.Worst, o.wait), math.Max(t.WorstOver, o.over)
	for o.step >= len(t.waits) {
		t.waits = append(t.waits, make([]uint32, o.step+octave-len(t.waits))...)
	}
	t.waits[o.step]++
	add := func(n *int, yes bool) {
		if yes {
			*n++
		}
	}
	add(&t.Judged, o.judged)
	add(&t.Met, o.met)
	add(&t.Waited, o.wait > 0)
	add(&t.Gone, o.gone)
	add(&t.Unserved, o.unserved)
	add(&t.Cut, o.cut)
	add(&t.CutMet, o.cutMet)
}

// once is what became of one ticket.
type once struct {
	wait, over                               float64
	step                                     int
	judged, met, gone, unserved, cut, cutMet bool
}

// stepOf is the step of the histogram in which a wait of so many seconds lies: 0 below a second.
func stepOf(wait float64) int {
	if wait < 1 {
		return 0
	}
	return 1 + int(math.Float64bits(wait)>>(52-6)) - 1023*octave
}

// Quantile is the wait that a share of the group does not exceed, in seconds.
func (t *Tally) Quantile(share float64) float64 {
	need, sum := uint64(math.Ceil(share*float64(t.Came))), uint64(0)
	for step, n := range t.waits {
		if sum += uint64(n); sum >= need && n > 0 {
			if step == 0 {
				return 0
			}
			lo := math.Float64frombits(uint64(step-1+1023*octave) << (52 - 6))
			hi := math.Float64frombits(uint64(step+1023*octave) << (52 - 6))
			return math.Min((lo+hi)/2, t.Worst)
		}
	}
	return 0
}

// Outcome is what one run of a desk gave.
type Outcome struct {
	All        Tally
	ByClass    map[router.ClassName]*Tally
	ByChannel  map[router.Channel]*Tally
	ByLanguage map[router.Language]*Tally
	ByHour     [24]Tally // local hour of arrival
	PassedOn   int
	Worked     []float64 // seconds of work by agent, weighed by cost
	Present    []float64 // seconds there by agent
	Runs       int       // how many runs there were

	gini     float64
	giniDays int
	hourOf   int64 // the quarter-hour whose local hour is known
	hour     int
}

func newOutcome(agents int) *Outcome {
	return &Outcome{ByClass: map[router.ClassName]*Tally{}, ByChannel: map[router.Channel]*Tally{}, ByLanguage: map[router.Language]*Tally{},
		Worked: make([]float64, agents), Present: make([]float64, agents), hourOf: -1}
}

// Utilization is work over time there, of all agents; 0–1 unless shifts end in mid-work.
func (o *Outcome) Utilization() float64 {
	worked, present := 0.0, 0.0
	for i := range o.Worked {
		worked += o.Worked[i]
		present += o.Present[i]
	}
	if present == 0 {
		return 0
	}
	return worked / present
}

// Gini is the mean over days of the Gini coefficient of the agents' work per time there: 0 is all alike.
func (o *Outcome) Gini() float64 {
	if o.giniDays == 0 {
		return 0
	}
	return o.gini / float64(o.giniDays)
}

// gini is the Gini coefficient of numbers ≥ 0, which it sorts: the mean difference over twice the mean.
func gini(xs []float64) float64 {
	slices.Sort(xs)
	sum, weighed := 0.0, 0.0
	for i, x := range xs {
		sum += x
		weighed += float64(2*(i+1)-len(xs)-1) * x
	}
	if sum == 0 {
		return 0
	}
	return weighed / (float64(len(xs)) * sum)
}

// closeDay charges the day's work and time, and how evenly it was shared.
func (p *play) closeDay() {
	var shares []float64
	for i := range p.agents {
		a := &p.agents[i]
		if a.there {
			a.present += p.now - a.there0
			a.there0 = p.now
		}
		if a.present > 0 {
			shares = append(shares, float64(a.worked)/float64(a.present))
		}
		if p.now <= p.end { // finishing up is no shift
			p.out.Worked[i] += time.Duration(a.worked).Seconds()
			p.out.Present[i] += time.Duration(a.present).Seconds()
		}
		a.worked, a.present = 0, 0
	}
	if len(shares) > 1 && p.now <= p.end {
		p.out.gini += gini(shares)
		p.out.giniDays++
	}
}

// close counts whom nobody served in time.
func (p *play) close() {
	for slot := range p.pool {
		t := &p.pool[slot]
		if t.passing { // in the hands of somebody who cannot help
			t.passing = false
			p.insert(p.lines[t.line], int32(slot))
		}
		if t.waits {
			p.leave(int32(slot), 0, nobody)
		}
	}
	if p.out.giniDays == 0 { // less than a day
		p.end = p.now
		p.closeDay()
	}
	p.out.Runs = len(p.lines)
}

// leave takes a ticket out of its line and judges it: started, gave up, or (kind 0) never served.
func (p *play) leave(slot int32, kind EventKind, who int32) {
	t := &p.pool[slot]
	l := p.lines[t.line]
	wait := p.wait(l, slot)
	p.remove(l, slot)
	p.tell(slot, kind, who, wait)
	if !t.counted {
		return
	}
	late := wait > t.target
	o := once{wait: float64(wait) / 1e9, over: float64(wait) / float64(t.target), gone: kind == Left, unserved: kind == 0, cut: t.cutoff > 0}
	o.step = stepOf(o.wait)
	o.judged = kind != Left || late
	o.met = kind == Started && !late
	o.cutMet = o.cut && kind == Started && p.now <= t.cutoff
	run := &p.lines[t.truth].cand.Head.Run
	p.out.All.count(&o)
	of(p.out.ByClass, run.Class).count(&o)
	of(p.out.ByChannel, run.Channel).count(&o)
	of(p.out.ByLanguage, t.arrival.Language).count(&o)
	p.out.ByHour[p.localHour(t.at)].count(&o)
}

func of[K comparable](m map[K]*Tally, k K) *Tally {
	t := m[k]
	if t == nil {
		t = &Tally{}
		m[k] = t
	}
	return t
}

func (p *play) localHour(at int64) int {
	if quarter := (p.s.Start.Unix() + at/int64(time.Second)) / 900; quarter != p.out.hourOf {
		p.out.hourOf, p.out.hour = quarter, p.time(at).In(p.s.Zone).Hour()
	}
	return p.out.hour
}

func (p *play) tell(slot int32, kind EventKind, who int32, wait int64) {
	if kind == PassedOn && p.pool[slot].counted {
		p.out.PassedOn++
	}
	if p.s.Watch == nil || kind == 0 {
		return
	}
	t := &p.pool[slot]
	e := Event{At: p.time(p.now), ID: t.arrival.ID, Run: &p.lines[t.truth].cand.Head.Run, Kind: kind, Wait: time.Duration(wait)}
	if who != nobody {
		e.Agent = p.s.Agents[who].User.ID
	}
	p.s.Watch(&p.view, e)
}
