package mongostore

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"math"
	"sort"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"

	"switchyard/router"
	"switchyard/router/store"
)

// A run's document says when a writer last was about to use it. A process
// touches it at most once in touchEvery; a document untouched for
// forgetAfter, with nothing waiting, is forgotten. A write that took longer
// than lateWrite touches it once more, so that no ticket waits in a forgotten run.
const (
	touchEvery  = time.Minute
	lateWrite   = 3 * time.Minute
	forgetAfter = 15 * time.Minute
	runLimit    = 20000
)

type runDoc struct {
	Key       string `bson:"_id"`
	Body      string `bson:"body"`
	TouchedAt int64  `bson:"touched_at"`
}

func (d runDoc) run() (router.Run, error) {
	var r router.Run
	err := json.Unmarshal([]byte(d.Body), &r)
	return r, wrap("mongostore.run", err)
}

// runCache remembers what runs are and when this process last touched them.
type runCache struct {
	mu      sync.Mutex
	runs    map[router.RunKey]router.Run
	touched map[router.RunKey]time.Time
}

func (c *runCache) get(key router.RunKey) (router.Run, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.runs[key]
	return r, ok
}

func (c *runCache) put(r router.Run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs == nil || len(c.runs) >= runLimit {
		c.runs = map[router.RunKey]router.Run{}
	}
	c.runs[r.Key] = r
}

func (c *runCache) touchedAt(key router.RunKey) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.touched[key]
}

func (c *runCache) touch(key router.RunKey, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.touched == nil || len(c.touched) >= runLimit {
		c.touched = map[router.RunKey]time.Time{}
	}
	c.touched[key] = at
}

// waiting runs a write of a ticket; if the ticket waits after it, its run is known before it.
func (s *Store) waiting(ctx context.Context, t router.Ticket, write func() error) error {
	if t.State != router.StateWaiting {
		return write()
	}
	run := t.Run()
	if time.Since(s.runs.touchedAt(run.Key)) >= touchEvery {
		if err := s.touchRun(ctx, run); err != nil {
			return err
		}
	}
	err := write()
	if err == nil && time.Since(s.runs.touchedAt(run.Key)) >= lateWrite {
		err = s.touchRun(ctx, run)
	}
	return err
}

func (s *Store) touchRun(ctx context.Context, r router.Run) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	now := time.Now()
	update := bson.D{
		{Key: "$max", Value: bson.D{{Key: "touched_at", Value: store.Stamp(now)}}},
		{Key: "$setOnInsert", Value: bson.D{{Key: "queue", Value: r.Queue}, {Key: "kept_for", Value: r.KeptFor}, {Key: "body", Value: string(body)}}},
	}
	for range 2 { // of two first touches one finds it there, and touches it then
		_, err = s.runDocs.UpdateByID(ctx, r.Key, update, options.UpdateOne().SetUpsert(true))
		if !mongo.IsDuplicateKeyError(err) {
			break
		}
	}
	if err == nil {
		s.runs.touch(r.Key, now)
	}
	return err
}

// Runs lists the runs of these queues for one of these agents, ordered by key; some may have become empty.
func (s *Store) Runs(ctx context.Context, queues []router.QueueName, agents ...router.AgentID) ([]router.Run, error) {
	if len(queues) == 0 {
		return nil, nil
	}
	var ds []runDoc
	filter := bson.D{{Key: "queue", Value: bson.D{{Key: "$in", Value: queues}}},
		{Key: "kept_for", Value: bson.D{{Key: "$in", Value: append([]router.AgentID{""}, agents...)}}}}
	if err := all(ctx, s.runDocs, filter, options.Find().SetHint("queue").SetLimit(runLimit), &ds); err != nil {
		return nil, wrap("mongostore.runs", err)
	}
	rs := make([]router.Run, 0, len(ds))
	for _, d := range ds {
		r, ok := s.runs.get(router.RunKey(d.Key))
		if !ok {
			var err error
			if r, err = d.run(); err != nil {
				return nil, err
			}
			s.runs.put(r)
		}
		rs = append(rs, r)
	}
	sort.Slice(rs, func(i, j int) bool { return rs[i].Key < rs[j].Key })
	return rs, nil
}

