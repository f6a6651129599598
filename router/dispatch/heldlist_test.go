package dispatch

import (
	"testing"
	"time"

	"switchyard/router"
)

// Spam and automatic mail never reach a queue and never vanish: all of it is in one list, page by page.
func TestHeldNeverVanishes(t *testing.T) {
	d := newDesk(t)
	ann := d.Agent("ann")
	want := map[router.TicketID]string{}
	spam := d.Receive(router.ChannelChat, "v1", junk)
	want[spam.ID] = "spam"
	d.Advance(time.Second)
	auto := d.Receive(router.ChannelEmail, "a@b.c", "out of office", func(m *router.Message) { m.Kind, m.ThreadKeys = router.KindAutoReply, []string{"<1>"} })
	want[auto.ID] = "automatic"
	d.Advance(time.Second)
	bounce := d.Receive(router.ChannelEmail, "mailer@b.c", "undeliverable", func(m *router.Message) {
		m.Kind, m.ThreadKeys, m.Bounce = router.KindBounce, []string{"<2>"}, &router.Bounce{MessageID: "mnobodys", Permanent: true}
	})
	want[bounce.ID] = "automatic"
	d.Advance(time.Second)
	marked := d.Receive(router.ChannelChat, "v2", "how do I see my fees?")
	got := d.ExpectPull(ann, marked.ID)
	_, err := d.Spam(d.ctx, ann.ID, marked.ID, got.Epoch)
	d.must(err)
	want[marked.ID] = "marked"

	after := ""
	for n := 0; ; n++ {
		page, next, err := d.Held(d.ctx, after, 2)
		d.must(err)
		for _, h := range page {
			if h.Rule != want[h.Ticket.ID] || h.Text == "" || h.Why.ZH == "" || h.Why.EN == "" || h.Ticket.Queue != "" || (h.Confidence > 0) != (h.Rule == "spam") {
				t.Errorf("%+v, want %s", h, want[h.Ticket.ID])
			}
			delete(want, h.Ticket.ID)
		}
		if after = next; after == "" || n > 4 {
			break
		}
	}
	if len(want) > 0 {
		t.Errorf("not in the list: %v", want)
	}
	d.ExpectEmpty(ann, EmptyNothing)
}

// A handle whose spam was dismissed and who sends more is held again; real words of his are let in.
func TestDismissedSpamIsHeldAgain(t *testing.T) {
	d := newDesk(t)
	spam := d.Receive(router.ChannelChat, "v1", junk)
	_, err := d.DismissHeld(d.ctx, "boss", spam.ID)
	d.must(err)
	d.Advance(time.Minute)
	again := d.Receive(router.ChannelChat, "v1", junk+"!!")
	if again.State != router.StateHeld || again.Queue != "" || !again.Spam || !again.ResolvedAt.IsZero() {
		t.Fatalf("%+v", again)
	}
	if real := d.Receive(router.ChannelChat, "v1", "sorry, wrong window. I was charged twice, refund please"); real.State != router.StateWaiting || real.Queue != "payments" {
		t.Fatalf("%+v", real)
	}
}

// What a person released is in a queue and stays there, and what it is about is open.
func TestReleasedSpamIsWork(t *testing.T) {
	d := newDesk(t)
	spam := d.Receive(router.ChannelChat, "v1", junk)
	released, err := d.ReleaseHeld(d.ctx, "boss", spam.ID)
	d.must(err)
	if released.State != router.StateWaiting || released.Queue != "review" || released.Spam {
		t.Fatalf("%+v", released)
	}
	d.Advance(time.Minute)
	if more := d.Receive(router.ChannelChat, "v1", "my withdrawal to my bank failed"); more.State != router.StateWaiting || more.Queue != "withdrawals" || more.Topic != "withdrawal" || more.Proposed != "" {
		t.Fatalf("%+v", more)
	}
}
