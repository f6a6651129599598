package web

import (
	"context"
	"encoding/json"

	"switchyard/router"
	"switchyard/router/store"
)

// noticesShown is how many notices the live page shows, the newest.
const noticesShown = 8

// notices are the newest of what the desk told its managers.
func (p *Pages) notices(ctx context.Context) ([]store.Notice, error) {
	entries, err := p.Store.TailStream(ctx, store.NoticeStream, 0, noticesShown)
	if err != nil {
		return nil, err
	}
	out := make([]store.Notice, len(entries))
	for i, e := range entries {
		if err := json.Unmarshal(e.Body, &out[i]); err != nil {
			return nil, router.Wrap("web.notices", router.CodeInternal, err)
		}
	}
	return out, nil
}
