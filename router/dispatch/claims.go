package dispatch

import (
	"context"
	"time"

	"switchyard/router"
	"switchyard/router/match"
	"switchyard/router/store"
)

// Claim gives an agent a given waiting ticket, if he may serve it. not_claimable says why not.
func (s *Service) Claim(ctx context.Context, agent router.User, id router.TicketID) (Served, error) {
	const op = "dispatch.claim"
	defer s.lockAgent(agent.ID)()
	p, err := s.newPull(ctx, agent, nil)
	if err != nil {
		return Served{}, err
	}
	t, err := s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		switch {
		case t.State != router.StateWaiting:
			return t, router.Fail(op, router.CodeNotClaimable, "the ticket is %s, not waiting", t.State)
		case !agent.Covers(t.Queue):
			return t, router.Fail(op, router.CodeNotClaimable, "you do not serve the queue %s", t.Queue)
		case !match.OnShift(p.view.Rules.Ruleset, agent, s.Now()):
			return t, router.Fail(op, router.CodeNotClaimable, "your shift has not begun, or is over")
		case !p.reaches(t):
			return t, router.Fail(op, router.CodeNotClaimable, "the ticket needs a skill or language that you do not have, or must wait longer for you")
		case p.atLimit(t.Channel):
			return t, router.Fail(op, router.CodeNotClaimable, "you hold as many %s tickets as the policy allows; finish one first", t.Channel)
		case p.view.Rules.Capacity[t.Channel] > p.free:
			return t, router.Fail(op, router.CodeNotClaimable, "you hold too much to take a %s ticket; finish something first", t.Channel)
		case t.KeptFor != "" && t.KeptFor != agent.ID:
			return t, router.Fail(op, router.CodeNotClaimable, "the ticket is kept for its last agent, or offered to somebody else, for a while")
		}
		next, err := t.Claim(s.Now(), agent.ID, p.view.Rules.ClaimTTL)
		next.Pull = &router.PullTrace{At: s.Now(), Rule: "chosen", Wait: t.Wait(s.Now(), s.calendar(t.Queue)).Round(time.Second).Seconds(),
			Why: router.Sentence{ZH: "客服自己选了这张工单。", EN: "The agent chose this ticket."}}
		return next, err
	})
	if err != nil {
		return Served{}, err
	}
	if err := s.SetPresence(ctx, agent.ID, router.PresenceAvailable); err != nil {
		s.Log.Warn("presence not written", "agent", agent.ID, "error", err)
	}
	if kept, err := p.withinCapacity(ctx, t); err != nil || !kept {
		return Served{}, router.Fail(op, router.CodeNotClaimable, "you hold too much to take this ticket")
	}
	return Served{Ticket: t, Trace: t.Pull}, nil
}

// held changes a ticket that the agent holds under this epoch. stale_claim.
func (s *Service) held(ctx context.Context, op string, agent router.AgentID, id router.TicketID, epoch int64, do func(router.Ticket) (router.Ticket, error)) (router.Ticket, error) {
	return s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		if err := t.CheckClaim(op, agent, epoch); err != nil {
			return t, err
		}
		if t.Expired(s.Now(), s.Live.View().Rules.ClaimMax) {
			return t, router.Fail(op, router.CodeStaleClaim, "your claim on this ticket has run out; pull or claim it again")
		}
		return do(t)
	})
}

func (s *Service) act(t router.Ticket) router.Ticket {
	return t.Act(s.Now(), s.calendar(t.Queue), s.Live.View().Rules.ClaimTTL)
}

// Heartbeat keeps a claim alive.
func (s *Service) Heartbeat(ctx context.Context, agent router.AgentID, id router.TicketID, epoch int64) (router.Ticket, error) {
	return s.held(ctx, "dispatch.heartbeat", agent, id, epoch, func(t router.Ticket) (router.Ticket, error) {
		t.ExpiresAt = s.Now().Add(s.Live.View().Rules.ClaimTTL)
		return t, nil
	})
}

