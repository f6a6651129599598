package telegram

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf16"

	"switchyard/channels"
	"switchyard/router"
	"switchyard/router/store"
)

// maxText is how long a message may be, in UTF-16 units.
const maxText = 4096

type sender struct {
	name router.SourceName
	bot  *bot
	deps channels.Deps
}

// progress is how many parts of a reply the network has taken.
type progress struct {
	Parts int    `json:"parts"`
	First string `json:"first"`
}

// Send implements channels.Sender: the text in as many messages as it needs, then the files.
func (s *sender) Send(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
	const op = "telegram.send"
	chatID, err := strconv.ParseInt(out.Handle.Address, 10, 64)
	if err != nil {
		return channels.Receipt{}, router.Fail(op, router.CodeCannotReply, "the handle is no id of this network")
	}
	texts := split(out.Text, maxText)
	total := len(texts) + len(out.Files)
	if total == 0 {
		return channels.Receipt{}, router.Fail(op, router.CodeCannotReply, "the reply is empty")
	}
	docs := store.Collection[progress]{Docs: s.deps.Docs, Kind: "social_parts"}
	key := string(s.name) + "/" + string(out.MessageID)
	var done progress
	if total > 1 {
		r, err := docs.Get(ctx, key)
		if err != nil && !router.IsCode(err, router.CodeNotFound) {
			return channels.Receipt{}, router.Wrap(op, router.CodeUnavailable, err)
		}
		done = r.Value
	}
	for ; done.Parts < total; done.Parts++ {
		id, err := s.part(ctx, chatID, out, texts, done.Parts)
		if err != nil {
			return channels.Receipt{}, err
		}
		if done.First == "" {
			done.First = strconv.FormatInt(chatID, 10) + "/" + strconv.FormatInt(id, 10)
		}
		if total > 1 {
			_, err := docs.Update(context.WithoutCancel(ctx), key, func(p *progress) (bool, error) {
				*p = progress{done.Parts + 1, done.First}
				return true, nil
			})
			if err != nil {
				return channels.Receipt{}, router.Wrap(op, router.CodeUnavailable, err)
			}
		}
	}
	return channels.Receipt{ProviderID: done.First}, nil
}

func (s *sender) part(ctx context.Context, chatID int64, out channels.Outgoing, texts []string, n int) (id int64, err error) {
	var sent struct {
		ID int64 `json:"message_id"`
	}
	if n < len(texts) {
		err := s.bot.call(ctx, "sendMessage", map[string]any{"chat_id": chatID, "text": texts[n], "link_preview_options": map[string]bool{"is_disabled": true}}, &sent)
		return sent.ID, err
	}
	f := out.Files[n-len(texts)]
	method, field := "sendDocument", "document"
	if f.Type == "image/jpeg" || f.Type == "image/png" {
		method, field = "sendPhoto", "photo"
	}
	err = s.bot.upload(ctx, method, map[string]string{"chat_id": strconv.FormatInt(chatID, 10)}, field, f, &sent)
	return sent.ID, err
}

// split cuts a text into parts of at most limit UTF-16 units: between lines or words where it can.
func split(text string, limit int) []string {
	var parts []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		units, cut := 0, len(text)
		for i, r := range text {
			if units += max(utf16.RuneLen(r), 1); units > limit {
				cut = i
				break
			}
		}
		if cut < len(text) {
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
