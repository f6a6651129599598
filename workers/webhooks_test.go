package workers

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"switchyard/router/store"
	"switchyard/router/store/storetest"
)

// Invariant A for webhook calls: nobody nudged them, the sweep finds them, and each is made once.
func TestTheSweepFindsWebhookCalls(t *testing.T) {
	w := start(t, func(string) storetest.Fault { return storetest.Pass })
	const n = 5
	for i := range n {
		id := fmt.Sprint("call", i)
		_, err := store.WebhookCalls(w.store).Ensure(w.ctx, id, store.WebhookCall{Webhook: "pager", Ticket: "t", Body: json.RawMessage(`{}`), State: store.CallPending, At: now()})
		if err != nil {
			t.Fatal(err)
		}
	}
	done := 0
	for until := time.Now().Add(15 * time.Second); done < n && time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		rs, err := store.WebhookCalls(w.store).List(w.ctx, string(store.CallDone), "", 100)
		if err != nil {
			t.Fatal(err)
		}
		done = len(rs)
	}
	if done != n || w.called.Load() != n {
		t.Errorf("%d of %d calls are done, the receiver saw %d", done, n, w.called.Load())
	}
}
