package cli

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"text/tabwriter"

	"switchyard/router"
	"switchyard/router/simulate"
)

// contest plays trials of one scenario, a few seeds at once, and shows how far it is.
type contest struct {
	sc     *simulate.Scenario
	tell   func(share float64)
	finish func()

	mu   sync.Mutex
	part map[int]float64 // of the jobs running, how much is done
	done float64         // jobs done
	all  float64         // jobs expected
}

func (s *shell) contest(sc *simulate.Scenario, trials int) *contest {
	bar := progress(s.err, "simulating")
	bar.ChangeMax64(1000)
	return &contest{sc: sc, part: map[int]float64{}, all: float64(trials * sc.Seeds),
		tell: func(x float64) { _ = bar.Set64(int64(1000 * x)) }, finish: func() { _ = bar.Finish() }}
}

// told notes how much of a job is done.
func (c *contest) told(job int, share float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.part[job] = share
	sum := c.done
	for _, x := range c.part {
		sum += x
	}
	c.tell(math.Min(1, sum/c.all))
}

// play runs trials on all seeds and sums each up. The first error, or the end of ctx, stops it.
func (c *contest) play(ctx context.Context, trials []simulate.Trial) ([]simulate.Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs, outs := make(chan int), make([]*simulate.Outcome, len(trials)*c.sc.Seeds)
	var wg sync.WaitGroup
	for range simulateWorkers {
		wg.Go(func() {
			for job := range jobs {
				o, err := c.sc.Play(trials[job/c.sc.Seeds], uint64(job%c.sc.Seeds+1), simulate.Options{Progress: func(done, total float64) { c.told(job, done/total) },
					Stop: func() bool { return ctx.Err() != nil }})
				if err != nil {
					cancel(err)
				}
				outs[job] = o
			}
		})
	}
	for job := range outs {
		if ctx.Err() == nil {
			jobs <- job
		}
	}
	close(jobs)
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.done += float64(len(outs))
	clear(c.part)
	c.mu.Unlock()
	rs := make([]simulate.Result, len(trials))
	for i, t := range trials {
		rs[i] = c.sc.Summarize(t, outs[i*c.sc.Seeds:(i+1)*c.sc.Seeds])
	}
	return rs, nil
}

// printSimulation prints the table: of each rule the share within SLA with its confidence interval, the worst
// wait beside it, and what was published of it.
func (s *shell) printSimulation(r simulate.Report) error {
	fmt.Fprintf(s.out, "%s: load %.2f, %d seeds of %d days; shares in per cent, 95 %% confidence intervals, worst wait as a multiple of the target\n", r.Name, r.Load, r.Seeds, r.Days)
	w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	var classes []router.ClassName
	for _, x := range r.Rules {
		for k := range x.ByClass {
			if !slices.Contains(classes, k) {
				classes = append(classes, k)
			}
		}
	}
	slices.Sort(classes)
	fmt.Fprint(w, "rule\tin SLA\t95 %\t")
	for _, k := range classes {
		fmt.Fprintf(w, "%s\t", k)
	}
	fmt.Fprint(w, "cut-offs\tworst\tlargest\tmean min\t95 % min\tgave up\tbusy\tGini\tpublished\tworst\t\n")
	for _, x := range append(slices.Clone(r.Rules), r.Frontier...) {
		row(w, x, classes)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(r.Frontier) > 0 {
		fmt.Fprintf(s.out, "the last %d rows are the frontier: nothing that was tried beats one of them in share and in worst wait\n", len(r.Frontier))
	}
	return nil
}

func row(w *tabwriter.Writer, x simulate.Result, classes []router.ClassName) {
	fmt.Fprintf(w, "%s\t%.2f\t%.2f–%.2f\t", simulate.Trial{Rule: x.Rule, Params: x.Params}, x.InSLA.Mean, x.InSLA.Lo, x.InSLA.Hi)
	for _, k := range classes {
		fmt.Fprintf(w, "%.1f\t", x.ByClass[k].InSLA.Mean)
	}
	cut := "–"
	if x.CutMet != nil {
		cut = fmt.Sprintf("%.1f", *x.CutMet)
	}
	fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%.2f\t%.1f\t%.2f\t%.1f\t%.3f\t", cut, x.Worst.Mean, x.Worst.Max, x.MeanWait, x.P95Wait, x.Abandoned, x.Busy, x.Gini)
	switch p := x.Published; {
	case p == nil:
		fmt.Fprint(w, "\t\t\n")
	case p.Worst == 0:
		fmt.Fprintf(w, "%.1f\t\t\n", p.InSLA)
	default:
		fmt.Fprintf(w, "%.1f\t%.1f\t\n", p.InSLA, p.Worst)
	}
}
