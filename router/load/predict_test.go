package load

import (
	"math"
	"testing"
	"time"

	"switchyard/router/order"
)

func stream(waiting int, oldest time.Duration, rate float64, weight float64, target time.Duration) Stream {
	return Stream{Waiting: waiting, Oldest: oldest, Rate: rate, Share: 1, Class: order.Class{Weight: weight, Target: target, Handling: 10 * time.Minute, Lead: 10 * time.Minute, K: 10 * time.Minute, Guard: 3, Boost: 1}}
}

// By age alone and without arrivals the wait is the work ahead over the agents: (Q+1)·p/N (E17's first sum, without abandonment).
func TestPredictByAge(t *testing.T) {
	me := stream(50, time.Hour, 0, 1, time.Hour)
	got := Predict(order.FIFO, me, []Stream{me}, 50)
	if want := 51 * 10.0 / 50; math.Abs(got.Minutes()-want) > 0.3 {
		t.Fatalf("%.2f minutes, want %.2f", got.Minutes(), want)
	}
}

// Under the desk's order urgent work waits less, and plain work waits for what overtakes it.
func TestPredictUnderTheLiveOrder(t *testing.T) {
	urgent, plain := stream(2, 2*time.Minute, 0.2, 8, 5*time.Minute), stream(30, 40*time.Minute, 0.5, 1, 2*time.Hour)
	all := []Stream{urgent, plain}
	u, p := Predict(order.ATC, urgent, all, 10), Predict(order.ATC, plain, all, 10)
	if u >= p || p < 20*time.Minute {
		t.Fatalf("urgent %v, plain %v", u, p)
	}
	quiet := plain
	quiet.Waiting, quiet.Oldest = 0, 0
	if q := Predict(order.ATC, quiet, []Stream{urgent, quiet}, 10); q >= p {
		t.Fatalf("a short line waits %v, a long one %v", q, p)
	}
	if over := Predict(order.ATC, plain, []Stream{stream(2, time.Minute, 5, 8, 5*time.Minute), plain}, 10); over <= p {
		t.Fatalf("under a flood of urgent work %v, without %v", over, p)
	}
	if none := Predict(order.ATC, plain, all, 0); none != horizon {
		t.Fatalf("nobody works: %v", none)
	}
}
