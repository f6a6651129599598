package dispatch

import (
	"testing"
	"time"

	"switchyard/router"
)

// The smallest change that puts a ticket first, made in earnest, puts it first.
func TestWhatIfIsTrue(t *testing.T) {
	d := newDesk(t)
	old := d.Receive(router.ChannelSocial, "v1", "refund please, charged twice")
	d.Advance(4 * time.Minute)
	young := d.Receive(router.ChannelSocial, "v2", "refund please, charged twice")
	d.Advance(time.Minute)
	first, err := d.WhatFirst(d.ctx, old)
	d.must(err)
	if first.First != old.ID || len(first.Changes) != 0 {
		t.Fatalf("it is first: %+v", first)
	}
	got, err := d.WhatFirst(d.ctx, young)
	d.must(err)
	if got.First != old.ID || len(got.Changes) == 0 {
		t.Fatalf("%+v", got)
	}
	for _, c := range got.Changes {
		if c.Input == "wait" && (c.From != "1" || c.To[0] != '5') {
			t.Fatalf("a wait of five minutes would do: %+v", c)
		}
	}
	queue, err := d.WhatQueue(d.ctx, young, "night")
	d.must(err)
	if len(queue.Changes) == 0 || queue.Changes[0].Input != "hour" {
		t.Fatalf("%+v", queue)
	}
	_, err = d.WhatQueue(d.ctx, young, "nowhere")
	d.ExpectCode(err, router.CodeInvalidField)
	ann := d.Agent("ann")
	_, err = d.WhatFirst(d.ctx, d.ExpectPull(ann, old.ID))
	d.ExpectCode(err, router.CodeInvalidTransition)
}
