package mongostore

import (
	"context"
	"encoding/json"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"switchyard/router"
	"switchyard/router/store"
)

// ticketDoc is what is read of a ticket; the fields beside it only serve indexes.
type ticketDoc struct {
	ID        string `bson:"_id"`
	Body      string `bson:"body"`
	CreatedAt int64  `bson:"created_at"`
}

// ticketFields is every field that is read, and no search terms.
var ticketFields = asc("_id", "body", "created_at")

func (d ticketDoc) ticket() (router.Ticket, error) {
	var t router.Ticket
	err := json.Unmarshal([]byte(d.Body), &t)
	return t, wrap("mongostore.ticket", err)
}

func decodeTickets(ds []ticketDoc) ([]router.Ticket, error) {
	ts := make([]router.Ticket, 0, len(ds))
	for _, d := range ds {
		t, err := d.ticket()
		if err != nil {
			return nil, err
		}
		ts = append(ts, t)
	}
	return ts, nil
}

func handleRef(source router.SourceName, handleKey string) string {
	return string(source) + "|" + handleKey
}

// ticketSet is a ticket as fields to set and to take away.
func ticketSet(t router.Ticket, due time.Time) (fields, error) {
	var f fields
	body, err := json.Marshal(t)
	if err != nil {
		return f, router.Wrap("mongostore.ticket", router.CodeInternal, err)
	}
	text := func(name, value string, present bool) { f.put(name, value, present && value != "") }
	stamp := func(name string, at time.Time, present bool) { f.put(name, store.Stamp(at), present) }
	f.put("version", t.Version, true)
	f.put("body", string(body), true)
	f.put("state", t.State, true)
	f.put("queue", t.Queue, true)
	f.put("topic", t.Topic, true)
	f.put("channel", t.Channel, true)
	text("contact", string(t.ContactID), true)
	text("agent", string(t.Agent), true)
	text("open_key", t.OpenKey(), true)
	text("handle_ref", handleRef(t.Source, t.Handle.Key(t.Source)), t.Keyless)
	stamp("due_at", due, !due.IsZero())
	text("due_id", string(t.ID), !due.IsZero())
	waits := t.State == router.StateWaiting
	run := string(t.Run().Key)
	text("run", run, waits)
	stamp("age_at", t.AgeAt, waits)
	text("wait_id", string(t.ID), waits)
	text("wait_queue", string(t.Queue), waits)
	text("kept_for", string(t.KeptFor), waits)
	text("kept_id", string(t.ID), waits && t.KeptFor != "")
	text("skip_agent", string(t.SkipAgent), waits)
	stamp("skip_until", t.SkipUntil, waits && t.SkipAgent != "")
	cut := waits && !t.CutoffAt.IsZero()
	text("cut_run", run, cut)
	stamp("cutoff_at", t.CutoffAt, cut)
	stamp("cut_age", t.AgeAt, cut)
	text("cut_id", string(t.ID), cut)
	return f, nil
}

// InsertTicket stores a new ticket. Until a save says otherwise it is due when it escalates.
func (s *Store) InsertTicket(ctx context.Context, t router.Ticket) (router.Ticket, error) {
	const operation = "mongostore.insert_ticket"
	given := t
	t.Version = 1
	f, err := ticketSet(t, t.EscalateAt)
	if err != nil {
		return given, err
	}
	doc := append(bson.D{{Key: "_id", Value: t.ID}, {Key: "created_at", Value: store.Stamp(t.CreatedAt)}}, f.set...)
	err = s.waiting(ctx, t, func() error {
		_, err := s.tickets.InsertOne(ctx, doc)
		return err
	})
	if err != nil {
		return given, wrap(operation, err)
	}
	return t, nil
}

// SaveTicket writes by compare-and-set.
func (s *Store) SaveTicket(ctx context.Context, t router.Ticket, due time.Time) (router.Ticket, error) {
	const operation = "mongostore.save_ticket"
	given := t
	t.Version++
	f, err := ticketSet(t, due)
	if err != nil {
		return given, err
	}
	err = s.waiting(ctx, t, func() error {
		res, err := s.tickets.UpdateOne(ctx, byVersion(string(t.ID), given.Version), f.update())
		if err == nil && res.MatchedCount == 0 {
			err = versionMiss(ctx, operation, "ticket", string(t.ID), s.tickets)
		}
		return err
	})
	if err != nil {
		return given, wrap(operation, err)
	}
	return t, nil
}

// Ticket reads one.
func (s *Store) Ticket(ctx context.Context, id router.TicketID) (router.Ticket, error) {
	var d ticketDoc
	if err := s.tickets.FindOne(ctx, byID(string(id)), options.FindOne().SetProjection(ticketFields)).Decode(&d); err != nil {
		return router.Ticket{}, missing("mongostore.ticket", "ticket", string(id), err)
	}
	return d.ticket()
}

// LatestTicket reads the newest ticket of a handle on a source.
func (s *Store) LatestTicket(ctx context.Context, source router.SourceName, handleKey string) (router.Ticket, error) {
	ts, err := s.findTickets(ctx, "mongostore.latest_ticket", bson.D{{Key: "handle_ref", Value: handleRef(source, handleKey)}}, newestFirst, "handle", 1)
	if err != nil {
		return router.Ticket{}, err
	}
	if len(ts) == 0 {
		return router.Ticket{}, router.Fail("mongostore.latest_ticket", router.CodeNotFound, "the handle has no ticket")
	}
	return ts[0], nil
}

var newestFirst = bson.D{{Key: "created_at", Value: -1}, {Key: "_id", Value: -1}}

