package backtest

import (
	"testing"

	"switchyard/router"
)

// What was told is near what happened on a desk of callers at 82 % and at 90 % load: off by less than a third of
// the mean wait, or a minute, on average; and the nine-in-ten band holds nine in ten.
func TestToldWaitsAreNear(t *testing.T) {
	cases := past(9000, 9, 11)
	for i := range cases {
		c := &cases[i]
		c.Channel, c.Class = router.ChannelPhone, map[router.Topic]router.ClassName{"account_security": "security", "payment_error": "payment", "withdrawal": "withdrawal", "account_recovery": "recovery", "general": "general"}[c.Topic]
	}
	for _, agents := range []int{11, 12} {
		p, err := Play(rules(t), cases, Desk{People: crew(agents)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range Errors(p.Fates) {
			t.Logf("%d agents: %+v", agents, e)
			if off := max(e.Mean, -e.Mean); off > max(1, e.Wait/3) {
				t.Errorf("%d agents, %s: told %+.1f minutes off a mean wait of %.1f", agents, e.Class, e.Mean, e.Wait)
			}
			if e.Cover90 < 85 || e.Cover90 > 96 {
				t.Errorf("%d agents, %s: %.1f %% in the 90 %% band", agents, e.Class, e.Cover90)
			}
		}
	}
}
