package mongostore

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.uber.org/goleak"

	"switchyard/router"
	"switchyard/router/store"
	"switchyard/router/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestServersMongo runs the suite of all stores against a MongoDB.
func TestServersMongo(t *testing.T) {
	uri := server(t)
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, uri, Options{}) })
}

// server gives the address of a MongoDB: the one that is named, or a mongod that ends with the test.
func server(t *testing.T) string {
	t.Helper()
	if uri := os.Getenv("SWITCHYARD_TEST_MONGO_URI"); uri != "" {
		return uri
	}
	mongod, err := exec.LookPath("mongod")
	if err != nil {
		t.Skip("needs a MongoDB: put mongod on the PATH, or run .ci/mongo/start 27117 and set SWITCHYARD_TEST_MONGO_URI=mongodb://127.0.0.1:27117")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close() // only its number was wanted
	cmd := exec.Command(mongod, "--dbpath", t.TempDir(), "--port", fmt.Sprint(port), "--bind_ip", "127.0.0.1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()
	})
	return fmt.Sprintf("mongodb://127.0.0.1:%d", port)
}

// open opens a database of its own, which is dropped with the test.
func open(t *testing.T, uri string, opts Options) *Store {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/switchyard_test_" + bson.NewObjectID().Hex()
	opts.SelectTimeout = 20 * time.Second // a server that was just started
	s, err := Open(t.Context(), u.String(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { drop(t, u.String()) })
	return s
}

// drop uses a connection of its own, since the test may have closed the store's.
func drop(t *testing.T, uri string) {
	t.Helper()
	s, err := Open(context.Background(), uri, Options{})
	if err == nil {
		err = s.db.Drop(context.Background())
		_ = s.Close()
	}
	if err != nil {
		t.Error(err)
	}
}

// TestServersMongoPull looks at every command a pull sends: it is bounded, and names
// an index that is there or an id.
func TestServersMongoPull(t *testing.T) {
	uri := server(t)
	var sent []bson.Raw
	s := open(t, uri, Options{Monitor: &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		if e.CommandName == "find" || e.CommandName == "aggregate" {
			sent = append(sent, append(bson.Raw{}, e.Command...))
		}
	}}})
	defer s.Close()
	ctx := t.Context()
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var qs []store.HeadQuery
	for i := range 9 {
		w, err := s.InsertTicket(ctx, router.Ticket{
			ID: router.TicketID(fmt.Sprint("t", i)), State: router.StateWaiting, Queue: "q", Class: "c", AgeAt: at.Add(time.Duration(i) * time.Minute), CreatedAt: at,
		})
		if err != nil {
			t.Fatal(err)
		}
		qs = []store.HeadQuery{{Run: w.Run().Key, GuardAt: at.Add(3 * time.Minute), LateAt: at.Add(6 * time.Minute), CutoffFrom: at, CutoffTo: at.Add(time.Hour), Limit: 2}}
	}
	s.runs = runCache{} // as in a process that has not met the run
	_, err1 := s.Runs(ctx, []router.QueueName{"q"}, "lin")
	heads, err2 := s.Heads(ctx, "lin", at, qs)
	_, err3 := s.Ticket(ctx, "t1")
	_, err4 := s.ClaimedBy(ctx, "lin")
	_, err5 := s.LatestTicket(ctx, "s", "k")
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || !router.IsCode(err5, router.CodeNotFound) || len(heads) != 6 {
		t.Fatal(err1, err2, err3, err4, err5, heads)
	}
	if len(sent) < 7 {
		t.Fatalf("only %d commands", len(sent))
	}
	for _, cmd := range sent {
		checkBounded(t, s, cmd)
	}
}

func checkBounded(t *testing.T, s *Store, cmd bson.Raw) {
	t.Helper()
	if filter, ok := cmd.Lookup("filter").DocumentOK(); ok {
		if id := filter.Lookup("_id"); id.Type == bson.TypeString {
			return
		}
	}
	if limit, ok := cmd.Lookup("limit").AsInt64OK(); !ok || limit <= 0 || limit > runLimit {
		t.Errorf("no limit: %v", cmd)
	}
	hint := cmd.Lookup("hint").StringValue()
	collection := cmd.Lookup("find").StringValue()
	specs, err := s.db.Collection(collection).Indexes().ListSpecifications(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range specs {
		if spec.Name == hint {
			return
		}
	}
	t.Errorf("%s has no index %q", collection, hint)
}

// TestServersMongoMigrate starts eight processes at once.
func TestServersMongoMigrate(t *testing.T) {
	uri := server(t)
	s := open(t, uri, Options{})
	defer s.Close()
	errs := make(chan error)
	for range 8 {
		go func() { errs <- s.Migrate(t.Context()) }()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// TestServersMongoForget forgets a run that was left long ago, and no other.
func TestServersMongoForget(t *testing.T) {
	uri := server(t)
	s := open(t, uri, Options{})
	defer s.Close()
	ctx := t.Context()
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	for _, w := range []router.Ticket{
		{ID: "t1", State: router.StateWaiting, Queue: "q", Class: "busy"},
		{ID: "t2", State: router.StateWaiting, Queue: "q", Class: "left long ago"},
		{ID: "t3", State: router.StateWaiting, Queue: "q", Class: "left just now"},
	} {
		saved, err := s.InsertTicket(ctx, w)
		if err != nil {
			t.Fatal(err)
		}
		if w.ID != "t1" {
			saved.State = router.StateResolved
			if _, err := s.SaveTicket(ctx, saved, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		if w.ID != "t3" {
			set := fields{set: bson.D{{Key: "touched_at", Value: store.Stamp(time.Now().Add(-time.Hour))}}}
			if _, err := s.runDocs.UpdateByID(ctx, w.Run().Key, set.update()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.Load(ctx); err != nil {
		t.Fatal(err)
	}
	runs, err := s.Runs(ctx, []router.QueueName{"q"}, "")
	if err != nil || len(runs) != 2 || runs[0].Class != "busy" || runs[1].Class != "left just now" {
		t.Fatal(runs, err)
	}
}

// TestUnreachable asks a port where nobody listens.
func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close() // nobody listens now
	_, err = Open(t.Context(), "mongodb://"+addr, Options{SelectTimeout: 100 * time.Millisecond})
	if !router.IsCode(err, router.CodeUnavailable) {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), "nonsense", Options{}); !router.IsCode(err, router.CodeInvalidField) {
		t.Fatal(err)
	}
}

func TestDatabaseOf(t *testing.T) {
	for uri, want := range map[string]string{
		"mongodb://h": DefaultDatabase, "mongodb://h/": DefaultDatabase, "mongodb://u:p@h1,h2/desk?x=/y": "desk", "mongodb+srv://h/desk": "desk",
	} {
		if have := databaseOf(uri); have != want {
			t.Errorf("%s: got %s, want %s", uri, have, want)
		}
	}
}
