package cli

import (
	"context"
	"time"

	"switchyard/channels"
	"switchyard/router"
	"switchyard/router/classify"
	"switchyard/router/dispatch"
	"switchyard/router/forecast"
	"switchyard/router/store"
)

// demandEvery is how often an import stores its counts; a crash loses no more of them.
const demandEvery = 10 * time.Second

// demandIntake counts what an import newly stores as demand: incoming calls, answered or not, and mails that start
// a thread. The forecast of a new desk is made of it. Nobody decided what they are about: their topic is
// store.ImportedTopic, the language that of their words.
type demandIntake struct {
	channels.Intake
	docs     store.Docs
	now      func() time.Time
	counts   dispatch.Demand
	storedAt time.Time
}

// Accept implements channels.Intake.
func (d *demandIntake) Accept(ctx context.Context, ins []router.Inbound) []channels.Accepted {
	out := d.Intake.Accept(ctx, ins)
	for i, a := range out {
		if i < len(ins) && a.Err == nil && !a.Duplicate && d.counted(ins[i]) {
			d.counts.Count(ins[i].SentAt, forecast.Key{Channel: ins[i].Channel, Topic: store.ImportedTopic, Language: spoken(ins[i])})
		}
	}
	if now := d.now(); now.Sub(d.storedAt) >= demandEvery {
		d.storedAt = now
		_ = d.store(ctx) // what fails is kept, and the end of the import says so
	}
	return out
}

func (d *demandIntake) store(ctx context.Context) error { return d.counts.Store(ctx, d.docs) }

func (d *demandIntake) counted(in router.Inbound) bool {
	if in.SentAt.IsZero() || in.SentAt.After(d.now()) {
		return false
	}
	if in.Call != nil {
		return in.Call.Incoming
	}
	return in.Kind == router.KindMessage && len(in.ThreadKeys) <= 1
}

func spoken(in router.Inbound) router.Language {
	if in.Language != "" || in.Call != nil {
		return in.Language
	}
	return classify.DetectLanguage(in.Subject + "\n" + in.Text)
}
