package dispatch

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/forecast"
	"switchyard/router/incident"
	"switchyard/router/load"
	"switchyard/router/route"
	"switchyard/router/store"
	"switchyard/router/textmodel"
	"switchyard/router/told"
)

// refreshEvery is how old a view may be.
const refreshEvery = time.Second

// View is one consistent picture: rules, load and modes.
type View struct {
	Rules    *decide.Ruleset
	Model    *textmodel.Model // nil: none
	Snapshot *load.Snapshot
	Modes    route.Modes
	Agents   []load.Agent
	Forecast *forecast.Model  // fitted at most a quarter of an hour ago; nil: not yet. Its Basis says what it rests on
	Report   *forecast.Report // how forecasts of the last weeks came out, as of the last midnight; nil: not yet
	// Incidents are the open ones.
	Incidents []incident.Incident
	// Waits are how good told waits were, by class, and the bands that follow. Read-only.
	Waits map[router.ClassName]told.Told
}

// Live keeps the view of the desk fresh: the policy in force, the load, the modes.
type Live struct {
	store store.Store
	now   func() time.Time
	zones func(string) (*time.Location, error)
	log   *slog.Logger

	view       atomic.Pointer[View]
	tallies    tallies
	fit        fit
	mu         sync.Mutex // guards what follows
	generation int64
	users      []router.User
	compiled   map[string]*decide.Ruleset // by version
	model      *textmodel.Model           // in force
	models     map[string]*textmodel.Model
	saved      map[string]bool // digests of stored snapshots, the last few
	stop       context.CancelFunc
	done       chan struct{}
	fitted     chan struct{}
}

// NewLive makes a Live; Refresh or Start fills it.
func NewLive(st store.Store, now func() time.Time, zones func(string) (*time.Location, error), log *slog.Logger) *Live {
	return &Live{store: st, now: now, zones: zones, log: log, generation: -1, compiled: map[string]*decide.Ruleset{}, models: map[string]*textmodel.Model{}, saved: map[string]bool{}}
}

// View is the latest view. Refresh must have succeeded once.
func (l *Live) View() *View { return l.view.Load() }

// Start refreshes once and then every second until Stop.
func (l *Live) Start(ctx context.Context) error {
	if err := l.Refresh(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop != nil {
		return nil
	}
	loop, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.stop, l.done, l.fitted = cancel, make(chan struct{}), make(chan struct{})
	go l.loop(loop, l.done)
	go l.fitLoop(loop, l.fitted)
	return nil
}

func (l *Live) loop(ctx context.Context, done chan struct{}) {
	defer close(done)
	pause := refreshEvery
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		began := time.Now()
		if err := l.Refresh(ctx); err != nil && ctx.Err() == nil {
			l.log.Warn("the view of the desk is stale", "error", err)
		}
		pause = max(refreshEvery, 20*time.Since(began)) // at most a twentieth of the time
	}
}

// Stop ends refreshing; safe twice.
func (l *Live) Stop() {
	l.mu.Lock()
	stop, done, fitted := l.stop, l.done, l.fitted
	l.stop = nil
	l.mu.Unlock()
	if stop != nil {
		stop()
		<-done
		<-fitted
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count(ctx, 0)
}

// Refresh reads everything anew.
func (l *Live) Refresh(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	rules, err := l.rules(ctx)
	if err != nil {
		return err
	}
	modes, err := store.ModesRecord(l.store).Get(ctx, "desk")
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return err
	}
	agents, err := l.agents(ctx)
	if err != nil {
		return err
	}
	loads, err := l.store.Load(ctx)
	if err != nil {
		return err
	}
	l.count(ctx, tallyEvery)
	open, err := store.Incidents(l.store).All(ctx, string(incident.Open))
	if err != nil {
		return err
	}
	in := load.Inputs{Now: l.now(), Agents: agents, Overload: modes.Value.Overload.On}
	l.counted(&in)
	for _, r := range loads {
		in.Lines = append(in.Lines, load.Line{Run: r.Run, Waiting: r.Waiting, OldestAgeAt: r.OldestAgeAt})
	}
	if old := l.view.Load(); old != nil {
		in.Last = old.Snapshot
	}
	snap, err := load.Make(rules.Ruleset, in)
	if err != nil {
		return err
	}
	view := &View{Rules: rules, Model: l.model, Snapshot: snap, Modes: modes.Value, Agents: agents, Forecast: l.fit.model.Load(), Report: l.fit.report.Load(), Waits: l.tallies.waits}
	for _, i := range open {
		view.Incidents = append(view.Incidents, i.Value)
	}
	l.view.Store(view)
	return nil
}

