package backtest

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/order"
	"switchyard/router/simulate"
)

// Report is a policy beside another on the same past.
type Report struct {
	From     time.Time       `json:"from"`
	To       time.Time       `json:"to"`
	Tickets  int             `json:"tickets"`
	Agents   int             `json:"agents"`
	Today    Entry           `json:"today"`
	Proposed Entry           `json:"proposed"`
	Classes  []Verdict       `json:"classes"` // by today's classes and targets
	Refused  bool            `json:"refused"` // a class gets worse than its margin
	Why      router.Sentence `json:"why"`
	Changed  []Change        `json:"changed"` // the tickets whose fate changed most
}

// Entry is one policy's result. Its SLA share is that of all tickets by the policy's own targets; the interval is
// over days (Student's).
type Entry struct {
	Policy string `json:"policy"`
	simulate.Result
	Waits []WaitError `json:"waits"` // what was told when a ticket came, against what happened
}

// Verdict is what a proposed policy does to one class of today's, judged by today's targets. Shares are per cent.
type Verdict struct {
	Class    router.ClassName `json:"class"`
	N        int              `json:"n"`
	Today    float64          `json:"today"`
	Proposed float64          `json:"proposed"`
	Change   simulate.Stat    `json:"change"` // of the share, paired by day
	Worst    [2]float64       `json:"worst_over_sla"`
	Margin   float64          `json:"margin"` // points it may lose
	Counts   bool             `json:"counts"` // there were enough tickets
	Refused  bool             `json:"refused"`
}

// Change is a ticket whose fate changed.
type Change struct {
	ID       router.TicketID `json:"ticket_id"`
	Today    Fate            `json:"today"`
	Proposed Fate            `json:"proposed"`
	Why      router.Sentence `json:"why"`
}

// mostChanged bounds the changed tickets that a report shows.
const mostChanged = 25

// Compare replays cases under today's policy and a proposed one.
func Compare(today, proposed *decide.Ruleset, cases []Case, desk Desk, progress func(done, total float64)) (*Report, error) {
	half := func(from float64) func(done, total float64) {
		if progress == nil {
			return nil
		}
		return func(done, total float64) { progress(from*total+done, 2*total) }
	}
	a, err := Play(today, cases, desk, half(0))
	if err != nil {
		return nil, err
	}
	b, err := Play(proposed, cases, desk, half(1))
	if err != nil {
		return nil, err
	}
	r := &Report{From: cases[0].At, To: cases[len(cases)-1].At, Tickets: len(cases), Agents: len(a.Outcome.Worked),
		Today: entry(today, cases, a), Proposed: entry(proposed, cases, b)}
	r.verdicts(today, cases, a, b)
	r.changes(today, proposed, cases, a, b)
	return r, nil
}

func entry(rs *decide.Ruleset, cases []Case, p *Played) Entry {
	e := Entry{Policy: rs.Version, Result: simulate.Summarize(simulate.Trial{Rule: ruleOf(rs)}, []*simulate.Outcome{p.Outcome})}
	mean := e.InSLA.Mean
	days := byDay(rs, cases, func(i int) (bool, bool) {
		f := p.Fates[i]
		return f.Met(f.Target), f.judged(f.Target)
	})
	var shares []float64
	for _, day := range slices.Sorted(maps.Keys(days)) {
		shares = append(shares, days[day])
	}
	e.InSLA = simulate.NewStat(shares)
	e.InSLA.Lo, e.InSLA.Hi, e.InSLA.Mean = e.InSLA.Lo+mean-e.InSLA.Mean, e.InSLA.Hi+mean-e.InSLA.Mean, mean
	e.Waits = Errors(p.Fates)
	return e
}

// ruleOf is the order of most queues.
func ruleOf(rs *decide.Ruleset) order.Rule {
	n := map[order.Rule]int{}
	for _, q := range rs.QueueList {
		n[q.Order]++
	}
	best := order.ATC
	for _, r := range order.Rules() {
		if n[r] > n[best] {
			best = r
		}
	}
	return best
}

// byDay is the share of the judged that met, per cent, by local day.
func byDay(rs *decide.Ruleset, cases []Case, of func(i int) (met, judged bool)) map[string]float64 {
	met, all := map[string]int{}, map[string]int{}
	for i, c := range cases {
		m, j := of(i)
		if !j {
			continue
		}
		day := c.At.In(rs.Zone).Format(time.DateOnly)
		all[day]++
		if m {
			met[day]++
		}
	}
	out := map[string]float64{}
	for day, n := range all {
		out[day] = 100 * float64(met[day]) / float64(n)
	}
	return out
}

