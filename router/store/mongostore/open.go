package mongostore

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"switchyard/router"
	"switchyard/router/store"
)

// DefaultDatabase is the database where the address names none.
const DefaultDatabase = "switchyard"

// Options are what may be chosen about a store; the zero value is right for a desk.
type Options struct {
	// Timeout bounds one call whose context has no deadline; 20 s if zero.
	Timeout time.Duration
	// SelectTimeout bounds the wait for a server that can be written to; 5 s if zero.
	SelectTimeout time.Duration
	// Monitor sees every command, for tests and traces.
	Monitor *event.CommandMonitor
}

// Store is a store.Store in a MongoDB database. It is safe for concurrent use.
type Store struct {
	client *mongo.Client
	db     *mongo.Database
	once   sync.Once
	err    error
	runs   runCache

	messages, tickets, runDocs, contacts, handles, docs, entries, blobs, locks *mongo.Collection
}

var _ store.Store = (*Store)(nil)

// Open connects to the database that the address names and checks that it can
// be reached. Indexes are not touched: call Migrate before anything else.
func Open(ctx context.Context, uri string, opts Options) (*Store, error) {
	const operation = "mongostore.open"
	if opts.Timeout == 0 {
		opts.Timeout = 20 * time.Second
	}
	if opts.SelectTimeout == 0 {
		opts.SelectTimeout = 5 * time.Second
	}
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetTimeout(opts.Timeout).SetServerSelectionTimeout(opts.SelectTimeout).
		SetWriteConcern(writeconcern.Majority()).SetReadConcern(readconcern.Majority()).SetMonitor(opts.Monitor).SetAppName("switchyard"))
	if err != nil {
		return nil, router.Fail(operation, router.CodeInvalidField, "the address of MongoDB cannot be read") // it may hold a password
	}
	s := newStore(client, client.Database(databaseOf(uri)))
	if err := s.reach(ctx); err != nil {
		_ = s.Close() // nothing was written
		return nil, wrap(operation, err)
	}
	return s, nil
}

func newStore(client *mongo.Client, db *mongo.Database) *Store {
	return &Store{
		client: client, db: db,
		messages: db.Collection("messages"), tickets: db.Collection("tickets"), runDocs: db.Collection("runs"),
		contacts: db.Collection("contacts"), handles: db.Collection("handles"), docs: db.Collection("docs"),
		entries: db.Collection("entries"), blobs: db.Collection("blobs"), locks: db.Collection("locks"),
	}
}

// databaseOf is the path of the address.
func databaseOf(uri string) string {
	_, rest, _ := strings.Cut(uri, "://")
	_, path, _ := strings.Cut(rest, "/")
	name, _, _ := strings.Cut(path, "?")
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	if name == "" {
		return DefaultDatabase
	}
	return name
}

func (s *Store) reach(ctx context.Context) error {
	return s.db.RunCommand(ctx, bson.D{{Key: "ping", Value: 1}}).Err()
}

// Ping reads and writes a document that nobody needs.
func (s *Store) Ping(ctx context.Context) error {
	err := s.reach(ctx)
	if err == nil {
		_, err = s.locks.UpdateByID(ctx, "ping", bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: 1}}}}, options.UpdateOne().SetUpsert(true))
	}
	if err != nil && !mongo.IsDuplicateKeyError(err) { // of two first pings one finds it there
		return router.Wrap("mongostore.ping", router.CodeUnavailable, err)
	}
	return nil
}

// Close ends the connections; safe twice.
func (s *Store) Close() error {
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		s.err = wrap("mongostore.close", s.client.Disconnect(ctx))
	})
	return s.err
}
