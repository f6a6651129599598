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
	got := Predict(order.FIFO, me, []Stream{me}, 50, 0)
	if want := 51 * 10.0 / 50; math.Abs(got.Minutes()-want) > 0.3 {
		t.Fatalf("%.2f minutes, want %.2f", got.Minutes(), want)
	}
}

// E17: expected wait with abandonment, N 50, μ 1, θ .5, Q 0, 10, 50.
func TestDrainedE17(t *testing.T) {
	for q, want := range map[float64]float64{0: 0.02, 10: 0.209714, 50: 0.827606} {
		if got := drained(q, 50, 2*time.Minute).Minutes(); math.Abs(got-want) > 5e-7 {
			t.Errorf("Q %v: %.6f, want %.6f", q, got, want)
		}
	}
	if got := drained(50, 50, 0).Minutes(); math.Abs(got-1.02) > 1e-6 {
		t.Errorf("without abandonment: %.6f, want 1.02", got)
	}
}

// Under the desk's order urgent work waits less, and plain work waits for what overtakes it.
func TestPredictUnderTheLiveOrder(t *testing.T) {
	urgent, plain := stream(2, 2*time.Minute, 0.2, 8, 5*time.Minute), stream(30, 40*time.Minute, 0.5, 1, 2*time.Hour)
	all := []Stream{urgent, plain}
	u, p := Predict(order.ATC, urgent, all, 10, 0), Predict(order.ATC, plain, all, 10, 0)
	if u >= p || p < 20*time.Minute {
		t.Fatalf("urgent %v, plain %v", u, p)
	}
	quiet := plain
	quiet.Waiting, quiet.Oldest = 0, 0
	if q := Predict(order.ATC, quiet, []Stream{urgent, quiet}, 10, 0); q >= p {
		t.Fatalf("a short line waits %v, a long one %v", q, p)
	}
	if over := Predict(order.ATC, plain, []Stream{stream(2, time.Minute, 5, 8, 5*time.Minute), plain}, 10, 0); over <= p {
		t.Fatalf("under a flood of urgent work %v, without %v", over, p)
	}
	if none := Predict(order.ATC, plain, all, 0, 0); none != horizon {
		t.Fatalf("nobody works: %v", none)
	}
}
