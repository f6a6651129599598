package staffing

import (
	"time"

	"switchyard/router"
)

// Class is a class of customers in one line with common handling.
type Class struct {
	PerHour float64 `json:"per_hour"` // arrivals an hour
	Accrual float64 `json:"accrual"`  // Accumulating: priority gained per unit of waiting, > 0
}

// Cobham is the mean wait of each class under non-preemptive priorities, the first
// class highest, with common exponential handling and nobody giving up:
// W₀/((1 − σ_{k−1})(1 − σ_k)), W₀ = C/(Nμ), σ_k = Σ_{i≤k} λ_i/(Nμ) (Cobham 1954).
func Cobham(agents int, handling time.Duration, classes []Class) ([]time.Duration, error) {
	first, rho, err := shared("staffing.cobham", agents, handling, classes)
	if err != nil {
		return nil, err
	}
	out, above := make([]time.Duration, len(classes)), 0.0
	for k := range classes {
		upTo := above + rho[k]
		out[k] = hoursOf(first / ((1 - above) * (1 - upTo)))
		above = upTo
	}
	return out, nil
}

// Accumulating is the mean wait of each class when priority grows with the wait at
// the class's own rate b (Kleinrock 1964; Stanford, Taylor, Ziedins 2014), slowest first:
// (W₀/(1−ρ) − Σ_{slower i} ρ_i·W_i·(1 − b_i/b_k)) / (1 − Σ_{faster i} ρ_i·(1 − b_k/b_i)).
func Accumulating(agents int, handling time.Duration, classes []Class) ([]time.Duration, error) {
	const op = "staffing.accumulating"
	first, rho, err := shared(op, agents, handling, classes)
	if err != nil {
		return nil, err
	}
	total := 0.0
	for k, c := range classes {
		if !(c.Accrual > 0) || c.Accrual > 1e12 {
			return nil, router.FailField(op, "accrual", "must be above 0, not %v", c.Accrual)
		}
		total += rho[k]
	}
	waits, done := make([]float64, len(classes)), make([]bool, len(classes))
	out := make([]time.Duration, len(classes))
	for range classes {
		k := slowest(classes, done)
		over, under := first/(1-total), 1.0
		for i, c := range classes {
			if done[i] {
				over -= rho[i] * waits[i] * (1 - c.Accrual/classes[k].Accrual)
			} else if i != k {
				under -= rho[i] * (1 - classes[k].Accrual/c.Accrual)
			}
		}
		waits[k], done[k] = over/under, true
		out[k] = hoursOf(waits[k])
	}
	return out, nil
}

func slowest(classes []Class, done []bool) int {
	best := -1
	for i, c := range classes {
		if !done[i] && (best < 0 || c.Accrual < classes[best].Accrual) {
			best = i
		}
	}
	return best
}

// Conserved is Σλ_k·W_k over the classes and λ·W of the same line served first come,
// first served, both mean numbers waiting. For every non-preemptive order that leaves
// no agent idle while somebody waits they are the same (Kleinrock's conservation law).
func Conserved(agents int, handling time.Duration, classes []Class, waits []time.Duration) (sum, fifo float64, err error) {
	const op = "staffing.conserved"
	if len(waits) != len(classes) {
		return 0, 0, router.FailField(op, "waits", "%d waits for %d classes", len(waits), len(classes))
	}
	first, rho, err := shared(op, agents, handling, classes)
	if err != nil {
		return 0, 0, err
	}
	total, arrivals := 0.0, 0.0
	for k, c := range classes {
		sum += c.PerHour * waits[k].Hours()
		total += rho[k]
		arrivals += c.PerHour
	}
	return sum, arrivals * first / (1 - total), nil
}

// shared is W₀ in hours and each class's part of the agents' time.
func shared(op string, agents int, handling time.Duration, classes []Class) (first float64, rho []float64, err error) {
	if len(classes) == 0 {
		return 0, nil, router.FailField(op, "classes", "there must be at least one")
	}
	all := Line{Handling: handling, Agents: agents}
	for _, c := range classes {
		if err := notNegative(op, "per_hour", c.PerHour); err != nil {
			return 0, nil, err
		}
		all.PerHour += c.PerHour
	}
	if err := all.check(op); err != nil {
		return 0, nil, err
	}
	waits, err := ErlangC(agents, all.Load())
	if err != nil {
		return 0, nil, router.Wrap(op, router.CodeInternal, err)
	}
	each := handling.Hours() / float64(agents)
	for _, c := range classes {
		rho = append(rho, c.PerHour*each)
	}
	return waits * each, rho, nil
}
