package web

import (
	"context"

	"switchyard/router/store"
)

// noticesShown is how many notices the live page shows, the newest.
const noticesShown = 8

// notices are the newest of what the desk told its managers.
func (p *Pages) notices(ctx context.Context) ([]store.Notice, error) {
	said, err := store.TailJSON[store.Notice](ctx, p.Store, store.NoticeStream, 0, noticesShown)
	return store.Values(said), err
}
