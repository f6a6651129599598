package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"switchyard/api/auth"
	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/cmd/internal/telemetry"
	"switchyard/router"
)

// Options are what a demo is started with.
type Options struct {
	Seed  uint64
	Speed float64
	// Config has the data folder and the address; its sources are replaced by the demo's.
	Config *config.Config
	Out    io.Writer
	Log    *slog.Logger
}

// demo is a running demo.
type demo struct {
	Options
	app      *app.App
	mailbox  *mailbox
	outside  *outside
	pbx      *pbx
	stopping sync.WaitGroup
}

// Run runs the demo until the context ends.
func Run(ctx context.Context, o Options) error {
	d := &demo{Options: o}
	if err := d.open(ctx); err != nil {
		d.close()
		return err
	}
	err := d.start(ctx)
	if err == nil {
		<-ctx.Done()
		fmt.Fprintln(d.Out, "stopping")
	}
	d.close()
	return err
}

// open starts the outside, and then the desk with sources that lead there.
func (d *demo) open(ctx context.Context) error {
	var err error
	if d.mailbox, err = openMailbox(d.Speed); err != nil {
		return err
	}
	if d.outside, err = openOutside(d.Speed); err != nil {
		return err
	}
	d.pbx = &pbx{path: filepath.Join(d.Config.Data, "cdr", "Master.csv")}
	if err := d.pbx.prepare(); err != nil {
		return err
	}
	if d.Config.Sources, err = d.sources(); err != nil {
		return err
	}
	roles, err := app.ParseRoles("")
	if err != nil {
		return err
	}
	d.app, err = app.Start(ctx, app.Options{Config: d.Config, Roles: roles, Log: d.Log, Registry: telemetry.Registry()})
	return err
}

// sources are the desk's sources, configured as a person would in a file.
func (d *demo) sources() ([]config.Source, error) {
	imapHost, imapPort := d.mailbox.server.IMAP()
	smtpHost, smtpPort := d.mailbox.server.SMTP()
	origin := "http://" + d.Config.Listen
	var out []config.Source
	for _, keys := range []map[string]any{
		{"name": "support", "kind": "imap", "host": imapHost, "port": imapPort, "tls": "none", "username": "desk", "password": "secret", "from": "Wallet Support <" + deskAddress + ">",
			"smtp": map[string]any{"host": smtpHost, "port": smtpPort, "tls": "none", "username": "desk", "password": "secret"}},
		{"name": chatName, "kind": "chat", "origins": []any{origin}},
		{"name": genericName, "kind": "generic", "secret": genericSecret, "deliver_url": d.outside.url + "/community"},
		{"name": telegramName, "kind": "telegram", "token": telegramToken, "secret_token": telegramSecret, "api_url": d.outside.url},
		{"name": "pbx", "kind": "asterisk_cdr", "path": d.pbx.path, "timezone": "UTC", "region": "CN", "settle": "2s"},
	} {
		s, ps := config.ParseSource(fmt.Sprint(keys["name"]), keys, app.Kinds())
		if len(ps) > 0 {
			return nil, ps
		}
		out = append(out, s)
	}
	return out, nil
}

// start makes the people of the desk, prints where to look, and lets customers and agents loose.
func (d *demo) start(ctx context.Context) error {
	d.outside.connect(d.app.URL())
	tokens, err := d.people(ctx)
	if err != nil {
		return err
	}
	if err := d.print(ctx); err != nil {
		return err
	}
	d.stopping.Add(1)
	go func() {
		defer d.stopping.Done()
		if err := d.past(ctx); err != nil && ctx.Err() == nil {
			d.Log.Warn("the made-up past could not be written", "error", err)
		}
	}()
	crowd := &customers{script: newScript(d.Seed), speed: d.Speed, log: d.Log, doors: map[router.Channel]door{
		router.ChannelEmail: d.mailbox, router.ChannelChat: &visitors{base: d.app.URL(), speed: d.Speed},
		router.ChannelSocial: d.outside, router.ChannelPhone: d.pbx}}
	d.stopping.Add(1)
	go func() { defer d.stopping.Done(); crowd.run(ctx) }()
	for i, token := range tokens {
		for hand := range hands {
			a := &agent{base: d.app.URL(), token: token, speed: d.Speed, r: rand.New(rand.NewPCG(d.Seed, uint64(i*hands+hand))), log: d.Log}
			d.stopping.Add(1)
			go func() { defer d.stopping.Done(); a.run(ctx) }()
		}
	}
	return nil
}

