package staffing

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"switchyard/router"
)

// chain solves the birth–death chain of Erlang A state by state: an independent way
// to the same numbers.
func chain(l Line) (waits, gone, wait float64) {
	lambda, mu, theta := l.PerHour, 1/l.Handling.Hours(), 1/l.Patience.Hours()
	weight := []float64{0} // logarithms
	for n := 1; n < 40*l.Agents+4000; n++ {
		out := math.Min(float64(n), float64(l.Agents))*mu + math.Max(float64(n-l.Agents), 0)*theta
		weight = append(weight, weight[n-1]+math.Log(lambda/out))
	}
	top := math.Inf(-1)
	for _, w := range weight {
		top = math.Max(top, w)
	}
	sum, line := 0.0, 0.0
	for n, w := range weight {
		p := math.Exp(w - top)
		sum += p
		if n >= l.Agents {
			waits += p
			line += p * float64(n-l.Agents)
		}
	}
	line /= sum
	return waits / sum, theta * line / lambda, line / lambda
}

func TestErlangAAgreesWithItsChain(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		n := 1 + r.IntN(300)
		l := erlangs(float64(n)*(0.2+1.6*r.Float64()), 10*time.Minute, time.Duration(math.Exp(9*r.Float64()-5)*float64(10*time.Minute)), n)
		s := settle(t, l)
		waits, gone, wait := chain(l)
		if math.Abs(s.Waits-waits) > 1e-8 || math.Abs(s.Abandons-gone) > 1e-8 || math.Abs(s.Wait.Hours()-wait) > 1e-8*(1+wait) {
			t.Fatalf("%+v: %v %v %v, the chain says %v %v %v", l, s.Waits, s.Abandons, s.Wait.Hours(), waits, gone, wait)
		}
	}
}

// Invariants A, B and C, up to some thousands of agents and far into overload.
func TestAllNumbersAreFiniteAndMoreAgentsHelp(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		n := 1 + r.IntN(5000)
		l := erlangs(math.Min(1e5, float64(n)*math.Exp(2*r.NormFloat64())), 8*time.Minute, time.Duration(1+r.Int64N(int64(24*time.Hour))), n)
		within := time.Duration(r.Int64N(int64(time.Hour)))
		few, l2 := settle(t, l), l
		l2.Agents++
		more := settle(t, l2)
		for _, m := range []Measure{Served, ServedOfServed, WaitEnded, Offered} {
			a, b := few.Level(Target{Within: within, Measure: m}), more.Level(Target{Within: within, Measure: m})
			if math.IsNaN(a) || a < 0 || a > 1 || b < a-1e-9 {
				t.Fatalf("A, B %+v %s %s: %v then %v", l, within, m, a, b)
			}
		}
		for _, v := range []float64{few.Waits, few.Abandons, few.Waiting, few.Occupancy, few.Wait.Hours()} {
			if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
				t.Fatalf("A %+v: %+v", l, few)
			}
		}
		if few.WaitWithin(within) < few.ServedWithin(within)-1e-9 || few.OfferedWithin(within) > few.WaitWithin(within)+1e-9 {
			t.Fatalf("%+v: served ≤ ended and offered ≤ ended do not hold", l)
		}
	}
}

func TestLeastAgentsIsLeast(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 100 {
		l := erlangs(400*r.Float64(), 6*time.Minute, time.Duration(r.Int64N(int64(20*time.Minute))), 0)
		target := Target{Share: .5 + .49*r.Float64(), Within: time.Duration(r.Int64N(int64(5 * time.Minute)))}
		n, s, err := LeastAgents(l, target)
		if err != nil {
			t.Fatal(err)
		}
		if s.Line.Agents != n || s.Level(target) < target.Share {
			t.Fatalf("%+v: %d agents give %v of %v", l, n, s.Level(target), target.Share)
		}
		l.Agents = n - 1
		if less, err := Settle(l); err == nil && less.Level(target) >= target.Share {
			t.Fatalf("%+v: one agent less gives %v of %v", l, less.Level(target), target.Share)
		}
	}
}

