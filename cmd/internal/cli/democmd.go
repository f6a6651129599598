package cli

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"switchyard/cmd/internal/demo"
	"switchyard/cmd/internal/telemetry"
)

var errSpeed = errors.New("--speed must be above 0 and at most 100")

func (s *shell) demoCommand() *cobra.Command {
	var listen string
	var seed uint64
	var speed float64
	c := &cobra.Command{Use: "demo", Short: "the whole desk with synthetic customers", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		if speed <= 0 || speed > 100 {
			return usage{errSpeed}
		}
		if s.data == "" {
			dir, err := os.MkdirTemp("", "switchyard-demo")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			s.data = dir
		}
		cfg, err := s.load(map[string]string{"listen": listen})
		if err != nil {
			return err
		}
		return demo.Run(c.Context(), demo.Options{Seed: seed, Speed: speed, Config: cfg, Out: s.out, Log: telemetry.Logger(s.err, "warn", cfg.Log.Format)})
	}}
	c.Flags().StringVar(&listen, "listen", "", "address to listen on")
	c.Flags().StringVar(&s.data, "data", "", "data folder; without it one of its own, removed at the end")
	c.Flags().Uint64Var(&seed, "seed", 1, "the same seed gives the same customers")
	c.Flags().Float64Var(&speed, "speed", 1, "how fast customers and synthetic agents live, 0.1 to 100")
	return c
}
