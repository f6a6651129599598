package api

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestStream(t *testing.T) {
	d := newDesk(t)
	srv := httptest.NewServer(d.server.Handler())
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", srv.URL+"/v1/stream", nil)
	d.must(err)
	req.Header.Set("Authorization", "Bearer "+d.tokens["agent"])
	client := srv.Client()
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	d.must(err)
	defer res.Body.Close()
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	lines := bufio.NewScanner(res.Body)
	event := func(name string) string {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == "event: "+name && lines.Scan() {
				return lines.Text()
			}
		}
		t.Fatalf("no event %s: %v", name, lines.Err())
		return ""
	}
	if first := event("queues"); !strings.Contains(first, `"payments":{"waiting":0`) {
		t.Fatal(first)
	}
	d.Receive("v1", "charged twice, refund")
	if e := event("ticket"); !strings.Contains(e, `"state":"waiting","queue":"payments"`) || strings.Contains(e, "refund") {
		t.Fatal(e)
	}
	d.Advance(time.Second)
	if e := event("queues"); !strings.Contains(e, `"payments":{"waiting":1`) {
		t.Fatal(e)
	}
	d.server.Close() // ends the stream, so that a shutdown does not wait for it
	for lines.Scan() {
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	d.server.Close()
}
