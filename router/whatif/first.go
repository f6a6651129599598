package whatif

import (
	"fmt"
	"math"
	"sort"
	"time"

	"switchyard/router"
	"switchyard/router/order"
)

// Change is one input that, changed so, would have had the effect.
type Change struct {
	Input  string          `json:"input"` // wait, weight, target, handling, k, guard, cutoff; topic, channel, hour, overflow, overflown, moves, incident
	From   string          `json:"from"`
	To     string          `json:"to"`
	Effort float64         `json:"effort"` // how far it is: |ln(to/from)| of numbers; 0.1 and more for what is no number
	Why    router.Sentence `json:"why"`
}

const (
	// growth is the step of the search, largest how far it goes: a factor of some 400.
	growth  = 1.02
	largest = 300
	// halvings narrow a find down between two steps.
	halvings = 12
)

// First finds what would have put a candidate before all rivals under a rule. It is empty where it is first
// already, or where no single input suffices.
func First(rule order.Rule, me order.Candidate, rivals []order.Candidate, now time.Time) []Change {
	best := order.Rank(rule, rivals, now)
	leads := func(c order.Candidate) bool {
		return len(best) == 0 || order.Less(order.Rank(rule, []order.Candidate{c}, now)[0], best[0])
	}
	if leads(me) {
		return nil
	}
	var out []Change
	for _, in := range inputs() {
		from := in.get(me)
		to, found := search(from, in.up, in.down, func(x float64) bool {
			c := me
			in.set(&c, x)
			return leads(c)
		})
		if found {
			out = append(out, in.change(from, to))
		}
	}
	if c, ok := cutoff(me, rivals, now, leads); ok {
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Effort != out[j].Effort {
			return out[i].Effort < out[j].Effort
		}
		return out[i].Input < out[j].Input
	})
	return out
}

// input is a number of a candidate that can be changed; times are in minutes.
type input struct {
	name     string
	up, down bool
	unit     router.Sentence
	title    router.Sentence
	get      func(order.Candidate) float64
	set      func(*order.Candidate, float64)
}

func minutes(x float64) time.Duration { return time.Duration(x * float64(time.Minute)) }

func inputs() []input {
	min := router.Sentence{ZH: " 分钟", EN: " minutes"}
	return []input{
		{"wait", true, false, min, router.Sentence{ZH: "等待时间", EN: "its wait"},
			func(c order.Candidate) float64 { return math.Max(c.Wait.Minutes(), 1.0/60) },
			func(c *order.Candidate, x float64) {
				c.Head.AgeAt = c.Head.AgeAt.Add(c.Wait - minutes(x))
				c.Wait = minutes(x)
			}},
		{"weight", true, false, router.Sentence{}, router.Sentence{ZH: "类别权重", EN: "the weight of its class"},
			func(c order.Candidate) float64 { return c.Class.Weight }, func(c *order.Candidate, x float64) { c.Class.Weight = x }},
		{"target", true, true, min, router.Sentence{ZH: "类别目标", EN: "the target of its class"},
			func(c order.Candidate) float64 { return c.Class.Target.Minutes() }, func(c *order.Candidate, x float64) { c.Class.Target = minutes(x) }},
		{"handling", false, true, min, router.Sentence{ZH: "预计处理时间", EN: "the handling time of its class"},
			func(c order.Candidate) float64 { return c.Class.Handling.Minutes() }, func(c *order.Candidate, x float64) { c.Class.Handling = minutes(x) }},
		{"k", true, true, min, router.Sentence{ZH: "前瞻时间 K", EN: "the look-ahead K of its class"},
			func(c order.Candidate) float64 { return c.Class.K.Minutes() }, func(c *order.Candidate, x float64) { c.Class.K = minutes(x) }},
		{"guard", false, true, router.Sentence{}, router.Sentence{ZH: "护栏倍数 g", EN: "the guard g of its class"},
			func(c order.Candidate) float64 { return c.Class.Guard }, func(c *order.Candidate, x float64) { c.Class.Guard = x }},
	}
}

// search finds the value nearest to from, by ratio, for which ok holds.
func search(from float64, up, down bool, ok func(float64) bool) (float64, bool) {
	if !(from > 0) {
		return 0, false
	}
	for i := 1; i <= largest; i++ {
		step := math.Pow(growth, float64(i))
		for _, x := range []float64{from * step, from / step} {
			if x > from && !up || x < from && !down || !ok(x) {
				continue
			}
			last := from * math.Pow(step/growth, sign(x-from))
			return narrow(last, x, ok), true
		}
	}
	return 0, false
}

func sign(x float64) float64 {
	if x < 0 {
		return -1
	}
	return 1
}

// narrow halves the way between a value that does not do and one that does.
func narrow(not, does float64, ok func(float64) bool) float64 {
	for range halvings {
		if mid := (not + does) / 2; ok(mid) {
			does = mid
		} else {
			not = mid
		}
	}
	return does
}

func (in input) change(from, to float64) Change {
	a, b := number(from), number(to)
	if a == b {
		b = fmt.Sprintf("%.6g", to)
	}
	return Change{Input: in.name, From: a, To: b, Effort: order.Round(math.Abs(math.Log(to / from))), Why: router.Sentence{
		ZH: fmt.Sprintf("如果%s是 %s%s（现在 %s%s），它会排在第一。", in.title.ZH, b, in.unit.ZH, a, in.unit.ZH),
		EN: fmt.Sprintf("Had %s been %s%s instead of %s%s, it would be first.", in.title.EN, b, in.unit.EN, a, in.unit.EN)}}
}

func number(x float64) string { return fmt.Sprintf("%.3g", x) }

// cutoff tries a cut-off that is near enough to count, and earlier than those of the rivals.
func cutoff(me order.Candidate, rivals []order.Candidate, now time.Time, leads func(order.Candidate) bool) (Change, bool) {
	from, to := order.CutoffWindow(now, me.Class)
	at := to.Add(-time.Second)
	for _, r := range rivals {
		if c := r.Head.CutoffAt; !c.IsZero() && !c.Before(from) && c.Before(at) {
			at = c.Add(-time.Second)
		}
	}
	c := me
	c.Head.CutoffAt = at
	if at.Before(from) || !leads(c) {
		return Change{}, false
	}
	was := "–"
	if !me.Head.CutoffAt.IsZero() {
		was = me.Head.CutoffAt.UTC().Format(time.RFC3339)
	}
	in := at.Sub(now).Round(time.Second).Minutes()
	return Change{Input: "cutoff", From: was, To: at.UTC().Format(time.RFC3339), Effort: 1, Why: router.Sentence{
		ZH: fmt.Sprintf("如果它的处理期限在 %.0f 分钟后，它会排在第一。", in), EN: fmt.Sprintf("Had it a cut-off in %.0f minutes, it would be first.", in)}}, true
}
