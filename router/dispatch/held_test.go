package dispatch

import (
	"testing"
	"time"

	"switchyard/router"
)

const junk = "Our SEO services increase your traffic. Act now. Casino bonus!"

// INTERFACES §5: held → waiting by a later message that is neither spam nor automatic; another one of the same kind stays with it.
func TestALaterMessageReleasesHeldSpam(t *testing.T) {
	d := newDesk(t)
	ann := d.Agent("ann")
	write := func(text string) router.Ticket {
		d.Advance(time.Second)
		return d.Receive(router.ChannelSocial, "v1", text)
	}
	spam := write(junk)
	d.ExpectState(spam.ID, router.StateHeld)
	if more := write(junk); more.ID != spam.ID || more.State != router.StateHeld {
		t.Fatalf("more spam: %+v", more)
	}
	got := write("refund please, I was charged twice")
	if got.ID != spam.ID || got.State != router.StateWaiting || got.Queue != "payments" || got.Topic != "payment_error" {
		t.Fatalf("a message that is no spam: %+v", got)
	}
	if again := write(junk); again.State != router.StateWaiting || again.Queue != "payments" {
		t.Fatalf("spam on a ticket that waits: %+v", again)
	}

	// What an agent marked is released by the same rule.
	pulled := d.ExpectPull(ann, got.ID)
	_, err := d.Spam(d.ctx, ann.ID, pulled.ID, pulled.Epoch)
	d.must(err)
	if still := write(junk); still.State != router.StateHeld {
		t.Fatalf("spam after an agent's mark: %+v", still)
	}
	if back := write("refund please, I was charged twice"); back.State != router.StateWaiting || back.Queue != "payments" {
		t.Fatalf("no spam after an agent's mark: %+v", back)
	}
}

// A spam topic has neither queue nor class: what a manager releases waits where somebody looks.
func TestReleasedSpamWaitsInAQueue(t *testing.T) {
	d := newDesk(t)
	ann := d.Agent("ann")
	spam := d.Receive(router.ChannelSocial, "v1", junk)
	got, err := d.ReleaseHeld(d.ctx, "boss", spam.ID)
	d.must(err)
	if got.State != router.StateWaiting || got.Queue != "review" || got.Class == "" || got.Case.Target == 0 {
		t.Fatalf("%+v", got)
	}
	d.ExpectPull(ann, spam.ID)
}
