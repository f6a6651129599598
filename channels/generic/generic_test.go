package generic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/channels"
	"switchyard/channels/channeltest"
	"switchyard/router"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secret  = "planted-secret-of-16"
	planted = "planted words of a customer"
)

// receiver is a deliver_url.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []Delivery
	bad    []string
	status int
	header http.Header
	hang   bool
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: http.StatusOK}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hang {
		r.mu.Unlock()
		<-req.Context().Done()
		r.mu.Lock()
		return
	}
	var d Delivery
	if err := json.Unmarshal(body, &d); err != nil {
		r.bad = append(r.bad, err.Error())
	}
	if err := verify(req.Header, secret, channeltest.Start, body); err != nil {
		r.bad = append(r.bad, err.Error())
	}
	r.got = append(r.got, d)
	for k, v := range r.header {
		w.Header()[k] = v
	}
	w.WriteHeader(r.status)
}

func (r *receiver) answer(status int, h http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status, r.header = status, h
}

func (r *receiver) keys() (keys []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.got {
		keys = append(keys, string(d.MessageID))
	}
	return keys
}

func call(ctx context.Context, src *channels.Source, body string) (channels.HookAnswer, error) {
	h := http.Header{}
	channels.SignRequest(h, secret, channeltest.Start, []byte(body))
	return src.Hook.ServeHook(ctx, channels.HookRequest{Method: http.MethodPost, Header: h, Body: []byte(body)})
}

func outgoing() channels.Outgoing {
	return channels.Outgoing{MessageID: "mreply", TicketID: "t1", Handle: router.Handle{Channel: router.ChannelSocial, Address: "ann"}, Text: planted, InReplyTo: "e1", ThreadKeys: []string{"old", "new"}}
}

func TestConformance(t *testing.T) {
	channeltest.Run(t, channeltest.Case{Kind: Kind, Secrets: []string{secret, planted}, Setup: func(t *testing.T) channeltest.Outside {
		out := newReceiver(t)
		return channeltest.Outside{
			Config: channels.Config{Name: "g", Kind: "generic", Private: true, Settings: &Settings{Secret: secret, DeliverURL: out.URL}},
			Deliver: func(ctx context.Context, src *channels.Source, n int) error {
				_, err := call(ctx, src, fmt.Sprintf(`{"external_id":"e%d","handle":"ann","text":%q}`, n, planted))
				return err
			},
			Poison:   func(ctx context.Context, src *channels.Source) error { _, err := call(ctx, src, planted); return err },
			SentKeys: out.keys,
			Outgoing: outgoing(),
		}
	}})
}

func newSource(t *testing.T, deliver string) (*channels.Source, *channeltest.Desk) {
	t.Helper()
	deps, desk := channeltest.Deps(t)
	src, err := Kind.Open(channels.Config{Name: "g", Private: true, Settings: &Settings{Secret: secret, DeliverURL: deliver}}, deps)
	if err != nil {
		t.Fatal(err)
	}
	return src, desk
}

