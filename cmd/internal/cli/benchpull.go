package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"switchyard/cmd/internal/app"
	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/dispatch"
	"switchyard/router/policy"
	"switchyard/router/store"
)

// benchPull fills the store with waiting tickets in the runs of the wallet desk, pulls one
// after another over a short and a long line, and then with all agents together.
func benchPull(ctx context.Context, s *shell, a *app.App, f benchFlags, r *report) error {
	r.What = fmt.Sprintf("pull: %d waiting, %d agents", f.waiting, f.agents)
	agents, err := benchAgents(ctx, a, f.agents)
	if err != nil {
		return err
	}
	if err := fillWaiting(ctx, s, a, 0, 1000); err != nil {
		return err
	}
	short, err := pullAlone(ctx, a, agents[0], 200)
	if err != nil {
		return err
	}
	if err := fillWaiting(ctx, s, a, 1000, f.waiting); err != nil {
		return err
	}
	long, err := pullAlone(ctx, a, agents[0], 200)
	if err != nil {
		return err
	}
	r.add("alone_over_1000_ms", short)
	r.add("alone_over_all_ms", long)
	r.add("ratio", long/short)
	took, err := reorder(ctx, a, agents[0])
	if err != nil {
		return err
	}
	r.add("reordered_ms", float64(took.Microseconds())/1000)
	return pullTogether(ctx, a, agents, f.pulls, r)
}

// reorder puts a policy in force under which general questions are worth most, and times how long it takes
// until a pull serves one: all that waits is in another order then. The old policy comes back.
func reorder(ctx context.Context, a *app.App, agent router.User) (time.Duration, error) {
	before, err := store.ActivePolicy(a.Store).Get(ctx, "active")
	if err != nil {
		return 0, err
	}
	doc, err := policy.SetClass(policy.Default(), "general", "weight", "1e15")
	if err == nil {
		doc, err = policy.SetClass(doc, "payment", "lead", "0.001") // cut-offs go before any weight
	}
	if err != nil {
		return 0, err
	}
	rules, err := keepPolicy(ctx, a, doc)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := force(ctx, a, rules.Version); err != nil {
		return 0, err
	}
	served, err := a.Desk.Pull(ctx, agent, nil)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	if served.Ticket.Class != "general" {
		return 0, fmt.Errorf("a pull after the change served class %q (%s)", served.Ticket.Class, served.Empty)
	}
	if err := finish(ctx, a, served.Ticket); err != nil {
		return 0, err
	}
	return took, force(ctx, a, before.Value.Version)
}

// keepPolicy stores a policy, which is not in force by that.
func keepPolicy(ctx context.Context, a *app.App, doc []byte) (*decide.Ruleset, error) {
	rules, err := decide.Compile(doc, time.LoadLocation)
	if err != nil {
		return nil, err
	}
	_, err = store.Policies(a.Store).Ensure(ctx, rules.Version, store.PolicyVersion{Version: rules.Version, Doc: string(doc)})
	return rules, err
}

// force puts a stored policy in force, and lets this process notice as it would within a second.
func force(ctx context.Context, a *app.App, version string) error {
	if _, err := store.PutInForce(ctx, a.Store, store.Active{Version: version, By: "bench", At: app.Now()}); err != nil {
		return err
	}
	return a.Live.Refresh(ctx)
}