// Invariant D on random classes.
func TestConservation(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 200 {
		n := 1 + r.IntN(50)
		classes := make([]Class, 1+r.IntN(6))
		for i := range classes {
			classes[i] = Class{PerHour: r.Float64() * float64(n) / float64(len(classes)), Accrual: math.Exp(3 * r.NormFloat64())}
		}
		for name, rule := range map[string]func(int, time.Duration, []Class) ([]time.Duration, error){"cobham": Cobham, "accumulating": Accumulating} {
			waits, err := rule(n, time.Hour, classes)
			if err != nil {
				t.Fatal(err)
			}
			sum, fifo, err := Conserved(n, time.Hour, classes, waits)
			if err != nil || math.Abs(sum-fifo) > 1e-7*(1+fifo) {
				t.Fatalf("D %s %d %+v: %v, %v, %v", name, n, classes, sum, fifo, err)
			}
		}
	}
}

func TestStepsAgreeWithTheIntegral(t *testing.T) {
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	rates := make([]float64, 96)
	for i := range rates {
		rates[i] = 40 + 30*math.Sin(float64(i)/96*2*math.Pi)
	}
	perHour := func(at time.Duration) float64 {
		if i := int(math.Floor(at.Minutes() / 15)); i >= 0 && i < len(rates) {
			return rates[i]
		}
		return 0
	}
	for _, s := range []Service{Exponential(12 * time.Minute), Lognormal(12*time.Minute, 1.2)} {
		for _, at := range []time.Duration{20 * time.Minute, 7 * time.Hour, 23 * time.Hour} {
			steps, err := Steps{StartAt: start, Width: 15 * time.Minute, PerHour: rates}.BusyAt(start.Add(at), s)
			if err != nil {
				t.Fatal(err)
			}
			whole, err := BusyAt(at, perHour, s)
			if err != nil || math.Abs(steps-whole) > 0.02 { // the integral meets jumps inside its panels
				t.Errorf("%+v at %s: steps %v, integral %v, %v", s, at, steps, whole, err)
			}
		}
	}
	long, err := BusyAt(0, func(time.Duration) float64 { return 30 }, Lognormal(12*time.Minute, 1.2))
	near(t, "a constant rate gives λ·E[S]", long, 6, 1e-6)
	if err != nil {
		t.Fatal(err)
	}
}

func TestPeakedness(t *testing.T) {
	for _, c := range []struct{ idc, want float64 }{{1, 1}, {2, 1.5}, {0, .5}} {
		z, err := Peakedness(c.idc, 30*time.Minute, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "z", z, c.want, 1e-12)
	}
	plain, _ := AgentsAt(100, 1, 1)
	peaked, _ := AgentsAt(100, 1, 4)
	if plain != 110 || peaked != 120 {
		t.Errorf("%d and %d agents", plain, peaked)
	}
}

