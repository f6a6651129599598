package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"switchyard/channels"
	"switchyard/channels/intake"
	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/cmd/internal/telemetry"
	"switchyard/router"
	"switchyard/router/store"
	"switchyard/workers/task"
)

// nobody is the Nudger of commands: history needs no work.
type nobody struct{}

func (nobody) Nudge(context.Context, task.Kind, task.Lane, string) {}

// importKinds are the kinds of sources that records of a channel are imported with.
var importKinds = map[string]string{"email": "imap", "phone": "asterisk_cdr"}

func (s *shell) importCommand() *cobra.Command {
	var source string
	c := &cobra.Command{Use: "import phone|email --source NAME PATH…", Short: "import past records as history: no tickets, no automatic answers",
		Args: args(cobra.MinimumNArgs(2)), RunE: func(c *cobra.Command, a []string) error {
			kind, ok := importKinds[a[0]]
			if !ok {
				return usage{fmt.Errorf("%q cannot be imported; phone and email can", a[0])}
			}
			if source == "" {
				return usage{errors.New("give --source NAME")}
			}
			return s.withStore(c.Context(), func(cfg *config.Config, st store.Store) error {
				return s.importFiles(c.Context(), cfg, st, kind, router.SourceName(source), a[1:])
			})
		}}
	s.storeFlags(c)
	c.Flags().StringVar(&source, "source", "", "the source the records belong to")
	return c
}

// importer opens the named source of the configuration, or one of the kind with standard settings.
func (s *shell) importer(ctx context.Context, cfg *config.Config, st store.Store, kind string, name router.SourceName) (channels.Importer, *demandIntake, error) {
	sealer, err := app.OpenSealer(cfg)
	if err != nil {
		return nil, nil, err
	}
	besides, err := app.MaskedBesides(ctx, st)
	if err != nil {
		return nil, nil, err
	}
	in := &intake.Service{Store: st, Sealer: sealer, Nudger: nobody{}, Now: app.Now, Log: telemetry.Logger(s.err, cfg.Log.Level, cfg.Log.Format),
		Also: func() []string { return besides }}
	demand := &demandIntake{Intake: in, docs: st, now: app.Now, storedAt: app.Now()}
	deps := channels.Deps{Intake: demand, Mask: func(text string) string { masked, _ := in.Mask(text); return masked }, Cursors: channels.StoreCursors{Docs: st}, Streams: st, Docs: st, HTTP: channels.HTTPClient(false), Now: app.Now,
		Zone: time.LoadLocation, Log: in.Log, Health: func(channels.Health) {}, PublicURL: cfg.PublicURL}
	c := channels.Config{Name: name, Kind: kind, Settings: nil}
	for _, have := range cfg.Sources {
		if have.Name == name && have.Kind == kind {
			c.Settings = have.Settings
		} else if have.Name == name {
			return nil, nil, router.FailField("import", "source", "the source %s is of kind %s, not %s", name, have.Kind, kind)
		}
	}
	if c.Settings == nil {
		standard, ok := app.ImportSettings(kind)
		if !ok {
			return nil, nil, router.FailField("import", "source", "there is no source %s of kind %s in the configuration", name, kind)
		}
		c.Settings = standard
	}
	src, err := app.Kinds()[kind].Open(c, deps)
	if err != nil {
		return nil, nil, err
	}
	return src.Import, demand, nil
}

func (s *shell) importFiles(ctx context.Context, cfg *config.Config, st store.Store, kind string, name router.SourceName, paths []string) error {
	imp, demand, err := s.importer(ctx, cfg, st, kind, name)
	if err != nil {
		return err
	}
	defer func() { // also of an import that was broken off
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), demandEvery)
		defer cancel()
		if err := demand.store(end); err != nil {
			fmt.Fprintln(s.err, "the counts for the forecast are not complete:", explain(err))
		}
	}()
	accepted, refused := 0, 0
	for _, path := range paths {
		bar := progress(s.err, filepath.Base(path))
		n, bad, err := imp.Import(ctx, path, func(done, total int64) {
			bar.ChangeMax64(max(total, 1))
			_ = bar.Set64(done)
		})
		_ = bar.Finish()
		accepted, refused = accepted+n, refused+len(bad)
		for _, e := range bad {
			fmt.Fprintln(s.err, path+":", explain(e))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	fmt.Fprintf(s.out, "imported %d records as history, refused %d\n", accepted, refused)
	if refused > 0 {
		return quiet{}
	}
	return nil
}

// progress is a bar on standard error that shows itself only where the work takes a while.
func progress(w io.Writer, what string) *progressbar.ProgressBar {
	return progressbar.NewOptions64(1, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what), progressbar.OptionShowBytes(false),
		progressbar.OptionShowCount(), progressbar.OptionThrottle(500*time.Millisecond), progressbar.OptionOnCompletion(func() { fmt.Fprintln(w) }))
}
