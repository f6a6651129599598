package order

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"switchyard/router"
)

// A trace that went through the store makes itself again, byte for byte, under every rule.
func TestTraceMakesItselfAgain(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, rule := range Rules() {
		for range 50 {
			s := Served{Now: now, Policy: "p", Rules: map[router.QueueName]Rule{"a": rule}, Profile: map[router.QueueName]float64{"b": 1.7}}
			var all []Candidate
			for i := range 9 {
				c := ticket(string(rune('a'+i)), []string{"a", "b", "c"}[rng.IntN(3)], time.Duration(rng.Int64N(int64(4*time.Hour))), 0, class(1+rng.Float64()*8, time.Duration(5+rng.IntN(100))*time.Minute, time.Duration(1+rng.IntN(900))*time.Second))
				c.Head.Run.Class, c.Head.Run.Channel = router.ClassName(c.Head.TicketID), router.ChannelEmail
				if rng.IntN(3) == 0 {
					c.Head.CutoffAt = now.Add(time.Duration(rng.IntN(1200)) * time.Second)
				}
				all = append(all, c)
			}
			s.Won, s.Taken, s.Lower = all[0], all[1:3], all[3:]
			s.Passed = []router.PassedRun{{Run: "x", Reason: "no_skill"}}
			first, err := json.Marshal(Trace(s))
			if err != nil {
				t.Fatal(err)
			}
			var stored router.PullTrace
			if err := json.Unmarshal(first, &stored); err != nil {
				t.Fatal(err)
			}
			again, err := Again(&stored, s.Won.Head.TicketID)
			if err != nil {
				t.Fatal(err)
			}
			if second, err := json.Marshal(again); err != nil || string(first) != string(second) {
				t.Fatalf("%s:\n%s\n%s", rule, first, second)
			}
		}
	}
	if _, err := Again(&router.PullTrace{Rule: "chosen"}, "t"); err == nil {
		t.Fatal("a chosen ticket holds nothing to look at")
	}
}
