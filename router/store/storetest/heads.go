package storetest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

// randomTicket is a ticket of few queues, ages and cut-offs, so that many are equal in much.
func randomTicket(rng *rand.Rand, w router.Ticket) router.Ticket {
	one := func(odds int) bool { return rng.IntN(odds) == 0 }
	w.Queue = []router.QueueName{"payments", "general"}[rng.IntN(2)]
	w.Class = []router.ClassName{"normal", "urgent"}[rng.IntN(2)]
	w.State, w.AgeAt = router.StateWaiting, at(rng.IntN(12))
	w.Needs, w.CutoffAt, w.KeptFor, w.SkipAgent, w.SkipUntil, w.Agent = nil, time.Time{}, "", "", time.Time{}, ""
	if one(4) {
		w.State, w.Agent = router.StateClaimed, "wang"
	}
	if one(3) {
		w.CutoffAt = at(20 + rng.IntN(8))
	}
	if one(6) {
		w.KeptFor = []router.AgentID{"lin", "wang"}[rng.IntN(2)]
	}
	if one(4) {
		w.SkipAgent, w.SkipUntil = []router.AgentID{"lin", "wang"}[rng.IntN(2)], at(8+rng.IntN(4))
	}
	if one(3) {
		w.Needs = []router.Need{{Skill: "refund", Level: 2}, {Skill: "card", Level: 1}}
	}
	return w
}

func testHeadsModel(t *testing.T, s store.Store) {
	ctx := t.Context()
	rng := rand.New(rand.NewPCG(1, 2))
	all := map[router.TicketID]router.Ticket{}
	for i := range 90 {
		w := got(s.InsertTicket(ctx, randomTicket(rng, waiting(fmt.Sprint(i)))))(t)
		all[w.ID] = w
	}
	for range 6 {
		for id := range all {
			if rng.IntN(4) == 0 {
				all[id] = got(s.SaveTicket(ctx, randomTicket(rng, all[id]), time.Time{}))(t)
			}
		}
		checkRuns(t, s, all)
		checkLoad(t, s, all)
		checkRunTickets(t, s, all)
		for range 12 {
			checkHeads(t, s, rng, all)
		}
	}
}

func checkRuns(t *testing.T, s store.Store, all map[router.TicketID]router.Ticket) {
	t.Helper()
	for _, queues := range [][]router.QueueName{{"payments"}, {"general", "payments"}, {"none"}, nil} {
		for _, agents := range [][]router.AgentID{nil, {"lin"}, {"lin", "wang"}} {
			kept := func(a router.AgentID) bool { return a == "" || slices.Contains(agents, a) }
			busy := map[router.RunKey]router.Run{}
			for _, w := range all {
				if w.State == router.StateWaiting && slices.Contains(queues, w.Queue) && kept(w.KeptFor) {
					busy[w.Run().Key] = w.Run()
				}
			}
			runs := got(s.Runs(t.Context(), queues, agents...))(t)
			last := router.RunKey("")
			for _, r := range runs {
				if r.Key <= last || !slices.Contains(queues, r.Queue) || !kept(r.KeptFor) {
					t.Fatalf("run %q after %q for %v of %v", r.Key, last, agents, queues)
				}
				if want, ok := busy[r.Key]; ok && !reflect.DeepEqual(r, want) {
					t.Fatalf("got run %+v, want %+v", r, want)
				}
				delete(busy, r.Key)
				last = r.Key
			}
			if len(busy) > 0 {
				t.Fatalf("missing runs: %v", busy)
			}
		}
	}
}

func checkLoad(t *testing.T, s store.Store, all map[router.TicketID]router.Ticket) {
	t.Helper()
	want, states := map[router.RunKey]store.RunLoad{}, map[router.State]int{}
	for _, w := range all {
		states[w.State]++
		if w.State != router.StateWaiting {
			continue
		}
		l := want[w.Run().Key]
		if l.Waiting == 0 || w.AgeAt.Before(l.OldestAgeAt) {
			l.OldestAgeAt = w.AgeAt
		}
		l.Run = w.Run()
		l.Waiting++
		want[w.Run().Key] = l
	}
	have := map[router.RunKey]store.RunLoad{}
	for _, l := range got(s.Load(t.Context()))(t) {
		have[l.Run.Key] = l
	}
	if !reflect.DeepEqual(have, want) {
		t.Fatalf("load: got\n%v\nwant\n%v", have, want)
	}
	if have := got(s.CountStates(t.Context()))(t); !reflect.DeepEqual(have, states) {
		t.Fatalf("states: got %v, want %v", have, states)
	}
}

