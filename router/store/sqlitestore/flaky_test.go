package sqlitestore

import (
	"context"
	"testing"

	"switchyard/router"
	"switchyard/router/store"
	"switchyard/router/store/storetest"
)

// TestStoreThroughFlaky runs the suite through a double that lets everything pass.
func TestStoreThroughFlaky(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return storetest.NewFlaky(openIn(t, t.TempDir()), nil) })
}

func TestFlaky(t *testing.T) {
	inner := openIn(t, t.TempDir())
	defer inner.Close()
	if err := inner.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	fault := storetest.Pass
	f := storetest.NewFlaky(inner, func(op string) storetest.Fault {
		if op == "PutDoc" {
			return fault
		}
		return storetest.Pass
	})
	put := func(ctx context.Context, id string) error {
		_, err := f.PutDoc(ctx, store.Doc{Kind: "k", ID: id, Body: []byte("{}")})
		return err
	}
	there := func(id string) bool {
		_, err := inner.GetDoc(t.Context(), "k", id)
		return err == nil
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		fault storetest.Fault
		ctx   context.Context
		code  router.Code
		there bool
	}{
		{storetest.Pass, t.Context(), "", true},
		{storetest.FailBefore, t.Context(), router.CodeUnavailable, false},
		{storetest.FailAfter, t.Context(), router.CodeUnavailable, true},
		{storetest.Hang, ended, router.CodeUnavailable, false},
	} {
		fault = c.fault
		id := string(rune('a' + c.fault))
		if err := put(c.ctx, id); router.CodeOf(err) != c.code || there(id) != c.there {
			t.Errorf("fault %d: %v, there: %v", c.fault, err, there(id))
		}
	}
	fault = storetest.FailAfter
	if err := put(t.Context(), "a"); !router.IsCode(err, router.CodeExists) {
		t.Errorf("an answer of the store is not lost for a fault: %v", err)
	}
	f.SetDown(storetest.FailBefore)
	if _, err := f.GetDoc(t.Context(), "k", "a"); !router.IsCode(err, router.CodeUnavailable) {
		t.Errorf("down: %v", err)
	}
	f.SetDown(storetest.Pass)
	if _, err := f.GetDoc(t.Context(), "k", "a"); err != nil {
		t.Error(err)
	}
}
