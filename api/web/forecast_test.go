package web

import (
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/forecast"
)

// Without a past the page says what to do; with one it shows the day, the staff and the quiet hours, and so does
// the customers' page, which needs no sign-in.
func TestForecastAndContactPages(t *testing.T) {
	s := newSite(t)
	if body := s.get("/manager/forecast?lang=en"); !strings.Contains(body, "import phone") || strings.Contains(body, "<svg") {
		t.Fatalf("without a past: %s", body)
	}
	now := s.pages.Now()
	var demand dispatch.Demand
	for at := now.Truncate(15*time.Minute).AddDate(0, 0, -28); at.Before(now); at = at.Add(15 * time.Minute) {
		if at.Hour() < 1 || at.Hour() > 13 { // nine to nine in Shanghai
			continue
		}
		demand.Count(at, forecast.Key{Channel: router.ChannelChat, Topic: "withdrawal", Language: "zh"})
	}
	if err := demand.Store(t.Context(), s.desk.Store); err != nil {
		t.Fatal(err)
	}
	if err := s.pages.Live.Fit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.pages.Live.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	body := s.get("/manager/forecast?lang=en")
	if strings.Count(body, "<svg") != 3 || !strings.Contains(body, "3 weeks") || !strings.Contains(body, "Quietest hours") {
		t.Fatalf("%d pictures: %.3000s", strings.Count(body, "<svg"), body)
	}
	if zh := s.get("/manager/forecast?lang=zh&topic=withdrawal&channel=chat"); !strings.Contains(zh, "每刻钟的来访量") {
		t.Fatal("not in Chinese")
	}
	contact := s.get("/contact?lang=zh")
	for _, want := range []string{"联系我们", "最空闲的时段", "绝不会索要密码", "现在没有客服在"} {
		if !strings.Contains(contact, want) {
			t.Errorf("the contact page lacks %q: %s", want, contact)
		}
	}
}
