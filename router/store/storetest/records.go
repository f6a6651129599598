package storetest

import (
	"bytes"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

func testContact(t *testing.T, s store.Store) {
	ctx := t.Context()
	key, other := handleOf("a").Key(mailbox), handleOf("b").Key(mailbox)
	_, err := s.ContactByHandle(ctx, key)
	wantCode(t, err, router.CodeNotFound)
	c := router.Contact{ID: router.NewContactID(key), Name: "林", Handles: []router.Handle{handleOf("a")}, Fields: map[string]string{"tier": "gold"}, CreatedAt: at(0)}
	stored := got(s.EnsureContact(ctx, key, c))(t)
	c.Version = 1
	for _, have := range []router.Contact{stored, got(s.Contact(ctx, c.ID))(t), got(s.ContactByHandle(ctx, key))(t)} {
		if !reflect.DeepEqual(have, c) {
			t.Fatalf("got %+v, want %+v", have, c)
		}
	}
	equal(t, "owner", got(s.EnsureContact(ctx, key, router.Contact{ID: "celse"}))(t).ID, c.ID)
	forged := c
	forged.Name = "forged"
	equal(t, "second handle", got(s.EnsureContact(ctx, other, forged))(t).Name, c.Name)
	equal(t, "owner of both", got(s.ContactByHandle(ctx, other))(t).ID, c.ID)

	c.Name = "林林"
	saved := got(s.SaveContact(ctx, c))(t)
	equal(t, "version", saved.Version, 2)
	equal(t, "name", got(s.ContactByHandle(ctx, other))(t).Name, "林林")
	_, err = s.SaveContact(ctx, c)
	wantCode(t, err, router.CodeConflict)
	c.ID = "cnone"
	_, err = s.SaveContact(ctx, c)
	wantCode(t, err, router.CodeNotFound)
	_, err = s.Contact(ctx, "cnone")
	wantCode(t, err, router.CodeNotFound)
}

func testDocs(t *testing.T, s store.Store) {
	ctx := t.Context()
	_, err := s.GetDoc(ctx, "user", "lin")
	wantCode(t, err, router.CodeNotFound)
	d := store.Doc{Kind: "user", ID: "lin", Ref: "agents", Body: []byte(`{"a":1}`)}
	stored := got(s.PutDoc(ctx, d))(t)
	d.Version = 1
	for _, have := range []store.Doc{stored, got(s.GetDoc(ctx, "user", "lin"))(t)} {
		if !reflect.DeepEqual(have, d) {
			t.Fatalf("got %+v, want %+v", have, d)
		}
	}
	again := d
	again.Version = 0
	_, err = s.PutDoc(ctx, again)
	wantCode(t, err, router.CodeExists)
	d.Ref, d.Body = "managers", []byte(`{"a":2}`)
	equal(t, "version", got(s.PutDoc(ctx, d))(t).Version, 2)
	_, err = s.PutDoc(ctx, d)
	wantCode(t, err, router.CodeConflict)
	_, err = s.PutDoc(ctx, store.Doc{Kind: "user", ID: "none", Version: 3})
	wantCode(t, err, router.CodeConflict)
	_, err = s.PutDoc(ctx, store.Doc{Kind: "user", ID: "big", Body: make([]byte, store.MaxDoc+1)})
	wantCode(t, err, router.CodeTooLarge)
	got(s.PutDoc(ctx, store.Doc{Kind: "token", ID: "lin", Body: []byte(`{}`)}))(t)
	equal(t, "by its new ref", len(got(s.ListDocs(ctx, "user", "managers", "", 10))(t)), 1)
	equal(t, "by its old ref", len(got(s.ListDocs(ctx, "user", "agents", "", 10))(t)), 0)

	wantCode(t, s.DeleteDoc(ctx, "user", "lin", 1), router.CodeConflict)
	must(t, s.DeleteDoc(ctx, "user", "lin", 2))
	must(t, s.DeleteDoc(ctx, "user", "lin", 2))
	must(t, s.DeleteDoc(ctx, "user", "lin", 0))
	must(t, s.DeleteDoc(ctx, "token", "lin", 0))
	_, err = s.GetDoc(ctx, "token", "lin")
	wantCode(t, err, router.CodeNotFound)
}

func testBounds(t *testing.T, s store.Store) {
	ctx := t.Context()
	const n = store.MaxLimit + 5
	var failed atomic.Int32
	together(16, func(g int) {
		for i := g; i < n; i += 16 {
			ref := fmt.Sprint("ref", i%2)
			if _, err := s.PutDoc(ctx, store.Doc{Kind: "token", ID: fmt.Sprintf("%05d", i), Ref: ref, Body: []byte(`{}`)}); err != nil {
				failed.Add(1)
			}
		}
	})
	equal(t, "failed", failed.Load(), 0)
	for _, limit := range []int{0, -1, n} {
		equal(t, "one page", len(got(s.ListDocs(ctx, "token", "", "", limit))(t)), store.MaxLimit)
	}
	c := store.Collection[struct{}]{Docs: s, Kind: "token"}
	for ref, want := range map[string]int{"": n, "ref0": (n + 1) / 2, "ref1": n / 2, "none": 0} {
		all := got(c.All(ctx, ref))(t)
		equal(t, "all of "+ref, len(all), want)
		for i := 1; i < len(all); i++ {
			if all[i-1].ID >= all[i].ID {
				t.Fatalf("%s before %s", all[i-1].ID, all[i].ID)
			}
		}
	}
}

func testUpdates(t *testing.T, s store.Store) {
	type tally struct {
		Sum int `json:"sum"`
	}
	c := store.Collection[tally]{Docs: s, Kind: "tally"}
	var added atomic.Int64
	together(16, func(int) {
		for range 5 {
			_, err := c.Update(t.Context(), "one", func(v *tally) (bool, error) { v.Sum++; return true, nil })
			if err == nil {
				added.Add(1)
			}
		}
	})
	if added.Load() == 0 {
		t.Fatal("no update succeeded")
	}
	equal(t, "sum", int64(got(c.Get(t.Context(), "one"))(t).Value.Sum), added.Load())
	r := got(c.Update(t.Context(), "none", func(*tally) (bool, error) { return false, nil }))(t)
	equal(t, "version of what is not there", r.Version, 0)
	equal(t, "ensured", got(c.Ensure(t.Context(), "one", tally{}))(t).Value.Sum, int(added.Load()))
}

func testLeases(t *testing.T, s store.Store) {
	ctx := t.Context()
	l := store.Leases{Docs: s}
	take := func(owner string, now int) (store.Lease, bool) {
		t.Helper()
		lease, held, err := l.Take(ctx, "sweep", owner, at(now), 10*time.Second)
		must(t, err)
		return lease, held
	}
	first, held := take("p1", 0)
	equal(t, "taken", held, true)
	if _, held = take("p2", 9); held {
		t.Fatal("taken over before it expired")
	}
	if renewed, held := take("p1", 9); !held || renewed.Epoch != first.Epoch {
		t.Fatalf("not renewed: %+v", renewed)
	}
	if _, held = take("p2", 18); held {
		t.Fatal("taken over before the renewed lease expired")
	}
	second, held := take("p2", 19)
	if !held || second.Epoch != first.Epoch+1 {
		t.Fatalf("not taken over: %+v", second)
	}
	must(t, l.Release(ctx, "sweep", "p1")) // not his any more
	if _, held = take("p1", 20); held {
		t.Fatal("another's release freed it")
	}
	must(t, l.Release(ctx, "sweep", "p2"))
	third, held := take("p1", 20)
	if !held || third.Epoch != second.Epoch+1 {
		t.Fatalf("not free after release: %+v", third)
	}
	must(t, l.ReleaseAll(ctx))
	var owners atomic.Int32
	together(16, func(i int) {
		if _, held, err := l.Take(ctx, "sweep", fmt.Sprint("racer", i), at(20), time.Minute); err == nil && held {
			owners.Add(1)
		}
	})
	equal(t, "owners", owners.Load(), 1)
}

func testStreams(t *testing.T, s store.Store) {
	ctx := t.Context()
	add := func(stream, id string) int64 {
		t.Helper()
		return got(s.Append(ctx, stream, store.Entry{ID: id, At: at(1), Body: []byte(id)}))(t)
	}
	for i := range 10 {
		equal(t, "seq", add("audit", fmt.Sprint("e", i)), int64(i+1))
	}
	equal(t, "again", add("audit", "e3"), 4)
	equal(t, "other stream", add("chat", "e3"), 1)
	read := func(es []store.Entry) (seqs []int64) {
		for _, e := range es {
			if string(e.Body) != e.ID || !e.At.Equal(at(1)) {
				t.Fatalf("entry %+v", e)
			}
			seqs = append(seqs, e.Seq)
		}
		return seqs
	}
	equalAll(t, "read", read(got(s.ReadStream(ctx, "audit", 6, 3))(t)), []int64{7, 8, 9})
	equalAll(t, "read to the end", read(got(s.ReadStream(ctx, "audit", 9, 3))(t)), []int64{10})
	equalAll(t, "tail", read(got(s.TailStream(ctx, "audit", 0, 3))(t)), []int64{10, 9, 8})
	equalAll(t, "tail before", read(got(s.TailStream(ctx, "audit", 3, 5))(t)), []int64{2, 1})
	equal(t, "none", len(got(s.ReadStream(ctx, "none", 0, 5))(t)), 0)
	_, err := s.Append(ctx, "audit", store.Entry{Body: []byte("x")})
	wantCode(t, err, router.CodeInvalidField)
}

func testStreamRace(t *testing.T, s store.Store) {
	ctx := t.Context()
	const writers, each = 32, 4
	var failed atomic.Int32
	together(writers, func(g int) {
		for i := range each {
			e := store.Entry{ID: fmt.Sprint(g/2, " ", i), At: at(0)} // two writers of each id
			if _, err := s.Append(ctx, "race", e); err != nil {
				failed.Add(1)
			}
		}
	})
	equal(t, "failed", failed.Load(), 0)
	es := got(s.ReadStream(ctx, "race", 0, 1000))(t)
	equal(t, "entries", len(es), writers/2*each)
	for i, e := range es {
		equal(t, "seq", e.Seq, int64(i+1))
		equal(t, "seq again", got(s.Append(ctx, "race", store.Entry{ID: e.ID}))(t), e.Seq)
	}
}

func testBlobs(t *testing.T, s store.Store) {
	ctx := t.Context()
	big := bytes.Repeat([]byte("sealed"), 100_000)
	for id, data := range map[router.BlobID][]byte{"b1": big, "b2": {}, "b3": []byte("x")} {
		must(t, s.PutBlob(ctx, id, data))
		must(t, s.PutBlob(ctx, id, []byte("other bytes")))
		if !bytes.Equal(got(s.Blob(ctx, id))(t), data) {
			t.Fatalf("%s has other bytes", id)
		}
	}
	_, err := s.Blob(ctx, "bnone")
	wantCode(t, err, router.CodeNotFound)
	must(t, s.DeleteBlob(ctx, "b1"))
	must(t, s.DeleteBlob(ctx, "b1"))
	_, err = s.Blob(ctx, "b1")
	wantCode(t, err, router.CodeNotFound)
	must(t, s.PutBlob(ctx, "b1", []byte("new")))
	equal(t, "new bytes", string(got(s.Blob(ctx, "b1"))(t)), "new")
	wantCode(t, s.PutBlob(ctx, "b9", make([]byte, store.MaxBlob+1)), router.CodeTooLarge)
	together(16, func(i int) { _ = s.PutBlob(ctx, "race", bytes.Repeat([]byte{byte(i)}, 600_000)) })
	data := got(s.Blob(ctx, "race"))(t)
	equal(t, "one writer's bytes", bytes.Count(data, data[:1]), 600_000)
}
