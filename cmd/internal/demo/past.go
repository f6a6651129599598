package demo

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"switchyard/cmd/internal/app"
	"switchyard/router"
	"switchyard/router/forecast"
	"switchyard/router/store"
)

const (
	// pastDays is how long the demo's made-up past is, ticketDays how much of it is there as tickets.
	pastDays, ticketDays = 56, 8
	// pastAtOnce bounds the tickets that are written at the same moment.
	pastAtOnce = 32
)

// pastTopics are what customers wrote about, by how often.
var pastTopics = []router.Topic{"account_security", "payment_error", "payment_error", "payment_error", "withdrawal", "withdrawal", "account_recovery", "general", "general", "general"}

// past gives a new desk a past that is made up: eight weeks of demand, which the forecast rests on, and resolved
// tickets of the last days, which a back-test replays. It depends on the seed and on the moment of the start.
func (d *demo) past(ctx context.Context) error {
	now := app.Now()
	days, err := store.DemandDays(d.app.Store).List(ctx, "", "", 2)
	if err != nil || len(days) > 1 {
		return err // it has one
	}
	r := rand.New(rand.NewPCG(d.Seed, 77))
	demand := map[string]store.DemandDay{}
	var tickets []router.Ticket
	zone := d.app.Live.View().Rules.Zone
	for at := now.Truncate(24*time.Hour).AddDate(0, 0, -pastDays); at.Before(now.Add(-30 * time.Minute)); at = at.Add(forecast.Slot) {
		for n := r.ExpFloat64(); n < busyness(at.In(zone)); n += r.ExpFloat64() {
			key := forecast.Key{Channel: router.Channels()[r.IntN(len(router.Channels()))], Topic: pastTopics[r.IntN(len(pastTopics))], Language: []router.Language{router.LanguageZH, router.LanguageZH, router.LanguageEN}[r.IntN(3)]}
			came := at.Add(time.Duration(r.Int64N(int64(forecast.Slot))))
			id, one := store.OneDemand(came, key)
			demand[id] = demand[id].Plus(one)
			if now.Sub(came) < ticketDays*24*time.Hour {
				tickets = append(tickets, pastTicket(len(tickets), came.Truncate(time.Millisecond), key, r))
			}
		}
	}
	if err := d.storePast(ctx, demand, tickets); err != nil {
		return err
	}
	if err := d.app.Desk.Notice(ctx, "demo", "made-up-past", router.Sentence{ZH: "这是演示：预测和重放所依据的过去八周是编造的。", EN: "This is a demo: the eight weeks that forecast and replay rest on are made up."}, ""); err != nil {
		return err
	}
	return d.app.Live.Fit(ctx)
}

// busyness is how many customers of a wallet come in the quarter-hour at a local moment, on average.
func busyness(local time.Time) float64 {
	h := float64(local.Hour()) + float64(local.Minute())/60
	rate := 0.3 + 3*math.Exp(-(h-11)*(h-11)/8) + 3.5*math.Exp(-(h-19.5)*(h-19.5)/6)
	if wd := local.Weekday(); wd == time.Saturday || wd == time.Sunday {
		rate *= 0.6
	}
	return rate
}

func pastTicket(n int, came time.Time, k forecast.Key, r *rand.Rand) router.Ticket {
	worked := time.Duration((2 + 7*r.ExpFloat64()) * float64(time.Minute)).Truncate(time.Second)
	done := came.Add(worked + time.Duration(r.Int64N(int64(40*time.Minute))))
	return router.Ticket{ID: router.TicketID(router.HashID("t", "past", fmt.Sprint(n))), State: router.StateResolved, Topic: k.Topic, Channel: k.Channel, Source: "web", Language: k.Language,
		Handle: router.Handle{Channel: k.Channel, Address: fmt.Sprintf("past-%d", n)}, Subject: "made-up past", Handled: worked, CreatedAt: came, UpdatedAt: done, ResolvedAt: done,
		Case: router.Case{Number: 1, StartedAt: came, Target: time.Hour, Judged: true, Met: true}}
}

func (d *demo) storePast(ctx context.Context, demand map[string]store.DemandDay, tickets []router.Ticket) error {
	for id, day := range demand {
		_, err := store.DemandDays(d.app.Store).Update(ctx, id, func(have *store.DemandDay) (bool, error) { *have = have.Plus(day); return true, nil })
		if err != nil {
			return err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(pastAtOnce)
	for _, t := range tickets {
		g.Go(func() error {
			_, err := d.app.Store.InsertTicket(ctx, t)
			if router.IsCode(err, router.CodeExists) {
				return nil
			}
			return err
		})
	}
	return g.Wait()
}
