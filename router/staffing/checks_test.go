package staffing

import (
	"math"
	"testing"
	"time"
)

// near compares to half of the last digit shown in the specification.
func near(t *testing.T, what string, got, want, half float64) {
	t.Helper()
	if !(math.Abs(got-want) <= half*1.000001) {
		t.Errorf("%s: %.9g, want %.9g ± %g", what, got, want, half)
	}
}

func settle(t *testing.T, l Line) Steady {
	t.Helper()
	s, err := Settle(l)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// erlangs is a line with this load.
func erlangs(load float64, handling, patience time.Duration, agents int) Line {
	return Line{PerHour: load / handling.Hours(), Handling: handling, Patience: patience, Agents: agents}
}

func TestE1E2E5ErlangC(t *testing.T) {
	s := settle(t, erlangs(10, 180*time.Second, 0, 14))
	near(t, "E1 C", s.Waits, .1741319336, 5e-11)
	near(t, "E1 SL", s.ServedWithin(20*time.Second), .8883500192, 5e-11)
	near(t, "E1 ASA", s.Wait.Seconds(), 7.8359, 5e-5)

	s = settle(t, erlangs(48, 240*time.Second, 0, 55))
	near(t, "E2 C", s.Waits, .2387009, 5e-8)
	near(t, "E2 ASA", s.Wait.Seconds(), 8.184, 5e-4)
	near(t, "E2 SL", s.ServedWithin(15*time.Second), .845883, 5e-7)
	near(t, "E2 occupancy", s.Occupancy, .8727, 5e-5)

	s = settle(t, erlangs(48, time.Minute, 0, 50))
	near(t, "E5 P(wait)", s.Waits, .694456, 5e-7)
	near(t, "E5 ASA", s.Wait.Seconds(), 20.83, 5e-3)
	near(t, "E5 Lq", s.Waiting, 16.67, 5e-3)
	near(t, "E5 quantile", quantile(t, s.ActualQuantile, .9), 58.14, 5e-3)
	if s.ServedWithin(time.Minute) != s.ServedWithinOfServed(time.Minute) || math.Abs(s.ServedWithin(time.Minute)-s.OfferedWithin(time.Minute)) > 1e-12 {
		t.Error("without patience the service levels are one")
	}
}

func quantile(t *testing.T, f func(float64) (time.Duration, error), p float64) float64 {
	t.Helper()
	q, err := f(p)
	if err != nil {
		t.Fatal(err)
	}
	return q.Seconds()
}

func TestE3ErlangCByServers(t *testing.T) {
	for _, c := range []struct {
		n          int
		load, want float64
		half       float64
	}{{2, 1, 1. / 3, 1e-12}, {3, 2, 4. / 9, 1e-12}, {5, 4, .554113, 5e-7}, {10, 8, .409180, 5e-7}, {20, 18, .550769, 5e-7}, {50, 45, .363864, 5e-7}, {100, 95, .506457, 5e-7}} {
		got, err := ErlangC(c.n, c.load)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "E3", got, c.want, c.half)
		near(t, "E3 by the density", settle(t, erlangs(c.load, time.Hour, 0, c.n)).Waits, got, 1e-10)
	}
}

func TestE4ErlangAServiceLevels(t *testing.T) {
	s := settle(t, Line{PerHour: 200, Handling: 3 * time.Minute, Patience: 5 * time.Minute, Agents: 13})
	near(t, "E4 P(wait)", s.Waits, .225797, 5e-7)
	near(t, "E4 P(abandon)", s.Abandons, .024963, 5e-7)
	near(t, "E4 E[W]", s.Wait.Minutes(), .124817, 5e-7)
	near(t, "E4 occupancy", s.Occupancy, .750028, 5e-7)
	within := 20 * time.Second
	near(t, "E4 served in T", s.ServedWithin(within), .85818, 5e-6)
	near(t, "E4 over served", s.ServedWithinOfServed(within), .88015, 5e-6)
	near(t, "E4 P(W≤T)", s.WaitWithin(within), .86981, 5e-6)
	near(t, "E4 P(V≤T)", s.OfferedWithin(within), .86083, 5e-6)
	for m, want := range map[Measure]float64{"": .85818, Served: .85818, ServedOfServed: .88015, WaitEnded: .86981, Offered: .86083} {
		near(t, "E4 level "+string(m), s.Level(Target{Share: .5, Within: within, Measure: m}), want, 5e-6)
	}
}

