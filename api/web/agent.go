package web

import (
	"context"
	"net/http"
	"sort"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/load"
	"switchyard/router/policy"
	"switchyard/router/route"
	"switchyard/router/store"
)

// The bounds of what one page shows.
const (
	maxMessages = 500
	maxWaiting  = 30
	maxEarlier  = 10
)

// queueRow is one queue in a list.
type queueRow struct {
	load.Queue
	Name    router.QueueName
	Title   router.Sentence
	Covered bool
}

// ticketRow is one ticket in a list.
type ticketRow struct {
	router.Ticket
	Name   string
	Topic  router.Sentence
	Waited time.Duration
	Late   bool
}

// sideData is the agent's left side.
type sideData struct {
	Presence router.PresenceState
	Mine     []ticketRow
	Queues   []queueRow
	Waiting  []ticketRow
	Search   string
	Overload route.Overload
	// Offers are tickets offered to the agent; Incidents are the open ones.
	Offers    []ticketRow
	Incidents []incidentRow
}

func (p *Pages) agentPage(c echo.Context) error {
	side, err := p.side(c)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "agent.html", "agent", side)
}

func (p *Pages) agentSide(c echo.Context) error {
	side, err := p.side(c)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "side.html", "agent", side)
}

func (p *Pages) side(c echo.Context) (sideData, error) {
	ctx, user := c.Request().Context(), gate.CallerOf(c).User
	presence, err := p.Desk.Presence(ctx, user.ID)
	if err != nil {
		return sideData{}, err
	}
	d := sideData{Presence: presence.State, Queues: p.queueRows(user), Search: c.QueryParam("q"), Overload: p.Live.View().Modes.Overload}
	mine, err := p.Store.ClaimedBy(ctx, user.ID)
	if err != nil {
		return d, err
	}
	if d.Mine, err = p.ticketRows(ctx, mine); err != nil {
		return d, err
	}
	offers, err := p.Desk.Offers(ctx, user.ID)
	if err != nil {
		return d, err
	}
	if d.Offers, err = p.ticketRows(ctx, offers); err != nil {
		return d, err
	}
	d.Incidents = p.openIncidents()
	f := store.TicketFilter{State: router.StateWaiting, Limit: maxWaiting}
	if d.Search != "" {
		f.State, f.Terms = "", store.Terms(d.Search)
	}
	waiting, _, err := p.Store.ListTickets(ctx, f)
	if err != nil {
		return d, err
	}
	d.Waiting, err = p.ticketRows(ctx, waiting)
	return d, err
}

func (p *Pages) queueRows(user *router.User) []queueRow {
	view := p.Live.View()
	var out []queueRow
	for _, q := range view.Rules.QueueList {
		out = append(out, queueRow{view.Snapshot.Queues[q.Name], q.Name, q.Title, user == nil || user.Covers(q.Name)})
	}
	return out
}

func (p *Pages) topicTitle(t router.Topic) router.Sentence {
	if topic := p.Live.View().Rules.Topic(t); topic != nil {
		return topic.Title
	}
	return router.Sentence{ZH: "未分类", EN: "unsorted"}
}

// titles are the names of a ticket's queue and class, as people read them.
func (p *Pages) titles(t router.Ticket) (queue, class router.Sentence) {
	rules := p.Live.View().Rules
	queue, class = router.Sentence{ZH: string(t.Queue), EN: string(t.Queue)}, router.Sentence{ZH: string(t.Class), EN: string(t.Class)}
	if q := rules.Queues[t.Queue]; q != nil {
		queue = q.Title
	}
	if c := rules.Classes[t.Class]; c != nil {
		class = c.Title
	}
	return queue, class
}

func (p *Pages) ticketRows(ctx context.Context, ts []router.Ticket) ([]ticketRow, error) {
	now, rules := p.Now(), p.Live.View().Rules
	out := make([]ticketRow, 0, len(ts))
	for _, t := range ts {
		contact, err := p.contactOf(ctx, t.ContactID)
		if err != nil {
			return nil, err
		}
		waited := t.Wait(now, rules.Calendar(t.Queue))
		out = append(out, ticketRow{t, contact.Name, p.topicTitle(t.Topic), waited, t.Case.Target > 0 && waited > t.Case.Target})
	}
	return out, nil
}

