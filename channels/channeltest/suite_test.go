package channeltest

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"switchyard/channels"
	"switchyard/router"
	"switchyard/router/store"
)

// box is a peer that an adapter polls.
type box struct {
	mu    sync.Mutex
	lines []string
}

func (b *box) put(s string) { b.mu.Lock(); b.lines = append(b.lines, s); b.mu.Unlock() }
func (b *box) from(n int) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.lines[min(n, len(b.lines)):]...)
}

type poller struct {
	box  *box
	name router.SourceName
	deps channels.Deps
}

func inbound(name router.SourceName, s string) router.Inbound {
	in := router.Inbound{Source: name, Channel: router.ChannelSocial, Kind: router.KindMessage, ExternalID: s,
		Handle: router.Handle{Channel: router.ChannelSocial, Address: "h" + s}, Text: s, SentAt: Start, Raw: []byte(s)}
	if s == "poison" {
		in.Failure = "unreadable"
	}
	return in
}

func (p poller) Run(ctx context.Context) error {
	at := 0
	if _, err := p.deps.Cursors.LoadCursor(ctx, p.name, "at", &at); err != nil {
		return err
	}
	for {
		for _, s := range p.box.from(at) {
			a := p.deps.Intake.Accept(ctx, []router.Inbound{inbound(p.name, s)})[0]
			if router.IsCode(a.Err, router.CodeUnavailable) {
				break
			}
			at++
			if err := p.deps.Cursors.SaveCursor(ctx, p.name, "at", at); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(2 * time.Millisecond):
		}
	}
}

type hook struct {
	name router.SourceName
	deps channels.Deps
}

func (h hook) ServeHook(ctx context.Context, r channels.HookRequest) (channels.HookAnswer, error) {
	if string(r.Body) == "poison" {
		return channels.HookAnswer{}, router.Fail("hook", router.CodeInvalidJSON, "not JSON")
	}
	a := h.deps.Intake.Accept(ctx, []router.Inbound{inbound(h.name, string(r.Body))})[0]
	if router.IsCode(a.Err, router.CodeUnavailable) {
		return channels.HookAnswer{}, a.Err
	}
	return channels.HookAnswer{Status: 200}, nil
}

func TestSuiteWithAdapter(t *testing.T) {
	var b *box
	Run(t, Case{
		Kind: channels.Kind{Name: "box", Open: func(c channels.Config, d channels.Deps) (*channels.Source, error) {
			return &channels.Source{Name: c.Name, Adapter: poller{b, c.Name, d}}, nil
		}},
		Poisoned: 1,
		Secrets:  []string{"hunter2"},
		Setup: func(t *testing.T) Outside {
			b = &box{}
			return Outside{
				Config: channels.Config{Name: "box"},
				Deliver: func(_ context.Context, _ *channels.Source, n int) error {
					b.put(strconv.Itoa(n))
					return nil
				},
				Poison: func(context.Context, *channels.Source) error { b.put("poison"); return nil },
			}
		},
	})
}

func TestSuiteWithHook(t *testing.T) {
	call := func(ctx context.Context, src *channels.Source, body string) error {
		_, err := src.Hook.ServeHook(ctx, channels.HookRequest{Body: []byte(body)})
		return err
	}
	Run(t, Case{
		Kind: channels.Kind{Name: "hook", Open: func(c channels.Config, d channels.Deps) (*channels.Source, error) {
			return &channels.Source{Name: c.Name, Hook: hook{c.Name, d}}, nil
		}},
		Setup: func(t *testing.T) Outside {
			return Outside{
				Config: channels.Config{Name: "hook"},
				Deliver: func(ctx context.Context, src *channels.Source, n int) error {
					return call(ctx, src, strconv.Itoa(n))
				},
				Poison: func(ctx context.Context, src *channels.Source) error { return call(ctx, src, "poison") },
			}
		},
	})
}

func TestFakes(t *testing.T) {
	ctx := context.Background()
	deps, desk := Deps(t)
	if err := deps.Cursors.SaveCursor(ctx, "s", "a", 7); err != nil {
		t.Fatal(err)
	}
	got := 0
	if found, err := deps.Cursors.LoadCursor(ctx, "s", "a", &got); !found || err != nil || got != 7 {
		t.Fatalf("cursor: %v %v %d", found, err, got)
	}
	news, stop := deps.Bus.Subscribe(ctx, "t")
	_ = deps.Bus.Publish(ctx, "t", []byte("x"))
	if string(<-news) != "x" {
		t.Fatal("no news")
	}
	stop()
	stop()
	desk.Intake.FailNext(1)
	desk.Intake.RefuseNext(1)
	in := inbound("s", "1")
	answers := deps.Intake.Accept(ctx, []router.Inbound{in, in, in, in})
	codes := []router.Code{router.CodeUnavailable, router.CodeInvalidField, "", ""}
	for i, a := range answers {
		if router.CodeOf(a.Err) != codes[i] {
			t.Errorf("answer %d: %v", i, a.Err)
		}
	}
	if !answers[3].Duplicate || answers[3].MessageID != answers[2].MessageID {
		t.Error("a duplicate is not told")
	}
	if seq, _ := deps.Streams.Append(ctx, "x", store.Entry{ID: "a"}); seq != 1 {
		t.Error("stream does not start at 1")
	}
	if seq, _ := deps.Streams.Append(ctx, "x", store.Entry{ID: "a"}); seq != 1 {
		t.Error("an entry that is appended twice has two numbers")
	}
}
