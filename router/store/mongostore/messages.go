package mongostore

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"

	"switchyard/router"
	"switchyard/router/store"
)

// messageDoc is a message as it is stored: what never changes in Body, what moves beside it.
type messageDoc struct {
	ID         string `bson:"_id"`
	Body       string `bson:"body"`
	ReceivedAt int64  `bson:"received_at"`
	Stage      string `bson:"stage"`
	StageAt    int64  `bson:"stage_at"`
	WorkStage  string `bson:"work_stage,omitempty"`
	WorkAt     *int64 `bson:"work_at,omitempty"`
	WorkID     string `bson:"work_id,omitempty"`
	RetryAt    *int64 `bson:"retry_at,omitempty"` // while there is work to do
	Ticket     string `bson:"ticket,omitempty"`
	Contact    string `bson:"contact,omitempty"`
	Attempts   int    `bson:"attempts"`
	TryAt      int64  `bson:"try_at"`
	ProviderID string `bson:"provider_id,omitempty"`
	Error      string `bson:"error,omitempty"`
	Version    int64  `bson:"version"`
}

func encodeMessage(m router.Message) (messageDoc, error) {
	d := messageDoc{
		ID: string(m.ID), ReceivedAt: store.Stamp(m.ReceivedAt), Stage: string(m.Stage), StageAt: store.Stamp(m.StageAt),
		Ticket: string(m.TicketID), Contact: string(m.ContactID), Attempts: m.Attempts, TryAt: store.Stamp(m.RetryAt),
		ProviderID: m.ProviderID, Error: m.Error, Version: 1,
	}
	if worked(m.Stage) {
		d.WorkStage, d.WorkAt, d.WorkID, d.RetryAt = d.Stage, &d.StageAt, d.ID, &d.TryAt
	}
	m.Stage, m.StageAt, m.TicketID, m.ContactID = "", time.Time{}, "", ""
	m.Attempts, m.RetryAt, m.ProviderID, m.Error, m.Version = 0, time.Time{}, "", "", 0
	body, err := json.Marshal(m)
	d.Body = string(body)
	return d, wrap("mongostore.message", err)
}

func (d messageDoc) message() (router.Message, error) {
	var m router.Message
	if err := json.Unmarshal([]byte(d.Body), &m); err != nil {
		return m, wrap("mongostore.message", err)
	}
	m.Stage, m.StageAt = router.Stage(d.Stage), store.AtStamp(d.StageAt)
	m.TicketID, m.ContactID = router.TicketID(d.Ticket), router.ContactID(d.Contact)
	m.Attempts, m.RetryAt, m.ProviderID, m.Error, m.Version = d.Attempts, store.AtStamp(d.TryAt), d.ProviderID, d.Error, d.Version
	return m, nil
}

func decodeMessages(ds []messageDoc) ([]router.Message, error) {
	ms := make([]router.Message, 0, len(ds))
	for _, d := range ds {
		m, err := d.message()
		if err != nil {
			return nil, err
		}
		ms = append(ms, m)
	}
	return ms, nil
}

// workStages are the stages by which work finds a message.
var workStages = []router.Stage{router.StageReceived, router.StageDraft, router.StageQueued, router.StageFailed, router.StageDead}

func worked(stage router.Stage) bool {
	for _, s := range workStages {
		if s == stage {
			return true
		}
	}
	return false
}

// InsertMessages stores messages that are not there yet, with Version 1.
func (s *Store) InsertMessages(ctx context.Context, ms []router.Message) ([]bool, error) {
	const operation = "mongostore.insert_messages"
	if len(ms) == 0 {
		return nil, nil
	}
	docs, stored := make([]any, len(ms)), make([]bool, len(ms))
	for i, m := range ms {
		d, err := encodeMessage(m)
		if err != nil {
			return nil, err
		}
		docs[i], stored[i] = d, true
	}
	_, err := s.messages.InsertMany(ctx, docs, options.InsertMany().SetOrdered(false))
	var bulk mongo.BulkWriteException
	if err == nil {
		return stored, nil
	}
	if !errors.As(err, &bulk) || bulk.WriteConcernError != nil {
		return nil, wrap(operation, err)
	}
	for _, e := range bulk.WriteErrors {
		if !e.HasErrorCode(11000) {
			return nil, wrap(operation, e)
		}
		stored[e.Index] = false
	}
	return stored, nil
}

// Message reads one.
func (s *Store) Message(ctx context.Context, id router.MessageID) (router.Message, error) {
	var d messageDoc
	if err := s.messages.FindOne(ctx, byID(string(id))).Decode(&d); err != nil {
		return router.Message{}, missing("mongostore.message", "message", string(id), err)
	}
	return d.message()
}

