package cli

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"switchyard/cmd/internal/app"
	"switchyard/router/opinion"
	"switchyard/router/textmodel"
)

// embed gives the examples their vectors, where the flags name an embeddings endpoint. The configured key
// is sent to the configured address alone.
func (s *shell) embed(ctx context.Context, f trainFlags, examples []textmodel.Example) error {
	if f.embeddings == "" && f.embeddingsModel == "" {
		return nil
	}
	if f.embeddings == "" || f.embeddingsModel == "" {
		return usage{errors.New("give --embeddings URL and --embeddings-model ID together")}
	}
	cfg, err := s.load(nil)
	if err != nil {
		return err
	}
	o := opinion.Options{URL: f.embeddings, Model: f.embeddingsModel, Now: app.Now, Log: slog.New(slog.NewTextHandler(s.err, nil))}
	if strings.TrimRight(o.URL, "/") == strings.TrimRight(cfg.Opinion.Embeddings.URL, "/") {
		o.Key = cfg.Opinion.Embeddings.Key
	}
	e := opinion.NewEmbeddings(o)
	defer e.Close()
	texts := make([]string, len(examples))
	for i, x := range examples {
		texts[i] = x.Text
	}
	bar := progress(s.err, "vectors")
	bar.ChangeMax(len(texts))
	vs, err := e.EmbedAll(ctx, texts, func(done, _ int) { _ = bar.Set(done) })
	_ = bar.Finish()
	if err != nil {
		return err
	}
	for i := range examples {
		examples[i].Vector = vs[i]
	}
	return nil
}