// Release gives a ticket back with its age; it is not given to the same agent again for a while.
func (s *Service) Release(ctx context.Context, agent router.AgentID, id router.TicketID, epoch int64, reason string) (router.Ticket, error) {
	t, err := s.held(ctx, "dispatch.release", agent, id, epoch, func(t router.Ticket) (router.Ticket, error) {
		next, err := s.enqueue(ctx, t, "released")
		next.SkipAgent, next.SkipUntil = agent, s.Now().Add(s.Live.View().Rules.SkipAfterRelease)
		return next, err
	})
	if err == nil {
		s.life(ctx, t, "release", agent, reason)
	}
	return t, err
}

// Transfer puts a ticket into another queue, with its age. invalid_field: no such queue.
func (s *Service) Transfer(ctx context.Context, agent router.AgentID, id router.TicketID, epoch int64, queue router.QueueName, note string) (router.Ticket, error) {
	if s.Live.View().Rules.Queues[queue] == nil {
		return router.Ticket{}, router.FailField("dispatch.transfer", "queue", "there is no queue %q", queue)
	}
	t, err := s.held(ctx, "dispatch.transfer", agent, id, epoch, func(t router.Ticket) (router.Ticket, error) {
		t.FixQueue = queue
		return s.enqueue(ctx, t, "transferred")
	})
	if err == nil {
		s.life(ctx, t, "transfer", agent, note)
	}
	return t, err
}

// Resolve closes a ticket; topic, if given, corrects what it was about.
func (s *Service) Resolve(ctx context.Context, agent router.AgentID, id router.TicketID, epoch int64, topic router.Topic, note string, seen router.MessageID) (router.Ticket, error) {
	const op = "dispatch.resolve"
	if topic != "" && s.Live.View().Rules.Topic(topic) == nil {
		return router.Ticket{}, router.FailField(op, "topic", "there is no topic %q", topic)
	}
	t, err := s.held(ctx, op, agent, id, epoch, func(t router.Ticket) (router.Ticket, error) {
		if err := s.unseen(ctx, op, t, seen); err != nil {
			return t, err
		}
		t = s.act(t)
		if topic != "" {
			t.Topic, t.FixTopic = topic, true
		}
		return t.Resolve(s.Now())
	})
	if err == nil {
		s.life(ctx, t, "resolve", agent, note)
		s.taught(ctx, t, topic, agent)
	}
	return t, err
}

// Snooze parks a ticket until a moment. invalid_field: not in the future.
func (s *Service) Snooze(ctx context.Context, agent router.AgentID, id router.TicketID, epoch int64, until time.Time) (router.Ticket, error) {
	if !until.After(s.Now()) {
		return router.Ticket{}, router.FailField("dispatch.snooze", "until", "must be in the future")
	}
	t, err := s.held(ctx, "dispatch.snooze", agent, id, epoch, func(t router.Ticket) (router.Ticket, error) {
		return s.act(t).Park(s.Now(), router.StateSnoozed, until)
	})
	if err == nil {
		s.life(ctx, t, "snooze", agent, "")
	}
	return t, err
}

// Spam takes a ticket that the agent holds out of every queue.
func (s *Service) Spam(ctx context.Context, agent router.AgentID, id router.TicketID, epoch int64) (router.Ticket, error) {
	t, err := s.held(ctx, "dispatch.spam", agent, id, epoch, func(t router.Ticket) (router.Ticket, error) {
		t = s.act(t)
		t.Spam = true
		return t.Hold(s.Now())
	})
	if err == nil {
		s.life(ctx, t, "spam", agent, "")
		s.taught(ctx, t, s.Live.View().Rules.SpamTopic(), agent)
	}
	return t, err
}

// Callback is how a call-back went.
type Callback struct {
	Outcome string
	RetryAt time.Time
	Note    string
}

// callbackRetry is when an unreached customer is called again if the agent says nothing else.
const callbackRetry = time.Hour

