package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/api/openapi"
	"switchyard/channels/intake"
	"switchyard/router"
	"switchyard/router/store"
)

// UploadAttachment answers POST /v1/attachments.
func (s *Server) UploadAttachment(c echo.Context, _ openapi.UploadAttachmentParams) error {
	s.allowOrigin(c)
	select {
	case s.uploads <- struct{}{}:
		defer func() { <-s.uploads }()
	default:
		return tooMany(1e9)
	}
	name, declared, data, err := uploaded(c)
	if err != nil {
		return err
	}
	a, err := s.Intake.File(c.Request().Context(), uploader(gate.CallerOf(c)), name, declared, data)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, a)
}

// uploader is how an uploaded file remembers whose it is.
func uploader(who gate.Caller) string {
	if who.Visitor != nil {
		return "visitor:" + who.Visitor.Handle.Key(who.Visitor.Source)
	}
	return string(who.ID())
}

// uploaded reads the one file of a form.
func uploaded(c echo.Context) (name, declared string, data []byte, err error) {
	const op = "api.upload"
	form, err := c.Request().MultipartReader()
	if err != nil {
		return "", "", nil, router.FailField(op, "file", "must come as multipart/form-data")
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return "", "", nil, router.FailField(op, "file", "must be given")
		}
		if err != nil {
			return "", "", nil, formError(op, err)
		}
		if part.FormName() != "file" {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(part, maxFile+1))
		switch {
		case err != nil:
			return "", "", nil, formError(op, err)
		case len(data) > maxFile:
			return "", "", nil, router.Fail(op, router.CodeTooLarge, "a file may have at most 10 MiB")
		case len(data) == 0:
			return "", "", nil, router.FailField(op, "file", "must not be empty")
		}
		return fileName(part.FileName()), part.Header.Get("Content-Type"), data, nil
	}
}

func formError(op string, err error) error {
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return router.Fail(op, router.CodeTooLarge, "a file may have at most 10 MiB")
	}
	return router.FailField(op, "file", "the form breaks off or cannot be read")
}

// fileName is the last part of a name, in printable characters, of at most 200 bytes.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1 // control characters, and those that turn the direction of writing
		}
		return r
	}, name)
	for len(name) > 200 {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	if name == "" || name == "." || name == "/" {
		return "file"
	}
	return name
}

// GetAttachment answers GET /v1/attachments/{id}.
func (s *Server) GetAttachment(c echo.Context, id router.BlobID) error {
	s.allowOrigin(c)
	ctx := c.Request().Context()
	r, err := intake.Attachments(s.Store).Get(ctx, string(id))
	if err != nil {
		return err
	}
	if v := gate.CallerOf(c).Visitor; v != nil {
		own, err := s.visitorSees(ctx, *v, id, r.Value)
		if err != nil {
			return err
		}
		if !own { // as if it were not there
			return router.Fail("api.attachment", router.CodeNotFound, "there is no such file")
		}
	}
	data, err := s.Intake.OpenRaw(ctx, id)
	if err != nil {
		return err
	}
	s.asFile(c, r.Value.Name, r.Value.Type, shown(r.Value.Type))
	c.Response().Header().Set("Cache-Control", "private, max-age=3600")
	return c.Blob(http.StatusOK, r.Value.Type, data)
}

// shown are the types that a browser shows in place; it can run nothing in them.
func shown(mediaType string) bool {
	switch mediaType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

// asFile makes a browser save a foreign file, or show it where nothing in it can run.
func (s *Server) asFile(c echo.Context, name, mediaType string, inline bool) {
	disposition := "attachment"
	if inline {
		disposition = "inline"
	}
	if v := mime.FormatMediaType(disposition, map[string]string{"filename": name}); v != "" {
		disposition = v
	}
	h := c.Response().Header()
	h.Set("Content-Disposition", disposition)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
}

// visitorTickets bounds how many tickets of a visitor are looked through for a file, from the newest back.
const visitorTickets = 5

// visitorSees reports whether a file is the visitor's own, or stands in a message of his conversation.
func (s *Server) visitorSees(ctx context.Context, v gate.Visitor, id router.BlobID, f intake.Filed) (bool, error) {
	key := v.Handle.Key(v.Source)
	if f.Uploader == "visitor:"+key {
		return true, nil
	}
	if f.Message != "" {
		m, err := s.Store.Message(ctx, f.Message)
		if err != nil && !router.IsCode(err, router.CodeNotFound) {
			return false, err
		}
		return err == nil && m.Source == v.Source && m.Handle == v.Handle, nil
	}
	t, err := s.Store.LatestTicket(ctx, v.Source, key)
	for range visitorTickets {
		if router.IsCode(err, router.CodeNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if found, err := s.sentIn(ctx, t.ID, id); found || err != nil || t.Previous == "" {
			return found, err
		}
		t, err = s.Store.Ticket(ctx, t.Previous)
	}
	return false, nil
}

// sentIn reports whether a file stands in a message of a ticket that the customer has or will have.
func (s *Server) sentIn(ctx context.Context, t router.TicketID, id router.BlobID) (bool, error) {
	after := ""
	for {
		ms, next, err := s.Store.TicketMessages(ctx, t, after, store.MaxLimit)
		if err != nil {
			return false, err
		}
		for _, m := range ms {
			out := m.Direction == router.DirectionOut && (m.Stage == router.StageQueued || m.Stage == router.StageSent)
			for _, a := range m.Attachments {
				if a.ID == id && (out || m.Direction == router.DirectionIn) {
					return true, nil
				}
			}
		}
		if next == "" {
			return false, nil
		}
		after = next
	}
}
