// Package cli is the command line. Results go to standard output, everything else
// to standard error.
//
// What always holds:
//
//	A. Exit code 0: done; 1: failed; 2: wrong usage.
//	B. Commands that touch the store work beside a running server.
//	C. Anything over two seconds shows its progress on standard error.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/cmd/internal/telemetry"
	"switchyard/router"
	"switchyard/router/policy"
	"switchyard/router/store"
)

// Version is the program's version.
const Version = "0.1.0"

// usage marks an error as wrong usage: exit code 2.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

// quiet is an error whose lines are on the output already.
type quiet struct{}

func (quiet) Error() string { return "" }

// shell is what commands share.
type shell struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
	config   string
	data     string
}

// Run runs one command and answers its exit code.
func Run(args []string, in io.Reader, out, errw io.Writer, environ []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := &shell{in: in, out: out, err: errw, environ: environ}
	root := s.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var u usage
	switch {
	case err == nil:
		return 0
	case errors.As(err, &u):
		fmt.Fprintln(errw, "switchyard:", explain(err))
		return 2
	case errors.As(err, &quiet{}):
		return 1
	}
	fmt.Fprintln(errw, "switchyard:", explain(err))
	return 1
}

// explain gives the plain sentence of an error where it has one.
func explain(err error) string {
	var ps config.Problems
	if errors.As(err, &ps) {
		return ps.Error()
	}
	var e *router.Error
	if !errors.As(err, &e) || e.Detail == "" {
		return err.Error()
	}
	if e.Field != "" {
		return e.Field + ": " + e.Detail
	}
	return e.Detail
}

func (s *shell) root() *cobra.Command {
	root := &cobra.Command{Use: "switchyard", Short: "One engine behind all doors of a support desk", SilenceErrors: true, SilenceUsage: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage{fmt.Errorf("there is no command %q; see switchyard --help", args[0])}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error {
			c.SetOut(s.err) // nobody asked for help: it is no result
			return usage{errors.Join(errors.New("give a command"), c.Help())}
		}}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage{err} })
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(s.serveCommand(), s.demoCommand(), s.userCommand(), s.importCommand(), s.parseCommand(), s.maskCommand(), s.classifyCommand(), s.trainCommand(), s.simulateCommand(), s.backtestCommand(),
		s.configCommand(), s.migrateCommand(), s.doctorCommand(), s.benchCommand(), s.versionCommand())
	return root
}

// args makes a cobra argument check whose failure is wrong usage.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, a []string) error {
		if err := check(c, a); err != nil {
			return usage{err}
		}
		return nil
	}
}

// storeFlags adds the flags of commands that touch the store.
func (s *shell) storeFlags(c *cobra.Command) {
	c.Flags().StringVar(&s.config, "config", "", "configuration file")
	c.Flags().StringVar(&s.data, "data", "", "data folder of the embedded store")
}

// load reads the configuration; flags are those that were set, by path.
func (s *shell) load(flags map[string]string) (*config.Config, error) {
	return s.read(flags, config.Lookup{})
}

// loadWhole reads the configuration and looks at all of it: sources, keys and the policy file too.
func (s *shell) loadWhole(flags map[string]string) (*config.Config, error) {
	return s.read(flags, config.Lookup{CheckSource: app.CheckSource, CheckRest: app.CheckRest})
}

func (s *shell) read(flags map[string]string, look config.Lookup) (*config.Config, error) {
	all := map[string]string{}
	for k, v := range flags {
		if v != "" {
			all[k] = v
		}
	}
	if s.data != "" {
		all["data"] = s.data
	}
	look.Environ, look.ReadFile, look.Kinds, look.Flags = s.environ, os.ReadFile, app.Kinds(), all
	return config.Load(s.config, look)
}

// withStore runs do on the configured store.
func (s *shell) withStore(ctx context.Context, do func(*config.Config, store.Store) error) error {
	c, err := s.load(nil)
	if err != nil {
		return err
	}
	st, err := app.OpenStore(ctx, c)
	if err != nil {
		return err
	}
	err = do(c, st)
	if cerr := st.Close(); err == nil {
		err = cerr
	}
	return err
}

// listed says each problem of a document that does not compile; other errors stay as they are.
func (s *shell) listed(of string, err error) error {
	var ps policy.Problems
	if !errors.As(err, &ps) {
		return err
	}
	for _, p := range ps {
		fmt.Fprintf(s.err, "%s: %s\n", p.Path, p.Detail)
	}
	return router.Fail(of, router.CodeInvalidField, "the %s has %d problems; nothing was run", of, len(ps))
}

func (s *shell) serveCommand() *cobra.Command {
	var listen, role string
	c := &cobra.Command{Use: "serve", Short: "run the desk", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		cfg, err := s.loadWhole(map[string]string{"listen": listen})
		if err != nil {
			return err
		}
		roles, err := app.ParseRoles(role)
		if err != nil {
			return usage{err}
		}
		return s.serve(c.Context(), cfg, roles)
	}}
	s.storeFlags(c)
	c.Flags().StringVar(&listen, "listen", "", "address to listen on")
	c.Flags().StringVar(&role, "role", "", "a part of the roles: api,channels,workers")
	return c
}

func (s *shell) serve(ctx context.Context, cfg *config.Config, roles []app.Role) error {
	a, err := app.Start(ctx, app.Options{Config: cfg, Roles: roles, Log: telemetry.Logger(s.err, cfg.Log.Level, cfg.Log.Format), Registry: telemetry.Registry()})
	if err != nil {
		var e *router.Error
		if errors.As(err, &e) && (e.Field == "role" || e.Op == "app.data") {
			return usage{err}
		}
		return err
	}
	if a.Addr() != "" {
		fmt.Fprintln(s.out, "listening on", a.URL())
		if err := s.firstManager(ctx, a); err != nil {
			a.Stop(ctx)
			return err
		}
	}
	<-ctx.Done()
	fmt.Fprintln(s.err, "stopping")
	a.Stop(context.Background())
	return nil
}

// firstManager prints the link that makes the first manager, while there is none.
func (s *shell) firstManager(ctx context.Context, a *app.App) error {
	link, err := a.FirstManagerLink(ctx)
	if err == nil && link != "" {
		fmt.Fprintln(s.out, "make the first manager (works once, for 24 hours):", link)
	}
	return err
}

func (s *shell) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "print the version", Args: args(cobra.NoArgs), Run: func(*cobra.Command, []string) { fmt.Fprintln(s.out, "switchyard", Version) }}
}

func (s *shell) migrateCommand() *cobra.Command {
	c := &cobra.Command{Use: "migrate", Short: "bring the store up to date", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return s.withStore(c.Context(), func(*config.Config, store.Store) error {
			fmt.Fprintln(s.out, "the store is up to date")
			return nil
		})
	}}
	s.storeFlags(c)
	return c
}