func TestE6ErlangAQuantiles(t *testing.T) {
	s := settle(t, erlangs(48, time.Minute, 2*time.Minute, 50))
	near(t, "E6 P(abandon)", s.Abandons, .030912, 5e-7)
	near(t, "E6 E[W]", s.Wait.Seconds(), 3.709, 5e-4)
	near(t, "E6 Lq", s.Waiting, 2.968, 5e-4)
	near(t, "E6 utilization", s.Occupancy, .9303, 5e-5)
	near(t, "E6 P(wait)", s.Waits, .467774, 5e-7)
	near(t, "E6 actual quantile", quantile(t, s.ActualQuantile, .9), 12.44, 5e-3)
	near(t, "E6 offered quantile", quantile(t, s.OfferedQuantile, .9), 13.15, 5e-3)
}

var e7 = []struct {
	lambda float64
	n      int
	theta  float64
	waits  float64
	gone   float64
	approx float64
}{
	{100, 100, 1, .513299, .039861, .50000}, {100, 105, 1, .321593, .020041, .30854}, {100, 110, .5, .191269, .005995, .17896},
	{20, 22, .2, .465267, .023757, .44035}, {10, 8, .5, .869794, .227218, .84222},
}

func TestE7ErlangA(t *testing.T) {
	for _, c := range e7 {
		s := settle(t, erlangs(c.lambda, time.Hour, time.Duration(float64(time.Hour)/c.theta), c.n))
		near(t, "E7 P(wait)", s.Waits, c.waits, 5e-7)
		near(t, "E7 P(abandon)", s.Abandons, c.gone, 5e-7)
	}
}

func TestE8Garnett(t *testing.T) {
	lines, wants := []Line{erlangs(48, time.Minute, 2*time.Minute, 50)}, []float64{.45076}
	for _, c := range e7 {
		lines = append(lines, erlangs(c.lambda, time.Hour, time.Duration(float64(time.Hour)/c.theta), c.n))
		wants = append(wants, c.approx)
	}
	for i, l := range lines {
		got, err := Garnett(l)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "E8", got, wants[i], 5e-6)
	}
}

func TestE9E10HalfinWhitt(t *testing.T) {
	for alpha, want := range map[float64]float64{.01: 2.3749, .05: 1.7398, .1: 1.4202, .2: 1.0615, .5: .5061, .8: .1728} {
		got, err := HalfinWhittBeta(alpha)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "E9", got, want, 5e-5)
	}
	for beta, want := range map[float64]float64{.25: .72093, .5: .50454, 1: .22336, 1.5: .08469, 2: .02688} {
		got, err := HalfinWhitt(beta)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "E10", got, want, 5e-6)
	}
}

func TestE11WaitByAgents(t *testing.T) {
	for i, want := range []float64{204.635, 67.408, 28.527, 13.060, 6.123, 2.867, 1.323} {
		near(t, "E11", settle(t, erlangs(10, 300*time.Second, 0, 11+i)).Wait.Seconds(), want, 5e-4)
	}
}

func TestE12LeastAgents(t *testing.T) {
	target := Target{Share: .8, Within: 20 * time.Second}
	for _, c := range []struct {
		load  float64
		n     int
		level float64
	}{{5, 8, .88015}, {10, 14, .88835}, {20, 24, .80888}, {50, 56, .84118}, {100, 107, .82380}, {200, 208, .80864}} {
		n, s, err := LeastAgents(erlangs(c.load, 180*time.Second, 0, 0), target)
		if err != nil {
			t.Fatal(err)
		}
		if n != c.n || s.Line.Agents != n {
			t.Errorf("E12 A %v: %d agents, want %d", c.load, n, c.n)
		}
		near(t, "E12 SL", s.ServedWithin(target.Within), c.level, 5e-6)
	}
}

