package intake

import (
	"context"
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"

	"switchyard/router"
	"switchyard/router/store"
)

// Filed is what is known of a stored attachment: whose it is decides who may see it.
type Filed struct {
	router.Attachment
	Message  router.MessageID `json:"message,omitempty"`
	Uploader string           `json:"uploader,omitempty"` // a user's name, or "visitor:" and a handle key
}

// Attachments are all stored attachments by id.
func Attachments(d store.Docs) store.Collection[Filed] {
	return store.Collection[Filed]{Docs: d, Kind: "attachment"}
}

func (s *Service) attachment(ctx context.Context, m router.MessageID, i int, a router.InboundAttachment, name string) (router.Attachment, error) {
	out := router.Attachment{Name: name, Type: MediaType(a.Type, a.Data), Size: int64(len(a.Data)), Note: a.Note}
	if len(a.Data) == 0 {
		return out, nil
	}
	out.ID = router.BlobID(router.HashID("b", string(m), strconv.Itoa(i)))
	if err := s.put(ctx, out.ID, a.Data); err != nil {
		return out, err
	}
	_, err := Attachments(s.Store).Ensure(ctx, string(out.ID), Filed{Attachment: out, Message: m})
	return out, err
}

// MediaType is the declared type, unless the bytes say that it is something a browser would run.
func MediaType(declared string, data []byte) string {
	sniffed, _, _ := strings.Cut(http.DetectContentType(data), ";")
	declared, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(declared)), ";")
	if declared == "" || strings.ContainsAny(declared, "\r\n \x00") {
		return sniffed
	}
	if sniffed == "text/html" || sniffed == "text/xml" || strings.Contains(declared, "html") || strings.Contains(declared, "svg") || strings.Contains(declared, "xml") || strings.Contains(declared, "script") {
		return "application/octet-stream"
	}
	return declared
}

// File seals and stores an uploaded file, its name masked.
func (s *Service) File(ctx context.Context, uploader, name, declared string, data []byte) (router.Attachment, error) {
	name, _ = s.Mask(name)
	a := router.Attachment{ID: router.BlobID("b" + strings.ToLower(rand.Text())), Name: name, Type: MediaType(declared, data), Size: int64(len(data))}
	if err := s.put(ctx, a.ID, data); err != nil {
		return a, err
	}
	_, err := Attachments(s.Store).Put(ctx, store.Record[Filed]{ID: string(a.ID), Value: Filed{Attachment: a, Uploader: uploader}})
	return a, err
}

// Open reads a stored attachment's record and bytes. not_found.
func (s *Service) Open(ctx context.Context, id router.BlobID) (Filed, []byte, error) {
	r, err := Attachments(s.Store).Get(ctx, string(id))
	if err != nil {
		return r.Value, nil, err
	}
	data, err := s.OpenRaw(ctx, id)
	return r.Value, data, err
}

// OpenRaw reads sealed bytes of any kind. Callers check and audit who may.
func (s *Service) OpenRaw(ctx context.Context, id router.BlobID) ([]byte, error) {
	sealed, err := s.Store.Blob(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.Sealer.Open(id, sealed)
}
