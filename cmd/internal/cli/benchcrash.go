package cli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/router"
	"switchyard/router/store"
	"switchyard/workers"
)

type crashFlags struct {
	messages int
	kills    int
	redis    string
	empty    bool
	seed     uint64
}

func (s *shell) crashCommand() *cobra.Command {
	var f crashFlags
	c := &cobra.Command{Use: "crash", Short: "kill -9 a server with messages in flight, start it again, and count", Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return s.crash(c.Context(), f) }}
	c.Flags().IntVar(&f.messages, "messages", 5000, "messages in flight")
	c.Flags().IntVar(&f.kills, "kills", 3, "how often the server is killed")
	c.Flags().StringVar(&f.redis, "redis", "", "address of a real Redis; without it the embedded one")
	c.Flags().BoolVar(&f.empty, "empty-redis", false, "empty the real Redis at every kill as well")
	c.Flags().Uint64Var(&f.seed, "seed", 1, "seed of the moments of the kills")
	return c
}

// crashed is a server process that is killed and started again.
type crashed struct {
	*shell
	crashFlags
	dir, file, listen string
	process           *exec.Cmd
	acknowledged      atomic.Int64
}

func (s *shell) crash(ctx context.Context, f crashFlags) error {
	dir, err := os.MkdirTemp("", "switchyard-crash")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c := &crashed{shell: s, crashFlags: f, dir: filepath.Join(dir, "data"), file: filepath.Join(dir, "config.yaml")}
	if c.listen, err = freeAddress(); err != nil {
		return err
	}
	doc := fmt.Sprintf("log: {level: warn}\nsources:\n  - {name: %s, kind: generic, secret: %s}\n", benchName, benchSecret)
	if f.redis != "" {
		doc += "redis: {addr: \"" + f.redis + "\"}\n"
	}
	if err := os.WriteFile(c.file, []byte(doc), 0o600); err != nil {
		return err
	}
	if err := c.startServer(ctx); err != nil {
		return err
	}
	defer c.kill()
	g, run := errgroup.WithContext(ctx)
	g.Go(func() error { return c.post(run) })
	g.Go(func() error { return c.killing(run) })
	if err := g.Wait(); err != nil {
		return err
	}
	return c.verify(ctx)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (c *crashed) startServer(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c.process = exec.CommandContext(context.WithoutCancel(ctx), self, "serve", "--config", c.file, "--data", c.dir, "--listen", c.listen)
	c.process.Stderr = c.err
	if err := c.process.Start(); err != nil {
		return err
	}
	for range 500 {
		conn, err := net.DialTimeout("tcp", c.listen, time.Second)
		if err == nil {
			return conn.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("the server did not start within ten seconds")
}

func (c *crashed) kill() {
	if c.process != nil && c.process.Process != nil {
		_ = c.process.Process.Kill() // SIGKILL
		_ = c.process.Wait()
	}
}

// post sends every message until it is acknowledged, as a provider does.
func (c *crashed) post(ctx context.Context) error {
	p := newPoster("http://"+c.listen, 16)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range c.messages {
		g.Go(func() error {
			for p.post(ctx, i) != nil {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(50 * time.Millisecond):
				}
			}
			c.acknowledged.Add(1)
			return nil
		})
	}
	return g.Wait()
}

// killing kills the server at random moments of the flight.
func (c *crashed) killing(ctx context.Context) error {
	r := rand.New(rand.NewPCG(c.seed, 0))
	for k := range c.kills {
		at := int64(c.messages) * int64(k) / int64(c.kills)
		at += r.Int64N(int64(c.messages)/int64(c.kills)*9/10 + 1)
		for c.acknowledged.Load() < at {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Millisecond):
			}
		}
		c.kill()
		fmt.Fprintf(c.err, "killed with %d of %d messages acknowledged\n", c.acknowledged.Load(), c.messages)
		if err := c.emptyRedis(ctx); err != nil {
			return err
		}
		if err := c.startServer(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (c *crashed) emptyRedis(ctx context.Context) error {
	if c.redis == "" || !c.empty {
		return nil
	}
	r, err := workers.OpenRedis(ctx, workers.RedisOptions{Addr: c.redis})
	if err != nil {
		return err
	}
	defer r.Close()
	return r.Client.FlushAll(ctx).Err()
}

// verify counts what stands in the store beside the running server: every message once, each in a queue.
func (c *crashed) verify(ctx context.Context) error {
	st, err := app.OpenStore(ctx, &config.Config{Data: c.dir})
	if err != nil {
		return err
	}
	defer st.Close()
	deadline := time.Now().Add(time.Minute)
	for {
		missing, tickets, err := c.count(ctx, st)
		if err != nil {
			return err
		}
		if missing == 0 && tickets == c.messages {
			fmt.Fprintf(c.out, "%d messages acknowledged, %d killings, %d messages and %d tickets in their queues, each exactly once\n", c.acknowledged.Load(), c.kills, c.messages, tickets)
			return nil
		}
		if time.Now().After(deadline) || tickets > c.messages {
			return fmt.Errorf("%d messages are not in a queue, %d tickets wait for %d messages", missing, tickets, c.messages)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (c *crashed) count(ctx context.Context, st store.Store) (missing, tickets int, err error) {
	seen := map[router.TicketID]bool{}
	for from := 0; from < c.messages; from += store.MaxLimit {
		var ids []router.MessageID
		for i := from; i < min(from+store.MaxLimit, c.messages); i++ {
			ids = append(ids, benchMessageID(i))
		}
		ms, err := st.MessagesByID(ctx, ids)
		if err != nil {
			return 0, 0, err
		}
		missing += len(ids) - len(ms)
		for _, m := range ms {
			if m.Stage != router.StageTriaged || seen[m.TicketID] {
				missing++
			}
			seen[m.TicketID] = true
		}
	}
	states, err := st.CountStates(ctx)
	return missing, states[router.StateWaiting], err
}