// Load counts waiting tickets by run, ordered by key, and forgets runs long unused.
func (s *Store) Load(ctx context.Context) ([]store.RunLoad, error) {
	const operation = "mongostore.load"
	var ds []runDoc
	if err := all(ctx, s.runDocs, bson.D{}, options.Find().SetSort(asc("_id")).SetHint("_id_").SetLimit(runLimit), &ds); err != nil {
		return nil, wrap(operation, err)
	}
	cursor, err := s.tickets.Aggregate(ctx, mongo.Pipeline{
		{{Key: "$match", Value: bson.D{{Key: "run", Value: bson.D{{Key: "$gt", Value: ""}}}}}},
		{{Key: "$group", Value: bson.D{{Key: "_id", Value: "$run"}, {Key: "n", Value: bson.D{{Key: "$sum", Value: 1}}},
			{Key: "oldest", Value: bson.D{{Key: "$min", Value: "$age_at"}}}}}},
	}, options.Aggregate().SetHint("run_age"))
	if err != nil {
		return nil, wrap(operation, err)
	}
	var groups []struct {
		Key    string `bson:"_id"`
		N      int    `bson:"n"`
		Oldest int64  `bson:"oldest"`
	}
	if err := cursor.All(ctx, &groups); err != nil {
		return nil, wrap(operation, err)
	}
	by := map[string]int{}
	for i, g := range groups {
		by[g.Key] = i
	}
	var ls []store.RunLoad
	for _, d := range ds {
		i, busy := by[d.Key]
		if !busy {
			s.forgetRun(ctx, d)
			continue
		}
		r, err := d.run()
		if err != nil {
			return nil, err
		}
		ls = append(ls, store.RunLoad{Run: r, Waiting: groups[i].N, OldestAgeAt: store.AtStamp(groups[i].Oldest)})
	}
	return ls, nil
}

// forgetRun deletes the document of a run that nobody has touched for long. It
// is a tidying: if it fails, the next Load does it.
func (s *Store) forgetRun(ctx context.Context, d runDoc) {
	if time.Since(store.AtStamp(d.TouchedAt)) < forgetAfter {
		return
	}
	_, _ = s.runDocs.DeleteOne(ctx, bson.D{{Key: "_id", Value: d.Key}, {Key: "touched_at", Value: d.TouchedAt}})
}

// parallelHeads bounds the queries that one call of Heads has under way.
const parallelHeads = 8

// Heads answers each query with the few tickets that a pull looks at.
func (s *Store) Heads(ctx context.Context, agent router.AgentID, now time.Time, qs []store.HeadQuery) ([]router.Head, error) {
	const operation = "mongostore.heads"
	if err := s.learnRuns(ctx, qs); err != nil {
		return nil, wrap(operation, err)
	}
	answers := make([][]router.Head, len(qs))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelHeads)
	for i, q := range qs {
		run, ok := s.runs.get(q.Run)
		if !ok {
			continue // nothing ever waited in it
		}
		g.Go(func() (err error) {
			answers[i], err = look{s, run, agent, store.Stamp(now), store.Page(q.Limit)}.heads(ctx, q)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, wrap(operation, err)
	}
	var heads []router.Head
	for _, a := range answers {
		heads = append(heads, a...)
	}
	return heads, nil
}

// learnRuns reads the runs that this process has not met.
func (s *Store) learnRuns(ctx context.Context, qs []store.HeadQuery) error {
	var unknown bson.A
	for _, q := range qs {
		if _, ok := s.runs.get(q.Run); !ok {
			unknown = append(unknown, q.Run)
		}
	}
	if len(unknown) == 0 {
		return ctx.Err()
	}
	var ds []runDoc
	in := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: unknown}}}}
	if err := all(ctx, s.runDocs, in, options.Find().SetHint("_id_").SetLimit(int64(len(unknown))), &ds); err != nil {
		return err
	}
	for _, d := range ds {
		r, err := d.run()
		if err != nil {
			return err
		}
		s.runs.put(r)
	}
	return nil
}

// look is one run under the eyes of one agent.
type look struct {
	*Store
	run   router.Run
	agent router.AgentID
	now   int64
	limit int
}

