package app

import (
	"context"
	"log/slog"

	"switchyard/cmd/internal/config"
	"switchyard/router/opinion"
)

// OpenChat makes the client of the chat endpoint, nil if none is configured. A nil purse: without a budget.
func OpenChat(c *config.Config, purse opinion.Purse, log *slog.Logger) *opinion.Chat {
	if c.Opinion.Chat.URL == "" {
		return nil
	}
	return opinion.NewChat(outsideOptions(c.Opinion.Chat, purse, log))
}

// OpenEmbeddings makes the client of the embeddings endpoint, nil if none is configured. A nil purse: without a budget.
func OpenEmbeddings(c *config.Config, purse opinion.Purse, log *slog.Logger) *opinion.Embeddings {
	if c.Opinion.Embeddings.URL == "" {
		return nil
	}
	return opinion.NewEmbeddings(outsideOptions(config.Endpoint(c.Opinion.Embeddings), purse, log))
}

func outsideOptions(e config.Endpoint, purse opinion.Purse, log *slog.Logger) opinion.Options {
	return opinion.Options{URL: e.URL, Model: e.Model, Key: e.Key, Timeout: e.Timeout, Budget: e.Budget, Purse: purse, Now: Now, Log: log}
}

// openOutside gives the desk who is asked outside. Nobody is called before a ticket needs it.
func (a *App) openOutside(context.Context) (func(context.Context), error) {
	purse := opinion.InStore(a.Store)
	chat, embeddings := OpenChat(a.Config, purse, a.Log), OpenEmbeddings(a.Config, purse, a.Log)
	if chat != nil {
		a.Desk.Opinions = chat
	}
	if embeddings != nil {
		a.Desk.Embedder = embeddings
	}
	return func(context.Context) {
		if chat != nil {
			chat.Close()
		}
		if embeddings != nil {
			embeddings.Close()
		}
	}, nil
}
