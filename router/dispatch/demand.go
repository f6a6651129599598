package dispatch

import (
	"time"

	"switchyard/router"
	"switchyard/router/load"
)

// arrivalWindow is over how long arrivals are smoothed, quarter over how long they are held against the forecast.
const (
	arrivalWindow = 10 * time.Minute
	quarter       = 15 * time.Minute
)

// counted gives a snapshot's inputs what all processes counted, as far as it is known here.
func (l *Live) counted(in *load.Inputs) {
	desk := l.tallies.arrivals.pending("desk", l.tallies.desk)
	by, over := desk.Since(in.Now.Add(-arrivalWindow), in.Now)
	in.Arrivals = map[router.ClassName]float64{}
	for class, n := range by {
		if class != "" {
			in.Arrivals[class] = float64(n) / over.Minutes()
			in.ArrivalsPerMinute += in.Arrivals[class]
		}
	}
	last, _ := desk.Since(in.Now.Add(-quarter), in.Now)
	for _, n := range last {
		in.Arrived += n
	}
	in.Paces = l.tallies.meters
}
