package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"switchyard/cmd/internal/app"
	"switchyard/router"
	"switchyard/router/policy"
	"switchyard/router/store"
)

// redecideTexts are what waits in bench redecide, by topic: a text in zh and one in en.
var redecideTexts = map[router.Topic][2]string{
	"account_security": {"有人盗刷我的账户，三笔交易不是我操作的，请马上冻结账户", "someone is paying from my account, three unauthorized transactions, freeze the account"},
	"payment_error":    {"昨天重复扣款了两次，请退款一笔", "I was charged twice yesterday, refund one of them please"},
	"withdrawal":       {"提现到银行卡三天了还没到账", "my withdrawal to my bank has not arrived for three days"},
	"account_recovery": {"忘记密码了，登录不了，怎么找回账户", "I forgot my password and cannot log in, how do I recover my account"},
	"general":          {"请问手续费和每天的限额是多少", "how do I see the fees and the daily limits"},
}

// redecideTime is how long a round of re-deciding is waited for.
const redecideTime = time.Hour

// benchRedecide fills the store with waiting tickets that have a message each, puts a policy in force that sends
// withdrawals to payments, and then the old one again, and times how long the desk's own workers decide all again.
// In the first round every ticket is written, because its escalations are new to it; in the second only what moves.
func benchRedecide(ctx context.Context, s *shell, a *app.App, f benchFlags, r *report) error {
	r.What = fmt.Sprintf("redecide: %d waiting", f.again)
	before, err := store.ActivePolicy(a.Store).Get(ctx, "active")
	if err != nil {
		return err
	}
	began := time.Now()
	if err := fillTexts(ctx, s, a, f.again); err != nil {
		return err
	}
	r.add("filling_s", time.Since(began).Seconds())
	doc := bytes.Replace(policy.Default(), []byte("queue: withdrawals\n    class: withdrawal"), []byte("queue: payments\n    class: payment"), 1)
	rules, err := keepPolicy(ctx, a, doc)
	if err != nil {
		return err
	}
	if rules.Assigns == a.Live.View().Rules.Assigns {
		return errors.New("the changed policy assigns as before")
	}
	for _, round := range []struct{ name, version, assigns string }{{"all_written", rules.Version, rules.Assigns}, {"moved_written", before.Value.Version, a.Live.View().Rules.Assigns}} {
		rec, took, err := redecided(ctx, s, a, round.version, round.assigns)
		if err != nil {
			return err
		}
		r.add(round.name+"_s", took.Seconds())
		r.add(round.name+"_per_second", float64(rec.Done)/took.Seconds())
		r.add(round.name+"_done", float64(rec.Done))
		r.add(round.name+"_moved", float64(rec.Moved))
	}
	return nil
}

// redecided puts a policy in force and waits until the desk has decided all again, with its progress. It times the
// work itself: the sweep finds the change within seconds.
func redecided(ctx context.Context, s *shell, a *app.App, version, assigns string) (store.Redecision, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, redecideTime)
	defer cancel()
	for { // a new desk notes first how it assigns: before that, nothing has changed for it
		if _, err := store.Redecisions(a.Store).Get(ctx, "desk"); err == nil {
			break
		} else if !router.IsCode(err, router.CodeNotFound) {
			return store.Redecision{}, 0, err
		}
		if err := pause(ctx); err != nil {
			return store.Redecision{}, 0, err
		}
	}
	if err := force(ctx, a, version); err != nil {
		return store.Redecision{}, 0, err
	}
	bar := progress(s.err, "deciding again")
	for {
		rec, err := store.Redecisions(a.Store).Get(ctx, "desk")
		if err != nil {
			return rec.Value, 0, err
		}
		if rec.Value.Assigns == assigns {
			bar.ChangeMax(max(1, rec.Value.Total))
			_ = bar.Set(rec.Value.Done)
			if !rec.Value.FinishedAt.IsZero() {
				_ = bar.Finish()
				return rec.Value, rec.Value.FinishedAt.Sub(rec.Value.StartedAt), nil
			}
		}
		if err := pause(ctx); err != nil {
			return rec.Value, 0, err
		}
	}
}

// pause is between two looks at the record.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(100 * time.Millisecond):
		return nil
	}
}

// fillTexts inserts waiting tickets of the five topics with a message each, so that a decision has words to look at.
// They are a few seconds old: nothing escalates at once.
func fillTexts(ctx context.Context, s *shell, a *app.App, n int) error {
	rules, now := a.Live.View().Rules, app.Now()
	return fill(ctx, s, 0, n, func(ctx context.Context, i int) error {
		topic, at := rules.Topics[i%5], now.Add(-time.Duration(i%60)*time.Second)
		external := fmt.Sprintf("redecide-%d", i)
		m := router.Message{ID: router.NewMessageID("bench", external), ExternalID: external, Source: "bench", Channel: router.ChannelEmail, Direction: router.DirectionIn, Kind: router.KindMessage,
			Handle: router.Handle{Channel: router.ChannelEmail, Address: external}, Text: redecideTexts[topic.Name][i%2], SentAt: at, ReceivedAt: at, Stage: router.StageTriaged, StageAt: at}
		m.TicketID = router.NewTicketID(m.ID)
		if _, err := a.Store.InsertMessages(ctx, []router.Message{m}); err != nil {
			return err
		}
		language := []router.Language{router.LanguageZH, router.LanguageEN}[i%2]
		t := router.Ticket{ID: m.TicketID, State: router.StateWaiting, Queue: topic.Queue, Class: topic.Class, Topic: topic.Name, Channel: m.Channel, Source: m.Source, Handle: m.Handle,
			Speaks: language, Language: language, AgeAt: at, CreatedAt: at, UpdatedAt: at, Case: router.Case{Number: 1, StartedAt: at, Target: time.Hour}}.Applying(m)
		_, err := a.Store.InsertTicket(ctx, t)
		return err
	})
}
