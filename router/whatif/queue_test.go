package whatif

import (
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/load"
	"switchyard/router/policy"
)

func inputAt(t *testing.T, at time.Time) decide.Input {
	t.Helper()
	rs, err := decide.Compile(policy.Default(), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := load.Make(rs.Ruleset, load.Inputs{Now: at})
	if err != nil {
		t.Fatal(err)
	}
	m := router.Message{ID: "m", Channel: router.ChannelEmail, Direction: router.DirectionIn, Kind: router.KindMessage, Text: "提现三天了还没有到银行卡", ReceivedAt: at, SentAt: at}
	return decide.Input{Ticket: router.Ticket{ID: "t", State: router.StateNew, Channel: router.ChannelEmail}, Messages: []router.Message{m}, Snapshot: snap, Rules: rs, Now: at}
}

// What leads to a queue: the topic first thought of, the hour, what a person did.
func TestQueue(t *testing.T) {
	day := time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC) // ten in the morning in Shanghai
	for _, c := range []struct {
		name, input, value string
		in                 func(decide.Input) decide.Input
		to                 router.QueueName
	}{
		{"another topic", "topic", "payment_error", func(in decide.Input) decide.Input { return in }, "payments"},
		{"the night", "hour", "2026-11-25T14:00:00Z", func(in decide.Input) decide.Input { return in }, "night"},
		{"a person's choice undone", "kept", "", func(in decide.Input) decide.Input { in.Ticket.FixQueue = "general"; return in }, "withdrawals"},
	} {
		got, err := Queue(c.in(inputAt(t, day)), c.to)
		if err != nil || len(got) == 0 || got[0].Input != c.input || got[0].To != c.value || got[0].Why.ZH == "" || got[0].Why.EN == "" {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	if got, err := Queue(inputAt(t, day), "withdrawals"); err != nil || got != nil {
		t.Errorf("it stands there already: %v, %v", got, err)
	}
	if _, err := Queue(inputAt(t, day), "nowhere"); !router.IsCode(err, router.CodeInvalidField) {
		t.Errorf("got %v", err)
	}
}
