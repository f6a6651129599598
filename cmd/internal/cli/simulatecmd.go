package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"switchyard/api/chart"
	"switchyard/router"
	"switchyard/router/order"
	"switchyard/router/simulate"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	reference, wallet, search, json bool
	load                            float64
	svg                             string
	seeds, days                     int
}

// simulateWorkers is how many seeds are played at once.
const simulateWorkers = 2

func (s *shell) simulateCommand() *cobra.Command {
	var f simulateFlags
	c := &cobra.Command{Use: "simulate [FILE]", Short: "play a scenario file, or the reference experiment, under several rules", Args: args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, files []string) error {
			doc, err := f.document(files)
			if err != nil {
				return err
			}
			for name, bad := range map[string]bool{"load": !(f.load > 0 && f.load <= 3), "seeds": f.seeds < 1 || f.seeds > 1000, "days": f.days < 1 || f.days > 3660} {
				if c.Flags().Changed(name) && bad {
					return usage{fmt.Errorf("--%s is out of bounds", name)}
				}
			}
			return s.simulate(c.Context(), doc, f)
		}}
	c.Flags().BoolVar(&f.reference, "reference", false, "the reference experiment, beside its published rows")
	c.Flags().BoolVar(&f.wallet, "wallet", false, "the wallet desk that comes with the program: skills, shifts, capacity, customers who give up, wrong topics")
	c.Flags().BoolVar(&f.search, "search", false, "look for the best K, guard, boost and weights of atc, and show the frontier")
	c.Flags().Float64Var(&f.load, "load", 0, "offered work over what the agents can do (default: the scenario's)")
	c.Flags().IntVar(&f.seeds, "seeds", 0, "number of seeds (default: the scenario's)")
	c.Flags().IntVar(&f.days, "days", 0, "days a seed (default: the scenario's)")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	c.Flags().StringVar(&f.svg, "svg", "", "write a picture of shares against worst waits to a file")
	return c
}

// document is the scenario asked for: exactly one.
func (f simulateFlags) document(files []string) ([]byte, error) {
	n := len(files)
	for _, yes := range []bool{f.reference, f.wallet} {
		if yes {
			n++
		}
	}
	switch {
	case n != 1:
		return nil, usage{errors.New("give one scenario: a file, --reference or --wallet")}
	case f.reference:
		return simulate.Reference(), nil
	case f.wallet:
		return simulate.Wallet(), nil
	}
	doc, err := os.ReadFile(files[0])
	if err != nil {
		return nil, router.FailField("simulate", "file", "cannot read %s", files[0])
	}
	return doc, nil
}

func (s *shell) simulate(ctx context.Context, doc []byte, f simulateFlags) error {
	sc, err := simulate.Read(doc, time.LoadLocation)
	if err != nil {
		return s.listed("scenario", err)
	}
	if err := sc.Override(f.load, f.seeds, f.days); err != nil {
		return err
	}
	r := simulate.Report{Name: sc.Name, Load: sc.Load, Seeds: sc.Seeds, Days: sc.Days}
	trials := len(sc.Trials)
	if f.search {
		trials += sc.Search.Runs
	}
	m := s.contest(sc, trials)
	if r.Rules, err = m.play(ctx, sc.Trials); err == nil && f.search {
		r.Frontier, err = sc.Find(func(ts []simulate.Trial) ([]simulate.Result, error) { return m.play(ctx, ts) })
	}
	m.finish()
	if err != nil {
		return err
	}
	if f.svg != "" {
		picture, err := frontierChart(r)
		if err := writeChart(f.svg, picture, err); err != nil {
			return err
		}
	}
	if f.json {
		return json.NewEncoder(s.out).Encode(r)
	}
	return s.printSimulation(r)
}

// frontierChart shows every rule and every point of the frontier: the share in SLA against the worst wait.
func frontierChart(r simulate.Report) (chart.Picture, error) {
	in := chart.FrontierChart{Title: fmt.Sprintf("%s at load %.2f: in SLA against worst wait over target", r.Name, r.Load), NameName: "rule", ShareName: "in SLA %", WorstName: "worst wait / target",
		ChosenName: "atc of the scenario", FrontierName: "frontier", DominatedNames: "beaten in both"}
	for i, x := range append(slices.Clone(r.Rules), r.Frontier...) {
		t := simulate.Trial{Rule: x.Rule, Params: x.Params}
		in.Choices = append(in.Choices, chart.Choice{Name: t.String(), Share: x.InSLA.Mean, Worst: x.Worst.Mean, Chosen: i < len(r.Rules) && x.Rule == order.ATC})
	}
	return chart.Frontier(in)
}