// Invariant A.
func TestSignatures(t *testing.T) {
	src, desk := newSource(t, "")
	body := `{"external_id":"e","handle":"a","text":"x"}`
	now := channeltest.Start.Unix()
	for name, c := range map[string]struct {
		stamp, signature string
		code             router.Code
	}{
		"good":           {strconv.FormatInt(now, 10), channels.Sign(secret, now, []byte(body)), ""},
		"capitals":       {strconv.FormatInt(now, 10), "SHA256=" + strings.ToUpper(channels.Sign(secret, now, []byte(body))[7:]), ""},
		"none":           {"", "", router.CodeBadSignature},
		"other secret":   {strconv.FormatInt(now, 10), channels.Sign("another-secret-16", now, []byte(body)), router.CodeBadSignature},
		"other body":     {strconv.FormatInt(now, 10), channels.Sign(secret, now, []byte(body+" ")), router.CodeBadSignature},
		"other time":     {strconv.FormatInt(now+1, 10), channels.Sign(secret, now, []byte(body)), router.CodeBadSignature},
		"no number":      {"today", channels.Sign(secret, now, []byte(body)), router.CodeBadSignature},
		"just in time":   {strconv.FormatInt(now-300, 10), channels.Sign(secret, now-300, []byte(body)), ""},
		"too old":        {strconv.FormatInt(now-301, 10), channels.Sign(secret, now-301, []byte(body)), router.CodeStaleTimestamp},
		"of the future":  {strconv.FormatInt(now+301, 10), channels.Sign(secret, now+301, []byte(body)), router.CodeStaleTimestamp},
		"unsigned stale": {"1", "sha256=00", router.CodeBadSignature},
	} {
		h := http.Header{}
		h.Set(channels.HeaderTimestamp, c.stamp)
		h.Set(channels.HeaderSignature, c.signature)
		before := len(desk.Intake.Attempts())
		_, err := src.Hook.ServeHook(t.Context(), channels.HookRequest{Method: http.MethodPost, Header: h, Body: []byte(body)})
		if router.CodeOf(err) != c.code || (len(desk.Intake.Attempts()) > before) != (c.code == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Invariant B: what is answered, exactly.
func TestAnswers(t *testing.T) {
	id := func(external string) router.MessageID { return router.NewMessageID("g", external) }
	good := `{"external_id":"e1","handle":"ann","text":"hello"}`
	many := "[" + strings.Repeat(good+",", maxElements) + good + "]"
	for _, c := range []struct {
		body    string
		code    router.Code
		field   string
		results []Result
	}{
		{good, "", "", []Result{{ExternalID: "e1", MessageID: id("e1")}}},
		{"[" + good + "]", "", "", []Result{{ExternalID: "e1", MessageID: id("e1")}}},
		{"", router.CodeInvalidJSON, "", nil}, {"{", router.CodeInvalidJSON, "", nil}, {good + good, router.CodeInvalidJSON, "", nil}, {"\xff", router.CodeInvalidJSON, "", nil},
		{"[]", router.CodeInvalidField, "body", nil}, {many, router.CodeInvalidField, "body", nil},
		{`{"handle":"ann","text":"x"}`, router.CodeInvalidField, "external_id", []Result{{Error: &Refusal{router.CodeInvalidField, "external_id", "must be given"}}}},
		{`{"external_id":"e","text":"x"}`, router.CodeInvalidField, "handle", []Result{{ExternalID: "e", Error: &Refusal{router.CodeInvalidField, "handle", "must be given"}}}},
		{`{"external_id":"e","handle":"a","text":" "}`, router.CodeInvalidField, "text", []Result{{ExternalID: "e", Error: &Refusal{router.CodeInvalidField, "text", "must not be empty"}}}},
		{`{"external_id":"e","handle":"a","text":7}`, router.CodeInvalidField, "text", []Result{{ExternalID: "e", Error: &Refusal{router.CodeInvalidField, "text", "has the wrong type: number"}}}},
		{`{"external_id":"e","handle":"a","text":"x","colour":"red"}`, router.CodeInvalidField, "colour", []Result{{ExternalID: "e", Error: &Refusal{router.CodeInvalidField, "colour", "is not a field that exists"}}}},
		{`{"external_id":"e","handle":"a","text":"x","language":"?"}`, router.CodeInvalidField, "language", []Result{{ExternalID: "e", Error: &Refusal{router.CodeInvalidField, "language", "must be a language tag like zh or en-US"}}}},
		{`{"external_id":"e","handle":"a","text":"x","sent_at":"noon"}`, router.CodeInvalidField, "sent_at", []Result{{ExternalID: "e", Error: &Refusal{router.CodeInvalidField, "sent_at", "must be a time like 2026-05-04T10:00:00Z"}}}},
		{`{"external_id":"e","handle":"a","text":"x","sent_at":5}`, router.CodeInvalidField, "sent_at", []Result{{ExternalID: "e", Error: &Refusal{router.CodeInvalidField, "sent_at", "must be a time like 2026-05-04T10:00:00Z"}}}},
		{`7`, router.CodeInvalidField, "body", []Result{{Error: &Refusal{router.CodeInvalidField, "body", "has the wrong type: number"}}}},
		{`[` + good + `,{"external_id":"bad","handle":"a"},{"external_id":"e2","handle":"ann","text":"x"}]`, "", "", []Result{{ExternalID: "e1", MessageID: id("e1")},
			{ExternalID: "bad", Error: &Refusal{router.CodeInvalidField, "text", "must not be empty"}}, {ExternalID: "e2", MessageID: id("e2")}}},
	} {
		src, _ := newSource(t, "")
		a, err := call(t.Context(), src, c.body)
		var own *router.Error
		errors.As(err, &own)
		if router.CodeOf(err) != c.code || own != nil && own.Field != c.field {
			t.Errorf("%.80s: %v", c.body, err)
		}
		var results []Result
		if err == nil {
			var body struct{ Results []Result }
			if e := json.Unmarshal(a.Body, &body); e != nil || a.Status != http.StatusAccepted {
				t.Errorf("%.80s: %d %s", c.body, a.Status, a.Body)
			}
			results = body.Results
		} else if a.Results != nil {
			results = a.Results.([]Result)
		}
		if !reflect.DeepEqual(results, c.results) {
			t.Errorf("%.80s: %+v", c.body, results)
		}
	}
}

func TestPassingFailuresNameWhatFailed(t *testing.T) {
	src, desk := newSource(t, "")
	two := `[{"external_id":"e1","handle":"a","text":"x"},{"external_id":"e2","handle":"a","text":"y"}]`
	desk.Intake.FailNext(1)
	a, err := call(t.Context(), src, two)
	results, _ := a.Results.([]Result)
	if !router.IsCode(err, router.CodeUnavailable) || len(results) != 2 || results[0].Error.Code != router.CodeUnavailable || results[1].MessageID == "" {
		t.Fatalf("%v %+v", err, results)
	}
	if _, err = call(t.Context(), src, two); err != nil || len(desk.Intake.Accepted()) != 2 {
		t.Errorf("sent again: %v", err)
	}
	if _, err := src.Hook.ServeHook(t.Context(), channels.HookRequest{Method: http.MethodGet}); !router.IsCode(err, router.CodeNotFound) {
		t.Error(err)
	}
}

func TestFieldsArrive(t *testing.T) {
	src, desk := newSource(t, "")
	if _, err := call(t.Context(), src, `{"external_id":"e","handle":" ann ","text":"你好","name":"Ann","sent_at":"2026-03-02T09:00:00+08:00","thread_key":"k","language":"zh-CN"}`); err != nil {
		t.Fatal(err)
	}
	in := desk.Intake.Accepted()[0]
	if in.Handle != (router.Handle{Channel: router.ChannelSocial, Address: "ann"}) || in.Name != "Ann" || in.Language != router.LanguageZH || in.ThreadKeys[0] != "k" || in.SentAt.UTC().Hour() != 1 || len(in.Raw) == 0 {
		t.Errorf("%+v", in)
	}
}

// Invariant C.
func TestDeliveries(t *testing.T) {
	out := newReceiver(t)
	src, _ := newSource(t, out.URL+"/in?key=planted")
	if _, err := src.Sender.Send(t.Context(), outgoing()); err != nil {
		t.Fatal(err)
	}
	if want := (Delivery{"mreply", "t1", "ann", planted, "new", "e1", false}); len(out.got) != 1 || out.got[0] != want || len(out.bad) != 0 {
		t.Fatalf("%+v %v", out.got, out.bad)
	}
	auto := outgoing()
	auto.Automatic = true
	if _, err := src.Sender.Send(t.Context(), auto); err != nil || !out.got[1].Automatic {
		t.Fatalf("%+v %v", out.got, err)
	}
	moment := channeltest.Start.Add(90 * time.Second).Format(http.TimeFormat)
	for _, c := range []struct {
		status int
		after  string
		code   router.Code
		pause  time.Duration
	}{{204, "", "", 0}, {429, "7", router.CodeRateLimited, 7 * time.Second}, {429, moment, router.CodeRateLimited, 90 * time.Second}, {429, "", router.CodeRateLimited, 0}, {500, "", router.CodeUnavailable, 0},
		{503, "", router.CodeUnavailable, 0}, {400, "", router.CodeCannotReply, 0}, {410, "", router.CodeCannotReply, 0}, {302, "", router.CodeCannotReply, 0}} {
		out.answer(c.status, http.Header{"Retry-After": {c.after}, "Location": {out.URL + "/elsewhere"}})
		before := len(out.keys())
		_, err := src.Sender.Send(t.Context(), outgoing())
		var after *channels.RetryAfter
		if router.CodeOf(err) != c.code || errors.As(err, &after) != (c.code == router.CodeRateLimited) || after != nil && after.After != c.pause {
			t.Errorf("%d: %v", c.status, err)
		}
		if n := len(out.keys()) - before; n != 1 {
			t.Errorf("%d: asked %d times", c.status, n)
		}
	}
	out.mu.Lock()
	out.hang = true
	out.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := src.Sender.Send(ctx, outgoing()); !router.IsCode(err, router.CodeUnavailable) || strings.Contains(err.Error(), "planted") {
		t.Error("a time-out:", err)
	}
	if len(out.bad) != 0 {
		t.Error(out.bad)
	}
}

func TestSettings(t *testing.T) {
	deps, _ := channeltest.Deps(t)
	for field, s := range map[string]Settings{"secret": {Channel: "social"}, "channel": {Secret: secret, Channel: "fax"}, "deliver_url": {Secret: secret, DeliverURL: "ftp://x"}} {
		_, err := Kind.Open(channels.Config{Name: "g", Private: true, Settings: &s}, deps)
		if e, ok := err.(*router.Error); !ok || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	src, err := Kind.Open(channels.Config{Name: "g", Private: true, Settings: &Settings{Secret: secret, Channel: "phone"}}, deps)
	if err != nil || src.Channel != router.ChannelPhone || src.Sender != nil {
		t.Error(src, err)
	}
}

func FuzzGeneric(f *testing.F) {
	for _, s := range []string{`{"external_id":"e","handle":"a","text":"x","language":"zh"}`, `[{"text":1},null,[]]`, `{"sent_at":"2026-05-04T10:00:00Z"}`, "\xff", `[[[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		raws, err := split(b)
		if err != nil {
			return
		}
		h := &hook{name: "g", channel: router.ChannelSocial}
		for _, raw := range raws {
			in, err := h.normalize(raw)
			if err == nil && (strings.TrimSpace(in.Text) == "" || in.ExternalID == "" || in.Handle.Address == "") {
				t.Errorf("taken: %+v", in)
			}
			if err != nil && router.CodeOf(err) == router.CodeInternal {
				t.Error(err)
			}
		}
	})
}
