package channeltest

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/channels"
)

// Case is how a kind of source describes itself to the suite.
type Case struct {
	Kind channels.Kind
	// Setup starts the outside of one source and ends it with t.Cleanup. It is called for each test.
	Setup func(t *testing.T) Outside
	// Each is how many Inbounds one delivered message becomes. Default 1.
	Each int
	// Poisoned is how many Inbounds with Failure set a poisonous message becomes; 0 where it is
	// refused at the door.
	Poisoned int
	// Secrets are planted strings (passwords, tokens, texts, handles) that may stand in no error, log or health report.
	Secrets []string
	// Tick is how far the desk's clock moves, again and again, while the suite waits; for kinds that settle.
	Tick time.Duration
	// Within bounds every wait. Default 5 s.
	Within time.Duration
}

// Outside is the other side of one source. For a Hook the functions call
// src.Hook as the provider would and return what the provider learned: the
// error of ServeHook, or one made of a status ≥ 400 (code unavailable for ≥ 500).
// For an Adapter they make the message available and return nil.
type Outside struct {
	Config channels.Config
	// Deliver makes message number n (1, 2, 3 …) arrive.
	Deliver func(ctx context.Context, src *channels.Source, n int) error
	// Redeliver makes the same message arrive again. Nil: Deliver does.
	Redeliver func(ctx context.Context, src *channels.Source, n int) error
	// Poison makes something arrive that cannot be read. Nil: the kind has none.
	Poison func(ctx context.Context, src *channels.Source) error
	// Break makes the outside fail for a while, to hear what the source says about it. Nil: nothing.
	Break func(ctx context.Context, src *channels.Source)
	// SentKeys lists the key under which the outside got each reply. Nil: replies are not tested.
	SentKeys func() []string
	// Outgoing is the reply to send for SentKeys.
	Outgoing channels.Outgoing
}

// Run holds a kind to the adapter contract.
func Run(t *testing.T, c Case) {
	t.Helper()
	if c.Each == 0 {
		c.Each = 1
	}
	if c.Within == 0 {
		c.Within = 5 * time.Second
	}
	tests := []struct {
		name string
		run  func(*bench)
	}{
		{"arrives", (*bench).arrives},
		{"intake down", (*bench).intakeDown},
		{"intake down over a restart", (*bench).downOverRestart},
		{"refused is answered", (*bench).refused},
		{"delivered again", (*bench).again},
		{"poisonous neighbor", (*bench).poison},
		{"restart resumes", (*bench).restart},
		{"ends with its context", (*bench).ends},
		{"outside breaks", (*bench).breaks},
		{"replies under one key", (*bench).replies},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			t.Cleanup(func() { goleak.VerifyNone(t, before) })
			tt.run(newBench(t, c))
		})
	}
}
