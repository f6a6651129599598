package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"switchyard/api/auth"
	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/router"
	"switchyard/router/store"
)

type userFlags struct {
	role       string
	skills     []string
	languages  []string
	queues     []string
	shift      string
	printToken bool
}

func (s *shell) userCommand() *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "manage the desk's people", Args: args(cobra.NoArgs), RunE: func(*cobra.Command, []string) error { return usage{errors.New("give add NAME")} }}
	var f userFlags
	add := &cobra.Command{Use: "add NAME", Short: "add a user and print a one-time link to set a password", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, a []string) error {
		u, err := f.user(a[0])
		if err != nil {
			return usage{err}
		}
		return s.withStore(c.Context(), func(cfg *config.Config, st store.Store) error {
			return s.addUser(c.Context(), cfg, st, u, f.printToken)
		})
	}}
	s.storeFlags(add)
	add.Flags().StringVar(&f.role, "role", "", "agent, manager, auditor or machine")
	add.Flags().StringSliceVar(&f.skills, "skills", nil, "skills with levels: a,b:2 (default: every skill at level 1)")
	add.Flags().StringSliceVar(&f.languages, "languages", nil, "zh,en (default: both)")
	add.Flags().StringSliceVar(&f.queues, "queues", nil, "queues to pull from, with weights: a,b:2 (default: all)")
	add.Flags().StringVar(&f.shift, "shift", "", "calendar of the policy that the agent works by (default: always on shift)")
	add.Flags().BoolVar(&f.printToken, "print-token", false, "print a bearer token and nothing else")
	c.AddCommand(add)
	return c
}

func (f userFlags) user(name string) (router.User, error) {
	u := router.User{ID: router.AgentID(name), Role: router.Role(f.role), Shift: f.shift}
	for _, l := range f.languages {
		u.Languages = append(u.Languages, router.Language(strings.TrimSpace(l)))
	}
	for _, q := range f.queues {
		name, weight, given := strings.Cut(strings.TrimSpace(q), ":")
		u.Queues = append(u.Queues, router.QueueName(name))
		if !given {
			continue
		}
		w, err := strconv.ParseFloat(weight, 64)
		if err != nil {
			return u, fmt.Errorf("the weight of queue %q is not a number", name)
		}
		if u.Weights == nil {
			u.Weights = map[router.QueueName]float64{}
		}
		u.Weights[router.QueueName(name)] = w
	}
	for _, k := range f.skills {
		skill, level, given := strings.Cut(strings.TrimSpace(k), ":")
		n := 1
		if given {
			var err error
			if n, err = strconv.Atoi(level); err != nil {
				return u, fmt.Errorf("the level of skill %q is not a number", skill)
			}
		}
		if u.Skills == nil {
			u.Skills = map[router.Skill]int{}
		}
		u.Skills[router.Skill(skill)] = n
	}
	return u, auth.CheckUser(u)
}

func (s *shell) addUser(ctx context.Context, cfg *config.Config, st store.Store, u router.User, printToken bool) error {
	if err := app.CheckProfile(ctx, st, cfg.Policy, u); err != nil {
		return usage{err}
	}
	service := auth.New(st, app.Now)
	if _, err := service.AddUser(ctx, u); err != nil {
		return err
	}
	if printToken {
		token, err := service.NewToken(ctx, u.ID)
		if err == nil {
			fmt.Fprintln(s.out, token)
		}
		return err
	}
	secret, err := service.NewLink(ctx, auth.PurposePassword, u.ID, auth.LinkTime)
	if err == nil {
		fmt.Fprintf(s.out, "added %s (%s); set a password here (works once, for 24 hours): %s\n", u.ID, u.Role, app.LinkURL(cfg, secret))
	}
	return err
}
