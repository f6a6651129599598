package channeltest

import (
	"context"
	"sync"

	"switchyard/channels"
	"switchyard/router"
)

// Intake is an intake in memory. It remembers what it accepted, once for each
// (source, external id), and can be told to fail or refuse.
type Intake struct {
	mu       sync.Mutex
	accepted []router.Inbound
	attempts []router.Inbound
	reports  []channels.Report
	ids      map[router.MessageID]bool
	down     bool
	fail     int
	refuse   int
	changed  chan struct{}
	// OnAccept, if set, is called for each message before it is answered.
	OnAccept func(router.Inbound)
}

// NewIntake makes an empty intake.
func NewIntake() *Intake {
	return &Intake{ids: map[router.MessageID]bool{}, changed: make(chan struct{})}
}

// Accept answers for each message as the real intake does.
func (i *Intake) Accept(ctx context.Context, ins []router.Inbound) []channels.Accepted {
	i.mu.Lock()
	defer i.mu.Unlock()
	out := make([]channels.Accepted, len(ins))
	for n, in := range ins {
		if i.OnAccept != nil {
			i.OnAccept(in)
		}
		i.attempts = append(i.attempts, in)
		out[n] = i.one(ctx, in)
	}
	close(i.changed)
	i.changed = make(chan struct{})
	return out
}

func (i *Intake) one(ctx context.Context, in router.Inbound) channels.Accepted {
	a := channels.Accepted{ExternalID: in.ExternalID}
	switch {
	case ctx.Err() != nil || i.down:
		a.Err = router.Fail("intake.accept", router.CodeUnavailable, "the store is away")
		return a
	case i.fail > 0:
		i.fail--
		a.Err = router.Fail("intake.accept", router.CodeUnavailable, "the store is away")
		return a
	case i.refuse > 0:
		i.refuse--
		a.Err = router.FailField("intake.accept", "text", "refused by the test")
		return a
	case in.ExternalID == "":
		a.Err = router.FailField("intake.accept", "external_id", "is empty")
		return a
	}
	a.MessageID = router.NewMessageID(in.Source, in.ExternalID)
	a.Duplicate = i.ids[a.MessageID]
	if !a.Duplicate {
		i.ids[a.MessageID] = true
		i.accepted = append(i.accepted, in)
	}
	return a
}

// Report keeps a delivery report.
func (i *Intake) Report(_ context.Context, r channels.Report) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.down {
		return router.Fail("intake.report", router.CodeUnavailable, "the store is away")
	}
	i.reports = append(i.reports, r)
	return nil
}

// SetDown makes every call fail with unavailable until it is set back.
func (i *Intake) SetDown(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

// FailNext makes the next n messages fail with unavailable.
func (i *Intake) FailNext(n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fail = n
}

// RefuseNext makes the next n messages refused for good.
func (i *Intake) RefuseNext(n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.refuse = n
}

// Accepted is what was stored, in order.
func (i *Intake) Accepted() []router.Inbound {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]router.Inbound(nil), i.accepted...)
}

// Attempts is everything that was handed on, failed and repeated ones too.
func (i *Intake) Attempts() []router.Inbound {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]router.Inbound(nil), i.attempts...)
}

// Reports is every delivery report, in order.
func (i *Intake) Reports() []channels.Report {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]channels.Report(nil), i.reports...)
}

// Changed is closed at the next call of Accept.
func (i *Intake) Changed() <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.changed
}

// WaitAccepted waits until n messages are stored, or ctx ends, and returns what is stored.
func (i *Intake) WaitAccepted(ctx context.Context, n int) []router.Inbound {
	for {
		changed := i.Changed()
		if have := i.Accepted(); len(have) >= n || ctx.Err() != nil {
			return have
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}