// ticketData is a conversation.
type ticketData struct {
	Row      ticketRow
	Clocks   []router.Reading
	Queue    router.Sentence
	Class    router.Sentence
	Contact  router.Contact
	Messages []router.Message
	Drafts   []router.Message
	Mine     bool
	CanClaim bool
	CanReply bool
	CanFile  bool
	Decision *router.Decision
	Proposed router.Sentence
	About    *aboutData
	Topics   []*policy.Topic
	Queues   []*policy.Queue
	Earlier  []ticketRow

	Overtaken []dispatch.Overtaking
}

func (p *Pages) agentTicket(c echo.Context) error {
	ctx, user := c.Request().Context(), gate.CallerOf(c).User
	t, err := p.Store.Ticket(ctx, router.TicketID(c.Param("id")))
	if err != nil {
		return err
	}
	rows, err := p.ticketRows(ctx, []router.Ticket{t})
	if err != nil {
		return err
	}
	rules := p.Live.View().Rules
	d := ticketData{Row: rows[0], Mine: t.State == router.StateClaimed && t.Agent == user.ID, CanClaim: t.State == router.StateWaiting,
		CanReply: p.Desk.CanReply(t.Source, 0) == nil, CanFile: p.Desk.CanReply(t.Source, 1) == nil, Queues: rules.QueueList}
	d.Queue, d.Class = p.titles(t)
	d.Clocks = t.Readings(p.Now(), rules.Calendar(t.Queue))
	d.Proposed = p.topicTitle(t.Proposed)
	for _, topic := range rules.Topics {
		if !topic.Spam {
			d.Topics = append(d.Topics, topic)
		}
	}
	if d.Contact, err = p.contactOf(ctx, t.ContactID); err != nil {
		return err
	}
	if err := p.conversation(ctx, t, &d); err != nil {
		return err
	}
	if err := p.decision(ctx, t, &d); err != nil {
		return err
	}
	if d.Overtaken, err = p.Desk.Overtaken(ctx, t.ID); err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "ticket.html", "agent", d)
}

// conversation reads the messages of a ticket, and the contact's earlier tickets.
func (p *Pages) conversation(ctx context.Context, t router.Ticket, d *ticketData) error {
	ms, err := p.lastMessages(ctx, t.ID)
	if err != nil {
		return err
	}
	for _, m := range ms {
		if m.Stage == router.StageDraft {
			d.Drafts = append(d.Drafts, m)
		} else {
			d.Messages = append(d.Messages, m)
		}
	}
	sort.SliceStable(d.Messages, func(i, j int) bool { return d.Messages[i].Before(d.Messages[j]) })
	others, _, err := p.Store.ListTickets(ctx, store.TicketFilter{Contact: t.ContactID, Limit: maxEarlier + 1})
	if err != nil {
		return err
	}
	for i, o := range others {
		if o.ID == t.ID {
			others = append(others[:i], others[i+1:]...)
			break
		}
	}
	d.Earlier, err = p.ticketRows(ctx, others)
	return err
}

// lastMessages reads the newest messages of a ticket, oldest first.
func (p *Pages) lastMessages(ctx context.Context, id router.TicketID) (last []router.Message, err error) {
	for after, more := "", true; more; more = after != "" {
		var page []router.Message
		if page, after, err = p.Store.TicketMessages(ctx, id, after, store.MaxLimit); err != nil {
			return nil, err
		}
		last = append(last, page...)
		last = last[max(0, len(last)-maxMessages):]
	}
	return last, nil
}

func (p *Pages) decision(ctx context.Context, t router.Ticket, d *ticketData) error {
	r, err := store.Decisions(p.Store).Get(ctx, t.Decision)
	if router.IsCode(err, router.CodeNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	d.Decision = &r.Value.Decision
	d.About = p.about(t, r.Value.Decision)
	return nil
}
