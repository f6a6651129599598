package workers

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/hibiken/asynqmon"
	"github.com/redis/go-redis/v9"

	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/store"
	"switchyard/workers/task"
)

const (
	// checkEvery is how often an idle worker looks for tasks: 8 % of a core, picked up after about 29 ms.
	checkEvery = 50 * time.Millisecond
	// taskWorkers is how many tasks run at once, batchWorkers how many messages of one batch.
	taskWorkers  = 10
	batchWorkers = 32
	// maxAttempts is how often triage of a message is tried before it is a dead letter.
	maxAttempts = 8
)

// Server runs tasks and the sweep.
type Server struct {
	Store   store.Store
	Desk    *dispatch.Service
	Nudger  task.Nudger
	Senders Senders
	// Webhooks makes outgoing calls; nil: there are none.
	Webhooks Webhooks
	Redis    redis.UniversalClient
	Owner    string // this process, for leases
	// StaleAfter is how long a message may be in a stage before the sweep nudges it; 5 s if zero.
	StaleAfter time.Duration
	Now        func() time.Time
	Log        *slog.Logger

	mu      sync.Mutex
	asynq   *asynq.Server
	stop    context.CancelFunc
	done    sync.WaitGroup
	sweep   sweeper
	working sync.Map // names of long work that this process does
}

// Webhooks makes the calls of outgoing webhooks. webhook.Caller fulfils it.
type Webhooks interface {
	// Call makes one call, if it is to be made now.
	Call(ctx context.Context, id string) error
	// Due are calls to be made now; a later look may find more.
	Due(ctx context.Context, now time.Time) ([]string, error)
}

// Start begins to work; safe twice.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asynq != nil {
		return nil
	}
	queues := map[string]int{}
	for lane, weight := range task.Lanes() {
		queues[string(lane)] = weight
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	srv := asynq.NewServerFromRedisClient(s.Redis, asynq.Config{Concurrency: taskWorkers, Queues: queues, TaskCheckInterval: checkEvery,
		DelayedTaskCheckInterval: time.Second, ShutdownTimeout: 6 * time.Second, BaseContext: func() context.Context { return run },
		Logger: quiet{s.Log}, LogLevel: asynq.WarnLevel, RetryDelayFunc: func(n int, _ error, _ *asynq.Task) time.Duration { return Backoff(n) }})
	if err := srv.Start(s.mux()); err != nil {
		cancel()
		return router.Wrap("workers.start", router.CodeUnavailable, err)
	}
	s.asynq, s.stop = srv, cancel
	s.done.Add(1)
	go s.sweepLoop(run)
	return nil
}

// Stop ends work: no new tasks, running ones finish; safe twice.
func (s *Server) Stop() {
	s.mu.Lock()
	srv, stop := s.asynq, s.stop
	s.asynq, s.stop = nil, nil
	s.mu.Unlock()
	if srv == nil {
		return
	}
	srv.Shutdown()
	stop()
	s.done.Wait()
}

func (s *Server) mux() *asynq.ServeMux {
	mux := asynq.NewServeMux()
	mux.HandleFunc(string(task.KindTriage), s.each(s.triage))
	mux.HandleFunc(string(task.KindDeliver), s.each(s.deliver))
	mux.HandleFunc(string(task.KindDue), s.each(s.due))
	mux.HandleFunc(string(task.KindEdge), s.each(s.edge))
	mux.HandleFunc(string(task.KindIncident), s.each(s.incident))
	mux.HandleFunc(string(task.KindAgain), s.each(s.decideAgain))
	if s.Webhooks != nil {
		mux.HandleFunc(string(task.KindWebhook), s.each(s.Webhooks.Call))
	}
	return mux
}

// each runs do for every id of a payload, a few at once. do keeps its own failures
// (attempts, pauses) in the store; what it returns is only logged.
func (s *Server) each(do func(context.Context, string) error) asynq.HandlerFunc {
	return func(ctx context.Context, t *asynq.Task) error {
		p, err := task.Decode(t.Payload())
		if err != nil {
			return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
		}
		sem := make(chan struct{}, batchWorkers)
		var wg sync.WaitGroup
		for _, id := range p.IDs {
			sem <- struct{}{}
			wg.Add(1)
			go func() {
				defer func() { <-sem; wg.Done() }()
				if err := do(ctx, id); err != nil && ctx.Err() == nil {
					s.Log.Warn("a task failed for now", "kind", t.Type(), "id", id, "error", err)
				}
			}()
		}
		wg.Wait()
		return nil
	}
}

// triage joins one message to its ticket. A failure is counted on the message and tried again
// after a pause, by itself; too many make it a dead letter.
func (s *Server) triage(ctx context.Context, id string) error {
	err := s.Desk.Triage(ctx, router.MessageID(id))
	if err == nil || router.IsCode(err, router.CodeNotFound) {
		return nil
	}
	m, readErr := s.Store.Message(ctx, router.MessageID(id))
	if readErr != nil || m.Stage != router.StageReceived {
		return err // the store is away: the sweep comes back to it
	}
	m.Attempts++
	m.Error, m.StageAt = string(router.CodeOf(err)), s.Now()
	m.RetryAt = s.Now().Add(Backoff(m.Attempts))
	if m.Attempts >= maxAttempts {
		m.Stage = router.StageDead
	}
	if _, saveErr := s.Store.SaveMessage(ctx, m); saveErr != nil {
		return saveErr
	}
	return err
}

func (s *Server) due(ctx context.Context, id string) error {
	err := s.Desk.Due(ctx, router.TicketID(id))
	if router.IsCode(err, router.CodeNotFound) {
		return nil
	}
	return err
}

func (s *Server) edge(ctx context.Context, queue string) error {
	moved, err := s.Desk.EdgeQueue(ctx, router.QueueName(queue))
	s.Log.Info("a queue was decided again", "queue", queue, "moved", moved)
	return err
}

// decideAgain decides all that waits again.
func (s *Server) decideAgain(ctx context.Context, _ string) error {
	return s.alone(ctx, "again", s.Desk.Redecide)
}

// Backoff is the pause before attempt n+1: 1 s doubling up to 10 minutes, with up to a quarter of jitter.
func Backoff(n int) time.Duration {
	d := time.Second << min(max(n-1, 0), 10)
	d = min(d, 10*time.Minute)
	return d + time.Duration(rand.Int64N(int64(d)/4+1))
}

// connection lets asynqmon use a connection that is there.
type connection struct{ client redis.UniversalClient }

func (c connection) MakeRedisClient() any { return c.client }

// Dashboard is Asynq's own dashboard, to be mounted under root.
func Dashboard(r redis.UniversalClient, root string) http.Handler {
	return asynqmon.New(asynqmon.Options{RootPath: root, RedisConnOpt: connection{r}})
}

// quiet hands Asynq's log lines to slog.
type quiet struct{ log *slog.Logger }

func (q quiet) Debug(args ...any) {}
func (q quiet) Info(args ...any)  {}
func (q quiet) Warn(args ...any)  { q.log.Warn("asynq", "line", fmt.Sprint(args...)) }
func (q quiet) Error(args ...any) { q.log.Error("asynq", "line", fmt.Sprint(args...)) }
func (q quiet) Fatal(args ...any) { q.log.Error("asynq", "line", fmt.Sprint(args...)) }
