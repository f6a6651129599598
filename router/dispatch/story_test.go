package dispatch

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store"
	"switchyard/router/store/storetest"
)

func TestOneRoad(t *testing.T) {
	d := newDesk(t)
	agent := d.Agent("ann")
	ticket := d.Receive(router.ChannelChat, "v1", "I was charged twice, refund please")
	if ticket.State != router.StateWaiting || ticket.Queue != "payments" || ticket.Class != "payment" || ticket.Speaks != "en" {
		t.Fatalf("%+v", ticket)
	}
	d.Advance(10 * time.Minute)
	got := d.ExpectPull(agent, ticket.ID)
	if got.Epoch != 1 || got.Pull == nil || got.Pull.Why.ZH == "" || got.Pull.Wait != 600 {
		t.Fatalf("%+v", got.Pull)
	}
	m, after, err := d.Reply(d.ctx, agent.ID, ticket.ID, Reply{Epoch: 1, Text: "we look at it", Then: ThenPending, Seen: got.LastCustomer})
	d.must(err)
	if m.Stage != router.StageQueued || after.State != router.StatePendingCustomer || len(after.Outbox) != 0 || !after.Case.Judged || !after.Case.Met || after.Case.Wait != 10*time.Minute {
		t.Fatalf("%+v %+v", m, after)
	}
	d.Advance(time.Hour)
	again := d.Receive(router.ChannelChat, "v1", "thanks, and my password?")
	if again.ID != ticket.ID || again.State != router.StateWaiting || again.KeptFor != agent.ID || again.Case.Number != 2 || again.Case.Judged {
		t.Fatalf("%+v", again)
	}
	got = d.ExpectPull(agent, ticket.ID)
	done, err := d.Resolve(d.ctx, agent.ID, ticket.ID, got.Epoch, "withdrawal", "", "")
	d.must(err)
	if done.State != router.StateResolved || done.Topic != "withdrawal" || !done.FixTopic {
		t.Fatalf("%+v", done)
	}
	d.Advance(73 * time.Hour)
	next := d.Receive(router.ChannelChat, "v1", "hello again")
	if next.ID == ticket.ID || next.Previous != ticket.ID {
		t.Fatalf("outside the window a new ticket follows the old one: %+v", next)
	}
}

// Invariant B, and the shapes of INTERFACES §3 for replies.
func TestRepliesThatAreNotSent(t *testing.T) {
	d := newDesk(t)
	ann, bob := d.Agent("ann"), d.Agent("bob")
	ticket := d.Receive(router.ChannelChat, "v1", "refund please, charged twice")
	first := d.ExpectPull(ann, ticket.ID)

	d.Advance(time.Second)
	second := d.message(router.ChannelChat, "v1", "and another thing")
	d.must(d.Triage(d.ctx, second.ID))
	_, _, err := d.Reply(d.ctx, ann.ID, ticket.ID, Reply{Epoch: 1, Text: "overtaken", Then: ThenResolve, Seen: first.LastCustomer, Key: "k1"})
	d.ExpectCode(err, router.CodeUnseenMessage)
	d.ExpectState(ticket.ID, router.StateClaimed)

	m, _, err := d.Reply(d.ctx, ann.ID, ticket.ID, Reply{Epoch: 1, Text: "overtaken", Then: ThenKeep, Seen: d.Read(ticket.ID).LastCustomer, Key: "k1"})
	d.must(err)
	again, _, err := d.Reply(d.ctx, ann.ID, ticket.ID, Reply{Epoch: 1, Text: "overtaken", Then: ThenKeep, Key: "k1"})
	d.must(err)
	if again.ID != m.ID {
		t.Fatal("the same key is the same reply")
	}

	d.Advance(3 * time.Minute) // the claim runs out
	d.must(d.Due(d.ctx, ticket.ID))
	d.ExpectState(ticket.ID, router.StateWaiting)
	d.must(d.SetPresence(d.ctx, ann.ID, router.PresenceAway))
	d.ExpectPull(bob, ticket.ID)
	_, _, err = d.Reply(d.ctx, ann.ID, ticket.ID, Reply{Epoch: 1, Text: "too late", Then: ThenKeep})
	d.ExpectCode(err, router.CodeStaleClaim)
	drafts, err := d.DraftsOf(d.ctx, d.Read(ticket.ID))
	d.must(err)
	if len(drafts) != 1 || drafts[0].Text != "too late" {
		t.Fatalf("drafts: %+v", drafts)
	}
	if _, err := d.Heartbeat(d.ctx, ann.ID, ticket.ID, 1); !router.IsCode(err, router.CodeStaleClaim) {
		t.Fatal(err)
	}
}

