package learn

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/router/textmodel"
)

const (
	// fewestTexts is the least that a model is trained on.
	fewestTexts = 20
	// keptCandidates bounds the models a desk keeps that were never in force.
	keptCandidates = 5
)

// Lesson is what a candidate is made of, besides the desk's corrections.
type Lesson struct {
	Rules  *policy.Ruleset
	Active *textmodel.Model // in force; nil: none
	Seeds  []Seed
	By     router.AgentID // who asked for it; not empty
	Now    time.Time
	// Vectors gives the texts' vectors, where an embeddings endpoint is configured; nil: none.
	Vectors Vectors
	Options
}

// Vectors is an embeddings endpoint: Model is the id of what makes the vectors.
type Vectors interface {
	Model() string
	EmbedAll(ctx context.Context, texts []string, progress func(done, total int)) ([][]float32, error)
}

// Made is a candidate with its file.
type Made struct {
	Record store.TextModel
	Check  Check
	File   []byte
}

// Candidate trains a model on seeds and corrections, checks it beside the one in force on texts that neither has
// seen, and stores it. It is not put in force. invalid_transition: there is too little to learn from.
func Candidate(ctx context.Context, st store.Store, l Lesson) (Made, error) {
	train, kept, check, err := l.material(ctx, st)
	if err != nil {
		return Made{}, err
	}
	if err := l.embed(ctx, train, kept); err != nil {
		return Made{}, err
	}
	m, file, err := Train(ctx, train, l.Options)
	if err != nil {
		return Made{}, err
	}
	check.compare(l, m, kept)
	body, err := json.Marshal(check)
	if err != nil {
		return Made{}, router.Wrap("learn.candidate", router.CodeInternal, err)
	}
	if err := st.PutBlob(ctx, store.ModelBlob(m.Version()), file); err != nil { // too_large over store.MaxBlob
		return Made{}, err
	}
	r, err := store.TextModels(st).Update(ctx, m.Version(), func(t *store.TextModel) (bool, error) {
		if t.Version == "" {
			*t = store.TextModel{Version: m.Version(), Info: m.Info, By: l.By, At: l.Now}
		}
		t.Check = body
		return true, nil
	})
	if err != nil {
		return Made{}, err
	}
	return Made{r.Value, check, file}, forgetCandidates(ctx, st)
}

// embedPart is the share of a run's progress that the vectors are.
const embedPart = 0.3

// embed gives all texts their vectors, where there is an endpoint. Its failure is the run's: a model without them
// would be worse, and nobody would know why.
func (l *Lesson) embed(ctx context.Context, train, kept []textmodel.Example) error {
	if l.Vectors == nil {
		return nil
	}
	tell := l.Progress
	if tell == nil {
		tell = func(float64) {}
	}
	l.Embeddings = l.Vectors.Model()
	l.Progress = func(x float64) { tell(embedPart + (1-embedPart)*x) }
	return Embed(ctx, l.Vectors, func(x float64) { tell(embedPart * x) }, train, kept)
}

// Embed gives examples their vectors; tell hears the share done, 0–1.
func Embed(ctx context.Context, v Vectors, tell func(float64), parts ...[]textmodel.Example) error {
	var texts []string
	for _, part := range parts {
		for _, e := range part {
			texts = append(texts, e.Text)
		}
	}
	vs, err := v.EmbedAll(ctx, texts, func(done, all int) { tell(float64(done) / float64(all)) })
	if err != nil {
		return err
	}
	for _, part := range parts {
		for i := range part {
			part[i].Vector, vs = vs[0], vs[1:]
		}
	}
	return nil
}

// material is what to train on and what to keep out: seeds of the policy's topics, and corrections.
func (l Lesson) material(ctx context.Context, st store.Store) (train, kept []textmodel.Example, check Check, err error) {
	topics := l.Rules.TopicNames()
	taught, err := Corrections(ctx, st, topics)
	if err != nil {
		return nil, nil, check, err
	}
	shares := slices.ContainsFunc(l.Seeds, func(s Seed) bool { return slices.Contains(topics, s.Topic) })
	seen := map[string]bool{}
	add := func(e textmodel.Example) {
		if Kept(e.Text) {
			kept = append(kept, e)
			return
		}
		train = append(train, e)
		if e.Topic != textmodel.OutOfScope {
			seen[e.Topic] = true
		}
	}
	for _, s := range l.Seeds {
		if slices.Contains(topics, s.Topic) || shares && s.Topic == textmodel.OutOfScope {
			add(s.Example)
		}
	}
	for _, e := range taught.Examples {
		add(e)
	}
	if len(train) < fewestTexts || len(seen) < enoughTopics {
		return nil, nil, check, router.Fail("learn.candidate", router.CodeInvalidTransition,
			"there is too little to learn from: %d texts of %d topics; at least %d texts of %d topics are needed", len(train), len(seen), fewestTexts, enoughTopics)
	}
	return train, kept, Check{Corrections: len(taught.Examples), Unknown: taught.Unknown, Open: taught.Open}, nil
}

// Models are the models that the desk keeps, newest first.
func Models(ctx context.Context, d store.Docs) ([]store.TextModel, error) {
	all, err := store.TextModels(d).All(ctx, "")
	if err != nil {
		return nil, err
	}
	newestFirst(all)
	out := make([]store.TextModel, len(all))
	for i, r := range all {
		out[i] = r.Value
	}
	return out, nil
}

func newestFirst(all []store.Record[store.TextModel]) {
	slices.SortFunc(all, func(a, b store.Record[store.TextModel]) int {
		return cmp.Or(b.Value.At.Compare(a.Value.At), cmp.Compare(a.ID, b.ID))
	})
}

// forgetCandidates deletes all but the newest models that were never in force. One that is being put in force
// has just been written, and stays.
func forgetCandidates(ctx context.Context, st store.Store) error {
	all, err := store.TextModels(st).All(ctx, "")
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(r store.Record[store.TextModel]) bool { return !r.Value.UsedAt.IsZero() || r.Value.By == "" })
	newestFirst(all)
	for _, r := range all[min(len(all), keptCandidates):] {
		switch err := st.DeleteDoc(ctx, store.TextModels(st).Kind, r.ID, r.Version); {
		case router.IsCode(err, router.CodeConflict):
			continue
		case err != nil:
			return err
		}
		if err := st.DeleteBlob(ctx, store.ModelBlob(r.ID)); err != nil {
			return err
		}
	}
	return nil
}
