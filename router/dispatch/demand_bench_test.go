package dispatch

import (
	"io"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/forecast"
	"switchyard/router/policy"
	"switchyard/router/store/sqlitestore"
	"switchyard/router/store/storetest"
)

// Half a year of 1,500 contacts a day in 60 keys: reading the records and fitting.
func BenchmarkFit(b *testing.B) {
	ctx, now := b.Context(), time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	st, err := sqlitestore.Open(ctx, b.TempDir(), sqlitestore.Options{})
	must(err)
	defer func() { _ = st.Close() }()
	must(st.Migrate(ctx))
	rules, err := storetest.UsePolicy(ctx, st, policy.Default())
	must(err)
	r := rand.New(rand.NewPCG(1, 1))
	topics, languages := rules.TopicNames(), []router.Language{"zh", "en", "mixed"}
	for day := range fitDays {
		var demand Demand
		for range 1500 {
			at := now.AddDate(0, 0, -day-1).Truncate(24 * time.Hour).Add(time.Duration(r.Int64N(int64(24 * time.Hour))))
			demand.Count(at, forecast.Key{Channel: router.Channels()[r.IntN(4)], Topic: router.Topic(topics[r.IntN(len(topics)-1)]), Language: languages[r.IntN(3)]})
		}
		must(demand.Store(ctx, st))
	}
	live := NewLive(st, func() time.Time { return now }, time.LoadLocation, slog.New(slog.NewTextHandler(io.Discard, nil)))
	must(live.Refresh(ctx))
	b.ReportAllocs()
	for b.Loop() {
		must(live.Fit(ctx))
	}
	b.StopTimer()
	if live.fit.model.Load().Basis().Weeks < 25 {
		b.Fatalf("%+v", live.fit.model.Load().Basis())
	}
}