func TestExpiryKeepsTheWaitAndReleaseSkips(t *testing.T) {
	d := newDesk(t)
	ann, bob := d.Agent("ann"), d.Agent("bob")
	ticket := d.Receive(router.ChannelEmail, "a@b.c", "refund please, charged twice")
	d.Advance(5 * time.Minute)
	d.ExpectPull(ann, ticket.ID)
	d.Advance(3 * time.Minute)
	d.must(d.Due(d.ctx, ticket.ID))
	back := d.ExpectState(ticket.ID, router.StateWaiting)
	if got := back.Wait(d.clock(), d.calendar(back.Queue)); got != 8*time.Minute {
		t.Fatalf("an unanswered claim counts as wait: %v", got)
	}
	got := d.ExpectPull(ann, ticket.ID)
	_, err := d.Release(d.ctx, ann.ID, ticket.ID, got.Epoch, "not mine")
	d.must(err)
	d.ExpectEmpty(ann, EmptyReleased)
	d.ExpectPull(bob, ticket.ID)
}

// Invariant A within one agent.
func TestCapacitySkillsAndReservation(t *testing.T) {
	d := newDesk(t)
	en := d.Agent("en", func(u *router.User) { u.Languages = []router.Language{"en"} })
	zh := d.Receive(router.ChannelChat, "v0", "请问手续费怎么算")
	d.ExpectEmpty(en, EmptyNoSkill)
	d.must(d.SetPresence(d.ctx, en.ID, router.PresenceAway))
	ann := d.Agent("ann")
	d.ExpectPull(ann, zh.ID)
	for i := range 4 {
		d.Receive(router.ChannelChat, string(rune('a'+i)), "how do I see my fees?")
	}
	for range 3 {
		s, err := d.Pull(d.ctx, ann, nil)
		d.must(err)
		if s.Empty != "" {
			t.Fatalf("four chats fit: %s", s.Empty)
		}
	}
	d.ExpectEmpty(ann, EmptyNoCapacity)
	call := d.Receive(router.ChannelPhone, "+8613800138000", "", func(m *router.Message) {
		m.Kind, m.Call = router.KindCall, &router.Call{Incoming: true, Outcome: router.CallMissed, StartedAt: d.clock()}
	})
	held, err := d.store.ClaimedBy(d.ctx, ann.ID)
	d.must(err)
	_, err = d.Resolve(d.ctx, ann.ID, held[0].ID, held[0].Epoch, "", "", "")
	d.must(err)
	d.Advance(4 * time.Minute)
	for _, h := range held[1:] {
		_, err := d.Heartbeat(d.ctx, ann.ID, h.ID, h.Epoch)
		if router.IsCode(err, router.CodeStaleClaim) {
			d.must(d.Due(d.ctx, h.ID))
		}
	}
	d.ExpectPull(ann, call.ID) // empty hands: the call, though chats wait too
}

