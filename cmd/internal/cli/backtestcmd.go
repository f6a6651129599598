package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"switchyard/api/chart"
	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/router"
	"switchyard/router/backtest"
	"switchyard/router/decide"
	"switchyard/router/dispatch"
	"switchyard/router/store"
)

// backtestFlags are the flags of backtest.
type backtestFlags struct {
	policy, history, from, to, svg string
	agents                         int
	reclassify, json               bool
}

func (s *shell) backtestCommand() *cobra.Command {
	var f backtestFlags
	c := &cobra.Command{Use: "backtest --policy NEW", Short: "replay the past under the policy in force and under another", Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if f.policy == "" {
				return usage{errors.New("give --policy: a file, or the version of a stored policy")}
			}
			if f.agents < 0 || f.agents > 10_000 {
				return usage{errors.New("--agents is out of bounds")}
			}
			return s.withStore(c.Context(), func(cfg *config.Config, st store.Store) error { return s.backtest(c.Context(), cfg, st, f) })
		}}
	s.storeFlags(c)
	c.Flags().StringVar(&f.policy, "policy", "", "the other policy: a file, or a stored version")
	c.Flags().StringVar(&f.history, "history", "", "a CSV file of past tickets (default: the desk's own)")
	c.Flags().StringVar(&f.from, "from", "", "a date or RFC 3339 time (default: as many days back as the policy in force says)")
	c.Flags().StringVar(&f.to, "to", "", "a date or RFC 3339 time (default: now)")
	c.Flags().IntVar(&f.agents, "agents", 0, "play with so many agents of every skill instead of the desk's own")
	c.Flags().BoolVar(&f.reclassify, "reclassify", false, "run the text model in force over the desk's own tickets again")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	c.Flags().StringVar(&f.svg, "svg", "", "write a chart of the classes to a file")
	return c
}

func (s *shell) backtest(ctx context.Context, cfg *config.Config, st store.Store, f backtestFlags) error {
	today, err := app.RulesInForce(ctx, st, cfg.Policy)
	if err != nil {
		return err
	}
	proposed, err := s.proposed(ctx, st, f.policy)
	if err != nil {
		return err
	}
	cases, err := s.past(ctx, st, today, proposed, f)
	if err != nil {
		return err
	}
	desk, err := s.replayDesk(ctx, st, today, cases, f)
	if err != nil {
		return err
	}
	bar := progress(s.err, "replaying")
	bar.ChangeMax64(1000)
	r, err := backtest.Compare(today, proposed, cases, desk, func(done, total float64) { _ = bar.Set64(int64(1000 * done / math.Max(total, 1e-9))) })
	_ = bar.Finish()
	if err != nil {
		return err
	}
	if f.svg != "" {
		picture, err := classChart(r)
		if err := writeChart(f.svg, picture, err); err != nil {
			return err
		}
	}
	if f.json {
		return json.NewEncoder(s.out).Encode(r)
	}
	return s.printBacktest(r)
}

// proposed is the other policy, from a file or the store.
func (s *shell) proposed(ctx context.Context, st store.Store, name string) (*decide.Ruleset, error) {
	doc, err := os.ReadFile(name)
	if err != nil {
		r, err := store.Policies(st).Get(ctx, name)
		if router.IsCode(err, router.CodeNotFound) {
			return nil, router.FailField("backtest", "policy", "%s is neither a file that can be read nor a stored version", name)
		}
		if err != nil {
			return nil, err
		}
		doc = []byte(r.Value.Doc)
	}
	rules, err := decide.Compile(doc, time.LoadLocation)
	return rules, s.listed("policy", err)
}

func (s *shell) past(ctx context.Context, st store.Store, today, proposed *decide.Ruleset, f backtestFlags) ([]backtest.Case, error) {
	if f.history != "" {
		file, err := os.Open(f.history)
		if err != nil {
			return nil, router.FailField("backtest", "history", "cannot read %s", f.history)
		}
		defer file.Close()
		return backtest.Read(file, today.Ruleset)
	}
	to, err := momentOf("to", f.to, app.Now(), today.Zone)
	if err != nil {
		return nil, err
	}
	from, err := momentOf("from", f.from, to.AddDate(0, 0, -today.Promotion.Days), today.Zone)
	if err != nil {
		return nil, err
	}
	bar := progress(s.err, "reading")
	defer func() { _ = bar.Finish() }()
	texts := f.reclassify || dispatch.LooksAtTexts(today) || dispatch.LooksAtTexts(proposed)
	return dispatch.Past(ctx, st, from, to, texts, func(read int) { _ = bar.Set(read) })
}

// momentOf reads a date, in the desk's zone, or an instant.
func momentOf(flag, s string, standard time.Time, zone *time.Location) (time.Time, error) {
	if s == "" {
		return standard, nil
	}
	if at, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return at.UTC(), nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return at, usage{fmt.Errorf("--%s is not a date like 2026-11-25 or a time like 2026-11-25T09:00:00+08:00", flag)}
	}
	return at.UTC(), nil
}

