package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

func ticketIDs(ts []router.Ticket) []router.TicketID {
	out := make([]router.TicketID, len(ts))
	for i, w := range ts {
		out[i] = w.ID
	}
	return out
}

// newest is the ids of those that pass, in the order of a list.
func newest(ts []router.Ticket, keep func(router.Ticket) bool) []router.TicketID {
	var kept []router.Ticket
	for _, w := range ts {
		if keep(w) {
			kept = append(kept, w)
		}
	}
	sortBy(kept, func(a, b router.Ticket) bool {
		if !a.CreatedAt.Equal(b.CreatedAt) {
			return a.CreatedAt.After(b.CreatedAt)
		}
		return a.ID > b.ID
	})
	return ticketIDs(kept)
}

func testTicketLists(t *testing.T, s store.Store) {
	ctx := t.Context()
	var all []router.Ticket
	states := router.States()
	for i := range 60 {
		w := waiting(fmt.Sprint(i))
		w.CreatedAt, w.State = at(i/4), states[i%len(states)]
		w.Queue = []router.QueueName{"payments", "general"}[i%2]
		w.Topic = []router.Topic{"payment_error", "general", "withdrawal"}[i%3]
		w.Channel = []router.Channel{router.ChannelEmail, router.ChannelChat}[i/2%2]
		w.ContactID = router.ContactID(fmt.Sprint("c", i%4))
		if w.State == router.StateClaimed {
			w.Agent = "lin"
		}
		all = append(all, got(s.InsertTicket(ctx, w))(t))
	}
	for _, f := range []store.TicketFilter{
		{}, {Queue: "general"}, {State: router.StateClaimed}, {Queue: "payments", State: router.StateWaiting}, {Topic: "general"},
		{Channel: router.ChannelChat}, {Agent: "lin"}, {Contact: "c1"}, {Agent: "lin", Contact: "c3", Queue: "general"},
		{Queue: "payments", Topic: "withdrawal", Channel: router.ChannelEmail}, {Queue: "none"},
	} {
		want := newest(all, func(w router.Ticket) bool {
			return (f.Queue == "" || f.Queue == w.Queue) && (f.State == "" || f.State == w.State) && (f.Topic == "" || f.Topic == w.Topic) &&
				(f.Channel == "" || f.Channel == w.Channel) && (f.Agent == "" || f.Agent == w.Agent) && (f.Contact == "" || f.Contact == w.ContactID)
		})
		for _, limit := range []int{1, 7, 100} {
			equalAll(t, fmt.Sprintf("%+v by %d", f, limit), list(t, s, f, limit), want)
		}
	}
	_, _, err := s.ListTickets(ctx, store.TicketFilter{After: "not a cursor"})
	wantCode(t, err, router.CodeInvalidField)
}

func list(t *testing.T, s store.Store, f store.TicketFilter, limit int) []router.TicketID {
	t.Helper()
	f.Limit = limit
	return pages(t, limit, func(w router.Ticket) router.TicketID { return w.ID }, func(after string) ([]router.Ticket, string, error) {
		f.After = after
		return s.ListTickets(t.Context(), f)
	})
}

func testTerms(t *testing.T, s store.Store) {
	ctx := t.Context()
	words := []string{"refund", "late", "退款", "card", "bank"}
	var all []router.Ticket
	has := map[router.TicketID]map[string]bool{}
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range 40 {
		w := waiting(fmt.Sprint(i))
		w.CreatedAt = at(i / 3)
		w.Queue = []router.QueueName{"payments", "general"}[i%2]
		w = got(s.InsertTicket(ctx, w))(t)
		all, has[w.ID] = append(all, w), map[string]bool{}
		var terms []string
		for _, word := range words {
			if rng.IntN(2) == 0 {
				terms = append(terms, word)
				has[w.ID][word] = true
			}
		}
		for range 2 {
			must(t, s.IndexTerms(ctx, w.ID, terms))
		}
		equal(t, "version", got(s.Ticket(ctx, w.ID))(t).Version, w.Version)
	}
	changed := all[0]
	changed.Subject = "changed after it was indexed"
	all[0] = got(s.SaveTicket(ctx, changed, time.Time{}))(t)
	for _, terms := range [][]string{{"refund"}, {"退款", "card"}, {"refund", "late", "bank"}, {"none"}, {"card", "none"}} {
		for _, queue := range []router.QueueName{"", "general"} {
			want := newest(all, func(w router.Ticket) bool {
				all := queue == "" || w.Queue == queue
				for _, term := range terms {
					all = all && has[w.ID][term]
				}
				return all
			})
			for _, limit := range []int{2, 50} {
				equalAll(t, fmt.Sprint(terms, queue), list(t, s, store.TicketFilter{Terms: terms, Queue: queue}, limit), want)
			}
		}
	}
	wantCode(t, s.IndexTerms(ctx, "tnone", []string{"refund"}), router.CodeNotFound)
}

