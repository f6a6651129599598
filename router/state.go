package router

import "time"

// State is where a ticket is in its life.
type State string

// The states of a ticket.
const (
	StateNew             State = "new"
	StateHeld            State = "held"
	StateWaiting         State = "waiting"
	StateClaimed         State = "claimed"
	StateSnoozed         State = "snoozed"
	StatePendingCustomer State = "pending_customer"
	StateResolved        State = "resolved"
)

// States are all states, in the order of a ticket's life.
func States() []State {
	return []State{StateNew, StateHeld, StateWaiting, StateClaimed, StateSnoozed, StatePendingCustomer, StateResolved}
}

// transitions is the whole state table; what is not here is refused.
var transitions = map[State][]State{
	StateNew:             {StateWaiting, StateHeld},
	StateHeld:            {StateWaiting, StateResolved},
	StateWaiting:         {StateWaiting, StateClaimed, StateResolved, StateHeld},
	StateClaimed:         {StateClaimed, StateWaiting, StateSnoozed, StatePendingCustomer, StateResolved, StateHeld},
	StateSnoozed:         {StateWaiting, StateResolved},
	StatePendingCustomer: {StateWaiting, StateResolved},
	StateResolved:        {StateWaiting, StateHeld}, // held: more spam on a ticket that was dismissed as such
}

// CanMove reports whether the table has this move.
func (s State) CanMove(to State) bool {
	for _, t := range transitions[s] {
		if t == to {
			return true
		}
	}
	return false
}

// Open reports whether work on a ticket in this state is not finished.
func (s State) Open() bool { return s != StateResolved && s != "" }

// Valid reports whether s is one of the states.
func (s State) Valid() bool { _, ok := transitions[s]; return ok }

func (t Ticket) move(op string, to State, now time.Time) (Ticket, error) {
	if !t.State.CanMove(to) {
		return t, Fail(op, CodeInvalidTransition, "a ticket that is %s cannot become %s", t.State, to)
	}
	t.State, t.UpdatedAt = to, now
	return t, nil
}

// Enqueue puts a ticket into waiting in queue, whose calendar is cal. A ticket
// that already waits or is claimed keeps its wait; one that comes back from
// elsewhere begins a new case with this target. why is the word for the reason of a return.
func (t Ticket) Enqueue(now time.Time, queue QueueName, cal, old Calendar, target time.Duration, why string) (Ticket, error) {
	from, wait := t.State, t.Wait(now, old)
	next, err := t.move("ticket.enqueue", StateWaiting, now)
	if err != nil {
		return t, err
	}
	next.Queue, next.Returned = queue, why
	next.clearClaim()
	next.WakeAt, next.ResolvedAt = time.Time{}, time.Time{}
	switch from {
	case StateWaiting, StateClaimed:
		next.AgeAt = t.AgeAt
		if from == StateClaimed && !t.ActedAt.IsZero() || t.Queue != queue {
			next.AgeAt = cal.Before(now, wait)
		}
	default:
		next.AgeAt, next.WaitedFor = now, 0
		next.Escalated, next.RaisedTo, next.MovedTo, next.Moves = nil, "", "", 0
		next.Case = Case{Number: t.Case.Number + 1, StartedAt: now, Target: target}
	}
	return next, nil
}

// clearClaim ends the claim of a ticket that has just been moved: now is its UpdatedAt.
func (t *Ticket) clearClaim() {
	t.Handled += t.worked(t.UpdatedAt)
	if t.Agent != "" {
		t.LastAgent = t.Agent
	}
	t.Agent, t.ClaimedAt, t.ExpiresAt, t.ActedAt = "", time.Time{}, time.Time{}, time.Time{}
	t.KeptFor, t.KeptUntil = "", time.Time{}
}

// Hold takes a ticket out of every queue: spam and automatic mail. A resolved one only if it never was work.
func (t Ticket) Hold(now time.Time) (Ticket, error) {
	if t.State == StateResolved && t.Case.Number > 0 {
		return t, Fail("ticket.hold", CodeInvalidTransition, "a ticket that was resolved cannot become held")
	}
	next, err := t.move("ticket.hold", StateHeld, now)
	if err != nil {
		return t, err
	}
	next.clearClaim()
	next.Queue, next.ResolvedAt = "", time.Time{}
	return next, nil
}

