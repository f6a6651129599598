package staffing

import (
	"math"
	"time"

	"switchyard/router"
)

// SquareRoot is A + β√A agents for a load A in erlangs (Borst, Mandelbaum, Reiman
// 2004), not rounded. β may be negative where customers give up.
func SquareRoot(load, beta float64) (float64, error) {
	const op = "staffing.square_root"
	if err := notNegative(op, "load", load); err != nil {
		return 0, err
	}
	if err := finite(op, "beta", beta); err != nil {
		return 0, err
	}
	return load + beta*math.Sqrt(load), nil
}

// HalfinWhitt is α(β) = 1/(1 + βΦ(β)/φ(β)), the chance to wait with A + β√A agents
// and nobody giving up (Halfin, Whitt 1981). β must be above 0.
func HalfinWhitt(beta float64) (float64, error) {
	if !(beta > 0) || math.IsInf(beta, 0) {
		return 0, router.FailField("staffing.halfin_whitt", "beta", "must be above 0, not %v", beta)
	}
	return halfinWhitt(beta), nil
}

func halfinWhitt(beta float64) float64 { return 1 / (1 + beta*normalCDF(beta)/normalDensity(beta)) }

// HalfinWhittBeta is the β at which HalfinWhitt gives alpha, for alpha between 0 and 1.
func HalfinWhittBeta(alpha float64) (float64, error) {
	if err := share("staffing.halfin_whitt_beta", "alpha", alpha); err != nil {
		return 0, err
	}
	lo, hi := 0.0, 38.0
	for range 100 {
		mid := (lo + hi) / 2
		if halfinWhitt(mid) > alpha {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2, nil
}

// Garnett approximates the chance to wait in Erlang A by
// 1/(1 + √(θ/μ)·h(β√(μ/θ))/h(−β)) with β = (N − A)/√A and h = φ/(1 − Φ)
// (Garnett, Mandelbaum, Reiman 2002). The line needs patience and a load above 0.
func Garnett(l Line) (float64, error) {
	const op = "staffing.garnett"
	if err := l.check(op); err != nil {
		return 0, err
	}
	if l.Patience == 0 {
		return 0, router.FailField(op, "patience", "must be longer than 0: without it use HalfinWhitt")
	}
	if l.PerHour == 0 {
		return 0, router.FailField(op, "per_hour", "must be above 0")
	}
	a := l.Load()
	beta, root := (float64(l.Agents)-a)/math.Sqrt(a), math.Sqrt(float64(l.Handling)/float64(l.Patience))
	return clamp(1 / (1 + root*hazard(beta/root)/hazard(-beta))), nil
}

// ExpectedWait is Σ_{i=0..ahead} 1/(Nμ + iθ): how long a customer with so many
// waiting before him waits, all agents being busy and those before him giving up
// at rate θ. Patience 0: nobody does.
func ExpectedWait(ahead, agents int, handling, patience time.Duration) (time.Duration, error) {
	const op = "staffing.expected_wait"
	if ahead < 0 || ahead > 10_000_000 {
		return 0, router.FailField(op, "ahead", "must be 0 to 10,000,000, not %d", ahead)
	}
	if err := (Line{Handling: handling, Patience: patience, Agents: agents}).check(op); err != nil {
		return 0, err
	}
	out, theta := float64(agents)/handling.Hours(), 0.0
	if patience > 0 {
		theta = 1 / patience.Hours()
	}
	sum := 0.0
	for i := range ahead + 1 {
		sum += 1 / (out + float64(i)*theta)
	}
	return hoursOf(sum), nil
}

func finite(op, field string, v float64) error {
	if math.IsNaN(v) || math.Abs(v) > 1e12 {
		return router.FailField(op, field, "must be a number, not %v", v)
	}
	return nil
}

func normalDensity(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }
func normalCDF(x float64) float64     { return math.Erfc(-x/math.Sqrt2) / 2 }

// hazard is φ/(1 − Φ), far out by its asymptotic series (Abramowitz, Stegun 1964, 26.2.12).
func hazard(x float64) float64 {
	if x > 25 {
		return x / (1 - 1/(x*x) + 3/(x*x*x*x))
	}
	return normalDensity(x) / normalCDF(-x)
}
