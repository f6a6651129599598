package dispatch

import (
	"context"
	"sync"
	"time"

	"switchyard/router"
	"switchyard/router/backtest"
	"switchyard/router/decide"
	"switchyard/router/store"
)

// replayKept is how long a back-test counts as made just now.
const replayKept = 10 * time.Minute

// replays is the last back-test of this process. One is made at a time.
type replays struct {
	making sync.Mutex
	mu     sync.Mutex // guards what follows
	of     string     // policy in force and proposed one
	at     time.Time
	report *backtest.Report
	done   float64 // of the one that is being made, 0–1
}

// BackTest replays the desk's own past, as far back as the policy says, under the policy in force and a proposed one.
// One made in the last ten minutes is answered again. nil without an error: nothing came in that time, or the desk has no
// agents. unavailable: another is being made.
func (s *Service) BackTest(ctx context.Context, proposed *decide.Ruleset) (*backtest.Report, error) {
	today := s.Live.View().Rules
	of := today.Version + "|" + proposed.Version
	if r := s.replays.known(of, s.Now()); r != nil {
		return r, nil
	}
	if !s.replays.making.TryLock() {
		return nil, router.Fail("dispatch.backtest", router.CodeUnavailable, "another back-test is being made; ask again in a moment")
	}
	defer s.replays.making.Unlock()
	s.replays.progress(0)
	now := s.Now()
	cases, err := Past(ctx, s.Store, now.AddDate(0, 0, -today.Promotion.Days), now, LooksAtTexts(today) || LooksAtTexts(proposed), nil)
	if err != nil {
		return nil, err
	}
	people, err := Crew(ctx, s.Store)
	if err != nil || len(cases) == 0 || len(people) == 0 {
		return nil, err
	}
	r, err := backtest.Compare(today, proposed, cases, backtest.Desk{People: people}, func(done, total float64) { s.replays.progress(done / max(total, 1e-9)) })
	if err == nil {
		s.replays.keep(of, now, r)
	}
	return r, err
}

// frontierCases bounds the past that a frontier is worked out from: the newest count.
const frontierCases = 8000

// Frontier replays the desk's past with one guard after the other. Nothing without an error: there is no past.
// unavailable: another replay is being made.
func (s *Service) Frontier(ctx context.Context) ([]backtest.Point, error) {
	if !s.replays.making.TryLock() {
		return nil, router.Fail("dispatch.frontier", router.CodeUnavailable, "another replay is being made; ask again in a moment")
	}
	defer s.replays.making.Unlock()
	s.replays.progress(0)
	now, rules := s.Now(), s.Live.View().Rules
	cases, err := Past(ctx, s.Store, now.AddDate(0, 0, -rules.Promotion.Days), now, LooksAtTexts(rules), nil)
	if err != nil {
		return nil, err
	}
	people, err := Crew(ctx, s.Store)
	if err != nil || len(cases) == 0 || len(people) == 0 {
		return nil, err
	}
	cases = cases[max(0, len(cases)-frontierCases):]
	return backtest.Frontier(rules, cases, backtest.Desk{People: people}, func(done, total float64) { s.replays.progress(done / max(total, 1e-9)) })
}

// ReplayDone is how far the replay that is being made has come, 0–1.
func (s *Service) ReplayDone() float64 {
	s.replays.mu.Lock()
	defer s.replays.mu.Unlock()
	return s.replays.done
}

// Crew is who serves: the desk's agents who may sign in.
func Crew(ctx context.Context, docs store.Docs) ([]router.User, error) {
	all, err := store.Users(docs).All(ctx, "")
	var out []router.User
	for _, u := range all {
		if u.Value.Role == router.RoleAgent && !u.Value.Disabled {
			out = append(out, u.Value)
		}
	}
	return out, err
}

func (r *replays) known(of string, now time.Time) *backtest.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.report == nil || r.of != of || now.Sub(r.at) > replayKept {
		return nil
	}
	return r.report
}

func (r *replays) keep(of string, at time.Time, report *backtest.Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of, r.at, r.report, r.done = of, at, report, 1
}

func (r *replays) progress(done float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = done
}
