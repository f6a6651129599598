package demo

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
	"switchyard/router/pace"
	"switchyard/router/store"
)

const (
	// pastAtOnce bounds the tickets that are written at the same moment.
	pastAtOnce = 64
	// pastWait is the mean wait of the past in targets of the class, at an average hour.
	pastWait = 0.3
	// pastClaim is how long a claim of the past would have lived.
	pastClaim = 2 * time.Minute
)

// pastChannels are how long work on a channel took, of what the policy expects: as little as the demo's agents need.
var pastChannels = map[router.Channel]float64{router.ChannelPhone: 0.25, router.ChannelChat: 0.2, router.ChannelEmail: 0.3, router.ChannelSocial: 0.25}

// past gives a new desk a past that is made up: eight weeks of demand, which the forecast rests on, resolved tickets of
// the last days, decided by the desk's own code, which a back-test replays, and how long agents took for them. The
// demand is written last: where it is, all is, and what a crash left half done is written again under the same ids.
func (d *demo) past(ctx context.Context) error {
	now := app.Now()
	days, err := store.DemandDays(d.app.Store).List(ctx, "", "", 1)
	if err != nil || len(days) > 0 && days[0].ID < now.AddDate(0, 0, -ticketDays).Format(time.DateOnly) {
		return err // it has one
	}
	cs := pastContacts(d.Seed, now, d.app.Live.View().Rules.Zone)
	if err := d.pastTickets(ctx, cs, now); err != nil {
		return err
	}
	var demand dispatch.Demand
	for _, c := range cs {
		demand.Count(c.at, c.key)
	}
	if err := demand.Store(ctx, d.app.Store); err != nil {
		return err
	}
	if err := d.app.Desk.Notice(ctx, "demo", "made-up-past", router.Sentence{ZH: "这是演示：预测和重放所依据的过去八周是编造的。", EN: "This is a demo: the eight weeks that forecast and replay rest on are made up."}, ""); err != nil {
		return err
	}
	return d.app.Live.Fit(ctx)
}

// pastTickets writes the newest contacts as tickets, messages first, and counts the handling times.
func (d *demo) pastTickets(ctx context.Context, cs []pastContact, now time.Time) error {
	v := d.app.Live.View() // one for all: its snapshot is kept, so that every decision can be made again
	if err := d.app.Live.Keep(ctx, v.Snapshot); err != nil {
		return err
	}
	paces, mu := map[string]pace.Meter{}, sync.Mutex{}
	g, work := errgroup.WithContext(ctx)
	g.SetLimit(pastAtOnce)
	for _, c := range cs {
		if c.at.Before(now.AddDate(0, 0, -ticketDays)) {
			continue
		}
		g.Go(func() error {
			t, err := d.pastTicket(work, v, c, now)
			if err != nil || t.State != router.StateResolved {
				return err
			}
			key := pace.Key{Class: t.Class, Channel: t.Channel}.ID()
			mu.Lock()
			defer mu.Unlock()
			paces[key] = paces[key].Observe(t.Handled, t.ResolvedAt)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for key, m := range paces {
		if _, err := store.Paces(d.app.Store).Update(ctx, key, func(have *pace.Meter) (bool, error) { *have = have.Plus(m); return true, nil }); err != nil {
			return err
		}
	}
	return nil
}

// pastTicket writes one contact of the past: its message, the decision on it, and its ticket, resolved. What would
// not be done yet is left out.
func (d *demo) pastTicket(ctx context.Context, v *dispatch.View, c pastContact, now time.Time) (router.Ticket, error) {
	m := c.message()
	t := router.Ticket{ID: router.NewTicketID(m.ID), State: router.StateNew, Channel: m.Channel, Source: m.Source, Handle: m.Handle, Subject: m.Subject, CreatedAt: c.at}.Applying(m)
	in := decide.Input{Ticket: t, Messages: []router.Message{m}, Snapshot: v.Snapshot, Rules: v.Rules, Model: v.Model, Now: c.at}
	decided, err := decide.Decide(in)
	if err != nil || decided.State != router.StateWaiting {
		return t, err
	}
	if t, err = d.app.Desk.Apply(t, decided, "new"); err != nil {
		return t, err
	}
	t.Case.Told, t.Incident = 0, ""
	if t, err = live(v, t, c); err != nil || t.ResolvedAt.After(now) {
		t.State = router.StateWaiting
		return t, err
	}
	m.TicketID = t.ID
	if _, err := d.app.Store.InsertMessages(ctx, []router.Message{m}); err != nil {
		return t, err
	}
	if _, err := store.Decisions(d.app.Store).Ensure(ctx, decided.ID, store.DecisionRecord{Input: in.Record(), Decision: decided}); err != nil {
		return t, err
	}
	if _, err := d.app.Store.InsertTicket(ctx, t); err != nil && !router.IsCode(err, router.CodeExists) {
		return t, err
	}
	return t, nil
}

// live is a waiting ticket as it was in the end: claimed after a wait, worked on and resolved. At a busy hour waits are longer.
func live(v *dispatch.View, t router.Ticket, c pastContact) (router.Ticket, error) {
	busy := busyness(c.at.In(v.Rules.Zone))
	claimed := c.at.Add(time.Duration(c.wait * pastWait * (0.3 + busy/busyDesk/2) * float64(t.Case.Target))).Truncate(time.Second)
	worked := time.Duration(c.work * pastChannels[t.Channel] * float64(v.Snapshot.Classes[t.Class].For(t.Channel).Handling)).Truncate(time.Second)
	t, err := t.Claim(claimed, c.agent, pastClaim)
	if err != nil {
		return t, err
	}
	done := claimed.Add(worked)
	t = t.Act(done, v.Rules.Calendar(t.Queue), pastClaim)
	t.AnsweredAt = done
	return t.Resolve(done)
}

// message is what the customer wrote, or the call that nobody took.
func (c pastContact) message() router.Message {
	id := fmt.Sprintf("past-%s-%d", c.key.Channel, c.at.UnixMilli())
	source := map[router.Channel]router.SourceName{router.ChannelEmail: "support", router.ChannelChat: chatName, router.ChannelSocial: genericName, router.ChannelPhone: "pbx"}[c.key.Channel]
	m := router.Message{ID: router.NewMessageID(source, id), ExternalID: id, Source: source, Channel: c.key.Channel, Direction: router.DirectionIn, Kind: router.KindMessage,
		Handle: router.Handle{Channel: c.key.Channel, Address: id}, Name: c.name, Language: c.key.Language, Text: c.text.body, SentAt: c.at, ReceivedAt: c.at, Stage: router.StageTriaged, StageAt: c.at}
	switch c.key.Channel {
	case router.ChannelEmail:
		m.Subject = c.text.subject
	case router.ChannelPhone:
		m.Kind, m.Text = router.KindCall, ""
		m.Call = &router.Call{Outcome: router.CallMissed, Incoming: true, StartedAt: c.at, EndedAt: c.at}
	}
	return m
}
