package staffing

import (
	"math"
	"time"

	"switchyard/router"
)

// Service is the law of handling times: exponential, or lognormal with a
// coefficient of variation.
type Service struct {
	Mean      time.Duration `json:"mean"`
	Lognormal bool          `json:"lognormal,omitempty"`
	Variation float64       `json:"variation,omitempty"` // lognormal: standard deviation over mean, > 0
}

// Exponential is exponential handling.
func Exponential(mean time.Duration) Service { return Service{Mean: mean} }

// Lognormal is lognormal handling; variation is its standard deviation over its mean.
func Lognormal(mean time.Duration, variation float64) Service {
	return Service{Mean: mean, Lognormal: true, Variation: variation}
}

func (s Service) check(op string) error {
	if s.Mean <= 0 {
		return router.FailField(op, "mean", "must be longer than 0, not %s", s.Mean)
	}
	if s.Lognormal && (!(s.Variation > 0) || s.Variation > 100) {
		return router.FailField(op, "variation", "must lie between 0 and 100, not %v", s.Variation)
	}
	return nil
}

// logs are the mean and standard deviation of the logarithm of a lognormal time in hours.
func (s Service) logs() (mu, sigma float64) {
	v := math.Log1p(s.Variation * s.Variation)
	return math.Log(s.Mean.Hours()) - v/2, math.Sqrt(v)
}

// tail is P(S > u), u in hours.
func (s Service) tail(u float64) float64 {
	if u <= 0 {
		return 1
	}
	if !s.Lognormal {
		return math.Exp(-u / s.Mean.Hours())
	}
	mu, sigma := s.logs()
	return normalCDF((mu - math.Log(u)) / sigma)
}

// within is ∫₀ᵘ P(S > x) dx = E[min(S, u)], in hours.
func (s Service) within(u float64) float64 {
	if u <= 0 {
		return 0
	}
	m := s.Mean.Hours()
	if !s.Lognormal {
		return -m * math.Expm1(-u/m)
	}
	mu, sigma := s.logs()
	return m*normalCDF((math.Log(u)-mu-sigma*sigma)/sigma) + u*s.tail(u)
}

// BusyAt is m(t) = ∫₀^∞ λ(t − u)·P(S > u) du: the mean number of agents at work at t if
// there are always enough (Eick, Massey, Whitt 1993). perHour is the arrival rate
// at a time since any origin, for all times.
func BusyAt(t time.Duration, perHour func(time.Duration) float64, s Service) (float64, error) {
	const op = "staffing.busy_at"
	if err := s.check(op); err != nil {
		return 0, err
	}
	mean, bad, worst := s.Mean.Hours(), 0.0, false
	f := func(u float64) float64 {
		r := perHour(t - time.Duration(u*float64(time.Hour)))
		if !(r >= 0) || r > 1e12 {
			bad, worst = r, true
			return 0
		}
		return r * s.tail(u)
	}
	sum, u, width := 0.0, 0.0, mean/50
	for mean-s.within(u) > 1e-10*mean && u < 1e4*mean {
		sum += gauss(u, u+width, 1, f)
		u += width
		width = math.Min(1.05*width, mean/2)
	}
	if worst {
		return 0, router.FailField(op, "per_hour", "must be a number from 0 to 1e12 at all times, not %v", bad)
	}
	return sum, nil
}

// Steps are arrival rates that hold for a time each, such as a quarter of an hour;
// before the first and after the last nobody comes.
type Steps struct {
	StartAt time.Time
	Width   time.Duration
	PerHour []float64
}

// BusyAt is m(t) for rates in steps, without error of integration.
func (r Steps) BusyAt(t time.Time, s Service) (float64, error) {
	const op = "staffing.steps"
	if err := s.check(op); err != nil {
		return 0, err
	}
	if r.Width <= 0 {
		return 0, router.FailField(op, "width", "must be longer than 0, not %s", r.Width)
	}
	for i, rate := range r.PerHour {
		if err := notNegative(op, "per_hour", rate); err != nil {
			return 0, router.FailField(op, "per_hour", "step %d must be a number from 0 to 1e12, not %v", i+1, rate)
		}
	}
	sum, since := 0.0, t.Sub(r.StartAt).Hours()
	for i, rate := range r.PerHour {
		began := since - float64(i)*r.Width.Hours()
		if began <= 0 {
			break
		}
		sum += rate * (s.within(began) - s.within(began-r.Width.Hours()))
	}
	return math.Max(0, sum), nil
}

// Peakedness is z = 1 + (IDC − 1)·E[S]/h for rates that vary slowly, never below 0: how
// much more than Poisson the number at work varies. idc is variance over mean of
// counts in windows of length h at the same weekday and time.
func Peakedness(idc float64, handling, window time.Duration) (float64, error) {
	const op = "staffing.peakedness"
	if err := notNegative(op, "idc", idc); err != nil {
		return 0, err
	}
	if handling <= 0 {
		return 0, router.FailField(op, "handling", "must be longer than 0, not %s", handling)
	}
	if window <= 0 {
		return 0, router.FailField(op, "window", "must be longer than 0, not %s", window)
	}
	return math.Max(0, 1+(idc-1)*handling.Hours()/window.Hours()), nil
}

// AgentsAt is s = ⌈m + β√(z·m)⌉ (Jennings and others 1996; Feldman and others 2008), at least 0.
func AgentsAt(busy, beta, peakedness float64) (int, error) {
	const op = "staffing.agents_at"
	if err := notNegative(op, "busy", busy); err != nil {
		return 0, err
	}
	if err := finite(op, "beta", beta); err != nil {
		return 0, err
	}
	if err := notNegative(op, "peakedness", peakedness); err != nil {
		return 0, err
	}
	return int(math.Max(0, math.Min(1e12, math.Ceil(busy+beta*math.Sqrt(peakedness*busy))))), nil
}

// PoissonAtLeast is P(X ≥ n) for a Poisson number X with this mean: the chance to
// wait with n agents where patience and handling have the same law (Feldman and
// others 2008: the number here is then Poisson with mean m(t)).
func PoissonAtLeast(n int, mean float64) (float64, error) {
	if err := notNegative("staffing.poisson_at_least", "mean", mean); err != nil {
		return 0, err
	}
	if n <= 0 {
		return 1, nil
	}
	if mean == 0 {
		return 0, nil
	}
	gamma, _ := math.Lgamma(float64(n) + 1)
	at := math.Exp(float64(n)*math.Log(mean) - mean - gamma) // P(X = n)
	if float64(n) <= mean {
		sum := 0.0 // P(X < n), downwards from n − 1
		for k, p := n-1, at*float64(n)/mean; k >= 0 && p > 1e-18; k-- {
			sum += p
			p *= float64(k) / mean
		}
		return clamp(1 - sum), nil
	}
	sum := 0.0
	for k, p := n, at; p > 1e-18*sum || k == n; k++ {
		sum += p
		p *= mean / float64(k+1)
	}
	return clamp(sum), nil
}
