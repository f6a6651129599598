package dispatch

import (
	"testing"

	"switchyard/router"
)

// The reason of an empty pull is true at once, not only when the view has caught up.
func TestAnEmptyPullSaysKept(t *testing.T) {
	d := newDesk(t)
	ann, bob := d.Agent("ann"), d.Agent("bob")
	ticket := d.Receive(router.ChannelSocial, "v1", "refund please, charged twice")
	got := d.ExpectPull(ann, ticket.ID)
	_, _, err := d.Reply(d.ctx, ann.ID, ticket.ID, Reply{Epoch: got.Epoch, Text: "which one?", Then: ThenPending})
	d.must(err)
	d.ExpectEmpty(bob, EmptyNothing)
	d.Receive(router.ChannelSocial, "v1", "the second one")
	d.ExpectEmpty(bob, EmptyKept)
	d.ExpectPull(ann, ticket.ID)
}
