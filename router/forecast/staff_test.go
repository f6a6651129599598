package forecast

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/staffing"
)

func eighty() Staffing {
	return Staffing{Handling: func(k Key) time.Duration {
		if k.Topic == "recovery" {
			return 15 * time.Minute
		}
		return 10 * time.Minute
	}, Patience: 8 * time.Minute, Target: staffing.Target{Share: .8, Within: time.Minute}}
}

func plan(t *testing.T, m *Model, from, to time.Time, n Staffing) Plan {
	t.Helper()
	p, err := m.Staff(from, to, Filter{Channel: router.ChannelChat}, n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestStaffingOfADay(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	asOf := local(z, 2026, 11, 2, 0)
	w := wallet(z, 4000)
	m := fit(t, w.rows(rand.New(rand.NewPCG(20, 20)), asOf.AddDate(0, 0, -84), asOf), z, nil, asOf)
	p := plan(t, m, asOf, asOf.AddDate(0, 0, 1), eighty())
	if len(p.Rows) != 96 || p.Basis.None {
		t.Fatalf("%d rows", len(p.Rows))
	}
	load, offered := 0.0, 0.0
	for _, r := range p.Rows {
		load += r.Load * Slot.Hours()
		offered += r.Arrivals * 10.25 / 60
		if r.Level < .8 || r.Agents < 1 || r.Abandons < 0 || r.Abandons > .2 || r.Wait < 0 || r.Peakedness < 1 || math.IsNaN(r.Load) {
			t.Fatalf("%+v", r)
		}
		if float64(r.Agents) > r.Load+4*math.Sqrt(r.Load*r.Peakedness)+3 {
			t.Errorf("far too many agents: %+v", r)
		}
	}
	if math.Abs(load/offered-1) > .02 {
		t.Errorf("%.1f agent-hours of load for %.1f offered", load, offered)
	}
}

func TestThePeakOfLoadComesAfterThePeakOfArrivals(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	asOf := local(z, 2026, 11, 2, 0)
	m := fit(t, wallet(z, 20000).rows(rand.New(rand.NewPCG(21, 21)), asOf.AddDate(0, 0, -84), asOf), z, nil, asOf)
	n := eighty()
	n.Handling = func(Key) time.Duration { return 45 * time.Minute }
	p := plan(t, m, asOf, asOf.AddDate(0, 0, 1), n)
	// the center of the hours above nine tenths of the top says where a peak is, less noisily than its top slot
	center := func(of func(StaffRow) float64) float64 {
		top, sum, at := 0.0, 0.0, 0.0
		for _, r := range p.Rows[:64] { // the morning's peak
			top = math.Max(top, of(r))
		}
		for i, r := range p.Rows[:64] {
			if x := of(r); x > .9*top {
				sum, at = sum+x, at+x*float64(i)/4
			}
		}
		return at / sum
	}
	arrivals, load := center(func(r StaffRow) float64 { return r.Arrivals }), center(func(r StaffRow) float64 { return r.Load })
	if lag := load - arrivals; lag < .3 || lag > 1.2 {
		t.Errorf("arrivals peak at %.2f h, load at %.2f h", arrivals, load)
	}
}

func TestPeakedArrivalsNeedMoreAgents(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	asOf := local(z, 2026, 11, 2, 0)
	sum := [2]int{}
	for i, phi := range []float64{1, 4} {
		w := wallet(z, 4000)
		w.phi = phi
		m := fit(t, w.rows(rand.New(rand.NewPCG(22, 22)), asOf.AddDate(0, 0, -84), asOf), z, nil, asOf)
		for _, r := range plan(t, m, asOf.Add(8*time.Hour), asOf.Add(22*time.Hour), eighty()).Rows {
			sum[i] += r.Agents
		}
	}
	if sum[1] <= sum[0] {
		t.Errorf("%d agent-quarters for Poisson, %d for peaked arrivals", sum[0], sum[1])
	}
}

// ends are the moments at which agents become free.
type ends []float64

func (e ends) Len() int           { return len(e) }
func (e ends) Less(i, j int) bool { return e[i] < e[j] }
func (e ends) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *ends) Push(x any)        { *e = append(*e, x.(float64)) }
func (e *ends) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	*e = (*e)[:last]
	return x
}

