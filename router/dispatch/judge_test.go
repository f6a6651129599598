package dispatch

import (
	"testing"
	"time"
)

// The report is of whole days, is made once a day, and says so where there is no past.
func TestForecastsAreHeldAgainstWhatCame(t *testing.T) {
	d := newDesk(t)
	d.must(d.Live.Judge(d.ctx))
	d.must(d.Live.Refresh(d.ctx))
	if r := d.Live.View().Report; r == nil || !r.Basis.None {
		t.Fatalf("without a past: %+v", r)
	}
	d.history(42, 4)
	d.must(d.Live.Judge(d.ctx))
	d.must(d.Live.Refresh(d.ctx))
	if r := d.Live.View().Report; !r.Basis.None {
		t.Fatal("judged twice in a day")
	}
	d.Advance(24 * time.Hour)
	d.must(d.Live.Judge(d.ctx))
	d.must(d.Live.Refresh(d.ctx))
	r := d.Live.View().Report
	if r.Basis.None || len(r.Horizons) != 2 {
		t.Fatalf("%+v", r)
	}
	// Four came in each quarter-hour but in those of the day that had just gone by, of which nothing was stored.
	if s := r.Horizons[0].Slots; s.N < 13*96 || s.Mean < 3.5 || s.MAE > 0.6 || s.NaiveN == 0 {
		t.Errorf("%+v", s)
	}
}