func (l look) heads(ctx context.Context, q store.HeadQuery) ([]router.Head, error) {
	var window []router.Head
	if from, to := store.Stamp(q.CutoffFrom), store.Stamp(q.CutoffTo); from < to {
		var err error
		filter := bson.D{{Key: "cut_run", Value: l.run.Key}, {Key: "cutoff_at", Value: bson.D{{Key: "$gte", Value: from}, {Key: "$lt", Value: to}}}}
		if !q.AgedTo.IsZero() {
			filter = append(filter, bson.E{Key: "cut_age", Value: bson.D{{Key: "$lt", Value: q.Aged()}}})
		}
		if window, err = l.seek(ctx, filter, asc("cutoff_at", "cut_age", "cut_id"), "run_cutoff"); err != nil {
			return nil, err
		}
	}
	filter := bson.D{{Key: "run", Value: l.run.Key}}
	oldest, err := l.seek(ctx, filter, asc("age_at", "wait_id"), "run_age")
	if err != nil {
		return nil, err
	}
	var found [][]router.Head
	for _, span := range q.Sought(oldest) {
		filter := bson.D{{Key: "run", Value: l.run.Key}, {Key: "age_at", Value: bson.D{{Key: "$gte", Value: span.From}, {Key: "$lt", Value: span.To}}}}
		hs, err := l.seek(ctx, filter, asc("age_at", "wait_id"), "run_age")
		if err != nil {
			return nil, err
		}
		found = append(found, hs)
	}
	return q.Answer(window, oldest, found), nil
}

func (l look) seek(ctx context.Context, filter, order bson.D, hint string) ([]router.Head, error) {
	if l.agent != "" {
		filter = append(filter, bson.E{Key: "$nor", Value: bson.A{
			bson.D{{Key: "skip_agent", Value: l.agent}, {Key: "skip_until", Value: bson.D{{Key: "$gt", Value: l.now}}}},
		}})
	}
	var ds []struct {
		ID       string `bson:"_id"`
		AgeAt    int64  `bson:"age_at"`
		CutoffAt int64  `bson:"cutoff_at"`
		Skip     string `bson:"skip_agent"`
		SkipTo   int64  `bson:"skip_until"`
		Version  int64  `bson:"version"`
	}
	opts := options.Find().SetProjection(asc("_id", "age_at", "cutoff_at", "skip_agent", "skip_until", "version")).SetSort(order).SetHint(hint).SetLimit(int64(l.limit))
	if err := all(ctx, l.tickets, filter, opts, &ds); err != nil {
		return nil, err
	}
	hs := make([]router.Head, len(ds))
	for i, d := range ds {
		hs[i] = router.Head{TicketID: router.TicketID(d.ID), Run: l.run, AgeAt: store.AtStamp(d.AgeAt), CutoffAt: store.AtStamp(d.CutoffAt), Version: d.Version}
		if d.SkipTo > l.now {
			hs[i].SkipFor = router.AgentID(d.Skip)
		}
	}
	return hs, nil
}

// RunTickets walks the waiting tickets of a run, oldest first.
func (s *Store) RunTickets(ctx context.Context, key router.RunKey, after router.Head, limit int) ([]router.Head, error) {
	if err := s.learnRuns(ctx, []store.HeadQuery{{Run: key}}); err != nil {
		return nil, wrap("mongostore.runtickets", err)
	}
	run, ok := s.runs.get(key)
	if !ok {
		return nil, nil
	}
	filter := bson.D{{Key: "run", Value: key}}
	if after.TicketID != "" {
		at := store.Stamp(after.AgeAt)
		filter = append(filter, bson.E{Key: "age_at", Value: bson.D{{Key: "$gte", Value: at}}}, bson.E{Key: "$or", Value: bson.A{
			bson.D{{Key: "age_at", Value: bson.D{{Key: "$gt", Value: at}}}},
			bson.D{{Key: "wait_id", Value: bson.D{{Key: "$gt", Value: after.TicketID}}}},
		}})
	}
	hs, err := look{s, run, "", math.MaxInt64, store.Page(limit)}.seek(ctx, filter, asc("age_at", "wait_id"), "run_age")
	return hs, wrap("mongostore.runtickets", err)
}

// termHash stands for a term in the index: eight bytes instead of a word.
func termHash(term string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(term)) // a hash takes everything
	return int64(h.Sum64())
}