// Claim gives a waiting ticket to an agent, or a claimed one to another (assign); the epoch rises.
func (t Ticket) Claim(now time.Time, agent AgentID, ttl time.Duration) (Ticket, error) {
	if t.State != StateWaiting && t.State != StateClaimed {
		return t, Fail("ticket.claim", CodeNotClaimable, "the ticket is %s, not waiting", t.State)
	}
	next, err := t.move("ticket.claim", StateClaimed, now)
	if err != nil {
		return t, err
	}
	next.clearClaim()
	next.Agent, next.Epoch = agent, t.Epoch+1
	next.ClaimedAt, next.ExpiresAt = now, now.Add(ttl)
	next.SkipAgent, next.SkipUntil = "", time.Time{}
	return next, nil
}

// CheckClaim refuses an agent who does not hold the ticket under this epoch.
func (t Ticket) CheckClaim(op string, agent AgentID, epoch int64) error {
	if t.State != StateClaimed || t.Agent != agent || t.Epoch != epoch {
		return Fail(op, CodeStaleClaim, "your claim on this ticket has ended; pull or claim it again")
	}
	return nil
}

// Act records that the agent did something for the customer: the claim lives
// on, and the case is judged if this is its first act.
func (t Ticket) Act(now time.Time, cal Calendar, ttl time.Duration) Ticket {
	if t.State != StateClaimed {
		return t
	}
	if t.ActedAt.IsZero() {
		t.WaitedFor = cal.Between(t.AgeAt, t.ClaimedAt)
		if !t.Case.Judged {
			t.Case.Judged, t.Case.Wait, t.Case.Met = true, t.WaitedFor, t.WaitedFor <= t.Case.Target
		}
	}
	t.ActedAt, t.ExpiresAt, t.UpdatedAt = now, now.Add(ttl), now
	return t
}

// Expired reports whether the claim has ended by itself: no heartbeat, or no act within claimMax.
func (t Ticket) Expired(now time.Time, claimMax time.Duration) bool {
	return t.State == StateClaimed && (!now.Before(t.ExpiresAt) || !now.Before(t.idleSince().Add(claimMax)))
}

// Park moves a claimed ticket to snoozed or pending_customer until a moment.
func (t Ticket) Park(now time.Time, to State, until time.Time) (Ticket, error) {
	if to != StateSnoozed && to != StatePendingCustomer {
		return t, Fail("ticket.park", CodeInvalidTransition, "a ticket cannot be parked as %s", to)
	}
	next, err := t.move("ticket.park", to, now)
	if err != nil {
		return t, err
	}
	next.clearClaim()
	next.WakeAt = until
	return next, nil
}

// Resolve closes a ticket.
func (t Ticket) Resolve(now time.Time) (Ticket, error) {
	next, err := t.move("ticket.resolve", StateResolved, now)
	if err != nil {
		return t, err
	}
	next.clearClaim()
	next.ResolvedAt, next.WakeAt, next.Proposed = now, time.Time{}, ""
	return next, nil
}

// Marking notes that a step was applied, so that the same step run again is recognized.
func (t Ticket) Marking(id MessageID) Ticket {
	applied := append(append([]MessageID{}, t.Applied...), id)
	if len(applied) > appliedLimit {
		applied = applied[len(applied)-appliedLimit:]
	}
	t.Applied = applied
	return t
}

// Applying marks a message as joined.
func (t Ticket) Applying(m Message) Ticket {
	if t.HasApplied(m.ID) {
		return t
	}
	t = t.Marking(m.ID)
	t.MessageCount++
	last := Message{ID: t.LastCustomer, ReceivedAt: t.LastCustomerAt}
	if m.FromCustomer() && last.Before(m) {
		t.LastCustomer, t.LastCustomerAt, t.LastInbound = m.ID, m.ReceivedAt, m.ExternalID
	}
	return t
}