// people are you as agent and as manager, and synthetic agents who leave some queues to you: two who work at any
// hour, one by day and one by night.
func (d *demo) people(ctx context.Context) ([]string, error) {
	var tokens []string
	for _, u := range []router.User{
		{ID: "you", Role: router.RoleAgent}, {ID: "boss", Role: router.RoleManager},
		{ID: "lin", Role: router.RoleAgent, Languages: []router.Language{router.LanguageZH}, Queues: []router.QueueName{"payments", "security", "night"}, Weights: map[router.QueueName]float64{"security": 2}},
		{ID: "maya", Role: router.RoleAgent, Languages: []router.Language{router.LanguageEN}, Queues: []router.QueueName{"payments", "general", "night"}},
		{ID: "tomas", Role: router.RoleAgent, Queues: []router.QueueName{"withdrawals", "review"}, Skills: map[router.Skill]int{"bank": 2}, Shift: "day"},
		{ID: "noor", Role: router.RoleAgent, Queues: []router.QueueName{"security", "night"}, Weights: map[router.QueueName]float64{"night": 2}, Shift: "night"},
	} {
		if _, err := d.app.Auth.AddUser(ctx, u); err != nil && !router.IsCode(err, router.CodeInvalidField) {
			return nil, err // a name that is taken: the data folder has run a demo before
		}
		if u.ID == "you" || u.ID == "boss" {
			continue
		}
		token, err := d.app.Auth.NewToken(ctx, u.ID)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	return tokens, nil
}

// print says where to look. Agent and manager are given different host names of this machine, so
// that one browser can be signed in as both.
func (d *demo) print(ctx context.Context) error {
	agent, err := d.app.Auth.NewLink(ctx, auth.PurposeSignIn, "you", auth.LinkTime)
	if err != nil {
		return err
	}
	manager, err := d.app.Auth.NewLink(ctx, auth.PurposeSignIn, "boss", auth.LinkTime)
	if err != nil {
		return err
	}
	other := strings.Replace(d.app.URL(), "127.0.0.1", "localhost", 1)
	fmt.Fprintf(d.Out, `Switchyard demo: a wallet desk with synthetic customers (seed %d, speed %g)

  agent's page     %s/link#%s
  manager's page   %s/link#%s
  customer's chat  %s/chat/%s
  contact page     %s/contact

The links sign in with one click, once. Eight weeks of past are made up, for forecast and replay. Press Ctrl-C to end.
`, d.Seed, d.Speed, d.app.URL(), agent, other, manager, d.app.URL(), chatName, d.app.URL())
	return nil
}

func (d *demo) close() {
	d.stopping.Wait()
	if d.app != nil {
		d.app.Stop(context.Background())
	}
	if d.mailbox != nil && d.mailbox.server != nil {
		d.mailbox.server.Close()
	}
	if d.outside != nil {
		d.outside.close()
	}
	http.DefaultClient.CloseIdleConnections()
}

// outside is the rest of the world on a port of this machine: the networks' APIs that replies go to.
type outside struct {
	community *community
	telegram  *telegram
	server    *http.Server
	url       string
	done      chan struct{}
}

func openOutside(speed float64) (*outside, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	o := &outside{url: "http://" + l.Addr().String(), done: make(chan struct{}), community: &community{speed: speed, acts: map[string]act{}}, telegram: newTelegram(speed)}
	mux := http.NewServeMux()
	mux.Handle("/community", o.community)
	mux.Handle("/", o.telegram.api)
	o.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		defer close(o.done)
		if err := o.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			slog.Warn("the demo's outside ended", "error", err)
		}
	}()
	return o, nil
}

// connect tells the networks where the desk is.
func (o *outside) connect(desk string) { o.community.base, o.telegram.base = desk, desk }

func (o *outside) do(ctx context.Context, a act) error {
	if a.network == "telegram" {
		return o.telegram.do(ctx, a)
	}
	return o.community.do(ctx, a)
}

func (o *outside) close() {
	_ = o.server.Close()
	<-o.done
}