func TestHeldAndBounced(t *testing.T) {
	d := newDesk(t)
	d.Agent("ann")
	auto := d.Receive(router.ChannelEmail, "a@b.c", "out of office", func(m *router.Message) { m.Kind, m.ThreadKeys = router.KindAutoReply, []string{"<auto>"} })
	if auto.State != router.StateHeld || auto.Queue != "" {
		t.Fatalf("%+v", auto)
	}
	_, err := d.ReleaseHeld(d.ctx, "boss", auto.ID)
	d.must(err)
	d.ExpectState(auto.ID, router.StateWaiting)

	ticket := d.Receive(router.ChannelEmail, "c@d.e", "refund please", func(m *router.Message) { m.ThreadKeys = []string{"<one>"} })
	got, err := d.Claim(d.ctx, router.User{ID: "ann", Role: router.RoleAgent}, ticket.ID)
	d.must(err)
	m, _, err := d.Reply(d.ctx, "ann", ticket.ID, Reply{Epoch: got.Ticket.Epoch, Text: "done", Then: ThenResolve})
	d.must(err)
	m.Stage = router.StageSent
	m, err = d.store.SaveMessage(d.ctx, m)
	d.must(err)
	d.Receive(router.ChannelEmail, "mailer@d.e", "", func(b *router.Message) {
		b.Kind, b.Bounce = router.KindBounce, &router.Bounce{MessageID: m.ID, Permanent: true, Status: "5.1.1"}
	})
	if back := d.ExpectState(ticket.ID, router.StateWaiting); back.Returned != "delivery_failed" {
		t.Fatalf("%+v", back)
	}
}

func TestNightAndMorning(t *testing.T) {
	d := newDesk(t)
	d.Advance(11*time.Hour + 50*time.Minute) // 21:50
	day := d.Receive(router.ChannelChat, "v1", "refund please, charged twice")
	d.Advance(20 * time.Minute) // 22:10
	_, err := d.EdgeQueue(d.ctx, "payments")
	d.must(err)
	night := d.Read(day.ID)
	if night.Queue != "night" {
		t.Fatalf("a closed queue hands over: %s", night.Queue)
	}
	if got := night.Wait(d.clock(), d.calendar(night.Queue)); got != 10*time.Minute {
		t.Fatalf("the wait moves along: %v", got)
	}
	d.Advance(10 * time.Hour) // 08:10
	_, err = d.EdgeQueue(d.ctx, "night")
	d.must(err)
	if back := d.Read(day.ID); back.Queue != "payments" {
		t.Fatalf("the morning takes it back: %s", back.Queue)
	}
}

func TestTwoFirstMessagesMakeOneTicket(t *testing.T) {
	d := newDesk(t)
	for round := range 20 {
		from := string(rune('A' + round))
		a, b := d.message(router.ChannelChat, from, "refund please"), d.message(router.ChannelChat, from, "charged twice")
		var wg sync.WaitGroup
		for _, m := range []router.Message{a, b} {
			wg.Add(1)
			go func() {
				defer wg.Done()
				if err := d.Triage(d.ctx, m.ID); err != nil {
					t.Error(err)
				}
			}()
		}
		wg.Wait()
		if x, y := d.TicketOf(a.ID), d.TicketOf(b.ID); x.ID != y.ID || x.MessageCount != 2 || len(x.Applied) != 2 {
			t.Fatalf("round %d: %s %s, %d messages", round, x.ID, y.ID, x.MessageCount)
		}
	}
}

// writes are the store's methods that write.
var writes = map[string]bool{"InsertMessages": true, "SaveMessage": true, "InsertTicket": true, "SaveTicket": true, "IndexTerms": true,
	"EnsureContact": true, "SaveContact": true, "PutDoc": true, "DeleteDoc": true, "Append": true}

// crashAt fails the nth write in a way, and every later call of the same run: the process is dead.
func (d *desk) crashAt(n int, how storetest.Fault) *int {
	seen, dead := 0, false
	var mu sync.Mutex
	d.setFault(func(op string) storetest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if dead {
			return storetest.FailBefore
		}
		if writes[op] {
			if seen++; seen == n {
				dead = true
				return how
			}
		}
		return storetest.Pass
	})
	return &seen
}

