package chat

import (
	"context"
	"time"

	"switchyard/channels/intake"
	"switchyard/router"
)

// handle does what a frame after hello asks.
func (s *socket) handle(ctx context.Context, b []byte) {
	f, err := parseFrame(b)
	if err != nil {
		s.sendError(ctx, f.ClientID, err)
		return
	}
	d, session := s.desk, s.visit.Session
	switch f.Type {
	case frameTyping:
		if now := d.deps.Now(); now.Sub(s.typed) >= typingEvery {
			s.typed = now
			d.publish(ctx, session, news{Kind: newsTyping, From: fromCustomer})
		}
	case frameRead:
		d.publish(ctx, session, news{Kind: newsRead, From: fromCustomer, Seq: f.Seq})
	case frameMessage:
		s.message(ctx, f)
	default:
		s.sendError(ctx, "", router.Fail("chat.frame", router.CodeInvalidField, "hello was said"))
	}
}

// message hands a visitor's message to the intake, puts it into the log, and acknowledges it.
func (s *socket) message(ctx context.Context, f clientFrame) {
	d := s.desk
	if !d.hub.allow(s.visit.Session, d.deps.Now()) {
		s.sendError(ctx, f.ClientID, router.Fail("chat.message", router.CodeRateLimited, "too many messages; wait %d seconds", int(floodWindow/time.Second)))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, acceptWithin)
	defer cancel()
	id, err := s.accept(ctx, f)
	if err != nil {
		d.deps.Log.Debug("a chat message was not taken", "code", router.CodeOf(err))
		s.sendError(ctx, f.ClientID, err)
		return
	}
	s.mu.Lock()
	s.sentAt = d.deps.Now()
	s.mu.Unlock()
	s.send(ctx, serverFrame{Type: frameAck, ClientID: f.ClientID, MessageID: id})
	s.nudge()
}

// accept stores a message: first at the intake, then in the log. Both may happen twice.
func (s *socket) accept(ctx context.Context, f clientFrame) (router.MessageID, error) {
	d, v := s.desk, s.visit
	in := router.Inbound{Source: d.name, Channel: router.ChannelChat, Kind: router.KindMessage, ExternalID: v.Session + "/" + f.ClientID,
		Handle: v.handle(), Name: v.Name, Text: f.Text, Language: v.Language, SentAt: d.deps.Now()}
	l := line{From: fromCustomer, Text: f.Text, ClientID: f.ClientID}
	for _, id := range f.Attachments {
		a, data, err := s.upload(ctx, id)
		if err != nil {
			return "", err
		}
		in.Attach = append(in.Attach, router.InboundAttachment{Name: a.Name, Type: a.Type, Data: data})
		l.Files = append(l.Files, file{a.ID, a.Name, a.Type, a.Size})
	}
	if more := v.preface(); more != "" {
		before, err := d.deps.Streams.TailStream(ctx, d.stream(v.Session), 0, 1)
		if err != nil {
			return "", router.Wrap("chat.message", router.CodeUnavailable, err)
		}
		if len(before) == 0 {
			in.Text += more
		}
	}
	answers := d.deps.Intake.Accept(ctx, []router.Inbound{in})
	if len(answers) != 1 {
		return "", router.Fail("chat.message", router.CodeUnavailable, "the message could not be stored now; send it again")
	}
	if answers[0].Err != nil {
		return "", answers[0].Err
	}
	return answers[0].MessageID, d.write(ctx, v.Session, answers[0].MessageID, l)
}

// upload opens a file that this very visitor has uploaded. invalid_field for any other.
func (s *socket) upload(ctx context.Context, id router.BlobID) (router.Attachment, []byte, error) {
	const op = "chat.upload"
	unknown := router.FailField(op, "attachments", "must be ids of files you uploaded")
	filed, err := intake.Attachments(s.desk.deps.Docs).Get(ctx, string(id))
	switch {
	case router.IsCode(err, router.CodeNotFound), err == nil && filed.Value.Uploader != Uploader(s.desk.name, s.visit.handle()):
		return router.Attachment{}, nil, unknown
	case err != nil:
		return router.Attachment{}, nil, router.Wrap(op, router.CodeUnavailable, err)
	}
	a, data, err := s.desk.deps.Attachment(ctx, id)
	if router.IsCode(err, router.CodeNotFound) {
		return a, nil, unknown
	}
	if err != nil {
		return a, nil, &router.Error{Op: op, Code: router.CodeUnavailable, Detail: "the file cannot be read now; send it again", Err: err}
	}
	return a, data, nil
}

// Uploader is how an upload of a visitor names who uploaded it.
func Uploader(source router.SourceName, h router.Handle) string { return "visitor:" + h.Key(source) }

func (s *socket) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
