package cli

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"switchyard/cmd/internal/app"
	"switchyard/router/learn"
	"switchyard/router/opinion"
	"switchyard/router/textmodel"
)

// embed gives the examples their vectors, where the flags name an embeddings endpoint.
func (s *shell) embed(ctx context.Context, f trainFlags, examples []textmodel.Example) error {
	e, err := s.embeddings(f)
	if err != nil || e == nil {
		return err
	}
	defer e.Close()
	bar := progress(s.err, "vectors")
	bar.ChangeMax(1000)
	err = learn.Embed(ctx, e, func(x float64) { _ = bar.Set(int(1000 * x)) }, examples)
	_ = bar.Finish()
	return err
}

// embeddings is the endpoint that the flags name, nil if they name none. The configured key is sent to the
// configured address alone.
func (s *shell) embeddings(f trainFlags) (*opinion.Embeddings, error) {
	if f.embeddings == "" && f.embeddingsModel == "" {
		return nil, nil
	}
	if f.embeddings == "" || f.embeddingsModel == "" {
		return nil, usage{errors.New("give --embeddings URL and --embeddings-model ID together")}
	}
	cfg, err := s.load(nil)
	if err != nil {
		return nil, err
	}
	o := opinion.Options{URL: f.embeddings, Model: f.embeddingsModel, Now: app.Now, Log: slog.New(slog.NewTextHandler(s.err, nil))}
	if strings.TrimRight(o.URL, "/") == strings.TrimRight(cfg.Opinion.Embeddings.URL, "/") {
		o.Key = cfg.Opinion.Embeddings.Key
	}
	return opinion.NewEmbeddings(o), nil
}