// A crash before and after every write of triage, then the step run again: one ticket, one message, decided.
func TestTriageSurvivesACrashAtEveryWrite(t *testing.T) {
	for _, how := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		for n := 1; ; n++ {
			d := newDesk(t)
			keyed := n%2 == 0
			first := d.Receive(router.ChannelEmail, "a@b.c", "hello", func(m *router.Message) { m.ThreadKeys = []string{"<0>"} })
			d.Advance(time.Second)
			m := d.message(router.ChannelEmail, "a@b.c", "refund please, charged twice", func(m *router.Message) {
				m.ThreadKeys = []string{"<1>"}
				if keyed {
					m.ThreadKeys = append(m.ThreadKeys, "<0>")
				}
			})
			seen := d.crashAt(n, how)
			err := d.Triage(d.ctx, m.ID)
			d.setFault(nil)
			if err == nil && *seen < n {
				if n < 5 {
					t.Fatalf("triage makes only %d writes; the test no longer tests anything", n-1)
				}
				break
			}
			d.must(d.Triage(d.ctx, m.ID))
			d.must(d.Triage(d.ctx, m.ID))
			got := d.TicketOf(m.ID)
			if (got.ID == first.ID) != keyed || got.State != router.StateWaiting || got.LastCustomer != m.ID {
				t.Fatalf("crash %v at write %d: %+v", how, n, got)
			}
			all, _, err := d.store.ListTickets(d.ctx, store.TicketFilter{Limit: 10})
			d.must(err)
			if want := map[bool]int{true: 1, false: 2}[keyed]; len(all) != want || got.MessageCount != 3-want {
				t.Fatalf("crash %v at write %d: %d tickets, %d messages", how, n, len(all), got.MessageCount)
			}
		}
	}
}

// Invariant C: a crash on either side of the commit loses no text and sends nothing twice.
func TestReplySurvivesACrashAtEveryWrite(t *testing.T) {
	for _, how := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		for n := 1; ; n++ {
			d := newDesk(t)
			agent := d.Agent("ann")
			ticket := d.Receive(router.ChannelChat, "v1", "refund please, charged twice")
			got := d.ExpectPull(agent, ticket.ID)
			r := Reply{Epoch: got.Epoch, Text: "here it is", Then: ThenResolve, Key: "one"}
			seen := d.crashAt(n, how)
			_, _, err := d.Reply(d.ctx, agent.ID, ticket.ID, r)
			d.setFault(nil)
			if err == nil && *seen < n {
				if n < 4 {
					t.Fatalf("a reply makes only %d writes", n-1)
				}
				break
			}
			committed := d.Read(ticket.ID).State == router.StateResolved
			d.must(d.Due(d.ctx, ticket.ID)) // the sweep comes by
			m, _, err := d.Reply(d.ctx, agent.ID, ticket.ID, r)
			d.must(err)
			if m.Stage != router.StageQueued || m.Text != "here it is" {
				t.Fatalf("crash %v at write %d (committed %v): %+v", how, n, committed, m)
			}
			ms, _, err := d.store.TicketMessages(d.ctx, ticket.ID, "", 10)
			d.must(err)
			if len(ms) != 3 { // the customer's, the automatic question, the reply
				t.Fatalf("crash %v at write %d: %d messages", how, n, len(ms))
			}
			d.ExpectState(ticket.ID, router.StateResolved)
		}
	}
}

// DESIGN §5: a decision made again from its stored record gives the same bytes.
func TestDecisionsAreReproducible(t *testing.T) {
	d := newDesk(t)
	ticket := d.Receive(router.ChannelEmail, "a@b.c", "我的账户被盗刷了 500 元，请马上冻结")
	d.Advance(time.Minute)
	d.Receive(router.ChannelEmail, "x@y.z", "other work changes the load")
	r, err := store.Decisions(d.store).Get(d.ctx, ticket.Decision)
	d.must(err)
	again, err := d.Again(d.ctx, r.Value)
	d.must(err)
	a, _ := json.Marshal(r.Value.Decision)
	b, _ := json.Marshal(again)
	if !bytes.Equal(a, b) {
		t.Fatalf("%s\n%s", a, b)
	}
}
