package api

import (
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/forecast"
)

// The day by quarter-hours, whom it needs, and when it is quiet; without a past it says so.
func TestForecastOfADay(t *testing.T) {
	d := newDesk(t)
	if got := d.Do(call{method: "GET", path: "/v1/admin/forecast", as: "auditor"}).Want(200); got.Get("forecast.basis.none") != true {
		t.Fatalf("%s", got.body)
	}
	var demand dispatch.Demand
	for at := d.clock().AddDate(0, 0, -21).Truncate(time.Hour); at.Before(d.clock()); at = at.Add(20 * time.Minute) {
		demand.Count(at, forecast.Key{Channel: router.ChannelChat, Topic: "withdrawal", Language: "zh"})
	}
	d.must(demand.Store(t.Context(), d.server.Store))
	d.must(d.server.Live.Fit(t.Context()))
	d.must(d.server.Live.Refresh(t.Context()))
	got := d.Do(call{method: "GET", path: "/v1/admin/forecast?channel=chat", as: "manager"}).Want(200)
	if slots, _ := got.Get("forecast.slots").([]any); len(slots) != 96 {
		t.Fatalf("%d slots", len(slots))
	}
	if on, _ := got.Get("on_shift").([]any); len(on) != 96 || got.Get("plan.rows.40.agents").(float64) < 1 || got.Text("quietest.0.why.zh") == "" {
		t.Fatalf("%.600s", got.body)
	}
	d.Do(call{method: "GET", path: "/v1/admin/forecast?day=tomorrow", as: "manager"}).Problem(422, router.CodeInvalidField, "day")
	d.Do(call{method: "GET", path: "/v1/admin/forecast?channel=fax", as: "manager"}).Problem(422, router.CodeInvalidField)
	d.Do(call{method: "GET", path: "/v1/admin/forecast", as: "agent"}).Problem(403, router.CodeForbidden)
}
