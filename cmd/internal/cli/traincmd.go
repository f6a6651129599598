package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/learn"
	"switchyard/router/store"
	"switchyard/router/textmodel"
)

// trainFlags are the flags of train.
type trainFlags struct {
	from, out, evaluate, model string

	embeddings, embeddingsModel string
	columns                     learn.Columns
	seed                        uint64
	json                        bool
}

func (s *shell) trainCommand() *cobra.Command {
	f := trainFlags{columns: learn.SeedColumns}
	c := &cobra.Command{Use: "train", Short: "train a text model, or score one with --evaluate FILE.csv --model MODEL", Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case f.evaluate != "" && f.model == "":
				return usage{errors.New("give --model MODEL with --evaluate")}
			case f.evaluate != "":
				return s.evaluate(c.Context(), f)
			case f.out == "":
				return usage{errors.New("give --out MODEL")}
			}
			return s.train(c.Context(), f)
		}}
	s.storeFlags(c)
	c.Flags().StringVar(&f.from, "from", "", "a labelled CSV file to train on alone (default: the examples that come with the program and the desk's corrections)")
	c.Flags().StringVar(&f.out, "out", "", "the model file to write")
	c.Flags().StringVar(&f.columns.Text, "text-column", f.columns.Text, "the column of texts")
	c.Flags().StringVar(&f.columns.Topic, "topic-column", f.columns.Topic, "the column of topics; oos is out of scope")
	c.Flags().Uint64Var(&f.seed, "seed", learn.WalletSeed, "seed of everything random")
	c.Flags().StringVar(&f.evaluate, "evaluate", "", "a labelled CSV file to score --model on")
	c.Flags().StringVar(&f.model, "model", "", "the model file to score")
	c.Flags().StringVar(&f.embeddings, "embeddings", "", "an OpenAI-compatible endpoint, up to /embeddings, whose vectors of the texts join the model")
	c.Flags().StringVar(&f.embeddingsModel, "embeddings-model", "", "its model id")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return c
}

// readLabelled reads a labelled file with one of learn's readers.
func readLabelled(path string, read func(f *os.File) (learn.File, error)) (learn.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return learn.File{}, router.FailField("train", "file", "cannot read %s", path)
	}
	defer func() { _ = f.Close() }() // only read
	file, err := read(f)
	if err != nil {
		return file, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// train trains on a file, on what the desk teaches, or, where there is no desk, on the program's examples alone.
func (s *shell) train(ctx context.Context, f trainFlags) error {
	if f.from == "" {
		c, err := s.load(nil)
		if err != nil {
			return err
		}
		if app.StoreExists(c) {
			return s.withStore(ctx, func(c *config.Config, st store.Store) error { return s.trainDesk(ctx, c, st, f) })
		}
	}
	return s.trainAlone(ctx, f)
}

// trainDesk trains a candidate for the desk, which keeps it; a running desk shows how far it is. The embeddings
// endpoint is that of the flags, else the configured one.
func (s *shell) trainDesk(ctx context.Context, c *config.Config, st store.Store, f trainFlags) error {
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	live := dispatch.NewLive(st, app.Now, time.LoadLocation, log)
	if err := live.Refresh(ctx); router.IsCode(err, router.CodeNotFound) { // no policy yet: nothing was ever served
		return s.trainAlone(ctx, f)
	} else if err != nil {
		return err
	}
	embeddings, err := s.embeddings(f)
	if err != nil {
		return err
	}
	if embeddings == nil {
		embeddings = app.OpenEmbeddings(c, nil, log)
	}
	teacher := app.NewTeacher(st, live, "train/"+rand.Text(), log)
	if embeddings != nil {
		defer embeddings.Close()
		teacher.Vectors = embeddings
	}
	tell, finish := s.trainingBar()
	made, err := teacher.Train(ctx, commandLine, f.seed, tell)
	finish()
	if err != nil {
		return err
	}
	if err := s.writeModel(f.out, made.File, made.Record.Version, made.Record.Info); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "kept by the desk as a candidate, made with %d corrections; on %d texts kept out its macro-F1 is %.1f %%", made.Check.Corrections, made.Check.N, 100*made.Check.Candidate.MacroF1)
	if made.Check.Today != nil {
		fmt.Fprintf(s.out, ", that of the model in force %.1f %%", 100*made.Check.Today.MacroF1)
	}
	if len(made.Check.Worse) > 0 {
		fmt.Fprintf(s.out, "; worse: %s", strings.Join(made.Check.Worse, ", "))
	}
	fmt.Fprintln(s.out)
	return nil
}