// replay serves one day first come, first served with the planned agents: the share
// served within, of those that came while the plan ran. Hours.
func replay(r *rand.Rand, p Plan, handling, patience, within float64) (served, all float64) {
	type one struct{ at, until float64 }
	var came []one
	for i, row := range p.Rows {
		for range poisson(r, row.Arrivals) {
			at := (float64(i) + r.Float64()) / 4
			came = append(came, one{at, at + patience*r.ExpFloat64()})
		}
	}
	slices.SortFunc(came, func(a, b one) int { return int(math.Copysign(1, a.at-b.at)) })
	agents := func(at float64) int { return p.Rows[min(int(at*4), len(p.Rows)-1)].Agents }
	busy, now := &ends{}, 0.0
	for _, c := range came {
		now = math.Max(now, c.at)
		for {
			for busy.Len() > 0 && (*busy)[0] <= now {
				heap.Pop(busy)
			}
			if busy.Len() < agents(now) {
				break
			}
			next := math.Floor(now*4+1) / 4 // the plan changes then
			now = math.Min((*busy)[0], next)
		}
		if c.at < 2 || c.at > 23 {
			continue
		}
		all++
		if now <= c.until {
			if now-c.at <= within {
				served++
			}
		}
		if now <= c.until {
			heap.Push(busy, now+handling*r.ExpFloat64())
		}
	}
	return served, all
}

// The plan keeps its target in a simulated day whose arrivals are as forecast.
func TestPlanHoldsInSimulation(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	asOf := local(z, 2026, 11, 2, 0)
	m := fit(t, wallet(z, 4000).rows(rand.New(rand.NewPCG(23, 23)), asOf.AddDate(0, 0, -84), asOf), z, nil, asOf)
	n := eighty()
	n.Handling = func(Key) time.Duration { return 10 * time.Minute }
	p := plan(t, m, asOf, asOf.AddDate(0, 0, 1), n)
	promised, weight := 0.0, 0.0
	for _, row := range p.Rows[8:92] {
		promised, weight = promised+row.Level*row.Arrivals, weight+row.Arrivals
	}
	r, served, all := rand.New(rand.NewPCG(24, 24)), 0.0, 0.0
	for range 60 {
		s, a := replay(r, p, 10./60, 8./60, 1./60)
		served, all = served+s, all+a
	}
	t.Logf("served within a minute: %.3f simulated, %.3f by the plan", served/all, promised/weight)
	if got := served / all; got < .8 || math.Abs(got-promised/weight) > .05 {
		t.Errorf("served within a minute: %.3f simulated, %.3f by the plan", got, promised/weight)
	}
}

func TestStaffingWithoutHistoryAndWithGarbage(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	asOf := local(z, 2026, 11, 2, 0)
	none := fit(t, nil, z, nil, asOf)
	if p := plan(t, none, asOf, asOf.AddDate(0, 0, 1), eighty()); len(p.Rows) != 0 || !p.Basis.None {
		t.Errorf("%+v", p)
	}
	m := fit(t, wallet(z, 400).rows(rand.New(rand.NewPCG(25, 25)), asOf.AddDate(0, 0, -20), asOf), z, nil, asOf)
	for field, change := range map[string]func(*Staffing){
		"handling":  func(n *Staffing) { n.Handling = nil },
		"handling ": func(n *Staffing) { n.Handling = func(Key) time.Duration { return 0 } },
		"variation": func(n *Staffing) { n.Variation = math.NaN() },
		"patience":  func(n *Staffing) { n.Patience = -1 },
		"share":     func(n *Staffing) { n.Target.Share = 1.2 },
	} {
		n := eighty()
		change(&n)
		_, err := m.Staff(asOf, asOf.Add(time.Hour), Filter{}, n)
		named(t, err, field)
	}
}

func BenchmarkStaffOfADay(b *testing.B) {
	z, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		b.Fatal(err)
	}
	asOf := local(z, 2026, 11, 2, 0)
	m := fit(b, wallet(z, 3000).rows(rand.New(rand.NewPCG(1, 1)), asOf.AddDate(0, 0, -84), asOf), z, nil, asOf)
	n := eighty()
	n.Variation = 1.2
	for b.Loop() {
		if _, err := m.Staff(asOf, asOf.AddDate(0, 0, 1), Filter{}, n); err != nil {
			b.Fatal(err)
		}
	}
}
