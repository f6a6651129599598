package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/api/openapi"
	"switchyard/channels/intake"
	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/privacy"
)

// maxReplyFiles bounds the files of one reply.
const maxReplyFiles = 10

// Reply answers POST /v1/tickets/{id}/replies.
func (s *Server) Reply(c echo.Context, id router.TicketID, p openapi.ReplyParams) error {
	const op = "api.reply"
	in, err := decode[openapi.ReplyRequest](c)
	if err != nil {
		return err
	}
	if in.Then == "" {
		in.Then = string(dispatch.ThenKeep)
	}
	switch {
	case strings.TrimSpace(in.Text) == "" && len(in.Attachments) == 0:
		return router.FailField(op, "text", "must not be empty")
	case len(in.Attachments) > maxReplyFiles:
		return router.FailField(op, "attachments", "are more than %d", maxReplyFiles)
	}
	if err := epochGiven(in.Epoch); err != nil {
		return err
	}
	ctx, who := c.Request().Context(), gate.CallerOf(c)
	files, err := s.replyFiles(ctx, who.ID(), id, in.Attachments)
	if err != nil {
		return err
	}
	m, t, err := s.Desk.Reply(ctx, who.ID(), id, dispatch.Reply{Epoch: in.Epoch, Text: in.Text, Attachments: files,
		Then: dispatch.Then(in.Then), Seen: in.Seen, Key: replyKey(p.IdempotencyKey, in)})
	if err != nil {
		return err
	}
	shape, err := s.view(who).ticket(ctx, t)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, openapi.Replied{Message: messageOf(m), Ticket: shape, Claim: shape.Claim})
}

// replyKey names a reply by the caller's key and what it says: a text changed after a refusal is another reply.
func replyKey(key string, in openapi.ReplyRequest) string {
	if key == "" {
		return ""
	}
	parts := []string{key, in.Text}
	for _, a := range in.Attachments {
		parts = append(parts, string(a))
	}
	return router.HashID("k", parts...)
}

// replyFiles finds the files of a reply: the agent's own, or ones of this ticket. invalid_field.
func (s *Server) replyFiles(ctx context.Context, agent router.AgentID, id router.TicketID, ids []router.BlobID) ([]router.Attachment, error) {
	var out []router.Attachment
	for _, blob := range ids {
		r, err := intake.Attachments(s.Store).Get(ctx, string(blob))
		if err != nil && !router.IsCode(err, router.CodeNotFound) {
			return nil, err
		}
		may := err == nil && r.Value.Uploader == string(agent)
		if err == nil && !may && r.Value.Message != "" {
			m, err := s.Store.Message(ctx, r.Value.Message)
			if err != nil && !router.IsCode(err, router.CodeNotFound) {
				return nil, err
			}
			may = err == nil && m.TicketID == id
		}
		if !may {
			return nil, router.FailField("api.reply", "attachments", "there is no file %q that you uploaded", blob)
		}
		out = append(out, r.Value.Attachment)
	}
	return out, nil
}

// Note answers POST /v1/tickets/{id}/notes. What a note repeats of a customer's secrets is masked before it is written.
func (s *Server) Note(c echo.Context, id router.TicketID, p openapi.NoteParams) error {
	in, err := decode[openapi.NoteRequest](c)
	if err != nil {
		return err
	}
	if strings.TrimSpace(in.Text) == "" {
		return router.FailField("api.note", "text", "must not be empty")
	}
	text, _ := privacy.Mask(in.Text)
	m, err := s.Desk.Note(c.Request().Context(), gate.CallerOf(c).ID(), id, text, p.IdempotencyKey)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, messageOf(m))
}

// GetMessage answers GET /v1/messages/{id}.
func (s *Server) GetMessage(c echo.Context, id router.MessageID) error {
	m, err := s.Store.Message(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, messageOf(m))
}

// RawMessage answers GET /v1/messages/{id}/raw. Without its line in the audit stream nothing is served.
func (s *Server) RawMessage(c echo.Context, id router.MessageID) error {
	ctx := c.Request().Context()
	m, err := s.Store.Message(ctx, id)
	if err != nil {
		return err
	}
	if m.Raw == "" {
		return router.Fail("api.raw", router.CodeNotFound, "the input of this message was not kept")
	}
	if err := s.audit(c, "read_raw", string(id), ""); err != nil {
		return err
	}
	raw, err := s.Intake.OpenRaw(ctx, m.Raw)
	if err != nil {
		return err
	}
	s.asFile(c, string(id)+".bin", "application/octet-stream", false)
	return c.Blob(http.StatusOK, "application/octet-stream", raw)
}
