package learn

import (
	"context"
	"sync"

	"switchyard/router"
	"switchyard/router/textmodel"
)

// Options of a training run.
type Options struct {
	textmodel.Options
	Workers  int           // jobs at a time; at least 1
	Progress func(float64) // hears the share done, 0–1, from one goroutine at a time; may be nil
}

// Train trains a model and gives it with its file: the jobs of a textmodel.Plan side by side. The same examples and
// seed give the same model, whatever Workers is. invalid_field: what is wrong with the examples.
func Train(ctx context.Context, examples []textmodel.Example, o Options) (*textmodel.Model, []byte, error) {
	plan, err := textmodel.NewPlan(examples, o.Options)
	if err != nil {
		return nil, nil, err
	}
	results := make([]textmodel.Result, plan.Jobs())
	tell := progress{parts: make([]float64, plan.Jobs()), tell: o.Progress}
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range max(1, min(o.Workers, plan.Jobs())) {
		wg.Go(func() {
			for job := range jobs {
				results[job] = plan.Run(job, func(x float64) bool { tell.set(job, x); return ctx.Err() == nil })
			}
		})
	}
	for job := range results {
		select {
		case jobs <- job:
		case <-ctx.Done():
		}
	}
	close(jobs)
	wg.Wait()
	if ctx.Err() != nil {
		return nil, nil, router.Wrap("learn.train", router.CodeUnavailable, ctx.Err())
	}
	return plan.Finish(results)
}

// progress joins the shares done of several jobs.
type progress struct {
	mu    sync.Mutex
	parts []float64
	tell  func(float64)
}

func (p *progress) set(job int, x float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parts[job] = x
	sum := 0.0
	for _, y := range p.parts {
		sum += y
	}
	if p.tell != nil {
		p.tell(sum / float64(len(p.parts)))
	}
}
