package dispatch

import (
	"context"

	"switchyard/router"
	"switchyard/router/store"
)

// Notice tells the managers something, once for each id. ticket may be empty. Sentences hold no message text.
func (s *Service) Notice(ctx context.Context, kind, id string, sentence router.Sentence, ticket router.TicketID) error {
	now := s.Now()
	_, err := store.AppendJSON(ctx, s.Store, store.NoticeStream, id, now, store.Notice{At: now, Kind: kind, Ticket: ticket, Text: sentence})
	if err == nil {
		s.publish(ctx, News{Kind: "notice", TicketID: ticket})
	}
	return err
}