// refused are calls that have no answer, by the field that is to blame (spaces tell apart).
func refused() map[string]func() error {
	nan, m := math.NaN(), time.Minute
	return map[string]func() error{
		"agents":    func() error { _, err := ErlangB(-1, 3); return err },
		"load":      func() error { _, err := ErlangC(3, nan); return err },
		"agents ":   func() error { _, err := ErlangC(3, 3); return err },
		"agents  ":  func() error { _, err := Settle(Line{PerHour: 120, Handling: m, Agents: 2}); return err },
		"agents   ": func() error { _, err := Settle(Line{PerHour: 1, Handling: m}); return err },
		"per_hour":  func() error { _, err := Settle(Line{PerHour: -1, Handling: m, Agents: 2}); return err },
		"per_hour ": func() error { _, err := Settle(Line{PerHour: math.Inf(1), Handling: m, Agents: 2}); return err },
		"handling":  func() error { _, err := Settle(Line{PerHour: 1, Agents: 2}); return err },
		"patience":  func() error { _, err := Settle(Line{PerHour: 1, Handling: m, Patience: -m, Agents: 2}); return err },
		"patience ": func() error { _, err := Garnett(Line{PerHour: 1, Handling: m, Agents: 2}); return err },
		"share":     func() error { _, _, err := LeastAgents(Line{PerHour: 1, Handling: m}, Target{Share: 1}); return err },
		"measure": func() error {
			_, _, err := LeastAgents(Line{PerHour: 1, Handling: m}, Target{Share: .5, Measure: "x"})
			return err
		},
		"within": func() error {
			_, _, err := LeastAgents(Line{PerHour: 1, Handling: m}, Target{Share: .5, Within: -m})
			return err
		},
		"beta":       func() error { _, err := HalfinWhitt(0); return err },
		"beta ":      func() error { _, err := SquareRoot(4, nan); return err },
		"alpha":      func() error { _, err := HalfinWhittBeta(1); return err },
		"classes":    func() error { _, err := Cobham(2, m, nil); return err },
		"agents    ": func() error { _, err := Cobham(1, time.Hour, []Class{{PerHour: 2}}); return err },
		"per_hour  ": func() error { _, err := Cobham(2, m, []Class{{PerHour: nan}}); return err },
		"accrual":    func() error { _, err := Accumulating(2, m, []Class{{PerHour: 1}}); return err },
		"waits":      func() error { _, _, err := Conserved(2, m, []Class{{PerHour: 1}}, nil); return err },
		"ahead":      func() error { _, err := ExpectedWait(-1, 2, m, m); return err },
		"mean":       func() error { _, err := BusyAt(0, sine, Service{}); return err },
		"per_hour   ": func() error {
			_, err := BusyAt(0, func(time.Duration) float64 { return nan }, Exponential(m))
			return err
		},
		"per_hour    ": func() error {
			_, err := Steps{Width: m, PerHour: []float64{-1}}.BusyAt(time.Time{}, Exponential(m))
			return err
		},
		"variation":  func() error { _, err := Steps{Width: m}.BusyAt(time.Time{}, Lognormal(m, 0)); return err },
		"width":      func() error { _, err := Steps{}.BusyAt(time.Time{}, Exponential(m)); return err },
		"idc":        func() error { _, err := Peakedness(-1, m, m); return err },
		"window":     func() error { _, err := Peakedness(1, m, 0); return err },
		"busy":       func() error { _, err := AgentsAt(nan, 1, 1); return err },
		"peakedness": func() error { _, err := AgentsAt(1, 1, -1); return err },
		"p":          func() error { _, err := Steady{}.ActualQuantile(1); return err },
	}
}

// Invariant A: what has no answer is an error that names the field.
func TestBadInputNamesItsField(t *testing.T) {
	for field, f := range refused() {
		var e *router.Error
		if err := f(); !errors.As(err, &e) || e.Code != router.CodeInvalidField || e.Field != trim(field) || e.Detail == "" {
			t.Errorf("%q: %v", field, err)
		}
	}
}

func trim(s string) string {
	for s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}

func TestNobodyComes(t *testing.T) {
	s := settle(t, Line{Handling: time.Minute, Patience: time.Minute, Agents: 1})
	if s.Waits != 0 || s.Wait != 0 || s.Abandons != 0 || s.ServedWithin(0) != 1 {
		t.Errorf("%+v", s)
	}
}

func BenchmarkLeastAgents(b *testing.B) {
	l := Line{PerHour: 400, Handling: 8 * time.Minute, Patience: 6 * time.Minute}
	for b.Loop() {
		if _, _, err := LeastAgents(l, Target{Share: .8, Within: time.Minute}); err != nil {
			b.Fatal(err)
		}
	}
}