// checkRunTickets walks every run in small steps.
func checkRunTickets(t *testing.T, s store.Store, all map[router.TicketID]router.Ticket) {
	t.Helper()
	for key := range runsOf(all) {
		var want, have []router.TicketID
		var of []router.Ticket
		for _, w := range all {
			if w.State == router.StateWaiting && w.Run().Key == key {
				of = append(of, w)
			}
		}
		sortBy(of, func(a, b router.Ticket) bool { return a.AgeAt.Before(b.AgeAt) || a.AgeAt.Equal(b.AgeAt) && a.ID < b.ID })
		for _, w := range of {
			want = append(want, w.ID)
		}
		after := router.Head{}
		for range len(all) {
			page := got(s.RunTickets(t.Context(), key, after, 3))(t)
			if len(page) == 0 {
				break
			}
			for _, h := range page {
				have = append(have, h.TicketID)
			}
			after = page[len(page)-1]
		}
		if !slices.Equal(have, want) {
			t.Fatalf("run %s: got %v, want %v", key, have, want)
		}
	}
}

func checkHeads(t *testing.T, s store.Store, rng *rand.Rand, all map[router.TicketID]router.Ticket) {
	t.Helper()
	agent := []router.AgentID{"", "lin", "wang"}[rng.IntN(3)]
	now := at(8 + rng.IntN(4))
	var qs []store.HeadQuery
	for key := range runsOf(all) {
		q := store.HeadQuery{Run: key, Limit: 1 + rng.IntN(4)}
		if rng.IntN(4) > 0 {
			q.GuardAt, q.LateAt = at(rng.IntN(13)), at(rng.IntN(13))
		}
		if rng.IntN(3) > 0 {
			q.CutoffFrom = at(18 + rng.IntN(6))
			q.CutoffTo = q.CutoffFrom.Add(time.Duration(rng.IntN(6)) * time.Second)
		}
		if rng.IntN(4) == 0 {
			q.AgedTo = at(rng.IntN(13))
		}
		qs = append(qs, q)
	}
	sortBy(qs, func(a, b store.HeadQuery) bool { return a.Run < b.Run })
	qs = append(qs, store.HeadQuery{Run: "no|such|run|||", Limit: 3})
	want := model(all, agent, now, qs)
	have := got(s.Heads(t.Context(), agent, now, qs))(t)
	if len(have) != len(want) || (len(have) > 0 && !reflect.DeepEqual(have, want)) {
		t.Fatalf("heads for %q at %v of\n%+v\ngot\n%s\nwant\n%s", agent, now, qs, show(have), show(want))
	}
}

func show(hs []router.Head) string {
	var b strings.Builder
	for _, h := range hs {
		fmt.Fprintf(&b, "%s %s age %s cut-off %s v%d\n", h.Run.Key, h.TicketID, h.AgeAt.Format("05"), h.CutoffAt.Format("05"), h.Version)
	}
	return b.String()
}

func runsOf(all map[router.TicketID]router.Ticket) map[router.RunKey]bool {
	runs := map[router.RunKey]bool{}
	for _, w := range all {
		runs[w.Run().Key] = true
	}
	return runs
}

// model is Heads without an index: what the words of the contract say, over all tickets.
func model(all map[router.TicketID]router.Ticket, agent router.AgentID, now time.Time, qs []store.HeadQuery) []router.Head {
	var out []router.Head
	for _, q := range qs {
		guarded := func(w router.Ticket) bool { return w.AgeAt.Before(q.GuardAt) }
		late := func(w router.Ticket) bool { return !guarded(w) && w.AgeAt.Before(q.LateAt) }
		feasible := func(w router.Ticket) bool { return !guarded(w) && !late(w) }
		inWindow := func(w router.Ticket) bool {
			return !w.CutoffAt.IsZero() && !w.CutoffAt.Before(q.CutoffFrom) && w.CutoffAt.Before(q.CutoffTo)
		}
		seen := map[router.TicketID]bool{}
		for i, kind := range []func(router.Ticket) bool{inWindow, feasible, late, guarded} {
			var of []router.Ticket
			for _, w := range all {
				skipped := agent != "" && w.SkipAgent == agent && w.SkipUntil.After(now)
				if w.State == router.StateWaiting && w.Run().Key == q.Run && !skipped && kind(w) && (q.AgedTo.IsZero() || !w.AgeAt.After(q.AgedTo)) {
					of = append(of, w)
				}
			}
			sortBy(of, func(a, b router.Ticket) bool {
				if i == 0 && !a.CutoffAt.Equal(b.CutoffAt) {
					return a.CutoffAt.Before(b.CutoffAt)
				}
				if !a.AgeAt.Equal(b.AgeAt) {
					return a.AgeAt.Before(b.AgeAt)
				}
				return a.ID < b.ID
			})
			for _, w := range of[:min(len(of), q.Limit)] {
				if !seen[w.ID] {
					seen[w.ID] = true
					h := router.Head{TicketID: w.ID, Run: w.Run(), AgeAt: w.AgeAt, CutoffAt: w.CutoffAt, Version: w.Version}
					if w.SkipUntil.After(now) {
						h.SkipFor = w.SkipAgent
					}
					out = append(out, h)
				}
			}
		}
	}
	return out
}