// MessagesByID reads those that exist, in the order asked.
func (s *Store) MessagesByID(ctx context.Context, ids []router.MessageID) ([]router.Message, error) {
	const operation = "mongostore.messages_by_id"
	if len(ids) > store.MaxLimit {
		return nil, router.Fail(operation, router.CodeTooLarge, "at most %d messages can be read together", store.MaxLimit)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var found []messageDoc
	in := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}
	if err := all(ctx, s.messages, in, options.Find().SetLimit(int64(len(ids))), &found); err != nil {
		return nil, wrap(operation, err)
	}
	by := make(map[string]messageDoc, len(found))
	for _, d := range found {
		by[d.ID] = d
	}
	ordered := make([]messageDoc, 0, len(found))
	for _, id := range ids {
		if d, ok := by[string(id)]; ok {
			ordered = append(ordered, d)
		}
	}
	return decodeMessages(ordered)
}

// SaveMessage writes what may change of a message.
func (s *Store) SaveMessage(ctx context.Context, m router.Message) (router.Message, error) {
	const operation = "mongostore.save_message"
	d, err := encodeMessage(m)
	if err != nil {
		return m, err
	}
	set := fields{}
	set.put("stage", d.Stage, true)
	set.put("stage_at", d.StageAt, true)
	set.put("attempts", d.Attempts, true)
	set.put("try_at", d.TryAt, true)
	set.put("version", m.Version+1, true)
	set.put("work_stage", d.WorkStage, d.WorkStage != "")
	set.put("work_at", d.StageAt, d.WorkStage != "")
	set.put("work_id", d.ID, d.WorkStage != "")
	set.put("retry_at", d.TryAt, d.WorkStage != "")
	set.put("ticket", d.Ticket, d.Ticket != "")
	set.put("contact", d.Contact, d.Contact != "")
	set.put("provider_id", d.ProviderID, d.ProviderID != "")
	set.put("error", d.Error, d.Error != "")
	err = s.messages.FindOneAndUpdate(ctx, byVersion(d.ID, m.Version), set.update(),
		options.FindOneAndUpdate().SetReturnDocument(options.After)).Decode(&d)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return m, versionMiss(ctx, operation, "message", string(m.ID), s.messages)
	}
	if err != nil {
		return m, wrap(operation, err)
	}
	return d.message()
}

// TicketMessages reads a ticket's messages, oldest first.
func (s *Store) TicketMessages(ctx context.Context, id router.TicketID, after string, limit int) ([]router.Message, string, error) {
	return s.pageMessages(ctx, "ticket", string(id), 1, after, limit)
}

// ContactMessages reads a contact's messages, newest first.
func (s *Store) ContactMessages(ctx context.Context, id router.ContactID, after string, limit int) ([]router.Message, string, error) {
	return s.pageMessages(ctx, "contact", string(id), -1, after, limit)
}

// pageMessages reads a page along the index of the field's name.
func (s *Store) pageMessages(ctx context.Context, field, key string, direction int, after string, limit int) ([]router.Message, string, error) {
	limit = store.Page(limit)
	filter := bson.D{{Key: field, Value: key}}
	if after != "" {
		beyond, err := pastCursor("received_at", direction, after)
		if err != nil {
			return nil, "", err
		}
		filter = append(filter, beyond...)
	}
	var ds []messageDoc
	order := bson.D{{Key: "received_at", Value: direction}, {Key: "_id", Value: direction}}
	if err := all(ctx, s.messages, filter, options.Find().SetSort(order).SetHint(field).SetLimit(int64(limit+1)), &ds); err != nil {
		return nil, "", wrap("mongostore."+field+"_messages", err)
	}
	next := ""
	if len(ds) > limit {
		ds = ds[:limit]
		next = store.Cursor(store.AtStamp(ds[limit-1].ReceivedAt), ds[limit-1].ID)
	}
	ms, err := decodeMessages(ds)
	return ms, next, err
}

// StagedMessages reads messages on which work is due, longest in the stage first.
func (s *Store) StagedMessages(ctx context.Context, stage router.Stage, before time.Time, limit int) ([]router.Message, error) {
	const operation = "mongostore.staged_messages"
	if !worked(stage) {
		return nil, router.FailField(operation, "stage", "no work is found by the stage %q", stage)
	}
	at := store.Stamp(before)
	filter := bson.D{{Key: "work_stage", Value: stage}, {Key: "work_at", Value: bson.D{{Key: "$lt", Value: at}}},
		{Key: "retry_at", Value: bson.D{{Key: "$lte", Value: at}}}}
	var ds []messageDoc
	if err := all(ctx, s.messages, filter, options.Find().SetSort(asc("work_at", "work_id")).SetHint("work").
		SetLimit(int64(store.Page(limit))), &ds); err != nil {
		return nil, wrap(operation, err)
	}
	return decodeMessages(ds)
}

// CountStages counts messages by stage, where work may be due.
func (s *Store) CountStages(ctx context.Context) (map[router.Stage]int, error) {
	counts := make([]int64, len(workStages))
	g, ctx := errgroup.WithContext(ctx)
	for i, stage := range workStages {
		g.Go(func() (err error) {
			counts[i], err = s.messages.CountDocuments(ctx, bson.D{{Key: "work_stage", Value: stage}}, options.Count().SetHint("work"))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, wrap("mongostore.count_stages", err)
	}
	out := map[router.Stage]int{}
	for i, n := range counts {
		if n > 0 {
			out[workStages[i]] = int(n)
		}
	}
	return out, nil
}
