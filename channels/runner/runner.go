// Package runner keeps the desk's sources: it opens them, runs the adapter of each
// in one process at a time, restarts what gave up, and knows how each is.
//
// What always holds:
//
//	A. An adapter runs only while this process holds its source's lease, and
//	   stops when the lease is lost; a dead owner's source is taken over within four renewals (20 s).
//	B. A source that fails is run again after a pause that doubles up to five minutes.
//	C. Start, Stop and Set are safe in any order and twice; Stop returns when every adapter has.
package runner

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sort"
	"sync"
	"time"

	"switchyard/channels"
	"switchyard/router"
	"switchyard/router/store"
)

const (
	leaseRenew = 5 * time.Second
	maxPause   = 5 * time.Minute
)

func (r *Runner) renew() time.Duration {
	if r.Renew > 0 {
		return r.Renew
	}
	return leaseRenew
}

func (r *Runner) ttl() time.Duration { return 4 * r.renew() }

// Health is how a source is, as every process can read it.
type Health struct {
	Source router.SourceName `json:"source,omitempty"`
	Owner  string            `json:"owner,omitempty"`
	channels.Health
}

// Runner keeps sources.
type Runner struct {
	Docs  store.Docs
	Owner string
	Now   func() time.Time
	Log   *slog.Logger
	// Adapters says whether this process runs adapters (role channels).
	Adapters bool
	// Renew is how often a lease is renewed, or asked for; 5 s if zero. A lease lasts four times that.
	Renew time.Duration

	mu      sync.RWMutex
	sources map[router.SourceName]*running
	told    map[router.SourceName]channels.Health // as last written
	ctx     context.Context
	stopAll context.CancelFunc
}

type running struct {
	source *channels.Source
	stop   context.CancelFunc
	done   chan struct{}
}

// Start begins to run adapters; sources may be set before or after.
func (r *Runner) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx != nil {
		return nil
	}
	r.ctx, r.stopAll = context.WithCancel(context.WithoutCancel(ctx))
	for _, s := range r.sources {
		r.run(s)
	}
	return nil
}

// Stop ends all adapters and waits for them.
func (r *Runner) Stop() {
	r.mu.Lock()
	if r.ctx == nil {
		r.mu.Unlock()
		return
	}
	r.stopAll()
	r.ctx = nil
	var wait []chan struct{}
	for _, s := range r.sources {
		if s.done != nil {
			wait = append(wait, s.done)
			s.done, s.stop = nil, nil
		}
	}
	r.mu.Unlock()
	for _, done := range wait {
		<-done
	}
}

// Set adds a source, or replaces the one of the same name.
func (r *Runner) Set(s *channels.Source) {
	r.Remove(s.Name)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sources == nil {
		r.sources = map[router.SourceName]*running{}
	}
	run := &running{source: s}
	r.sources[s.Name] = run
	if r.ctx != nil {
		r.run(run)
	}
}

// Remove stops and forgets a source.
func (r *Runner) Remove(name router.SourceName) {
	r.mu.Lock()
	old := r.sources[name]
	delete(r.sources, name)
	r.mu.Unlock()
	if old != nil && old.stop != nil {
		old.stop()
		<-old.done
	}
}

// Source finds a source, nil if there is none of that name.
func (r *Runner) Source(name router.SourceName) *channels.Source {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s := r.sources[name]; s != nil {
		return s.source
	}
	return nil
}