// verdicts judges the proposed policy class by class.
func (r *Report) verdicts(today *decide.Ruleset, cases []Case, a, b *Played) {
	for _, class := range today.ClassList {
		v := Verdict{Class: class.Name, Margin: today.Promotion.Margins[class.Name]}
		share := func(p *Played) (map[string]float64, float64, float64) {
			met, judged, worst := 0, 0, 0.0
			days := byDay(today, cases, func(i int) (bool, bool) {
				was, is := a.Fates[i], p.Fates[i]
				if was.Class != class.Name || !is.judged(was.Target) {
					return false, false
				}
				judged++
				if is.Met(was.Target) {
					met++
				}
				worst = math.Max(worst, float64(is.Wait)/float64(max(was.Target, 1)))
				return is.Met(was.Target), true
			})
			return days, 100 * float64(met) / float64(max(judged, 1)), worst
		}
		for i := range cases {
			if a.Fates[i].Class == class.Name {
				v.N++
			}
		}
		if v.N == 0 {
			continue
		}
		var x, y map[string]float64
		x, v.Today, v.Worst[0] = share(a)
		y, v.Proposed, v.Worst[1] = share(b)
		var diffs []float64
		for _, day := range slices.Sorted(maps.Keys(x)) {
			if after, ok := y[day]; ok {
				diffs = append(diffs, after-x[day])
			}
		}
		v.Change = simulate.NewStat(diffs)
		v.Counts = v.N >= today.Promotion.Least
		v.Refused = v.Counts && v.Proposed < v.Today-v.Margin
		r.Refused = r.Refused || v.Refused
		r.Classes = append(r.Classes, v)
	}
	r.Why = r.sentence()
}

func (r *Report) sentence() router.Sentence {
	for _, v := range r.Classes {
		if v.Refused {
			return router.Sentence{
				ZH: fmt.Sprintf("类别 %s 的达标率会从 %.1f%% 降到 %.1f%%，超过允许的 %.1f 个百分点。", v.Class, v.Today, v.Proposed, v.Margin),
				EN: fmt.Sprintf("The class %s would fall from %.1f %% in time to %.1f %%, more than the %.1f points allowed.", v.Class, v.Today, v.Proposed, v.Margin)}
		}
	}
	return router.Sentence{ZH: "没有类别变差超过允许的幅度。", EN: "No class gets worse by more than is allowed."}
}

// changes lists the tickets whose wait changed most against their target.
func (r *Report) changes(today, proposed *decide.Ruleset, cases []Case, a, b *Played) {
	size := func(i int) float64 {
		was, is := a.Fates[i], b.Fates[i]
		return math.Abs(float64(is.Wait-was.Wait)) / float64(max(was.Target, time.Minute))
	}
	most := make([]int, 0, len(cases))
	for i := range cases {
		if size(i) > 0.1 || a.Fates[i].Queue != b.Fates[i].Queue {
			most = append(most, i)
		}
	}
	slices.SortFunc(most, func(i, j int) int {
		return cmp.Or(cmp.Compare(size(j), size(i)), cmp.Compare(cases[i].ID, cases[j].ID))
	})
	r.Changed = []Change{}
	for _, i := range most[:min(len(most), mostChanged)] {
		r.Changed = append(r.Changed, Change{cases[i].ID, a.Fates[i], b.Fates[i], difference(a.Fates[i], b.Fates[i])})
	}
}

// difference says in one line how a ticket's fate changed, and by what decision.
func difference(was, is Fate) router.Sentence {
	minutes := func(d time.Duration) string { return fmt.Sprintf("%.0f", d.Minutes()) }
	zh := fmt.Sprintf("现在等 %s 分钟，新政策下等 %s 分钟（目标 %s 分钟）", minutes(was.Wait), minutes(is.Wait), minutes(was.Target))
	en := fmt.Sprintf("It waited %s minutes and would wait %s (target %s)", minutes(was.Wait), minutes(is.Wait), minutes(was.Target))
	if was.Class != is.Class {
		zh += fmt.Sprintf("，类别从 %s 变为 %s", was.Class, is.Class)
		en += fmt.Sprintf(", in class %s instead of %s", is.Class, was.Class)
	}
	if was.Queue != is.Queue {
		zh += fmt.Sprintf("，队列从 %s 变为 %s", was.Queue, is.Queue)
		en += fmt.Sprintf(", in the queue %s instead of %s", is.Queue, was.Queue)
	}
	if was.Class == is.Class && was.Queue == is.Queue {
		zh += "，因为类别之间的次序变了"
		en += ", because the order between classes changed"
	}
	return router.Sentence{ZH: zh + "。" + is.Why.ZH, EN: en + ". " + is.Why.EN}
}
