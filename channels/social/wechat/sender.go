package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"switchyard/channels"
	"switchyard/router"
	"switchyard/router/store"
)

const (
	maxText = 2000 // bytes of one message; the network takes 2048
	window  = 48 * time.Hour
)

type sender struct {
	name    router.SourceName
	account *account
	deps    channels.Deps
}

// progress is how many parts of a reply the network has taken.
type progress struct {
	Parts int `json:"parts"`
}

// Send implements channels.Sender: the text in as many messages as it needs, then the pictures.
func (s *sender) Send(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
	const op = "wechat.send"
	texts := split(out.Text, maxText)
	total := len(texts) + len(out.Files)
	switch {
	case out.Handle.Address == "" || total == 0:
		return channels.Receipt{}, router.Fail(op, router.CodeCannotReply, "the reply is empty or has no receiver")
	case !out.InboundAt.IsZero() && s.deps.Now().Sub(out.InboundAt) > window:
		return channels.Receipt{}, router.Fail(op, router.CodeCannotReply, "the customer wrote more than 48 hours ago; the network takes no reply until he writes again")
	}
	for _, f := range out.Files {
		if !strings.HasPrefix(f.Type, "image/") {
			return channels.Receipt{}, router.Fail(op, router.CodeCannotReply, "the network carries pictures only, no other files")
		}
	}
	docs := store.Collection[progress]{Docs: s.deps.Docs, Kind: "social_parts"}
	key := string(s.name) + "/" + string(out.MessageID)
	done, err := docs.Get(ctx, key)
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return channels.Receipt{}, router.Wrap(op, router.CodeUnavailable, err)
	}
	for n := done.Value.Parts; n < total; n++ {
		if err := s.part(ctx, out, texts, n); err != nil {
			return channels.Receipt{}, err
		}
		if total == 1 {
			break
		}
		_, err := docs.Update(context.WithoutCancel(ctx), key, func(p *progress) (bool, error) {
			p.Parts = n + 1
			return true, nil
		})
		if err != nil {
			return channels.Receipt{}, router.Wrap(op, router.CodeUnavailable, err)
		}
	}
	return channels.Receipt{}, nil
}

func (s *sender) part(ctx context.Context, out channels.Outgoing, texts []string, n int) error {
	m := map[string]any{"touser": out.Handle.Address}
	if n < len(texts) {
		m["msgtype"], m["text"] = "text", map[string]string{"content": texts[n]}
	} else {
		id, err := s.account.upload(ctx, out.Files[n-len(texts)])
		if err != nil {
			return err
		}
		m["msgtype"], m["image"] = "image", map[string]string{"media_id": id}
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false) // the network shows escapes as they are
	if err := enc.Encode(m); err != nil {
		return router.Wrap("wechat.send", router.CodeInternal, err)
	}
	_, _, err := s.account.call(ctx, http.MethodPost, "/cgi-bin/message/custom/send", nil, "application/json; charset=utf-8", body.Bytes(), maxAnswer)
	return err
}

// split cuts a text into parts of at most limit bytes: between lines or words where it can.
func split(text string, limit int) []string {
	var parts []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		cut := len(text)
		if cut > limit {
			for cut = limit; !utf8.RuneStart(text[cut]); {
				cut--
			}
			for _, between := range []string{"\n", " ", "。"} {
				if i := strings.LastIndex(text[:cut], between); i > cut/2 {
					cut = i + len(between)
					break
				}
			}
		}
		parts = append(parts, strings.TrimSpace(text[:cut]))
		text = text[cut:]
	}
	return parts
}
