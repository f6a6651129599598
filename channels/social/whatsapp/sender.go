package whatsapp

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"switchyard/channels"
	"switchyard/router"
	"switchyard/router/store"
)

const (
	maxText = 4096 // characters of one message
	window  = 24 * time.Hour
)

type sender struct {
	name  router.SourceName
	graph *graph
	deps  channels.Deps
}

// progress is how many parts of a reply the network has taken.
type progress struct {
	Parts int    `json:"parts"`
	First string `json:"first"`
}

// Send implements channels.Sender: the text in as many messages as it needs, then the files.
func (s *sender) Send(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
	const op = "whatsapp.send"
	texts := split(out.Text, maxText)
	total := len(texts) + len(out.Files)
	switch {
	case out.Handle.Address == "" || total == 0:
		return channels.Receipt{}, router.Fail(op, router.CodeCannotReply, "the reply is empty or has no receiver")
	case !out.InboundAt.IsZero() && s.deps.Now().Sub(out.InboundAt) > window:
		return channels.Receipt{}, router.Fail(op, router.CodeCannotReply, "the customer wrote more than 24 hours ago; the network takes no reply until he writes again")
	}
	docs := store.Collection[progress]{Docs: s.deps.Docs, Kind: "social_parts"}
	key := string(s.name) + "/" + string(out.MessageID)
	kept, err := docs.Get(ctx, key)
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return channels.Receipt{}, router.Wrap(op, router.CodeUnavailable, err)
	}
	done := kept.Value
	for done.Parts < total {
		id, err := s.part(ctx, out, texts, done.Parts)
		if err != nil {
			return channels.Receipt{}, err
		}
		if done.Parts++; done.First == "" {
			done.First = id
		}
		if total == 1 {
			break
		}
		_, err = docs.Update(context.WithoutCancel(ctx), key, func(p *progress) (bool, error) {
			*p = done
			return true, nil
		})
		if err != nil {
			return channels.Receipt{}, router.Wrap(op, router.CodeUnavailable, err)
		}
	}
	return channels.Receipt{ProviderID: done.First}, nil
}

func (s *sender) part(ctx context.Context, out channels.Outgoing, texts []string, n int) (string, error) {
	m := map[string]any{"messaging_product": "whatsapp", "recipient_type": "individual", "to": out.Handle.Address, "biz_opaque_callback_data": string(out.MessageID)}
	if n < len(texts) {
		m["type"], m["text"] = "text", map[string]any{"body": texts[n], "preview_url": false}
		return s.graph.send(ctx, m)
	}
	f := out.Files[n-len(texts)]
	id, err := s.graph.upload(ctx, f)
	if err != nil {
		return "", err
	}
	what := mediaKind(f.Type)
	given := map[string]any{"id": id}
	if what == "document" {
		given["filename"] = f.Name
	}
	m["type"], m[what] = what, given
	return s.graph.send(ctx, m)
}

// mediaKind is what the network calls files of a type.
func mediaKind(mediaType string) string {
	switch mediaType {
	case "image/jpeg", "image/png":
		return "image"
	case "audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg":
		return "audio"
	case "video/mp4", "video/3gp":
		return "video"
	}
	return "document"
}

// split cuts a text into parts of at most limit characters: between lines or words where it can.
func split(text string, limit int) []string {
	var parts []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		cut := len(text)
		if utf8.RuneCountInString(text) > limit {
			n := 0
			for i := range text {
				if n == limit {
					cut = i
					break
				}
				n++
			}
			for _, between := range []string{"\n", " "} {
				if i := strings.LastIndex(text[:cut], between); i > cut/2 {
					cut = i
					break
				}
			}
		}
		parts = append(parts, strings.TrimSpace(text[:cut]))
		text = text[cut:]
	}
	return parts
}
