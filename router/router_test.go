package router

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
)

// clock is a calendar that is always open.
type clock struct{}

func (clock) Between(from, to time.Time) time.Duration      { return max(0, to.Sub(from)) }
func (clock) Before(t time.Time, d time.Duration) time.Time { return t.Add(-d) }

var start = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// Invariant C: the table, move by move; whatever is not here is refused.
func TestStateTable(t *testing.T) {
	allowed := map[string]bool{}
	for _, m := range []string{"new>waiting", "new>held", "held>waiting", "held>resolved", "waiting>waiting", "waiting>claimed", "waiting>resolved", "waiting>held",
		"snoozed>resolved", "snoozed>waiting", "claimed>held", "claimed>claimed", "claimed>waiting", "claimed>snoozed", "claimed>pending_customer", "claimed>resolved",
		"pending_customer>waiting", "pending_customer>resolved", "resolved>waiting", "resolved>held"} {
		allowed[m] = true
	}
	for _, from := range States() {
		for _, to := range States() {
			if got := from.CanMove(to); got != allowed[string(from)+">"+string(to)] {
				t.Errorf("%s to %s: %v", from, to, got)
			}
		}
	}
	for _, s := range []State{"", "open"} {
		if s.Valid() || s.CanMove(StateWaiting) {
			t.Errorf("E: %q counts as a state", s)
		}
	}
}

func TestStages(t *testing.T) {
	allowed := map[string]bool{"received>triaged": true, "received>recorded": true, "received>dead": true, "dead>received": true,
		"draft>queued": true, "queued>sent": true, "queued>failed": true, "failed>queued": true, "sent>failed": true}
	all := []Stage{StageReceived, StageTriaged, StageRecorded, StageDead, StageDraft, StageQueued, StageSent, StageFailed}
	for _, from := range all {
		for _, to := range all {
			if got := from.CanMove(to); got != allowed[string(from)+">"+string(to)] {
				t.Errorf("%s to %s: %v", from, to, got)
			}
		}
	}
}