// Sources are all sources, by name.
func (r *Runner) Sources() []*channels.Source {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make([]*channels.Source, 0, len(r.sources))
	for _, s := range r.sources {
		out = append(out, s.source)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// Sender of a source, nil if it carries no replies.
func (r *Runner) Sender(name router.SourceName) channels.Sender {
	if s := r.Source(name); s != nil {
		return s.Sender
	}
	return nil
}

// CanReply says whether a source carries replies, and files. cannot_reply.
func (r *Runner) CanReply(name router.SourceName, files int) error {
	s := r.Source(name)
	switch {
	case s == nil || s.Sender == nil:
		return router.Fail("runner.reply", router.CodeCannotReply, "the source %s cannot carry a reply; use a call-back or another channel", name)
	case files > 0 && !s.Files:
		return router.Fail("runner.reply", router.CodeCannotReply, "the source %s cannot carry files", name)
	}
	return nil
}

func healths(d store.Docs) store.Collection[Health] {
	return store.Collection[Health]{Docs: d, Kind: "source_health"}
}

// Health of all sources that ever reported, by name.
func (r *Runner) Health(ctx context.Context) (map[router.SourceName]Health, error) {
	all, err := healths(r.Docs).All(ctx, "")
	out := map[router.SourceName]Health{}
	for _, h := range all {
		out[h.Value.Source] = h.Value
	}
	return out, err
}

// Report writes a source's health; a failure to write it is only logged.
func (r *Runner) Report(name router.SourceName, h channels.Health) {
	if h.At.IsZero() {
		h.At = r.Now()
	}
	if r.worthTelling(name, h) {
		r.write(name, h)
	}
}

func (r *Runner) write(name router.SourceName, h channels.Health) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_, err := healths(r.Docs).Update(ctx, string(name), func(v *Health) (bool, error) {
		if h.LastInput.IsZero() {
			h.LastInput = v.LastInput
		}
		*v = Health{Source: name, Owner: r.Owner, Health: h}
		return true, nil
	})
	if err != nil {
		r.Log.Debug("health not written", "source", name, "error", err)
	}
}

// Heard notes that a source brought something just now.
func (r *Runner) Heard(name router.SourceName) {
	r.mu.Lock()
	last, known := r.told[name]
	now := r.Now()
	quiet := known && now.Sub(last.LastInput) < tellEvery
	r.mu.Unlock()
	if quiet {
		return
	}
	if !known {
		last.State = channels.HealthOK
	}
	last.At, last.LastInput = now, now
	r.mu.Lock()
	if r.told == nil {
		r.told = map[router.SourceName]channels.Health{}
	}
	r.told[name] = last
	r.mu.Unlock()
	r.write(name, last)
}

// tellEvery is how often a source's unchanged health is written at most.
const tellEvery = 10 * time.Second

// worthTelling reports whether a health differs from the one last written, or is much newer.
func (r *Runner) worthTelling(name router.SourceName, h channels.Health) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, known := r.told[name]
	if known && last.State == h.State && last.Detail == h.Detail && h.At.Sub(last.At) < tellEvery {
		return false
	}
	if h.LastInput.IsZero() {
		h.LastInput = last.LastInput
	}
	if r.told == nil {
		r.told = map[router.SourceName]channels.Health{}
	}
	r.told[name] = h
	return true
}

// run starts a source's adapter; the lock is held.
func (r *Runner) run(s *running) {
	if s.source.Adapter == nil || !r.Adapters || s.done != nil {
		return
	}
	ctx, cancel := context.WithCancel(r.ctx)
	s.stop, s.done = cancel, make(chan struct{})
	go func(done chan struct{}) {
		defer close(done)
		defer cancel()
		r.hold(ctx, s.source)
	}(s.done)
}

// hold takes the source's lease again and again, and runs the adapter while it has it.
func (r *Runner) hold(ctx context.Context, s *channels.Source) {
	leases, name := store.Leases{Docs: r.Docs}, "source:"+string(s.Name)
	defer func() {
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if err := leases.Release(release, name, r.Owner); err != nil {
			r.Log.Warn("a source's lease was not released", "source", s.Name, "error", err)
		}
	}()
	for ctx.Err() == nil {
		if _, held, err := leases.Take(ctx, name, r.Owner, r.Now(), r.ttl()); err == nil && held {
			r.whileHeld(ctx, s, leases, name)
		}
		pause(ctx, r.renew())
	}
}

// whileHeld runs the adapter and renews the lease; it returns when the lease is lost or ctx ends.
func (r *Runner) whileHeld(ctx context.Context, s *channels.Source, leases store.Leases, name string) {
	run, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.restart(run, s)
	}()
	defer func() { cancel(); <-done }()
	lost := r.Now().Add(r.ttl())
	for {
		pause(ctx, r.renew())
		if ctx.Err() != nil {
			return
		}
		now := r.Now()
		_, held, err := leases.Take(ctx, name, r.Owner, now, r.ttl())
		switch {
		case err == nil && held:
			lost = now.Add(r.ttl())
		case err == nil, !now.Before(lost.Add(-r.renew())):
			return // another has it, or may have it soon
		}
	}
}

// restart runs the adapter again when it gives up, with growing pauses.
func (r *Runner) restart(ctx context.Context, s *channels.Source) {
	wait := time.Second
	for ctx.Err() == nil {
		began := time.Now()
		err := s.Adapter.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > maxPause {
			wait = time.Second
		}
		detail := "it ended"
		if err != nil {
			detail = string(router.CodeOf(err))
		}
		r.Log.Warn("a source gave up and will be run again", "source", s.Name, "pause", wait, "error", err)
		r.Report(s.Name, channels.Health{State: channels.HealthDown, Detail: detail})
		pause(ctx, wait+time.Duration(rand.Int64N(int64(wait)/4)))
		wait = min(2*wait, maxPause)
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
