package learn

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/router/textmodel"
)

const (
	// trainingLease is held by the one process that trains.
	trainingLease = "training"
	// beatEvery is how often a training run shows how far it is.
	beatEvery = time.Second
	// endTime bounds the last write of a run that was stopped.
	endTime = 2 * time.Second
)

// Teacher makes candidates for one desk: one run at a time, over all processes.
type Teacher struct {
	Store store.Store
	// View is the policy and the model in force, nil if there is none.
	View    func() (*policy.Ruleset, *textmodel.Model)
	Seeds   func() ([]Seed, error) // nil: those that come with the program
	Vectors Vectors                // an embeddings endpoint; nil: none
	Owner   string                 // this process, for the lease
	Workers int
	Now     func() time.Time
	Log     *slog.Logger

	mu   sync.Mutex // held while this process trains
	stop context.CancelFunc
	ends sync.Mutex // guards stop
	done sync.WaitGroup
}

// Start begins a run in the background and answers how it stands. invalid_transition: one is going on.
func (t *Teacher) Start(ctx context.Context, by router.AgentID) (store.Training, error) {
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	run, err := t.begin(background, by, WalletSeed, nil)
	if err != nil {
		cancel()
		return store.Training{}, err
	}
	t.ends.Lock()
	t.stop = cancel
	t.ends.Unlock()
	state := run.state
	t.done.Go(func() {
		defer cancel()
		if _, err := run.train(background); err != nil && background.Err() == nil {
			t.Log.Warn("no model came of a training run", "error", err)
		}
	})
	return state, nil
}

// Train does a run, seeded, and gives the candidate that it stored; tell hears the share done and may be nil.
// invalid_transition: one is going on, or there is too little to learn from.
func (t *Teacher) Train(ctx context.Context, by router.AgentID, seed uint64, tell func(float64)) (Made, error) {
	run, err := t.begin(ctx, by, seed, tell)
	if err != nil {
		return Made{}, err
	}
	return run.train(ctx)
}

// Stop ends a run that Start began; nothing half stays behind. Safe twice.
func (t *Teacher) Stop() {
	t.ends.Lock()
	if t.stop != nil {
		t.stop()
	}
	t.ends.Unlock()
	t.done.Wait()
}

// run is one training run; its Teacher's mu and the lease are held.
type run struct {
	*Teacher
	state store.Training
	seed  uint64
	tell  func(float64)
	share atomic.Uint64 // math.Float64bits
}

func (t *Teacher) begin(ctx context.Context, by router.AgentID, seed uint64, tell func(float64)) (*run, error) {
	busy := router.Fail("learn.train", router.CodeInvalidTransition, "a training run is going on already")
	if !t.mu.TryLock() {
		return nil, busy
	}
	now := t.Now()
	_, held, err := store.Leases{Docs: t.Store}.Take(ctx, trainingLease, t.Owner, now, store.TrainingTTL)
	if err == nil && !held {
		err = busy
	}
	r := &run{Teacher: t, seed: seed, tell: tell, state: store.Training{By: by, Owner: t.Owner, StartedAt: now, SeenAt: now}}
	if err == nil {
		err = r.write(ctx)
	}
	if err != nil {
		t.mu.Unlock()
		return nil, err
	}
	return r, nil
}

func (r *run) write(ctx context.Context) error {
	_, err := store.Trainings(r.Store).Update(ctx, "desk", func(t *store.Training) (bool, error) { *t = r.state; return true, nil })
	return err
}

// train makes the candidate while another goroutine shows how far it is.
func (r *run) train(ctx context.Context) (Made, error) {
	defer r.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	var beats sync.WaitGroup
	beats.Go(func() { r.beat(ctx, cancel) })
	made, err := r.candidate(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	cancel(nil)
	beats.Wait()
	r.end(ctx, made, err)
	debug.FreeOSMemory() // a run takes hundreds of megabytes, which the desk does not need
	return made, err
}

func (r *run) candidate(ctx context.Context) (Made, error) {
	from := r.Seeds
	if from == nil {
		from = Seeds
	}
	seeds, err := from()
	if err != nil {
		return Made{}, err
	}
	rules, active := r.View()
	tell := func(x float64) {
		r.share.Store(math.Float64bits(x))
		if r.tell != nil {
			r.tell(x)
		}
	}
	return Candidate(ctx, r.Store, Lesson{Rules: rules, Active: active, Seeds: seeds, By: r.state.By, Now: r.state.StartedAt, Vectors: r.Vectors,
		Options: Options{Options: textmodel.Options{Seed: r.seed, Noise: true}, Workers: r.Workers, Progress: tell}})
}

// errLost says that this process was so slow that another one took the lease.
var errLost = router.Fail("learn.train", router.CodeConflict, "another process began to train")

// beat keeps the lease and shows the share done until ctx ends. A lease that is lost ends the run.
func (r *run) beat(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		r.state.SeenAt, r.state.Done = r.Now(), math.Float64frombits(r.share.Load())
		_, held, err := store.Leases{Docs: r.Store}.Take(ctx, trainingLease, r.Owner, r.state.SeenAt, store.TrainingTTL)
		if err == nil && !held {
			cancel(errLost)
			return
		}
		if err == nil {
			err = r.write(ctx)
		}
		if err != nil && ctx.Err() == nil {
			r.Log.Debug("progress of a training run not shown", "error", err)
		}
	}
}

// end writes how the run ended, also when it was stopped, and gives the lease back.
func (r *run) end(ctx context.Context, made Made, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	if errors.Is(err, errLost) { // the record is the other process's now
		return
	}
	r.state.EndedAt = r.Now()
	r.state.SeenAt = r.state.EndedAt
	if err == nil {
		r.state.Version, r.state.Done = made.Record.Version, 1
	} else {
		r.state.Problem = problem(err)
	}
	err = errors.Join(r.write(ctx), store.Leases{Docs: r.Store}.Release(ctx, trainingLease, r.Owner))
	if err != nil {
		r.Log.Warn("the end of a training run was not written", "error", err)
	}
}

// problem is the plain sentence of an error.
func problem(err error) string {
	var e *router.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "the run was stopped"
	case errors.As(err, &e) && e.Detail != "":
		return e.Detail
	}
	return "it failed; the log says why"
}
