package cli

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"switchyard/router"
	"switchyard/router/learn"
	"switchyard/router/textmodel"
)

// textBench measures the text model: on the wallet's kept-out examples and on public sets.
type textBench struct {
	shell  *shell
	ctx    context.Context
	data   string
	ablate bool
}

func (s *shell) benchTextCommand() *cobra.Command {
	b := textBench{shell: s}
	c := &cobra.Command{Use: "text", Short: "accuracy of the text model: the wallet's kept-out examples and, with --data, public sets", Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			b.ctx = c.Context()
			return b.run()
		}}
	c.Flags().StringVar(&b.data, "data", "", "a folder with banking77/train.csv, clinc150/data_full.json and fineva/*.csv; what is not there is said so")
	c.Flags().BoolVar(&b.ablate, "ablate", false, "also leave out each part of the model in turn")
	return c
}

func (b textBench) run() error {
	steps := []func() error{b.wallet}
	if b.data != "" {
		steps = append(steps, b.banking, b.clinc, b.fineva)
	}
	for _, step := range steps {
		err := step()
		if errors.Is(err, os.ErrNotExist) {
			fmt.Fprintln(b.shell.out, "not there:", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b textBench) say(format string, args ...any) { fmt.Fprintf(b.shell.out, format+"\n", args...) }

// train trains with the progress bar.
func (b textBench) train(examples []textmodel.Example, o textmodel.Options) (*textmodel.Model, error) {
	bar := progress(b.shell.err, "training")
	bar.ChangeMax64(1000)
	o.Seed = learn.WalletSeed
	m, _, err := learn.Train(b.ctx, examples, learn.Options{Options: o, Workers: runtime.GOMAXPROCS(0), Progress: func(x float64) { _ = bar.Set64(int64(1000 * x)) }})
	_ = bar.Finish()
	return m, err
}

// wallet scores the model that came with the program on what was kept out of its training.
func (b textBench) wallet() error {
	m, err := textmodel.Decode(learn.Wallet())
	if err != nil {
		return err
	}
	seeds, err := learn.Seeds()
	if err != nil {
		return err
	}
	train, kept := learn.Split(seeds)
	tests := make([]textmodel.Example, len(kept))
	for i, s := range kept {
		tests[i] = s.Example
	}
	began := time.Now()
	r := learn.Evaluate(m, tests, learn.Below)
	b.say("wallet, %d examples kept out of %d (%.0f µs each, near-duplicate look included):", len(tests), len(seeds), float64(time.Since(began).Microseconds())/float64(len(tests)))
	if err := b.shell.printReport(r); err != nil {
		return err
	}
	return b.ablations("wallet", train, tests, true)
}

// ablations leaves out each part in turn.
func (b textBench) ablations(what string, train, tests []textmodel.Example, noise bool) error {
	if !b.ablate {
		return nil
	}
	plain := textmodel.TrainPlain(train, learn.WalletSeed)
	b.say("%s, plain SVM: %.2f %%", what, 100*accuracyOf(plain.Predict, tests))
	for _, part := range append([]textmodel.Part{""}, textmodel.Parts()...) {
		m, err := b.train(train, textmodel.Options{Noise: noise, Without: map[textmodel.Part]bool{part: true}})
		if err != nil {
			return err
		}
		r := learn.Evaluate(m, tests, learn.Below)
		b.say("%s, without %q: accuracy %.2f %%, macro-F1 %.2f %%, calibration error %.2f %%", what, part, 100*r.Accuracy, 100*r.MacroF1, 100*r.ECE)
	}
	return nil
}

// accuracyOf is the share of the texts in scope that are right.
func accuracyOf(predict func(string) string, tests []textmodel.Example) float64 {
	right, n := 0, 0
	for _, e := range tests {
		if e.Topic == textmodel.OutOfScope {
			continue
		}
		n++
		if predict(e.Text) == e.Topic {
			right++
		}
	}
	return float64(right) / float64(n)
}

// banking scores BANKING77: a fifth is kept out by learn.Kept; trained on all other rows, and on ten rows a class (mean of five fixed draws).
func (b textBench) banking() error {
	f, err := os.Open(filepath.Join(b.data, "banking77", "train.csv"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	file, err := learn.ReadCSV(f, learn.Columns{Text: "text", Topic: "category"})
	if err != nil {
		return err
	}
	var train, tests []textmodel.Example
	for _, e := range file.Examples {
		if learn.Kept(e.Text) {
			tests = append(tests, e)
		} else {
			train = append(train, e)
		}
	}
	began := time.Now()
	m, err := b.train(train, textmodel.Options{})
	if err != nil {
		return err
	}
	took := time.Since(began)
	r := learn.Evaluate(m, tests, learn.Below)
	plain := textmodel.TrainPlain(train, learn.WalletSeed)
	b.say("BANKING77, %d rows trained in %.1f s, %d scored: %.2f %% (plain SVM %.2f %%), %.2f %% without %d near-duplicates, calibration error %.2f %%",
		len(train), took.Seconds(), len(tests), 100*r.Accuracy, 100*accuracyOf(plain.Predict, tests), 100*r.AccuracyFar, r.NearDuplicates, 100*r.ECE)
	if err := b.fewShot(train, tests); err != nil {
		return err
	}
	return b.ablations("BANKING77", train, tests, false)
}

const (
	draws   = 5  // fixed draws of few-shot training
	perDraw = 10 // rows a class
)

func (b textBench) fewShot(train, tests []textmodel.Example) error {
	ours, plains := 0.0, 0.0
	for d := range draws {
		few := draw(train, uint64(d))
		m, err := b.train(few, textmodel.Options{})
		if err != nil {
			return err
		}
		ours += accuracyOf(func(t string) string { return m.Predict(t, nil).Topic }, tests) / draws
		plains += accuracyOf(textmodel.TrainPlain(few, learn.WalletSeed).Predict, tests) / draws
	}
	b.say("BANKING77, %d rows a class, mean of %d draws: %.2f %% (plain SVM %.2f %%)", perDraw, draws, 100*ours, 100*plains)
	return nil
}

// draw takes some rows of each class, by a fixed seed.
func draw(train []textmodel.Example, seed uint64) []textmodel.Example {
	shuffled := slices.Clone(train)
	rng := rand.New(rand.NewPCG(seed, 77))
	rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	taken := map[string]int{}
	var out []textmodel.Example
	for _, e := range shuffled {
		if taken[e.Topic] < perDraw {
			taken[e.Topic]++
			out = append(out, e)
		}
	}
	return out
}

// clinc scores CLINC150 on its own test part; the threshold is the one every model without a policy has.
func (b textBench) clinc() error {
	body, err := os.ReadFile(filepath.Join(b.data, "clinc150", "data_full.json"))
	if err != nil {
		return err
	}
	var sets map[string][][2]string
	if err := json.Unmarshal(body, &sets); err != nil {
		return router.Wrap("bench.clinc", router.CodeInvalidJSON, err)
	}
	part := func(names ...string) (out []textmodel.Example) {
		for _, n := range names {
			for _, row := range sets[n] {
				out = append(out, textmodel.Example{Text: row[0], Topic: row[1]})
			}
		}
		return out
	}
	began := time.Now()
	m, err := b.train(part("train", "oos_train"), textmodel.Options{})
	if err != nil {
		return err
	}
	b.say("CLINC150, trained in %.1f s", time.Since(began).Seconds())
	for _, name := range []string{"val", "test"} {
		r := learn.Evaluate(m, part(name, "oos_"+name), learn.Below)
		b.say("CLINC150 %s: in-scope accuracy with rejection %.2f %% at out-of-scope recall %.2f %%; without rejection %.2f %%", name, 100*r.InScopeAccuracy, 100*r.OOSRecall, 100*r.Accuracy)
	}
	return nil
}

// fineva answers the multiple-choice rows of FIN-EVA: five folds, the options' own words as examples of themselves.
func (b textBench) fineva() error {
	files, err := filepath.Glob(filepath.Join(b.data, "fineva", "*.csv"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("fineva: %w", os.ErrNotExist)
	}
	for _, path := range files {
		rows, err := readChoices(path)
		if err != nil {
			return err
		}
		right := 0
		for fold := range 5 {
			n, err := b.choose(rows, fold)
			if err != nil {
				return err
			}
			right += n
		}
		b.say("FIN-EVA %s: %d of %d right (%.0f %%)", filepath.Base(path), right, len(rows), 100*float64(right)/float64(len(rows)))
	}
	return nil
}

// choice is one multiple-choice row.
type choice struct {
	question string
	options  []string
	answer   string
}

func readChoices(path string) ([]choice, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	records, err := csv.NewReader(f).ReadAll()
	if err != nil || len(records) < 2 {
		return nil, router.FailField("bench.fineva", "file", "%s cannot be read", path)
	}
	var out []choice
	last := len(records[0]) - 1
	for _, r := range records[1:] {
		if i := slices.Index(records[0], r[last]); i > 1 && i < last {
			out = append(out, choice{r[1], r[2:last], r[i]})
		}
	}
	return out, nil
}

// choose trains on all folds but one and counts the right answers of that one.
func (b textBench) choose(rows []choice, fold int) (right int, err error) {
	var train []textmodel.Example
	for i, c := range rows {
		for _, o := range c.options {
			train = append(train, textmodel.Example{Text: o, Topic: o})
		}
		if i%5 != fold {
			train = append(train, textmodel.Example{Text: c.question, Topic: c.answer})
		}
	}
	m, err := b.train(train, textmodel.Options{})
	if err != nil {
		return 0, err
	}
	for i, c := range rows {
		if i%5 != fold {
			continue
		}
		p := m.Predict(c.question, nil)
		best := ""
		for _, o := range c.options {
			if best == "" || p.Topics[slices.Index(m.Topics, o)] > p.Topics[slices.Index(m.Topics, best)] {
				best = o
			}
		}
		if best == c.answer {
			right++
		}
	}
	return right, nil
}
