package demo

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/cmd/internal/telemetry"
	"switchyard/router"
	"switchyard/router/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Invariant A.
func TestTheSeedDecidesWhatCustomersDo(t *testing.T) {
	write := func(seed uint64) (out []act) {
		s := newScript(seed)
		for range 200 {
			out = append(out, s.next())
		}
		return out
	}
	if !reflect.DeepEqual(write(7), write(7)) {
		t.Error("the same seed gave other customers")
	}
	if reflect.DeepEqual(write(7), write(8)) {
		t.Error("another seed gave the same customers")
	}
	told, silent := 0, 0
	for _, a := range write(1) {
		if a.text.facts == "" {
			continue
		}
		text, id, more, waits := a.reacts(true)
		again, _, _, _ := a.reacts(true)
		if _, other, _, _ := a.reacts(false); text != again || id == other || !waits {
			t.Errorf("%+v answers %q and %q under %s", a, text, again, id)
		}
		if more {
			told++
		} else {
			silent++
		}
	}
	if told < 30 || silent < 10 {
		t.Errorf("%d answer the automatic question, %d do not", told, silent)
	}
	channels, languages := map[router.Channel]int{}, map[router.Language]int{}
	for _, a := range write(1) {
		channels[a.channel]++
		languages[a.language]++
		if a.after < 0 || a.after > 4*customerEvery || a.text.body == "" {
			t.Errorf("%+v", a)
		}
	}
	if len(channels) != 4 || languages[router.LanguageZH] < 60 || languages[router.LanguageEN] < 60 {
		t.Errorf("%v %v", channels, languages)
	}
}

// safe is a buffer that one writes and another reads.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) { s.mu.Lock(); defer s.mu.Unlock(); return s.b.Write(p) }
func (s *safe) String() string              { s.mu.Lock(); defer s.mu.Unlock(); return s.b.String() }

// The whole demo: customers of all four channels in both languages stand in queues, answers go out, and it ends cleanly.
func TestDemoRunsTheWholeDesk(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	data := t.TempDir()
	cfg, err := config.Load("", config.Lookup{ReadFile: os.ReadFile, Kinds: app.Kinds(), Flags: map[string]string{"data": data, "listen": addr}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	out, errs := &safe{}, &safe{}
	done := make(chan error, 1)
	began := time.Now()
	go func() {
		done <- Run(ctx, Options{Seed: 1, Speed: 20, Config: cfg, Out: out, Log: telemetry.Logger(errs, "warn", "text")})
	}()
	st, err := app.OpenStore(ctx, cfg) // beside the running demo
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for deadline := began.Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		tickets, _, err := st.ListTickets(ctx, store.TicketFilter{Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range tickets {
			seen[string(x.Channel)] = true
			if x.Channel != router.ChannelPhone {
				seen[string(x.Language)] = true
			}
			if len(x.Asked) > 0 && x.MessageCount > 1 {
				seen["told what was missing"] = true
			}
			if x.State == router.StatePendingCustomer || x.State == router.StateResolved {
				seen["answered"] = true
			}
		}
		if seen["phone"] && seen["email"] && seen["chat"] && seen["social"] && seen["zh"] && seen["en"] && seen["answered"] && seen["told what was missing"] {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v only %v\n%s", time.Since(began), seen, errs)
		}
	}
	for _, page := range []string{"agent's page", "manager's page", "customer's chat"} {
		if !strings.Contains(out.String(), page) {
			t.Errorf("%s is not printed: %s", page, out)
		}
	}
	checkPast(t, st, began)
	if err := st.Close(); err != nil {
		t.Error(err)
	}
	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(15 * time.Second):
		t.Fatal("the demo did not end")
	}
	if lines := regexp.MustCompile(`(?m)^.*could not get through.*$`).FindAllString(errs.String(), -1); len(lines) > 0 {
		t.Errorf("customers could not get through: %v", lines)
	}
	if _, err := os.Stat(filepath.Join(data, "switchyard.db")); err != nil {
		t.Error(err)
	}
}
