package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/router/opinion"
	"switchyard/router/store"
	"switchyard/workers"
)

func (s *shell) doctorCommand() *cobra.Command {
	c := &cobra.Command{Use: "doctor", Short: "try store, Redis, every source and the outside endpoints, and say what is wrong and what to do", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		cfg, err := s.loadWhole(nil)
		if err != nil {
			return err
		}
		d := &doctor{shell: s, cfg: cfg}
		ctx, cancel := context.WithTimeout(c.Context(), time.Minute)
		defer cancel()
		d.store(ctx)
		d.redis(ctx)
		d.sources(ctx)
		d.outside(ctx)
		if d.sick {
			return quiet{}
		}
		return nil
	}}
	s.storeFlags(c)
	return c
}

type doctor struct {
	*shell
	cfg  *config.Config
	sick bool
}

// say reports one finding; remedy says what to do where it is bad.
func (d *doctor) say(what string, err error, remedy string) {
	if err == nil {
		fmt.Fprintf(d.out, "ok    %s\n", what)
		return
	}
	d.sick = true
	fmt.Fprintf(d.out, "BAD   %s: %v\n      %s\n", what, err, remedy)
}

func (d *doctor) store(ctx context.Context) {
	what, remedy := "embedded store in "+d.cfg.Data, "is the folder writable, and is there room on the disk?"
	if d.cfg.Mongo.URI != "" {
		what, remedy = "MongoDB", "is mongo.uri right, the server up, and the user allowed to read and write?"
	}
	st, err := app.OpenStore(ctx, d.cfg)
	if err == nil {
		err = st.Ping(ctx)
		d.users(ctx, st)
		d.webhooks(ctx, st)
		if cerr := st.Close(); err == nil {
			err = cerr
		}
	}
	d.say(what, err, remedy)
	_, err = app.OpenSealer(d.cfg)
	d.say("key that seals raw input", err, "set privacy.key to 32 bytes in base64, for example from: openssl rand -base64 32")
}

func (d *doctor) users(ctx context.Context, st store.Store) {
	us, err := store.Users(st).List(ctx, "", "", 1)
	if err == nil && len(us) == 0 {
		fmt.Fprintln(d.out, "note  nobody can sign in yet: start the server and follow the link it prints, or run: switchyard user add NAME --role manager")
	}
}

// webhooks says which webhooks the policy calls in vain.
func (d *doctor) webhooks(ctx context.Context, st store.Store) {
	missing, err := app.MissingWebhooks(ctx, d.cfg, st)
	for _, name := range missing {
		d.say("webhook "+name, errors.New("the policy calls it, and the configuration does not have it"), "add it to webhooks in the configuration's file, or take it out of the policy's escalations")
	}
	if err != nil {
		d.say("webhooks of the policy", err, "does the policy in force compile? see: switchyard config check")
	}
}

func (d *doctor) redis(ctx context.Context) {
	c := d.cfg.Redis
	what := "Redis at " + c.Addr
	if c.Addr == "" && len(c.SentinelAddrs)+len(c.ClusterAddrs) == 0 {
		what = "embedded Redis"
	}
	r, err := workers.OpenRedis(ctx, workers.RedisOptions{Addr: c.Addr, Username: c.Username, Password: c.Password, DB: c.DB, TLS: c.TLS,
		SentinelAddrs: c.SentinelAddrs, SentinelMaster: c.SentinelMaster, SentinelPassword: c.SentinelPassword, ClusterAddrs: c.ClusterAddrs})
	if err == nil {
		r.Close()
	}
	d.say(what, err, "is redis.addr right, the server up, and the password the right one?")
}

// sources tries what can be tried from outside: that hosts answer on their ports and paths can be read.
func (d *doctor) sources(ctx context.Context) {
	for _, s := range d.cfg.Sources {
		err := d.reach(ctx, s)
		d.say(fmt.Sprintf("source %s (%s)", s.Name, s.Kind), err, "check the keys of this source: "+`"switchyard config doc"`+" explains them")
	}
}

func (d *doctor) reach(ctx context.Context, s config.Source) error {
	v := reflect.ValueOf(s.Settings).Elem()
	field := func(name string) string {
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("yaml") == name && v.Field(i).Kind() == reflect.String {
				return v.Field(i).String()
			}
			if v.Type().Field(i).Tag.Get("yaml") == name && v.Field(i).CanInt() {
				return strconv.FormatInt(v.Field(i).Int(), 10)
			}
		}
		return ""
	}
	if host, port := field("host"), field("port"); host != "" {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	if path := field("path"); path != "" {
		found, err := filepath.Glob(path)
		if err != nil || len(found) == 0 {
			return fmt.Errorf("no file matches %s yet", path)
		}
		f, err := os.Open(found[0])
		if err == nil {
			_ = f.Close()
		}
		return err
	}
	return nil
}

// outside asks the configured endpoints something plain, without touching the day's budget.
func (d *doctor) outside(ctx context.Context) {
	quiet := slog.New(slog.DiscardHandler)
	if chat := app.OpenChat(d.cfg, nil, quiet); chat != nil {
		defer chat.Close()
		began := time.Now()
		topic, err := chat.Try(ctx)
		d.endpoint("opinion.chat", d.cfg.Opinion.Chat.Model, err, began)
		if err == nil && topic != "payment" {
			fmt.Fprintf(d.out, "note  asked about a payment that was charged twice, the chat endpoint did not say payment but %q: its opinions may be worth little\n", topic)
		}
	}
	if embeddings := app.OpenEmbeddings(d.cfg, nil, quiet); embeddings != nil {
		defer embeddings.Close()
		began := time.Now()
		v, err := embeddings.Embed(ctx, "My payment was charged twice.")
		d.endpoint("opinion.embeddings", d.cfg.Opinion.Embeddings.Model, err, began)
		if err == nil {
			fmt.Fprintf(d.out, "note  its vectors have %d numbers; they are used once a text model trained with them is in force\n", len(v))
		}
	}
}

func (d *doctor) endpoint(path, model string, err error, began time.Time) {
	what, remedy := fmt.Sprintf("%s (%s)", path, model), ""
	var f *opinion.Failure
	if errors.As(err, &f) {
		err, remedy = f, "keys "+path+".*: "+f.Remedy()
	}
	if err == nil {
		what += fmt.Sprintf(": answered in %s", time.Since(began).Round(time.Millisecond))
	}
	d.say(what, err, remedy)
}