func TestE13E14E20Priorities(t *testing.T) {
	strict := []Class{{PerHour: 3}, {PerHour: 3}, {PerHour: 2.5}}
	waits, err := Cobham(10, time.Hour, strict)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{.075694, .189236, .883102} {
		near(t, "E13", waits[k].Hours(), want, 5e-7)
	}
	conserved(t, "E20 of E13", strict, waits)

	growing := []Class{{PerHour: 4, Accrual: 4}, {PerHour: 4.5, Accrual: 1}}
	waits, err = Accumulating(10, time.Hour, growing)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{.182928, .504630} {
		near(t, "E14", waits[k].Hours(), want, 5e-7)
	}
	conserved(t, "E20 of E14", growing, waits)

	fifo := settle(t, erlangs(8.5, time.Hour, 0, 10))
	near(t, "E20 C", fifo.Waits, .529861, 5e-7)
	near(t, "E20 Wq(fifo)", fifo.Wait.Hours(), .353241, 5e-7)
}

func conserved(t *testing.T, what string, classes []Class, waits []time.Duration) {
	t.Helper()
	sum, fifo, err := Conserved(10, time.Hour, classes, waits)
	if err != nil {
		t.Fatal(err)
	}
	near(t, what+" sum", sum, 3.002547, 5e-7)
	near(t, what+" fifo", fifo, 3.002547, 5e-7)
}

func sine(t time.Duration) float64 { return 100 + 20*math.Sin(t.Hours()) }

func radians(x float64) time.Duration { return time.Duration(x * float64(time.Hour)) }

func TestE15LoadLagsArrivals(t *testing.T) {
	busy := func(x float64) float64 {
		m, err := BusyAt(radians(x), sine, Exponential(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	near(t, "E15 m(3π/4)", busy(3*math.Pi/4), 114.142, 5e-4)
	near(t, "E15 m(7π/4)", busy(7*math.Pi/4), 85.858, 5e-4)
	near(t, "E15 m(0)", busy(0), 90, 1e-6)
	lo, hi := math.Pi/2, math.Pi // the peak, by thirds
	for range 60 {
		a, b := lo+(hi-lo)/3, hi-(hi-lo)/3
		if busy(a) < busy(b) {
			lo = a
		} else {
			hi = b
		}
	}
	near(t, "E15 lag", lo-math.Pi/2, math.Pi/4, 1e-4)
}

func TestE16AgentsByTime(t *testing.T) {
	for _, c := range []struct {
		x     float64
		n     int
		delay float64
	}{{0, 103, .0958}, {math.Pi / 4, 113, .1072}, {math.Pi / 2, 124, .1007}, {3 * math.Pi / 4, 128, .1071}, {7 * math.Pi / 4, 98, .1062}} {
		m, err := BusyAt(radians(c.x), sine, Exponential(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		n, err := AgentsAt(m, 1.2816, 1)
		if err != nil || n != c.n {
			t.Errorf("E16 at %v: %d, %v, want %d", c.x, n, err, c.n)
		}
		delay, err := PoissonAtLeast(n, m)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "E16 P(delay)", delay, c.delay, 5e-5)
	}
}

func TestE17ExpectedWait(t *testing.T) {
	for _, c := range []struct {
		ahead     int
		with, not float64
	}{{0, .02, .02}, {10, .209714, .22}, {50, .827606, 1.02}} {
		for patience, want := range map[time.Duration]float64{2 * time.Hour: c.with, 0: c.not} {
			got, err := ExpectedWait(c.ahead, 50, time.Hour, patience)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "E17", got.Hours(), want, 5e-7)
		}
	}
}
