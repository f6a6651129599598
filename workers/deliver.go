package workers

import (
	"context"
	"errors"
	"time"

	"switchyard/channels"
	"switchyard/router"
)

// Senders finds what a reply needs to leave the house.
type Senders interface {
	// Sender of a source, nil if it carries no replies.
	Sender(source router.SourceName) channels.Sender
	// OpenFile reads a stored attachment.
	OpenFile(ctx context.Context, id router.BlobID) ([]byte, error)
}

const (
	// sendLease is how long one try of a delivery may take before another may begin.
	sendLease = 2 * time.Minute
	// sendTimeout bounds one try.
	sendTimeout = time.Minute
	// giveUpAfter is how long a passing failure is tried again.
	giveUpAfter = 24 * time.Hour
)

// deliver hands one reply to its channel. The lease on the message keeps two workers from sending
// it at once; a crash after the channel took it and before that is written can send it twice, under the same key.
func (s *Server) deliver(ctx context.Context, id string) error {
	m, err := s.Store.Message(ctx, router.MessageID(id))
	if router.IsCode(err, router.CodeNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if m.Stage == router.StageFailed {
		return s.Desk.TellFailure(ctx, m)
	}
	if m.Stage != router.StageQueued || m.RetryAt.After(s.Now()) {
		return nil
	}
	m.RetryAt, m.Attempts = s.Now().Add(sendLease), m.Attempts+1
	if m, err = s.Store.SaveMessage(ctx, m); err != nil {
		if router.IsCode(err, router.CodeConflict) {
			return nil // another worker has it
		}
		return err
	}
	receipt, err := s.send(ctx, m)
	if err != nil {
		return s.sendFailed(ctx, m, err)
	}
	if err := s.Desk.Sent(ctx, m, receipt.ProviderID); err != nil {
		s.Log.Warn("delivery reports of a message will not be known", "message", m.ID, "error", err)
	}
	m.Stage, m.StageAt, m.RetryAt, m.Error, m.ProviderID = router.StageSent, s.Now(), time.Time{}, "", receipt.ProviderID
	if _, err = s.Store.SaveMessage(ctx, m); err == nil {
		s.Desk.Changed(ctx, m.TicketID)
	}
	return err
}

func (s *Server) send(ctx context.Context, m router.Message) (channels.Receipt, error) {
	sender := s.Senders.Sender(m.Source)
	if sender == nil {
		return channels.Receipt{}, router.Fail("workers.deliver", router.CodeCannotReply, "the source %s carries no replies", m.Source)
	}
	out, err := s.outgoing(ctx, m)
	if err != nil {
		return channels.Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return sender.Send(ctx, out)
}

// outgoing gathers what the channel needs: files, and the thread the reply belongs to.
func (s *Server) outgoing(ctx context.Context, m router.Message) (channels.Outgoing, error) {
	out := channels.Outgoing{MessageID: m.ID, TicketID: m.TicketID, Handle: m.Handle, Subject: m.Subject, Text: m.Text, Language: m.Language, Automatic: m.Automatic}
	for _, a := range m.Attachments {
		data, err := s.Senders.OpenFile(ctx, a.ID)
		if err != nil {
			return out, err
		}
		out.Files = append(out.Files, channels.OutgoingFile{ID: a.ID, Name: a.Name, Type: a.Type, Data: data})
	}
	t, err := s.Store.Ticket(ctx, m.TicketID)
	if err != nil {
		return out, err
	}
	out.InReplyTo, out.Subject = t.LastInbound, t.Subject
	last, err := s.Store.MessagesByID(ctx, []router.MessageID{t.LastCustomer})
	if err != nil {
		return out, err
	}
	for _, in := range last {
		out.InboundAt, out.Name = in.ReceivedAt, in.Name
		for i := len(in.ThreadKeys) - 1; i >= 0; i-- { // stored with its own key first
			out.ThreadKeys = append(out.ThreadKeys, in.ThreadKeys[i])
		}
	}
	return out, nil
}

// sendFailed waits for a passing failure to pass, and gives up on any other.
func (s *Server) sendFailed(ctx context.Context, m router.Message, cause error) error {
	now := s.Now()
	m.Error = string(router.CodeOf(cause))
	code := router.CodeOf(cause)
	passing := code == router.CodeUnavailable || code == router.CodeRateLimited || errors.Is(cause, context.DeadlineExceeded) || errors.Is(cause, context.Canceled)
	if passing && now.Sub(m.ReceivedAt) < giveUpAfter {
		pause := Backoff(m.Attempts + 2)
		var after *channels.RetryAfter
		if errors.As(cause, &after) && after.After > 0 {
			pause = min(after.After, time.Hour)
		}
		m.RetryAt = now.Add(pause)
		if _, err := s.Store.SaveMessage(context.WithoutCancel(ctx), m); err != nil {
			return err
		}
		return cause
	}
	m.Stage, m.StageAt, m.RetryAt = router.StageFailed, now, time.Time{}
	m, err := s.Store.SaveMessage(ctx, m)
	if err != nil {
		return err
	}
	return s.Desk.TellFailure(ctx, m)
}