// rules reads what the generation counter says has changed.
func (l *Live) rules(ctx context.Context) (*decide.Ruleset, error) {
	g, err := store.ReadGeneration(ctx, l.store)
	if err != nil {
		return nil, err
	}
	if old := l.view.Load(); old != nil && g == l.generation {
		return old.Rules, nil
	}
	active, err := store.ActivePolicy(l.store).Get(ctx, "active")
	if err != nil {
		return nil, err
	}
	rules, err := l.ruleset(ctx, active.Value.Version)
	if err != nil {
		return nil, err
	}
	if err := l.readModel(ctx); err != nil {
		return nil, err
	}
	users, err := store.Users(l.store).All(ctx, "")
	if err != nil {
		return nil, err
	}
	l.users = l.users[:0]
	for _, u := range users {
		l.users = append(l.users, u.Value)
	}
	l.generation = g
	return rules, nil
}

func (l *Live) ruleset(ctx context.Context, version string) (*decide.Ruleset, error) {
	if rs := l.compiled[version]; rs != nil {
		return rs, nil
	}
	p, err := store.Policies(l.store).Get(ctx, version)
	if err != nil {
		return nil, err
	}
	rs, err := decide.Compile([]byte(p.Value.Doc), l.zones)
	if err != nil {
		return nil, err
	}
	if len(l.compiled) > 8 {
		clear(l.compiled)
	}
	l.compiled[version] = rs
	return rs, nil
}

// Ruleset compiles a policy version that is stored, for making an old decision again.
func (l *Live) Ruleset(ctx context.Context, version string) (*decide.Ruleset, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ruleset(ctx, version)
}

func (l *Live) agents(ctx context.Context) ([]load.Agent, error) {
	states, err := store.Presences(l.store).All(ctx, "")
	if err != nil {
		return nil, err
	}
	by := map[router.AgentID]router.PresenceState{}
	for _, p := range states {
		by[p.Value.Agent] = p.Value.State
	}
	capacity := map[router.Channel]int{}
	if v := l.view.Load(); v != nil {
		capacity = v.Rules.Capacity
	}
	var out []load.Agent
	for _, u := range l.users {
		if u.Role != router.RoleAgent && u.Role != router.RoleManager || u.Disabled {
			continue
		}
		a := load.Agent{User: u, Presence: by[u.ID]}
		if a.Presence == router.PresenceAvailable {
			held, err := l.store.ClaimedBy(ctx, u.ID)
			if err != nil {
				return nil, err
			}
			for _, t := range held {
				a.Held += capacity[t.Channel]
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// Keep stores the snapshot of a view once, so that a decision can name it.
func (l *Live) Keep(ctx context.Context, s *load.Snapshot) error {
	l.mu.Lock()
	known := l.saved[s.Digest()]
	l.mu.Unlock()
	if known {
		return nil
	}
	body, err := json.Marshal(s)
	if err != nil {
		return router.Wrap("live.keep", router.CodeInternal, err)
	}
	if _, err := store.Snapshots(l.store).Ensure(ctx, s.Digest(), body); err != nil {
		return err
	}
	l.mu.Lock()
	if len(l.saved) > 64 {
		clear(l.saved)
	}
	l.saved[s.Digest()] = true
	l.mu.Unlock()
	return nil
}

// Snapshot reads a stored snapshot. not_found.
func (l *Live) Snapshot(ctx context.Context, digest string) (*load.Snapshot, error) {
	r, err := store.Snapshots(l.store).Get(ctx, digest)
	if err != nil {
		return nil, err
	}
	s := &load.Snapshot{}
	if err := json.Unmarshal(r.Value, s); err != nil {
		return nil, router.Wrap("live.snapshot", router.CodeInternal, err)
	}
	_, err = s.Seal()
	return s, err
}