// CallBack notes the outcome of a call-back. reached keeps the claim, no_answer and busy snooze, wrong_number resolves.
func (s *Service) CallBack(ctx context.Context, agent router.AgentID, id router.TicketID, epoch int64, c Callback) (router.Ticket, error) {
	const op = "dispatch.callback"
	retry := c.RetryAt
	if retry.IsZero() {
		retry = s.Now().Add(callbackRetry)
	}
	switch {
	case c.Outcome != "reached" && c.Outcome != "no_answer" && c.Outcome != "busy" && c.Outcome != "wrong_number":
		return router.Ticket{}, router.FailField(op, "outcome", "must be reached, no_answer, busy or wrong_number")
	case !retry.After(s.Now()):
		return router.Ticket{}, router.FailField(op, "retry_at", "must be in the future")
	}
	t, err := s.held(ctx, op, agent, id, epoch, func(t router.Ticket) (router.Ticket, error) {
		t = s.act(t)
		switch c.Outcome {
		case "no_answer", "busy":
			return t.Unreached(s.Now(), s.calendar(t.Queue)).Park(s.Now(), router.StateSnoozed, retry)
		case "reached":
			return t.Answer(s.Now(), s.calendar(t.Queue)), nil
		case "wrong_number":
			return t.Resolve(s.Now())
		}
		return t, nil
	})
	if err == nil {
		s.life(ctx, t, "callback:"+c.Outcome, agent, c.Note)
	}
	return t, err
}

// Note adds an internal note to a ticket, whoever holds it.
func (s *Service) Note(ctx context.Context, agent router.AgentID, id router.TicketID, text, key string) (router.Message, error) {
	t, err := s.Store.Ticket(ctx, id)
	if err != nil {
		return router.Message{}, err
	}
	m := s.outgoing(t, agent, text, key)
	m.Direction, m.Kind, m.Stage = router.DirectionNote, router.KindNote, router.StageRecorded
	if _, err := s.Store.InsertMessages(ctx, []router.Message{m}); err != nil {
		return m, err
	}
	_, err = s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		if t.State == router.StateClaimed && t.Agent == agent {
			return s.act(t), nil
		}
		return t, nil // a new version, so that pages show the note
	})
	return m, err
}

// Reopen puts a resolved ticket back into waiting.
func (s *Service) Reopen(ctx context.Context, by router.AgentID, id router.TicketID) (router.Ticket, error) {
	t, err := s.change(ctx, id, func(t router.Ticket) (router.Ticket, error) {
		if t.State != router.StateResolved {
			return t, router.Fail("dispatch.reopen", router.CodeInvalidTransition, "only a resolved ticket can be reopened; this one is %s", t.State)
		}
		return s.enqueue(ctx, t, "reopened")
	})
	if err == nil {
		s.life(ctx, t, "reopen", by, "")
	}
	return t, err
}

// unseen refuses when the customer wrote after the last message the agent saw. seen "" is not checked.
func (s *Service) unseen(ctx context.Context, op string, t router.Ticket, seen router.MessageID) error {
	if seen == "" || t.LastCustomer == "" || seen == t.LastCustomer {
		return nil
	}
	ms, err := s.Store.MessagesByID(ctx, []router.MessageID{seen, t.LastCustomer})
	if err != nil {
		return err
	}
	if len(ms) == 2 && !ms[0].Before(ms[1]) {
		return nil
	}
	if len(ms) < 2 || ms[0].TicketID != t.ID {
		return router.FailField(op, "seen", "is not a message of this ticket")
	}
	return router.Fail(op, router.CodeUnseenMessage, "the customer has written again; read it, then answer")
}

// DraftsOf are the unsent texts of a ticket.
func (s *Service) DraftsOf(ctx context.Context, t router.Ticket) ([]router.Message, error) {
	var out []router.Message
	after := ""
	for {
		ms, next, err := s.Store.TicketMessages(ctx, t.ID, after, store.MaxLimit)
		if err != nil {
			return nil, err
		}
		for _, m := range ms {
			if m.Stage == router.StageDraft {
				out = append(out, m)
			}
		}
		if next == "" {
			return out, nil
		}
		after = next
	}
}
