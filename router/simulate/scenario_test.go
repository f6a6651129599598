package simulate

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// junk are slips in the wallet's document, and the path that must be named.
var junk = []struct{ old, with, path string }{
	{"load: 0.94", "load: -1", "load"},
	{"load: 0.94", "load: .nan", "load"},
	{"seeds: 8", "seeds: 0", "seeds"},
	{"days: 60", "days: 100000", "days"},
	{"zone: Asia/Shanghai", "zone: Mars/Base", "zone"},
	{"share: 0.15", "share: 0.5", "classes"},
	{"weight: 8", "weight: 0", "classes[0].weight"},
	{"weight: 8", "weight: .inf", "classes[0].weight"},
	{"target: 5m", "target: 0s", "classes[0].target"},
	{"mean: 12m, cv: 1.2", "mean: 12m, cv: -1", "classes[0].service.cv"},
	{"mean: 2h, distribution: exponential", "mean: 2h, distribution: weird", "classes[0].patience.distribution"},
	{"{amp: 0.5, phase: 0}", "{amp: 2}", "classes[0].arrivals.amp"},
	{"{amp: 0.5, phase: 0}", "{by_hour: [1, 2]}", "classes[0].arrivals.by_hour"},
	{"from: 5m, to: 35m", "from: 35m, to: 5m", "classes[1].cutoff"},
	{"phone: 0.4", "phone: 0.9", "classes[0].channels"},
	{"phone: 0.4", "pigeon: 0.4", "classes[0].channels.pigeon"},
	{"name: payment", "name: security", "classes[1].name"},
	{"[{skill: security, level: 1}]", "[{skill: security, level: 3}]", "classes[0]"},
	{"count: 6", "count: -6", "agents[0].count"},
	{"languages: [zh]}", "languages: [zh], shift: {daily: [\"8-16\"]}}", "agents[2].shift.daily[0]"},
	{"capacity: {phone: 100", "capacity: {phone: 1000", "capacity.phone"},
	{"wrong_topic: {share: 0.1, pass_on_after: 2m}", "wrong_topic: {share: 0.1}", "wrong_topic.pass_on_after"},
	{"{rule: strict}", "{rule: best}", "rules[0].rule"},
	{"{rule: strict}", "{rule: strict, k: 5m}", "rules[0].k"},
	{"{rule: strict}", "{rule: strict, weights: {nobody: 1}}", "rules[0].weights.nobody"},
	{"guard: 3}", "guard: 0.5}", "rules[4].guard"},
	{"guard: [1.5, 4]", "guard: [4, 1.5]", "search.guard"},
	{"runs: 60}", "runs: 60, try: [{rule: fifo}]}", "search.try[0].rule"},
}

// Junk is named by its path, and nothing runs half.
func TestJunkIsNamed(t *testing.T) {
	good := string(Wallet())
	for _, c := range junk {
		doc := strings.Replace(good, c.old, c.with, 1)
		if doc == good {
			t.Fatalf("%q is not in the document", c.old)
		}
		_, err := Read([]byte(doc), time.LoadLocation)
		var ps policy.Problems
		if !router.IsCode(err, router.CodeInvalidField) || !errors.As(err, &ps) {
			t.Errorf("%s: %v", c.with, err)
			continue
		}
		if !slices.ContainsFunc(ps, func(p policy.Problem) bool { return strings.HasPrefix(p.Path, c.path) }) {
			t.Errorf("%s: %v does not name %s", c.with, ps, c.path)
		}
	}
	for _, doc := range []string{"", "nonsense: 1", "name: [", "classes: 3", "name: x\nname: y"} {
		if _, err := Read([]byte(doc), time.LoadLocation); !router.IsCode(err, router.CodeInvalidField) {
			t.Errorf("%q: %v", doc, err)
		}
	}
}