// commandLine stands for the person at the command line.
const commandLine router.AgentID = "command line"

// trainingBar shows how far a training run is.
func (s *shell) trainingBar() (tell func(float64), finish func()) {
	bar := progress(s.err, "training")
	bar.ChangeMax64(1000)
	return func(x float64) { _ = bar.Set64(int64(1000 * x)) }, func() { _ = bar.Finish() }
}

func (s *shell) trainAlone(ctx context.Context, f trainFlags) error {
	examples, err := s.trainingExamples(f)
	if err != nil {
		return err
	}
	if err := s.embed(ctx, f, examples); err != nil {
		return err
	}
	tell, finish := s.trainingBar()
	m, file, err := learn.Train(ctx, examples, learn.Options{Options: textmodel.Options{Seed: f.seed, Embeddings: f.embeddingsModel, Noise: f.from == ""}, Workers: runtime.GOMAXPROCS(0), Progress: tell})
	finish()
	if err != nil {
		return err
	}
	return s.writeModel(f.out, file, m.Version(), m.Info)
}

func (s *shell) writeModel(out string, file []byte, version string, m textmodel.Info) error {
	if err := os.WriteFile(out, file, 0o644); err != nil {
		return router.FailField("train", "out", "cannot write %s", out)
	}
	fmt.Fprintf(s.out, "%s: version %s, %d examples, %d topics; on texts its nets had not seen: accuracy %.1f %%, calibration error %.1f %%\n",
		out, version, m.Examples, len(m.Topics), 100*m.Metrics.Accuracy, 100*m.Metrics.ECE)
	return nil
}

// trainingExamples are those of the file, or the program's own.
func (s *shell) trainingExamples(f trainFlags) ([]textmodel.Example, error) {
	if f.from != "" {
		file, err := readLabelled(f.from, func(r *os.File) (learn.File, error) { return learn.ReadCSV(r, f.columns) })
		for _, w := range file.Warnings {
			fmt.Fprintln(s.err, f.from+":", w)
		}
		return file.Examples, err
	}
	seeds, err := learn.Seeds()
	if err != nil {
		return nil, err
	}
	train, _ := learn.Split(seeds)
	return train, nil
}

func (s *shell) evaluate(ctx context.Context, f trainFlags) error {
	m, err := readModel(f.model)
	if err != nil {
		return err
	}
	file, err := readLabelled(f.evaluate, func(r *os.File) (learn.File, error) { return learn.ReadTests(r, f.columns) })
	if err != nil {
		return err
	}
	if err := learn.CheckLabels(file.Examples, m.Topics); err != nil {
		return fmt.Errorf("%s: %w", f.evaluate, err)
	}
	if f.embeddings != "" && f.embeddingsModel != m.Embeddings {
		return usage{fmt.Errorf("the model was trained with vectors of %q, not of %q", m.Embeddings, f.embeddingsModel)}
	}
	if err := s.embed(ctx, f, file.Examples); err != nil {
		return err
	}
	r := learn.Evaluate(m, file.Examples, learn.Below)
	if f.json {
		return json.NewEncoder(s.out).Encode(r)
	}
	return s.printReport(r)
}

func (s *shell) printReport(r textmodel.Report) error {
	w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	row := func(name string, share float64) { fmt.Fprintf(w, "%s\t%.2f %%\t\n", name, 100*share) }
	fmt.Fprintf(w, "texts\t%d\t\n", r.N)
	row("accuracy", r.Accuracy)
	row(fmt.Sprintf("without %d near-duplicates of training", r.NearDuplicates), r.AccuracyFar)
	row("macro-F1", r.MacroF1)
	row("calibration error", r.ECE)
	row("in-scope accuracy with rejection", r.InScopeAccuracy)
	row("out-of-scope recall", r.OOSRecall)
	row("coverage at 2 % error", r.Coverage)
	for _, l := range slices.Sorted(maps.Keys(r.ByLanguage)) {
		fmt.Fprintf(w, "%s (%d)\t%.2f %%\tmacro-F1 %.2f %%\t\n", l, r.ByLanguage[l].N, 100*r.ByLanguage[l].Accuracy, 100*r.ByLanguage[l].MacroF1)
	}
	for _, t := range slices.Sorted(maps.Keys(r.ByTopic)) {
		x := r.ByTopic[t]
		fmt.Fprintf(w, "%s (%d)\tF1 %.2f %%\tprecision %.2f %%\trecall %.2f %%\t\n", t, x.N, 100*x.F1, 100*x.Precision, 100*x.Recall)
	}
	return w.Flush()
}
