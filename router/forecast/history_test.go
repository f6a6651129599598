package forecast

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/hours"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// world makes histories with known truth.
type world struct {
	zone    *time.Location
	keys    []Key
	perDay  []float64                    // by key, on a mean weekday
	kind    [8]float64                   // factor by kind of day
	day     float64                      // standard deviation of the day's common factor
	phi     float64                      // variance over mean inside a day; 1: Poisson
	bump    func(Key, time.Time) float64 // factor of a moment, or nil
	holiday func(time.Time) bool         // or nil
}

func wallet(z *time.Location, perDay float64) world {
	w := world{zone: z, kind: [8]float64{.7, 1.25, 1.1, 1, 1, .95, .6, .5}, phi: 1}
	shares := map[router.Channel]float64{router.ChannelChat: .5, router.ChannelPhone: .25, router.ChannelEmail: .2, router.ChannelSocial: .05}
	topics := map[router.Topic]float64{"payment": .5, "withdrawal": .3, "security": .15, "recovery": .05}
	for _, c := range router.Channels() {
		for _, topic := range []router.Topic{"payment", "withdrawal", "security", "recovery"} {
			for i, l := range []router.Language{"zh", "en"} {
				w.keys = append(w.keys, Key{c, topic, l})
				w.perDay = append(w.perDay, perDay*shares[c]*topics[topic]*[]float64{.8, .2}[i])
			}
		}
	}
	return w
}

// shape is the part of a day's arrivals that falls into a slot: two peaks, quiet nights.
func shape(slot int) float64 {
	h := float64(slot)/4 + .125
	f := .1 + math.Exp(-(h-11)*(h-11)/8) + .8*math.Exp(-(h-20)*(h-20)/6)
	return f / 46.5 // makes a day sum to about 1; the truth in tests is always summed
}

func (w world) rate(k int, at time.Time) float64 {
	d := days{w.zone, func(t time.Time) bool { return w.holiday != nil && w.holiday(t) }}
	r := w.perDay[k] * w.kind[d.kind(at)] * shape(d.slot(at))
	if w.bump != nil {
		r *= w.bump(w.keys[k], at)
	}
	return r
}

func poisson(r *rand.Rand, m float64) int {
	if m > 30 {
		return max(0, int(math.Round(m+math.Sqrt(m)*r.NormFloat64())))
	}
	n, p := 0, math.Exp(-m)
	for u, c := r.Float64(), p; u > c && n < 1000; c += p {
		n++
		p *= m / float64(n)
	}
	return n
}

// gamma has mean 1 and this variance (Marsaglia, Tsang 2000).
func gamma(r *rand.Rand, variance float64) float64 {
	if variance <= 0 {
		return 1
	}
	shape := 1 / variance
	boost := 1.0
	if shape < 1 {
		boost = math.Pow(r.Float64(), 1/shape)
		shape++
	}
	d := shape - 1./3
	for {
		x := r.NormFloat64()
		v := 1 + x/math.Sqrt(9*d)
		if v = v * v * v; v > 0 && math.Log(r.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return boost * d * v * variance
		}
	}
}

func (w world) rows(r *rand.Rand, from, to time.Time) []Row {
	var out []Row
	d, common, date := days{w.zone, func(time.Time) bool { return false }}, 1.0, ""
	for at := from; at.Before(to); at = at.Add(Slot) {
		if now := at.In(d.zone).Format(time.DateOnly); now != date {
			date, common = now, gamma(r, w.day*w.day)
		}
		for k := range w.keys {
			m := w.rate(k, at) * common
			if m > 0 && w.phi > 1 {
				m *= gamma(r, (w.phi-1)/m)
			}
			if n := poisson(r, m); n > 0 {
				out = append(out, Row{at.UTC(), w.keys[k], n})
			}
		}
	}
	return out
}

func fit(t testing.TB, rows []Row, z *time.Location, c *hours.Calendar, asOf time.Time) *Model {
	t.Helper()
	m, err := Fit(rows, z, c, asOf)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func span(t testing.TB, m *Model, from, to time.Time, f Filter) Forecast {
	t.Helper()
	s, err := m.Span(from, to, f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func local(z *time.Location, y int, m time.Month, d, h int) time.Time {
	return time.Date(y, m, d, h, 0, 0, 0, z)
}
