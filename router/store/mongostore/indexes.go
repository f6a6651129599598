package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"switchyard/router"
	"switchyard/router/store"
)

// index is one index by its name, which is also how queries hint at it.
type index struct {
	collection string
	name       string
	keys       bson.D
	unique     bool
	sparse     bool
}

// asc and desc are keys of an index or an order. In asc every field goes up; in
// desc the first field, which is compared for equality, goes up and the rest down.
func asc(fields ...string) bson.D {
	d := bson.D{}
	for _, f := range fields {
		d = append(d, bson.E{Key: f, Value: 1})
	}
	return d
}

func desc(first string, fields ...string) bson.D {
	d := asc(first)
	for _, f := range fields {
		d = append(d, bson.E{Key: f, Value: -1})
	}
	return d
}

// migrations only grows; each is a list of indexes and can run again.
var migrations = [][]index{
	{
		{collection: "messages", name: "ticket", keys: asc("ticket", "received_at", "_id")},
		{collection: "messages", name: "contact", keys: desc("contact", "received_at", "_id")},
		{collection: "messages", name: "work", keys: asc("work_stage", "work_at", "work_id", "retry_at"), sparse: true},

		{collection: "tickets", name: "open", keys: asc("open_key"), unique: true, sparse: true},
		{collection: "tickets", name: "handle", keys: desc("handle_ref", "created_at", "_id")},
		{collection: "tickets", name: "created", keys: bson.D{{Key: "created_at", Value: -1}, {Key: "_id", Value: -1}}},
		{collection: "tickets", name: "state", keys: desc("state", "created_at", "_id")},
		{collection: "tickets", name: "queue", keys: desc("queue", "created_at", "_id")},
		{collection: "tickets", name: "queue_state", keys: bson.D{{Key: "queue", Value: 1}, {Key: "state", Value: 1}, {Key: "created_at", Value: -1}, {Key: "_id", Value: -1}}},
		{collection: "tickets", name: "contact", keys: desc("contact", "created_at", "_id")},
		{collection: "tickets", name: "agent", keys: desc("agent", "created_at", "_id")},
		{collection: "tickets", name: "terms", keys: desc("terms", "created_at", "_id")},
		{collection: "tickets", name: "due", keys: asc("due_at", "due_id"), sparse: true},
		{collection: "tickets", name: "run_age", keys: asc("run", "age_at", "wait_id"), sparse: true},
		{collection: "tickets", name: "run_cutoff", keys: asc("cut_run", "cutoff_at", "cut_age", "cut_id"), sparse: true},
		{collection: "tickets", name: "wait_queue", keys: asc("wait_queue", "wait_id"), sparse: true},
		{collection: "tickets", name: "kept", keys: asc("kept_for", "kept_id"), sparse: true},

		{collection: "runs", name: "queue", keys: asc("queue", "kept_for", "_id")},
		{collection: "docs", name: "kind", keys: asc("kind", "id")},
		{collection: "docs", name: "ref", keys: asc("kind", "ref", "id")},
		{collection: "entries", name: "seq", keys: asc("stream", "seq"), unique: true},
		{collection: "entries", name: "entry", keys: asc("stream", "id"), unique: true},
	},
}

const (
	migrateTTL  = time.Minute
	migratePoll = 200 * time.Millisecond
)

// Migrate makes the indexes, one process at a time.
func (s *Store) Migrate(ctx context.Context) error {
	const operation = "mongostore.migrate"
	owner := bson.NewObjectID()
	for {
		held, err := s.lock(ctx, owner)
		if err != nil {
			return wrap(operation, err)
		}
		if held {
			break
		}
		select {
		case <-ctx.Done():
			return router.Wrap(operation, router.CodeUnavailable, ctx.Err())
		case <-time.After(migratePoll):
		}
	}
	err := s.migrate(ctx, owner)
	_, end := s.locks.DeleteOne(ctx, bson.D{{Key: "_id", Value: "migrate"}, {Key: "owner", Value: owner}})
	if err == nil {
		err = end
	}
	return wrap(operation, err)
}

// lock takes or renews the lock of migrations.
func (s *Store) lock(ctx context.Context, owner bson.ObjectID) (bool, error) {
	now := time.Now()
	_, err := s.locks.UpdateOne(ctx, bson.D{{Key: "_id", Value: "migrate"}, {Key: "$or", Value: bson.A{
		bson.D{{Key: "owner", Value: owner}}, bson.D{{Key: "until", Value: bson.D{{Key: "$lt", Value: store.Stamp(now)}}}},
	}}}, bson.D{{Key: "$set", Value: bson.D{{Key: "owner", Value: owner}, {Key: "until", Value: store.Stamp(now.Add(migrateTTL))}}}},
		options.UpdateOne().SetUpsert(true))
	if mongo.IsDuplicateKeyError(err) {
		return false, nil // another has it: its document does not match, and the upsert found its id taken
	}
	return err == nil, err
}

func (s *Store) migrate(ctx context.Context, owner bson.ObjectID) error {
	var layout struct {
		Version int `bson:"version"`
	}
	if err := s.locks.FindOne(ctx, byID("layout")).Decode(&layout); err != nil && err != mongo.ErrNoDocuments {
		return err
	}
	if layout.Version > len(migrations) {
		return router.Fail("mongostore.migrate", router.CodeUnavailable,
			"the data was written by a newer version (layout %d, this one knows %d)", layout.Version, len(migrations))
	}
	for n, step := range migrations[layout.Version:] {
		for _, ix := range step {
			if _, err := s.lock(ctx, owner); err != nil {
				return err
			}
			opts := options.Index().SetName(ix.name)
			if ix.unique {
				opts.SetUnique(true)
			}
			if ix.sparse {
				opts.SetSparse(true)
			}
			if _, err := s.db.Collection(ix.collection).Indexes().CreateOne(ctx, mongo.IndexModel{Keys: ix.keys, Options: opts}); err != nil {
				return err
			}
		}
		set := bson.D{{Key: "$set", Value: bson.D{{Key: "version", Value: layout.Version + n + 1}}}}
		if _, err := s.locks.UpdateByID(ctx, "layout", set, options.UpdateOne().SetUpsert(true)); err != nil {
			return err
		}
	}
	return nil
}
