package channeltest

import (
	"context"
	"time"

	"switchyard/router"
)

func (b *bench) arrives() {
	defer b.start()()
	for n := 1; n <= 3; n++ {
		b.deliver(n)
	}
	b.expect(3, 0)
	ids := map[string]bool{}
	for _, in := range b.desk.Intake.Accepted() {
		ids[in.ExternalID] = true
	}
	if len(ids) != 3*b.c.Each {
		b.Errorf("%d different external ids, want %d", len(ids), 3*b.c.Each)
	}
}

// intakeDown: nothing is acknowledged before Accept answered.
func (b *bench) intakeDown() {
	b.desk.Intake.SetDown(true)
	defer b.start()()
	err := b.keep(b.out.Deliver(b.ctx, b.src, 1))
	if b.src.Hook != nil && b.src.Adapter == nil {
		if !router.IsCode(err, router.CodeUnavailable) {
			b.Fatalf("a hook answered with %v while the intake was down, want unavailable", err)
		}
	}
	b.until("an attempt", func() bool { return len(b.desk.Intake.Attempts()) > 0 })
	b.desk.Intake.SetDown(false)
	if b.src.Adapter == nil {
		if err := b.redeliver(1); err != nil {
			b.Fatalf("delivered again: %v", err)
		}
	}
	b.expect(1, 0)
}

// downOverRestart: what was seen while the intake was down comes after a restart too.
func (b *bench) downOverRestart() {
	if b.src.Adapter == nil {
		b.Skip("a hook is called again by its provider")
	}
	b.desk.Intake.SetDown(true)
	stop := b.start()
	b.deliver(1)
	b.deliver(2)
	b.until("an attempt", func() bool { return len(b.desk.Intake.Attempts()) > 0 })
	stop()
	b.desk.Intake.SetDown(false)
	b.open()
	defer b.start()()
	b.expect(2, 0)
}

func (b *bench) refused() {
	b.desk.Intake.RefuseNext(b.c.Each)
	stop := b.start()
	if err := b.keep(b.out.Deliver(b.ctx, b.src, 1)); router.IsCode(err, router.CodeUnavailable) {
		b.Error("a refusal was answered as passing")
	}
	b.deliver(2)
	b.expect(1, 0)
	if b.src.Adapter == nil {
		return
	}
	tried := len(b.desk.Intake.Attempts())
	time.Sleep(quiet)
	if now := len(b.desk.Intake.Attempts()); now != tried {
		b.Errorf("a refused message is tried again and again: %d attempts, then %d", tried, now)
	}
	stop()
}

func (b *bench) again() {
	defer b.start()()
	b.deliver(1)
	b.expect(1, 0)
	if err := b.redeliver(1); err != nil {
		b.Fatalf("delivered again: %v", err)
	}
	b.deliver(2)
	b.expect(2, 0)
}

func (b *bench) poison() {
	if b.out.Poison == nil {
		b.Skip("this kind has no poisonous message")
	}
	defer b.start()()
	b.deliver(1)
	err := b.keep(b.out.Poison(b.ctx, b.src))
	if router.IsCode(err, router.CodeUnavailable) {
		b.Error("a poisonous message was answered as passing: it would come for ever")
	}
	b.deliver(2)
	b.expect(2, b.c.Poisoned)
}

func (b *bench) restart() {
	stop := b.start()
	b.deliver(1)
	b.expect(1, 0)
	stop()
	if b.src.Adapter != nil {
		b.deliver(2)
	}
	b.open()
	defer b.start()()
	if b.src.Adapter == nil {
		b.deliver(2)
	}
	b.deliver(3)
	b.expect(3, 0)
}

func (b *bench) ends() {
	if b.src.Adapter == nil {
		b.Skip("a hook does not run")
	}
	for n := 1; n <= 2; n++ {
		stop := b.start()
		b.deliver(n)
		b.expect(n, 0)
		stop()
	}
	ended, cancel := context.WithCancel(b.ctx)
	cancel()
	done := make(chan struct{})
	go func() { defer close(done); _ = b.keep(b.src.Adapter.Run(ended)) }()
	select {
	case <-done:
	case <-time.After(endWithin):
		b.Error("Run with an ended context does not return")
	}
}

func (b *bench) breaks() {
	if b.out.Break == nil {
		b.Skip("the outside of this kind does not break")
	}
	b.out.Break(b.ctx, b.src)
	defer b.start()()
	b.deliver(1)
	b.expect(1, 0)
}

func (b *bench) replies() {
	if b.out.SentKeys == nil || b.src.Sender == nil {
		b.Skip("replies are not described")
	}
	for range 2 {
		if _, err := b.src.Sender.Send(b.ctx, b.out.Outgoing); b.keep(err) != nil {
			b.Fatalf("send: %v", err)
		}
	}
	keys := b.out.SentKeys()
	if len(keys) == 0 {
		b.Fatal("nothing was sent")
	}
	for _, k := range keys {
		if k == "" || k != keys[0] {
			b.Errorf("a reply that is sent twice has the keys %q", keys)
		}
	}
}
