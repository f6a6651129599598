package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/router"
	"switchyard/router/store"
	"switchyard/router/store/sqlitestore"
	"switchyard/router/textmodel"
)

const shopPolicy = `
name: shop
calendars: {always: {daily: ["00:00-24:00"]}}
queues: [{name: q, title: {zh: 队, en: Q}, calendar: always}]
classes: [{name: c, title: {zh: 类, en: C}, weight: "1", target: "60"}]
topics:
  - {name: shipping, title: {zh: 物流, en: Shipping}, queue: q, class: c}
  - {name: travel, title: {zh: 旅行, en: Travel}, queue: q, class: c}
review: {queue: q, class: c, below: 0.5}
`

// train beside a desk takes what its people taught, and the desk keeps the candidate.
func TestTrainTakesTheDesksCorrections(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "m.model")
	data := filepath.Join(dir, "data")
	if app.StoreExists(&config.Config{Data: data}) {
		t.Fatal("there is no store yet")
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Fatal("looking made a folder")
	}
	file := filepath.Join(dir, "shop.yaml")
	if err := os.WriteFile(file, []byte(shopPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := sqlitestore.Open(t.Context(), data, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }() // open beside the command, as a server would have it
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(st.Migrate(t.Context()))
	_, err = app.EnsurePolicy(t.Context(), st, file, app.Now())
	must(err)
	if code, _, errs := run(t, data, "train", "--out", out); code != 1 || !strings.Contains(errs, "there is too little to learn from") {
		t.Errorf("%d %q", code, errs)
	}
	now := app.Now()
	for i := range 40 {
		topic, text := "shipping", "where is my parcel, number %d"
		if i%2 == 0 {
			topic, text = "travel", "book a hotel for %d nights"
		}
		id := router.TicketID(fmt.Sprint("t", i))
		m := router.Message{ID: router.MessageID(fmt.Sprint("m", i)), TicketID: id, Source: "s", Direction: router.DirectionIn, Kind: router.KindMessage,
			Stage: router.StageTriaged, Text: fmt.Sprintf(text, i), SentAt: now, ReceivedAt: now, StageAt: now}
		_, err := st.InsertMessages(t.Context(), []router.Message{m})
		must(err)
		_, err = store.Corrections(st).Ensure(t.Context(), string(id), store.Correction{Ticket: id, Topic: router.Topic(topic), By: "ann", At: now.Add(time.Second)})
		must(err)
	}
	code, said, errs := run(t, data, "train", "--out", out)
	if code != 0 || !strings.Contains(said, "40 corrections") {
		t.Fatal(code, said, errs)
	}
	b, err := os.ReadFile(out)
	must(err)
	m, err := textmodel.Decode(b)
	must(err)
	kept, err := store.TextModels(st).Get(t.Context(), m.Version())
	must(err)
	blob, err := st.Blob(t.Context(), store.ModelBlob(m.Version()))
	if err != nil || string(blob) != string(b) || kept.Value.By == "" || !kept.Value.UsedAt.IsZero() {
		t.Errorf("%+v %v", kept.Value, err)
	}
	if m.Predict("a hotel", nil).Topic != "travel" {
		t.Error("it did not learn")
	}
}
