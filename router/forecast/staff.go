package forecast

import (
	"math"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/staffing"
)

// Staffing is what a plan of agents is made for.
type Staffing struct {
	Handling  func(Key) time.Duration // mean handling time of a key, > 0
	Variation float64                 // of handling: standard deviation over mean, lognormal; 0: exponential
	Patience  time.Duration           // mean patience; 0: nobody gives up
	Target    staffing.Target
}

// StaffRow is one quarter-hour of a plan. Level, Abandons and Wait are those that Agents
// give in the peaked stream, by the Poisson line with the same safety in standard
// deviations.
type StaffRow struct {
	At         time.Time     `json:"at"`
	Arrivals   float64       `json:"arrivals"`
	Load       float64       `json:"load"`       // m(t) in the middle of it, in agents at work
	Peakedness float64       `json:"peakedness"` // z, ≥ 1
	Agents     int           `json:"agents"`
	Level      float64       `json:"service_level"` // in the target's measure, 0–1
	Abandons   float64       `json:"abandons"`      // share that gives up
	Wait       time.Duration `json:"wait"`          // mean
}

// Plan is how many agents a span needs.
type Plan struct {
	Basis Basis      `json:"basis"`
	Rows  []StaffRow `json:"rows"`
}

// leadIn is how long before the plan arrivals are looked at: who came then may still be
// in an agent's hands.
const leadIn = 24 * time.Hour

// Staff is the plan for a span and the keys that the filter takes. Offered load runs
// behind arrivals: m(t) = ∫λ(t−u)·P(S > u)du (Eick, Massey, Whitt 1993); the least
// agents for the target are Erlang A's with load m(t), and their safety (N − m)/√m is
// widened by the root of the peakedness, s = ⌈m + β√(z·m)⌉ (Jennings and others 1996).
func (m *Model) Staff(from, to time.Time, f Filter, n Staffing) (Plan, error) {
	const op = "forecast.staff"
	from, err := checkSpan(op, from, to)
	if err != nil {
		return Plan{}, err
	}
	if err := n.check(op); err != nil {
		return Plan{}, err
	}
	out := Plan{Basis: m.basis, Rows: []StaffRow{}}
	if m.grid == nil {
		return out, nil
	}
	streams, err := m.streams(op, from, to, f, n)
	if err != nil {
		return Plan{}, err
	}
	s := m.spreadOf(f)
	for at := from; at.Before(to); at = at.Add(Slot) {
		row := StaffRow{At: at, Peakedness: 1, Level: 1}
		work := 0.0
		for _, st := range streams {
			here := st.rates.PerHour[int(at.Sub(st.rates.StartAt)/Slot)] * Slot.Hours()
			row.Arrivals += here
			work += here * st.service.Mean.Hours()
			busy, err := st.rates.BusyAt(at.Add(Slot/2), st.service)
			if err != nil {
				return Plan{}, router.Wrap(op, router.CodeInternal, err)
			}
			row.Load += busy
		}
		if row.Arrivals > 0 {
			mean := time.Duration(work / row.Arrivals * float64(time.Hour))
			idc := s.phi + s.square[m.days.kind(at)]*row.Arrivals
			if err := row.fill(mean, idc, n); err != nil {
				return Plan{}, router.Wrap(op, router.CodeInternal, err)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

func (n Staffing) check(op string) error {
	if n.Handling == nil {
		return router.FailField(op, "handling", "is missing")
	}
	if !(n.Variation >= 0) || n.Variation > 100 {
		return router.FailField(op, "variation", "must be 0 to 100, not %v", n.Variation)
	}
	if n.Patience < 0 {
		return router.FailField(op, "patience", "must not be negative, not %s", n.Patience)
	}
	return n.Target.Check(op)
}

// fill finds the agents of a row.
func (r *StaffRow) fill(mean time.Duration, idc float64, n Staffing) error {
	if r.Load < 1e-9 {
		return nil
	}
	z, err := staffing.Peakedness(idc, mean, Slot)
	if err != nil {
		return err
	}
	r.Peakedness = math.Max(1, z)
	least, steady, err := staffing.LeastAgents(staffing.Line{PerHour: r.Load / mean.Hours(), Handling: mean, Patience: n.Patience}, n.Target)
	if err != nil {
		return err
	}
	beta := (float64(least) - r.Load) / math.Sqrt(r.Load)
	peaked, err := staffing.AgentsAt(r.Load, beta-1e-12, r.Peakedness)
	if err != nil {
		return err
	}
	r.Agents = max(least, peaked)
	r.Level, r.Abandons, r.Wait = steady.Level(n.Target), steady.Abandons, steady.Wait
	return nil
}

// stream is the arrivals that have one handling time.
type stream struct {
	service staffing.Service
	rates   staffing.Steps
}

// streams are the arrivals of a span and what led into it, by handling time.
func (m *Model) streams(op string, from, to time.Time, f Filter, n Staffing) ([]stream, error) {
	profiles, means := map[time.Duration]*profile{}, []time.Duration{}
	for k, key := range m.grid.keys {
		if !f.Takes(key) {
			continue
		}
		mean := n.Handling(key)
		if mean <= 0 {
			return nil, router.FailField(op, "handling", "of %s %s %s must be longer than 0, not %s", key.Channel, key.Topic, key.Language, mean)
		}
		if profiles[mean] == nil {
			profiles[mean], means = &profile{}, append(means, mean)
		}
		profiles[mean].add(m.fitted[k], 1)
	}
	slices.Sort(means)
	start := from.Add(-leadIn)
	out := make([]stream, 0, len(means))
	for _, mean := range means {
		st := stream{service: staffing.Exponential(mean), rates: staffing.Steps{StartAt: start, Width: Slot}}
		if n.Variation > 0 {
			st.service = staffing.Lognormal(mean, n.Variation)
		}
		for at := start; at.Before(to); at = at.Add(Slot) {
			st.rates.PerHour = append(st.rates.PerHour, profiles[mean][m.days.kind(at)][m.days.slot(at)]/Slot.Hours())
		}
		out = append(out, st)
	}
	return out, nil
}
