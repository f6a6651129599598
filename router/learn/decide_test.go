package learn

import (
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/load"
	"switchyard/router/policy"
	"switchyard/router/textmodel"
)

// BenchmarkDecideWithModel is one whole decision with the wallet's text model, for a mail of usual length.
func BenchmarkDecideWithModel(b *testing.B) {
	m, err := textmodel.Decode(Wallet())
	if err != nil {
		b.Fatal(err)
	}
	rs, err := decide.Compile(policy.Default(), time.LoadLocation)
	if err != nil {
		b.Fatal(err)
	}
	now := time.Date(2026, 5, 4, 3, 0, 0, 0, time.UTC)
	snap, err := load.Make(rs.Ruleset, load.Inputs{Now: now})
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{"en": "I was charged twice for order 99887766, 35 USD, yesterday. Please cancel the payment, it is still pending.", "zh": "昨天订单99887766被扣了两次，一共三十五美元，付款还在处理中，请帮我撤销。"} {
		msg := router.Message{ID: "m1", Channel: router.ChannelEmail, Direction: router.DirectionIn, Kind: router.KindMessage, Subject: "Refund please", Text: text, SentAt: now, ReceivedAt: now}
		in := decide.Input{Ticket: router.Ticket{ID: "t1", State: router.StateNew, Channel: router.ChannelEmail}, Messages: []router.Message{msg}, Snapshot: snap, Rules: rs, Model: m, Now: now}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decide.Decide(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
