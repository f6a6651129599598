package sqlitestore

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

func opened(b *testing.B) *Store {
	b.Helper()
	s := openIn(b, b.TempDir())
	b.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	return s
}

func at(seconds int) time.Time {
	return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
}

func benchMail(i int) router.Message {
	external := fmt.Sprint("mail ", i)
	return router.Message{
		ID: router.NewMessageID("support", external), Source: "support", Channel: router.ChannelEmail, Direction: router.DirectionIn,
		Kind: router.KindMessage, ExternalID: external, Handle: router.Handle{Channel: router.ChannelEmail, Address: "a@example.org"},
		Subject: "Where is my refund", Text: fmt.Sprintf("%400d", i), ReceivedAt: at(i), SentAt: at(i), Stage: router.StageReceived, StageAt: at(i),
	}
}

func benchTicket(i int) router.Ticket {
	return router.Ticket{
		ID: router.NewTicketID(router.NewMessageID("support", fmt.Sprint(i))), State: router.StateWaiting, Queue: router.QueueName(fmt.Sprint("q", i%5)),
		Class: router.ClassName(fmt.Sprint("c", i/5%5)), Channel: router.Channels()[i/25%2], Source: "support", Topic: "payment_error",
		Handle: router.Handle{Channel: router.ChannelEmail, Address: fmt.Sprint(i)}, ContactID: router.ContactID(fmt.Sprint("c", i)),
		Subject: "Where is my refund", Keyless: true, AgeAt: at(i), CreatedAt: at(i), UpdatedAt: at(i), Case: router.Case{Number: 1, StartedAt: at(i)},
	}
}

// fillWaiting stores n waiting tickets in 50 runs and gives the queries of a pull over all of them.
func fillWaiting(b *testing.B, s *Store, n int) []store.HeadQuery {
	b.Helper()
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			for i := g; i < n; i += 64 {
				if _, err := s.InsertTicket(b.Context(), benchTicket(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	runs, err := s.Runs(b.Context(), []router.QueueName{"q0", "q1", "q2", "q3", "q4"}, "lin")
	if err != nil || len(runs) != 50 {
		b.Fatal(len(runs), err)
	}
	var qs []store.HeadQuery
	for _, r := range runs {
		qs = append(qs, store.HeadQuery{Run: r.Key, LateAt: at(-100), GuardAt: at(-200), CutoffFrom: at(0), CutoffTo: at(900), Limit: 3})
	}
	return qs
}

// spread runs fn b.N times from 64 goroutines, each with a number of its own.
func spread(b *testing.B, fn func(i int)) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range 64 {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				fn(int(i))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "/s")
}

// BenchmarkInsert stores messages one by one from 64 goroutines.
func BenchmarkInsert(b *testing.B) {
	s := opened(b)
	spread(b, func(i int) {
		if ok, err := s.InsertMessages(context.Background(), []router.Message{benchMail(i)}); err != nil || !ok[0] {
			b.Error(ok, err)
		}
	})
}

// BenchmarkInsertTicket stores waiting tickets one by one from 64 goroutines.
func BenchmarkInsertTicket(b *testing.B) {
	s := opened(b)
	spread(b, func(i int) {
		if _, err := s.InsertTicket(context.Background(), benchTicket(i)); err != nil {
			b.Error(err)
		}
	})
}

// BenchmarkClaim pulls from 64 goroutines with 100,000 waiting: heads of all runs, a ticket, a claim.
func BenchmarkClaim(b *testing.B) {
	s := opened(b)
	qs := fillWaiting(b, s, 100_000)
	var lost atomic.Int64
	spread(b, func(i int) {
		for try := 0; ; try++ {
			if claimBench(b, s, qs, i+try) {
				return
			}
			lost.Add(1)
		}
	})
	b.ReportMetric(float64(lost.Load())/float64(b.N), "lost/op")
}

func claimBench(b *testing.B, s *Store, qs []store.HeadQuery, i int) bool {
	ctx := context.Background()
	heads, err := s.Heads(ctx, "lin", at(0), qs)
	if err != nil {
		b.Error(err)
		return true
	}
	for k := range heads {
		h := heads[(i*7+k)%len(heads)]
		w, err := s.Ticket(ctx, h.TicketID)
		if err != nil || w.State != router.StateWaiting {
			continue
		}
		next, err := w.Claim(at(1), router.AgentID(fmt.Sprint("agent", i%64)), time.Minute)
		if err != nil {
			b.Error(err)
		}
		if _, err = s.SaveTicket(ctx, next, next.ExpiresAt); err == nil {
			return true
		}
	}
	return false
}

func benchHeads(b *testing.B, n int) {
	s := opened(b)
	qs := fillWaiting(b, s, n)
	for b.Loop() {
		if hs, err := s.Heads(context.Background(), "lin", at(0), qs); err != nil || len(hs) != 150 {
			b.Fatal(len(hs), err)
		}
	}
}

// BenchmarkHeads1k looks at the heads of 50 runs of 1,000 waiting tickets.
func BenchmarkHeads1k(b *testing.B) { benchHeads(b, 1000) }

// BenchmarkHeads100k does so with 100,000.
func BenchmarkHeads100k(b *testing.B) { benchHeads(b, 100_000) }

// BenchmarkSnapshot counts everything that a snapshot counts, with 100,000 waiting.
func BenchmarkSnapshot(b *testing.B) {
	s := opened(b)
	fillWaiting(b, s, 100_000)
	for b.Loop() {
		_, err1 := s.Load(context.Background())
		_, err2 := s.CountStates(context.Background())
		_, err3 := s.CountStages(context.Background())
		if err1 != nil || err2 != nil || err3 != nil {
			b.Fatal(err1, err2, err3)
		}
	}
}
