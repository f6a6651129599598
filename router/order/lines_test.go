package order

import (
	"testing"
	"time"

	"switchyard/router"
)

// A guest of overflow keeps behind the queue's own of its tier, until it is past its guard.
func TestGuestsKeepBehind(t *testing.T) {
	c := class(9, 10*time.Minute, time.Minute)
	own, guest := ticket("own", "q", 2*time.Minute, 0, c), ticket("guest", "q", 9*time.Minute, 0, c)
	guest.Head.Run.Guest = true
	if got := Rank(ATC, []Candidate{guest, own}, now); got[0].Head.TicketID != "own" {
		t.Fatalf("%s is first", got[0].Head.TicketID)
	}
	guest.Wait = 31 * time.Minute
	if got := Rank(ATC, []Candidate{guest, own}, now); got[0].Head.TicketID != "guest" {
		t.Fatalf("%s is first", got[0].Head.TicketID)
	}
}

// A profile weighs queues against each other, never the order inside one.
func TestProfileWeighsQueues(t *testing.T) {
	var cs []Candidate
	for i, q := range []string{"a", "a", "b", "b"} {
		cs = append(cs, ticket(string(rune('1'+i)), q, time.Duration(50-10*i)*time.Minute, 0, class(1, time.Hour, time.Minute)))
	}
	none := func(router.TicketID) bool { return false }
	for _, x := range []struct {
		profile map[router.QueueName]float64
		want    string
	}{{nil, "1234"}, {map[router.QueueName]float64{"b": 1000}, "3412"}} {
		free, _ := Queue(nil, cs, now).First(4, x.profile, none)
		got := ""
		for _, id := range ids(free) {
			got += string(id)
		}
		if got != x.want {
			t.Errorf("profile %v: %s, want %s", x.profile, got, x.want)
		}
	}
}