func waiting(t *testing.T, target time.Duration) Ticket {
	t.Helper()
	tk, err := Ticket{ID: "t", State: StateNew, Channel: ChannelChat}.Enqueue(start, "q", clock{}, clock{}, target, "new")
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

// Invariants D and F, and what a wait is made of (INTERFACES §5).
func TestWaitOverClaims(t *testing.T) {
	at := func(m int) time.Time { return start.Add(time.Duration(m) * time.Minute) }
	tk := waiting(t, 20*time.Minute)
	tk, err := tk.Claim(at(5), "ann", 2*time.Minute)
	if err != nil || tk.Epoch != 1 || !tk.Expired(at(7), time.Hour) || tk.Expired(at(6), time.Hour) {
		t.Fatalf("%+v %v", tk, err)
	}
	tk, err = tk.Enqueue(at(8), "q", clock{}, clock{}, 0, "expired")
	if err != nil || tk.Wait(at(8), clock{}) != 8*time.Minute || tk.LastAgent != "ann" || tk.Case.Number != 1 {
		t.Fatalf("an unanswered claim counts: %v %v", tk.Wait(at(8), clock{}), err)
	}
	tk, err = tk.Claim(at(10), "bob", time.Hour)
	if err != nil || tk.Epoch != 2 || tk.CheckClaim("x", "ann", 1) == nil || tk.CheckClaim("x", "bob", 2) != nil {
		t.Fatal(err)
	}
	tk = tk.Act(at(15), clock{}, time.Hour)
	if !tk.Case.Judged || !tk.Case.Met || tk.Case.Wait != 10*time.Minute {
		t.Fatalf("judged at the claim: %+v", tk.Case)
	}
	tk, err = tk.Enqueue(at(30), "other", clock{}, clock{}, 0, "transferred")
	if err != nil || tk.Wait(at(31), clock{}) != 11*time.Minute {
		t.Fatalf("an answered claim does not count: %v %v", tk.Wait(at(31), clock{}), err)
	}
	tk, _ = tk.Claim(at(40), "ann", time.Hour)
	tk, err = tk.Act(at(41), clock{}, time.Hour).Park(at(41), StateSnoozed, at(100))
	if err != nil || tk.DueAt(time.Hour) != at(100) {
		t.Fatal(tk.DueAt(time.Hour), err)
	}
	tk, err = tk.Enqueue(at(100), "other", clock{}, clock{}, time.Hour, "snooze_over")
	if err != nil || tk.Wait(at(101), clock{}) != time.Minute || tk.Case.Number != 2 || tk.Case.Judged || tk.Case.Target != time.Hour {
		t.Fatalf("a new case: %+v", tk.Case)
	}
}

func TestRefusedMoves(t *testing.T) {
	tk := waiting(t, time.Minute)
	if _, err := tk.Park(start, StateSnoozed, start.Add(time.Hour)); !IsCode(err, CodeInvalidTransition) {
		t.Error(err)
	}
	if _, err := tk.Park(start, StateResolved, start); !IsCode(err, CodeInvalidTransition) {
		t.Error(err)
	}
	done, err := tk.Resolve(start)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := done.Claim(start, "ann", time.Minute); !IsCode(err, CodeNotClaimable) {
		t.Error(err)
	}
	if _, err := done.Hold(start); !IsCode(err, CodeInvalidTransition) {
		t.Error(err)
	}
}

// Invariant B.
func TestIdsAreFunctionsOfTheirParts(t *testing.T) {
	id := NewMessageID("a", "b")
	if id != "mcytv54hv2dvz3wpauuzhove73i" || id == NewMessageID("ab", "") || NewMessageID("ab", "c") == NewMessageID("a", "bc") {
		t.Error("ids of messages:", id) // stored ids would be lost if this changed
	}
	if got := NewTicketID(id); got != "t"+TicketID(id[1:]) {
		t.Error("ids of tickets:", got)
	}
	phone, chat := Handle{ChannelPhone, "+86138"}, Handle{ChannelChat, "x"}
	if phone.Key("a") != phone.Key("b") || chat.Key("a") == chat.Key("b") {
		t.Error("a phone number is the same person everywhere, a chat session only at its source")
	}
}

func TestAppliedIsBoundedAndRemembersOrder(t *testing.T) {
	tk := waiting(t, time.Minute)
	for i := range 200 {
		m := Message{ID: MessageID(fmt.Sprintf("m%03d", i)), Direction: DirectionIn, Kind: KindMessage, ExternalID: fmt.Sprint(i), ReceivedAt: start.Add(time.Duration(i) * time.Second)}
		tk = tk.Applying(m).Applying(m)
	}
	late := Message{ID: "zz", Direction: DirectionIn, Kind: KindMessage, ReceivedAt: start}
	tk = tk.Applying(late)
	if len(tk.Applied) != appliedLimit || tk.MessageCount != 201 || tk.LastCustomer != "m199" || tk.LastInbound != "199" || !tk.HasApplied("zz") {
		t.Errorf("%d applied, %d messages, last %s", len(tk.Applied), tk.MessageCount, tk.LastCustomer)
	}
}

func TestErrorsKeepTheirCode(t *testing.T) {
	inner := FailField("a", "name", "must be given")
	outer := Wrap("b", CodeInternal, fmt.Errorf("around: %w", inner))
	var e *Error
	if !errors.As(outer, &e) || e.Code != CodeInvalidField || e.Field != "name" || e.Op != "b" {
		t.Errorf("%v", outer)
	}
	if CodeOf(io.EOF) != CodeInternal || CodeOf(nil) != "" || Wrap("x", CodeInternal, nil) != nil || !errors.Is(Wrap("x", CodeUnavailable, io.EOF), io.EOF) {
		t.Error("codes of plain errors")
	}
}

func TestWhoMayServe(t *testing.T) {
	all := User{}
	zh := User{Languages: []Language{LanguageZH}, Skills: map[Skill]int{"kyc": 2}, Queues: []QueueName{"a"}}
	if !all.Covers("x") || !all.CanServe([]Need{{"kyc", 1}}, LanguageEN) || all.CanServe([]Need{{"kyc", 2}}, "") {
		t.Error("without restrictions: all queues, all languages, every skill at level 1")
	}
	if zh.Covers("b") || zh.CanServe(nil, LanguageEN) || !zh.CanServe([]Need{{"kyc", 2}}, LanguageZH) || zh.CanServe([]Need{{"other", 1}}, "") {
		t.Error("with restrictions")
	}
}
