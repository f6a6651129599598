package web

import (
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/load"
)

// The handling time shown is what the order counts, over channels by how much was seen of each.
func TestHandlingShownIsWhatCounts(t *testing.T) {
	s := newSite(t)
	view := *s.pages.Live.View()
	snap := *view.Snapshot
	view.Snapshot = &snap
	snap.Handling = []load.Handling{{Class: "security", Channel: router.ChannelChat, N: 30, Counts: 2 * time.Minute}, {Class: "security", Channel: router.ChannelEmail, N: 10, Counts: 6 * time.Minute}}
	shown := map[string]loadRow{}
	for _, r := range loadRows(&view) {
		shown[r.Title.EN] = r
	}
	if r := shown["Security"]; r.Handling != 3 || r.Learned == "" {
		t.Errorf("%+v", r)
	}
	if r := shown["General"]; r.Handling != r.Now.Handling.Minutes() || r.Handling == 0 || r.Learned != "" {
		t.Errorf("%+v", r)
	}
}
