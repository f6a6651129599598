package email

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/channels"
	"switchyard/channels/channeltest"
	"switchyard/channels/email/emailtest"
	"switchyard/router"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	password = "hunter2-planted"
	planted  = "planted words of a customer"
)

func start(t testing.TB, o emailtest.Options) *emailtest.Server {
	t.Helper()
	o.Username, o.Password = "desk@desk.example", password
	s, err := emailtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func config(t testing.TB, s *emailtest.Server, mode string) channels.Config {
	t.Helper()
	set := &Settings{TLS: mode, Username: "desk@desk.example", Password: password, Poll: time.Minute,
		From: "Desk <support@desk.example>", SMTP: SMTPSettings{TLS: mode, Username: "desk@desk.example", Password: password}}
	set.Host, set.Port = s.IMAP()
	set.SMTP.Host, set.SMTP.Port = s.SMTP()
	if mode != "none" {
		set.CAFile = filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(set.CAFile, s.CA(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return channels.Config{Name: "mailbox", Kind: "imap", Settings: set, Private: true, Backlog: channels.Backlog{All: true}}
}

func message(n int) []byte {
	return fmt.Appendf(nil, "From: Ann %d <ann%d@customer.example>\r\nTo: support@desk.example\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000\r\n"+
		"Message-ID: <mail%d@customer.example>\r\nSubject: refund %d\r\n\r\n%s %d\r\n", n, n, n, n, planted, n)
}

// bed is an opened source with its fake desk.
type bed struct {
	*testing.T
	desk *channeltest.Desk
	cfg  channels.Config
	src  *channels.Source
	ctx  context.Context
}

func newBed(t *testing.T, cfg channels.Config) *bed {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	b := &bed{T: t, desk: channeltest.NewDesk(t), cfg: cfg, ctx: ctx}
	b.reopen()
	return b
}

func (b *bed) reopen() {
	b.Helper()
	src, err := Kind.Open(b.cfg, b.desk.Deps())
	if err != nil {
		b.Fatal(err)
	}
	b.src = src
}

// run starts the adapter; the answer ends it.
func (b *bed) run() (stop func()) {
	ctx, cancel := context.WithCancel(b.ctx)
	done := make(chan struct{})
	adapter := b.src.Adapter
	go func() {
		defer close(done)
		if err := adapter.Run(ctx); err != nil {
			b.Errorf("run: %v", err)
		}
	}()
	stop = func() { cancel(); <-done }
	b.Cleanup(stop)
	return stop
}

// expect waits until exactly these subjects are stored, in any order.
func (b *bed) expect(n int) []router.Inbound {
	b.Helper()
	ins := b.desk.Intake.WaitAccepted(b.ctx, n)
	if len(ins) != n {
		b.Fatalf("%d mails stored, want %d\n%s", len(ins), n, b.desk.Logs)
	}
	return ins
}

func (b *bed) put(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// healthy waits until the last health report says this.
func (b *bed) healthy(want channels.HealthState) channels.Health {
	b.Helper()
	for b.ctx.Err() == nil {
		if hs := b.desk.Health(); len(hs) > 0 && hs[len(hs)-1].State == want {
			return hs[len(hs)-1]
		}
		time.Sleep(2 * time.Millisecond)
	}
	b.Fatalf("never %s: %+v\n%s", want, b.desk.Health(), b.desk.Logs)
	return channels.Health{}
}

func TestConformance(t *testing.T) {
	for _, mode := range []string{"none", "starttls", "tls"} {
		t.Run(mode, func(t *testing.T) {
			channeltest.Run(t, channeltest.Case{
				Kind: Kind, Poisoned: 1,
				Secrets: []string{password, planted, "ann1@customer.example", "desk@desk.example"},
				Setup:   func(t *testing.T) channeltest.Outside { return outside(t, mode) },
			})
		})
	}
}

func outside(t *testing.T, mode string) channeltest.Outside {
	s := start(t, emailtest.Options{TLS: mode})
	return channeltest.Outside{
		Config:  config(t, s, mode),
		Deliver: func(_ context.Context, _ *channels.Source, n int) error { return s.Deliver(message(n)) },
		Poison: func(context.Context, *channels.Source) error {
			return s.Deliver([]byte("Subject: " + planted + "\r\nContent-Type: multipart/mixed\r\n\r\nfrom nobody\r\n"))
		},
		Break: func(context.Context, *channels.Source) { s.RefuseLogins(1); s.DropFetches(1) },
		SentKeys: func() []string {
			var keys []string
			for _, m := range s.Sent() {
				keys = append(keys, header(t, m.Raw, "Message-Id"))
			}
			return keys
		},
		Outgoing: channels.Outgoing{MessageID: "maaaaaaaaaaaaaaaaaaaaaaaaaa", TicketID: "tbbbbbbbbbbbbbbbbbbbbbbbbbb",
			Handle: router.Handle{Channel: router.ChannelEmail, Address: "ann1@customer.example"}, Text: planted},
	}
}
