package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/cmd/internal/telemetry"
)

type benchFlags struct {
	messages int
	rate     float64
	clients  int
	waiting  int
	agents   int
	pulls    int
	again    int
	asJSON   bool
}

func (s *shell) benchCommand() *cobra.Command {
	var f benchFlags
	c := &cobra.Command{Use: "bench", Short: "measure this machine: intake, pull or redecide; and the text model", Args: args(cobra.NoArgs), RunE: func(*cobra.Command, []string) error { return usage{errors.New("give intake, pull, redecide or text")} }}
	in := &cobra.Command{Use: "intake", Short: "messages per second from POST to waiting in a queue, generator included", Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return s.bench(c.Context(), f, benchIntake) }}
	in.Flags().IntVar(&f.messages, "messages", 20_000, "messages to send, each in a request of its own")
	in.Flags().Float64Var(&f.rate, "rate", 0, "messages per second; 0: as fast as they are taken")
	in.Flags().IntVar(&f.clients, "clients", 32, "connections")
	pull := &cobra.Command{Use: "pull", Short: "pulls per second of agents pulling together, and what a pull costs over a long line", Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return s.bench(c.Context(), f, benchPull) }}
	pull.Flags().IntVar(&f.waiting, "waiting", 100_000, "tickets waiting")
	pull.Flags().IntVar(&f.agents, "agents", 64, "agents pulling together")
	pull.Flags().IntVar(&f.pulls, "pulls", 5_000, "pulls in all")
	again := &cobra.Command{Use: "redecide", Short: "how fast waiting tickets are decided again after a policy assigns them differently", Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return s.bench(c.Context(), f, benchRedecide) }}
	again.Flags().IntVar(&f.again, "waiting", 20_000, "tickets waiting, with a message each")
	for _, x := range []*cobra.Command{in, pull, again} {
		x.Flags().BoolVar(&f.asJSON, "json", false, "print JSON")
		x.Flags().StringVar(&s.config, "config", "", "configuration file (its data folder and database are not used unless it names MongoDB)")
	}
	c.AddCommand(in, pull, again, s.crashCommand(), s.benchTextCommand())
	return c
}

// report is what a benchmark measured.
type report struct {
	What    string             `json:"what"`
	Machine string             `json:"machine"`
	Store   string             `json:"store"`
	Redis   string             `json:"redis"`
	Figures map[string]float64 `json:"figures"`
	order   []string
}

func (r *report) add(name string, v float64) {
	r.Figures[name] = v
	r.order = append(r.order, name)
}

// bench starts a desk on a fresh data folder and measures it.
func (s *shell) bench(ctx context.Context, f benchFlags, measure func(context.Context, *shell, *app.App, benchFlags, *report) error) error {
	dir, err := os.MkdirTemp("", "switchyard-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s.data = dir
	cfg, err := s.load(map[string]string{"listen": "127.0.0.1:0", "log.level": "warn"})
	if err != nil {
		return err
	}
	source, err := benchSource()
	if err != nil {
		return err
	}
	cfg.Sources = []config.Source{source}
	roles, err := app.ParseRoles("")
	if err != nil {
		return err
	}
	began := time.Now()
	a, err := app.Start(ctx, app.Options{Config: cfg, Roles: roles, Log: telemetry.Logger(s.err, cfg.Log.Level, cfg.Log.Format), Registry: telemetry.Registry()})
	if err != nil {
		return err
	}
	defer a.Stop(context.WithoutCancel(ctx))
	r := &report{Machine: fmt.Sprintf("%s/%s, %d CPUs, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version()), Store: "embedded SQLite", Redis: "embedded", Figures: map[string]float64{}}
	if cfg.Mongo.URI != "" {
		r.Store = "MongoDB"
	}
	if !a.Redis.Embedded {
		r.Redis = "real"
	}
	r.add("start_ms", float64(time.Since(began).Milliseconds()))
	if err := measure(ctx, s, a, f, r); err != nil {
		return err
	}
	r.add("resident_mb", residentMB())
	return r.print(s.out, f.asJSON)
}

func (r *report) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(r)
	}
	fmt.Fprintf(out, "%s · %s · %s, Redis %s\n", r.What, r.Machine, r.Store, r.Redis)
	for _, name := range r.order {
		fmt.Fprintf(out, "  %-24s %10.1f\n", name, r.Figures[name])
	}
	return nil
}

// residentMB is the process's resident memory in MiB, where /proc says it; else 0.
func residentMB() float64 {
	body, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident float64
	if _, err := fmt.Sscan(string(body), &size, &resident); err != nil {
		return 0
	}
	return resident * float64(os.Getpagesize()) / (1 << 20)
}

// quantile of sorted durations, in milliseconds.
func quantile(ds []time.Duration, q float64) float64 {
	if len(ds) == 0 {
		return 0
	}
	return float64(ds[min(int(q*float64(len(ds))), len(ds)-1)].Microseconds()) / 1000
}

// timings gathers durations from many goroutines.
type timings struct {
	mu sync.Mutex
	ds []time.Duration
}

func (t *timings) add(d time.Duration) {
	t.mu.Lock()
	t.ds = append(t.ds, d)
	t.mu.Unlock()
}

func (t *timings) sorted() []time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := slices.Clone(t.ds)
	slices.Sort(out)
	return out
}