func benchAgents(ctx context.Context, a *app.App, n int) ([]router.User, error) {
	var out []router.User
	for i := range n {
		u, err := a.Auth.AddUser(ctx, router.User{ID: router.AgentID(fmt.Sprintf("bench%02d", i)), Role: router.RoleAgent})
		if err != nil {
			return nil, err
		}
		if err := a.Desk.SetPresence(ctx, u.ID, router.PresenceAvailable); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, a.Live.Refresh(ctx)
}

// fillWaiting inserts tickets from to to, over queues, classes, channels and languages of the policy.
func fillWaiting(ctx context.Context, s *shell, a *app.App, from, to int) error {
	rules, now := a.Live.View().Rules, app.Now()
	return fill(ctx, s, from, to, func(ctx context.Context, i int) error {
		topic := rules.Topics[i%5]
		spread := i * 7919 % 7200 // a short line is as old as a long one
		age := now.Add(-time.Duration(spread) * time.Second)
		t := router.Ticket{ID: router.TicketID(router.HashID("t", "bench", fmt.Sprint(i))), State: router.StateWaiting, Queue: topic.Queue, Class: topic.Class, Topic: topic.Name,
			Channel: []router.Channel{router.ChannelEmail, router.ChannelSocial, router.ChannelChat}[i%3], Source: "bench", Handle: router.Handle{Channel: router.ChannelEmail, Address: fmt.Sprint(i)},
			Speaks: []router.Language{router.LanguageZH, router.LanguageEN}[i%2], AgeAt: age, CreatedAt: age, UpdatedAt: age, Case: router.Case{Number: 1, StartedAt: age, Target: time.Hour}}
		if i%5 == 1 && i%4 == 0 {
			t.CutoffAt = now.Add(time.Duration(spread%3600) * time.Second)
		}
		_, err := a.Store.InsertTicket(ctx, t)
		return err
	})
}

// fill does something for each number from from to to, 64 at once.
func fill(ctx context.Context, s *shell, from, to int, one func(context.Context, int) error) error {
	bar := progress(s.err, "filling")
	bar.ChangeMax(to - from)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(64)
	for i := from; i < to; i++ {
		g.Go(func() error {
			err := one(ctx, i)
			_ = bar.Add(1)
			return err
		})
	}
	err := g.Wait()
	_ = bar.Finish()
	return err
}

// finish closes what an agent holds, so that he can pull again. It goes through the desk: an escalation may have changed
// the ticket meanwhile.
func finish(ctx context.Context, a *app.App, t router.Ticket) error {
	_, err := a.Desk.Resolve(ctx, t.Agent, t.ID, t.Epoch, "", "", "")
	return err
}

// pullAlone answers the median of n pulls by one agent, in milliseconds.
func pullAlone(ctx context.Context, a *app.App, agent router.User, n int) (float64, error) {
	var ts timings
	for range n {
		began := time.Now()
		served, err := a.Desk.Pull(ctx, agent, nil)
		if err != nil || served.Empty != "" {
			return 0, fmt.Errorf("a pull gave nothing (%s): %w", served.Empty, err)
		}
		ts.add(time.Since(began))
		if err := finish(ctx, a, served.Ticket); err != nil {
			return 0, err
		}
	}
	return quantile(ts.sorted(), 0.5), nil
}

// together is what agents pulled who pull at once.
type together struct {
	ts   timings
	mu   sync.Mutex
	held []router.Ticket // not finished yet
	seen map[router.TicketID]int
}

// pullTogether lets all agents pull at once in rounds of as many as each can hold; only the pulls are timed.
func pullTogether(ctx context.Context, a *app.App, agents []router.User, pulls int, r *report) error {
	all := &together{seen: map[router.TicketID]int{}}
	total, spent := 0, time.Duration(0)
	for total < pulls {
		g, round := errgroup.WithContext(ctx)
		began := time.Now()
		for _, agent := range agents {
			g.Go(func() error { return all.fillHands(round, a, agent) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
		spent += time.Since(began)
		total += len(all.held)
		g, round = errgroup.WithContext(ctx)
		g.SetLimit(64)
		for _, t := range all.held {
			g.Go(func() error { return finish(round, a, t) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
		all.held = nil
	}
	doubled := 0
	for _, n := range all.seen {
		if n > 1 {
			doubled++
		}
	}
	times := all.ts.sorted()
	r.add("pulls", float64(total))
	r.add("pulls_per_second", float64(total)/spent.Seconds())
	r.add("pull_p50_ms", quantile(times, 0.5))
	r.add("pull_p99_ms", quantile(times, 0.99))
	r.add("doubled", float64(doubled))
	return nil
}

// fillHands pulls until the agent's hands are full: four chats do it.
func (p *together) fillHands(ctx context.Context, a *app.App, agent router.User) error {
	for range 4 {
		at := time.Now()
		served, err := a.Desk.Pull(ctx, agent, nil)
		if err != nil {
			return err
		}
		if served.Empty == dispatch.EmptyNoCapacity {
			return nil
		}
		if served.Empty != "" {
			return fmt.Errorf("a pull gave nothing: %s", served.Empty)
		}
		p.ts.add(time.Since(at))
		p.mu.Lock()
		p.held = append(p.held, served.Ticket)
		p.seen[served.Ticket.ID]++
		p.mu.Unlock()
	}
	return nil
}