// busiest is how busy agents are whose number is worked out from the work that came.
const busiest = 0.85

// replayDesk is who serves: so many as asked for, the desk's own, or, where it has none, as many as the work keeps
// busy at 85 % over the whole time.
func (s *shell) replayDesk(ctx context.Context, st store.Store, today *decide.Ruleset, cases []backtest.Case, f backtestFlags) (backtest.Desk, error) {
	var desk backtest.Desk
	if f.reclassify {
		live := dispatch.NewLive(st, app.Now, time.LoadLocation, slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
		if err := live.Refresh(ctx); err != nil {
			return desk, err
		}
		desk.Reclassify = live.View().Model
	}
	n := f.agents
	if n == 0 {
		var err error
		if desk.People, err = dispatch.Crew(ctx, st); err != nil || len(desk.People) > 0 || len(cases) == 0 {
			return desk, err
		}
		work := 0.0
		for _, c := range cases {
			work += c.Service.Hours() * float64(today.Capacity[c.Channel]) / 100
		}
		n = int(math.Ceil(work / math.Max(1, cases[len(cases)-1].At.Sub(cases[0].At).Hours()) / busiest))
		fmt.Fprintf(s.err, "the desk has no agents; playing with %d, whom the work keeps %.0f %% busy (--agents says otherwise)\n", n, 100*busiest)
	}
	for i := range n {
		desk.People = append(desk.People, router.User{ID: router.AgentID(fmt.Sprintf("agent-%04d", i+1)), Role: router.RoleAgent})
	}
	return desk, nil
}

// classChart shows the share in time of each class, today's policy beside the proposed one.
func classChart(r *backtest.Report) (chart.Picture, error) {
	in := chart.BarChart{Title: "in time, per cent", XName: "class", Series: []chart.Series{{Name: "today"}, {Name: "proposed"}}}
	for _, v := range r.Classes {
		in.X = append(in.X, string(v.Class))
		in.Series[0].Values = append(in.Series[0].Values, v.Today)
		in.Series[1].Values = append(in.Series[1].Values, v.Proposed)
	}
	return chart.Bars(in)
}

// writeChart writes a picture to a file.
func writeChart(name string, p chart.Picture, err error) error {
	if err != nil {
		return err
	}
	if err := os.WriteFile(name, p.File(), 0o644); err != nil {
		return router.FailField("chart", "svg", "cannot write %s", name)
	}
	return nil
}

func (s *shell) printBacktest(r *backtest.Report) error {
	fmt.Fprintf(s.out, "%d tickets from %s to %s, %d agents; shares in per cent, by today's classes and targets\n", r.Tickets, r.From.Format(time.DateOnly), r.To.Format(time.DateOnly), r.Agents)
	w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "class\ttickets\ttoday\tproposed\tchange\t95 %\tmargin\tworst\tproposed\t\t")
	for _, v := range r.Classes {
		says := ""
		switch {
		case v.Refused:
			says = "worse than allowed"
		case !v.Counts:
			says = "too few to count"
		}
		fmt.Fprintf(w, "%s\t%d\t%.2f\t%.2f\t%+.2f\t%+.2f…%+.2f\t%.1f\t%.2f\t%.2f\t%s\t\n", v.Class, v.N, v.Today, v.Proposed, v.Proposed-v.Today, v.Change.Lo, v.Change.Hi, v.Margin, v.Worst[0], v.Worst[1], says)
	}
	for _, e := range []struct {
		name string
		backtest.Entry
	}{{"all, today", r.Today}, {"all, proposed", r.Proposed}} {
		fmt.Fprintf(w, "%s\t%.0f\t%.2f\t\t\t%.2f…%.2f\t\t%.2f\t\tmean wait %.1f min, 95 %% %.1f, gave up %.2f %%, busy %.0f %%, Gini %.3f\t\n", e.name, e.N, e.InSLA.Mean, e.InSLA.Lo, e.InSLA.Hi, e.Worst.Mean, e.MeanWait, e.P95Wait, e.Abandoned, e.Busy, e.Gini)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "waits told against waits that came (today's policy; minutes):")
	w = tabwriter.NewWriter(s.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "class\tjudged\tmean error\tmean absolute\tmean wait\tin 50 % band\tin 90 % band\t")
	for _, e := range r.Today.Waits {
		fmt.Fprintf(w, "%s\t%d\t%+.1f\t%.1f\t%.1f\t%.1f\t%.1f\t\n", e.Class, e.N, e.Mean, e.Abs, e.Wait, e.Cover50, e.Cover90)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "changed most:")
	for _, c := range r.Changed[:min(len(r.Changed), 10)] {
		fmt.Fprintf(s.out, "  %s  %s\n", c.ID, c.Why.EN)
	}
	fmt.Fprintln(s.out, r.Why.EN)
	return nil
}