func testWorkLists(t *testing.T, s store.Store) {
	ctx := t.Context()
	add := func(name string, change func(*router.Ticket), due time.Time) router.Ticket {
		w := waiting(name)
		change(&w)
		return got(s.SaveTicket(ctx, got(s.InsertTicket(ctx, w))(t), due))(t)
	}
	claimed := func(agent router.AgentID) func(*router.Ticket) {
		return func(w *router.Ticket) { w.State, w.Agent = router.StateClaimed, agent }
	}
	second := add("second", claimed("lin"), at(20))
	first := add("first", claimed("lin"), at(10))
	add("other", claimed("wang"), at(99))
	kept := add("kept", func(w *router.Ticket) { w.KeptFor, w.KeptUntil = "lin", at(15) }, at(15))
	plain := add("plain", func(*router.Ticket) {}, time.Time{})
	add("elsewhere", func(w *router.Ticket) { w.Queue = "general" }, time.Time{})
	add("formerly kept", func(w *router.Ticket) { w.State, w.KeptFor = router.StateSnoozed, "lin" }, at(100))
	equalAll(t, "due", got(s.DueTickets(ctx, at(20), 10))(t), []router.TicketID{first.ID, kept.ID, second.ID})
	equalAll(t, "due, limited", got(s.DueTickets(ctx, at(20), 1))(t), []router.TicketID{first.ID})
	held := ticketIDs(got(s.ClaimedBy(ctx, "lin"))(t))
	want := []router.TicketID{first.ID, second.ID}
	sortBy(want, func(a, b router.TicketID) bool { return a < b })
	equalAll(t, "claimed", held, want)
	equalAll(t, "kept", ticketIDs(got(s.KeptTickets(ctx, "lin", 10))(t)), []router.TicketID{kept.ID})

	want = []router.TicketID{kept.ID, plain.ID}
	sortBy(want, func(a, b router.TicketID) bool { return a < b })
	equalAll(t, "queue", ticketIDs(got(s.QueueTickets(ctx, "payments", "", 10))(t)), want)
	equalAll(t, "queue, page", ticketIDs(got(s.QueueTickets(ctx, "payments", want[0], 10))(t)), want[1:])

	done := got(s.SaveTicket(ctx, got(first.Resolve(at(30)))(t), time.Time{}))(t)
	equal(t, "agent", done.Agent, "")
	equalAll(t, "due, without the resolved", got(s.DueTickets(ctx, at(20), 10))(t), []router.TicketID{kept.ID, second.ID})
	equalAll(t, "claimed, without the resolved", ticketIDs(got(s.ClaimedBy(ctx, "lin"))(t)), []router.TicketID{second.ID})
	counts := got(s.CountStates(ctx))(t)
	equal(t, "claimed", counts[router.StateClaimed], 2)
	equal(t, "waiting", counts[router.StateWaiting], 3)
	equal(t, "snoozed", counts[router.StateSnoozed], 1)
	equal(t, "states", len(counts), 3)
	late := waiting("new, escalates")
	late.EscalateAt = at(5)
	got(s.InsertTicket(ctx, late))(t)
	equalAll(t, "due since it was inserted", got(s.DueTickets(ctx, at(20), 1))(t), []router.TicketID{late.ID})
}