func (s *Store) findTickets(ctx context.Context, operation string, filter, order bson.D, hint string, limit int) ([]router.Ticket, error) {
	var ds []ticketDoc
	opts := options.Find().SetProjection(ticketFields).SetSort(order).SetHint(hint).SetLimit(int64(limit))
	if err := all(ctx, s.tickets, filter, opts, &ds); err != nil {
		return nil, wrap(operation, err)
	}
	return decodeTickets(ds)
}

// ClaimedBy reads what an agent holds.
func (s *Store) ClaimedBy(ctx context.Context, agent router.AgentID) ([]router.Ticket, error) {
	filter := bson.D{{Key: "agent", Value: agent}, {Key: "state", Value: router.StateClaimed}}
	return s.findTickets(ctx, "mongostore.claimed_by", filter, asc("created_at", "_id"), "agent", store.MaxLimit)
}

// QueueTickets walks the waiting tickets of a queue in the order of their ids.
func (s *Store) QueueTickets(ctx context.Context, q router.QueueName, after router.TicketID, limit int) ([]router.Ticket, error) {
	filter := bson.D{{Key: "wait_queue", Value: q}, {Key: "wait_id", Value: bson.D{{Key: "$gt", Value: after}}}}
	return s.findTickets(ctx, "mongostore.queue_tickets", filter, asc("wait_id"), "wait_queue", store.Page(limit))
}

// KeptTickets reads waiting tickets that are kept for an agent.
func (s *Store) KeptTickets(ctx context.Context, agent router.AgentID, limit int) ([]router.Ticket, error) {
	return s.findTickets(ctx, "mongostore.kept_tickets", bson.D{{Key: "kept_for", Value: agent}}, asc("kept_id"), "kept", store.Page(limit))
}

// DueTickets reads the ids of what is due, earliest first.
func (s *Store) DueTickets(ctx context.Context, now time.Time, limit int) ([]router.TicketID, error) {
	var ds []ticketDoc
	opts := options.Find().SetProjection(asc("_id")).SetSort(asc("due_at", "due_id")).SetHint("due").SetLimit(int64(store.Page(limit)))
	if err := all(ctx, s.tickets, bson.D{{Key: "due_at", Value: bson.D{{Key: "$lte", Value: store.Stamp(now)}}}}, opts, &ds); err != nil {
		return nil, wrap("mongostore.due_tickets", err)
	}
	ids := make([]router.TicketID, len(ds))
	for i, d := range ds {
		ids[i] = router.TicketID(d.ID)
	}
	return ids, nil
}

// ListTickets reads tickets, newest first.
func (s *Store) ListTickets(ctx context.Context, f store.TicketFilter) ([]router.Ticket, string, error) {
	const operation = "mongostore.list_tickets"
	limit := store.Page(f.Limit)
	filter, hint := listFilter(f)
	if f.After != "" {
		beyond, err := pastCursor("created_at", -1, f.After)
		if err != nil {
			return nil, "", err
		}
		filter = append(filter, beyond...)
	}
	var ds []ticketDoc
	opts := options.Find().SetProjection(ticketFields).SetSort(newestFirst).SetHint(hint).SetLimit(int64(limit + 1))
	if err := all(ctx, s.tickets, filter, opts, &ds); err != nil {
		return nil, "", wrap(operation, err)
	}
	next := ""
	if len(ds) > limit {
		ds = ds[:limit]
		next = store.Cursor(store.AtStamp(ds[limit-1].CreatedAt), ds[limit-1].ID)
	}
	ts, err := decodeTickets(ds)
	return ts, next, err
}

// listFilter is what a list asks for, and the index it walks: each has the order of the list within.
func listFilter(f store.TicketFilter) (bson.D, string) {
	filter, hint := bson.D{}, "created"
	add := func(field, value, index string) {
		if value == "" {
			return
		}
		filter = append(filter, bson.E{Key: field, Value: value})
		if index != "" {
			hint = index
		}
	}
	add("topic", string(f.Topic), "")
	add("channel", string(f.Channel), "")
	add("state", string(f.State), "state")
	add("queue", string(f.Queue), "queue")
	if f.Queue != "" && f.State != "" {
		hint = "queue_state"
	}
	add("contact", string(f.Contact), "contact")
	add("agent", string(f.Agent), "agent")
	if len(f.Terms) > 0 {
		terms := make(bson.A, len(f.Terms))
		for i, term := range f.Terms {
			terms[i] = termHash(term)
		}
		filter = append(filter, bson.E{Key: "terms", Value: bson.D{{Key: "$all", Value: terms}}})
		hint = "terms"
	}
	return filter, hint
}

// IndexTerms adds search terms to a ticket.
func (s *Store) IndexTerms(ctx context.Context, id router.TicketID, terms []string) error {
	const operation = "mongostore.index_terms"
	hashes := make(bson.A, len(terms))
	for i, term := range terms {
		hashes[i] = termHash(term)
	}
	res, err := s.tickets.UpdateOne(ctx, byID(string(id)),
		bson.D{{Key: "$addToSet", Value: bson.D{{Key: "terms", Value: bson.D{{Key: "$each", Value: hashes}}}}}})
	if err == nil && res.MatchedCount == 0 {
		err = mongo.ErrNoDocuments
	}
	return missing(operation, "ticket", string(id), err)
}

// CountStates counts tickets by state other than resolved.
func (s *Store) CountStates(ctx context.Context) (map[router.State]int, error) {
	counts := map[router.State]int{}
	for _, state := range router.States() {
		if state == router.StateResolved {
			continue
		}
		n, err := s.tickets.CountDocuments(ctx, bson.D{{Key: "state", Value: state}}, options.Count().SetHint("state"))
		if err != nil {
			return nil, wrap("mongostore.count_states", err)
		}
		if n > 0 {
			counts[state] = int(n)
		}
	}
	return counts, nil
}
