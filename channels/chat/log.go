package chat

import (
	"context"
	"encoding/json"

	"switchyard/channels"
	"switchyard/router"
	"switchyard/router/store"
)

// The authors of chat messages, as visitors see them.
const (
	fromCustomer = "customer"
	fromAgent    = "agent"
)

// file is a file of a chat message; its bytes are fetched by id.
type file struct {
	ID   router.BlobID `json:"id"`
	Name string        `json:"name"`
	Type string        `json:"type"`
	Size int64         `json:"size"`
}

// line is one message in a session's log.
type line struct {
	From     string `json:"from"`
	Text     string `json:"text"`
	ClientID string `json:"client_id,omitempty"`
	Files    []file `json:"attachments,omitempty"`
}

// news is what travels over the bus about a session.
type news struct {
	Kind string `json:"kind"`
	From string `json:"from,omitempty"`
	Seq  int64  `json:"seq,omitempty"` // of a read mark
}

// The kinds of news.
const (
	newsMessage = "message"
	newsTyping  = "typing"
	newsRead    = "read"
	newsRevoked = "revoked"
)

// stream is the name of a session's log, and of its topic on the bus.
func (d *desk) stream(session string) string { return "chat:" + string(d.name) + ":" + session }

// write puts a message into the session's log once and tells who listens.
func (d *desk) write(ctx context.Context, session string, id router.MessageID, l line) error {
	if l.From == fromCustomer { // an agent writes what the customer is to read
		l.Text = d.deps.Mask(l.Text)
	}
	body, err := json.Marshal(l)
	if err != nil {
		return router.Wrap("chat.log", router.CodeInternal, err)
	}
	if _, err := d.deps.Streams.Append(ctx, d.stream(session), store.Entry{ID: string(id), At: d.deps.Now(), Body: body}); err != nil {
		return router.Wrap("chat.log", router.CodeUnavailable, err)
	}
	d.publish(ctx, session, news{Kind: newsMessage})
	return nil
}

// publish hurries listeners along; who misses it reads the log soon.
func (d *desk) publish(ctx context.Context, session string, n news) {
	body, err := json.Marshal(n)
	if err == nil {
		err = d.deps.Bus.Publish(ctx, d.stream(session), body)
	}
	if err != nil {
		d.deps.Log.Debug("news of a chat were not told", "code", router.CodeOf(err))
	}
}

// sender writes replies into the session's log: there they are sent.
type sender struct{ desk *desk }

// Send implements channels.Sender.
func (s *sender) Send(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
	const op = "chat.send"
	if out.Handle.Channel != router.ChannelChat || out.Handle.Address == "" {
		return channels.Receipt{}, router.Fail(op, router.CodeCannotReply, "the handle is no chat session")
	}
	l := line{From: fromAgent, Text: out.Text, Files: files(out)}
	return channels.Receipt{ProviderID: string(out.MessageID)}, s.desk.write(ctx, out.Handle.Address, out.MessageID, l)
}

// files are the reply's files by their ids: visitors fetch them from the desk.
func files(out channels.Outgoing) []file {
	var fs []file
	for _, f := range out.Files {
		fs = append(fs, file{ID: f.ID, Name: f.Name, Type: f.Type, Size: int64(len(f.Data))})
	}
	return fs
}