// The streams have the rates, the shapes and the spreads that the document asks for.
func TestArrivalsAreAsAsked(t *testing.T) {
	s := read(t, Reference())
	source, work, n, hours, cut := s.Source(3), 0.0, 0, map[router.ClassName]*[24]float64{}, 0.0
	service := map[router.ClassName][]float64{}
	for a := (Arrival{}); source(&a) && a.At.Before(s.start.AddDate(0, 0, 60)); n++ {
		work += a.Service.Hours()
		hour(hours, a.Run.Class)[a.At.Hour()]++
		service[a.Run.Class] = append(service[a.Run.Class], a.Service.Minutes())
		if !a.CutoffAt.IsZero() {
			cut++
			if d := a.CutoffAt.Sub(a.At); a.Run.Class != "payment" || d < 5*time.Minute || d > 35*time.Minute {
				t.Fatalf("a cut-off of %v in %s", d, a.Run.Class)
			}
		}
	}
	if load := work / (20 * 24 * 60); math.Abs(load-.94) > .01 {
		t.Errorf("the load is %.4f", load)
	}
	if share := cut / float64(len(service["payment"])); math.Abs(share-.2) > .01 {
		t.Errorf("%.3f of payments carry a cut-off", share)
	}
	for name, want := range map[router.ClassName]struct{ share, mean, peak, ratio float64 }{
		"security": {.15, 12, 0, 3}, "payment": {.35, 8, 12, 1.45 / .55}, "withdrawal": {.30, 10, 11, 1.3 / .7}, "recovery": {.20, 15, 14, 1.3 / .7}} {
		mean, sq, xs := 0.0, 0.0, service[name]
		for _, x := range xs {
			mean += x / float64(len(xs))
		}
		for _, x := range xs {
			sq += (x - mean) * (x - mean) / float64(len(xs))
		}
		if share := float64(len(xs)) / float64(n); math.Abs(share-want.share) > .01 || math.Abs(mean/want.mean-1) > .03 || math.Abs(math.Sqrt(sq)/mean-1.2) > .08 {
			t.Errorf("%s: share %.3f, mean %.2f, cv %.3f", name, share, mean, math.Sqrt(sq)/mean)
		}
		h := hours[name]
		top, low := h[int(want.peak)], h[(int(want.peak)+12)%24]
		if r := top / low; math.Abs(r/want.ratio-1) > .12 {
			t.Errorf("%s: peak to trough is %.2f, want %.2f", name, r, want.ratio)
		}
	}
}

func TestStudent(t *testing.T) {
	// printed tables: 3.182 (3), 2.365 (7), 2.262 (9), 2.042 (30)
	for df, want := range map[int]float64{1: 12.706, 2: 4.303, 3: 3.182, 7: 2.365, 9: 2.262, 30: 2.042} {
		if got := student975(df); math.Abs(got-want) > .01 {
			t.Errorf("%d: %.3f, want %.3f", df, got, want)
		}
	}
	if s := NewStat([]float64{1, 2, 3, 4}); s.Mean != 2.5 || math.Abs(s.SE-.6455) > 1e-4 || s.Min != 1 || s.Max != 4 || math.Abs(s.Hi-(2.5+3.182*.6455)) > .01 {
		t.Errorf("%+v", s)
	}
}

func TestGiniAndQuantile(t *testing.T) {
	for want, xs := range map[float64][]float64{0: {2, 2, 2}, .5: {0, 4}, .25: {4, 3, 1, 2}} {
		if got := gini(xs); math.Abs(got-want) > 1e-12 {
			t.Errorf("%v: %g, want %g", xs, got, want)
		}
	}
	var tally Tally
	for i := 1; i <= 1000; i++ {
		w := float64(i) * 7
		tally.count(&once{wait: w, step: stepOf(w)})
	}
	for share, want := range map[float64]float64{.5: 3500, .95: 6650, 1: 7000} {
		if got := tally.Quantile(share); math.Abs(got/want-1) > .012 {
			t.Errorf("%g: %g, want %g", share, got, want)
		}
	}
}

// Invariant D: once the desk is warm, a ticket costs no memory.
func TestATicketCostsNoMemory(t *testing.T) {
	s := read(t, Reference())
	allocations := func(days int) float64 {
		if err := s.Override(0, 1, days); err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(1, func() {
			if _, err := s.Play(s.Trials[5], 1, Options{}); err != nil {
				t.Fatal(err)
			}
		})
	}
	// a day more brings 2,550 tickets, and one list of the agents' shares of work
	if more := (allocations(12) - allocations(8)) / 4; more > 60 {
		t.Errorf("a day more takes %.0f allocations", more)
	}
}

func hour(m map[router.ClassName]*[24]float64, k router.ClassName) *[24]float64 {
	if m[k] == nil {
		m[k] = &[24]float64{}
	}
	return m[k]
}
