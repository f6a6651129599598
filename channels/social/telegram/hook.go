package telegram

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"time"

	"switchyard/channels"
	"switchyard/router"
)

// secretHeader carries the webhook's secret token.
const secretHeader = "X-Telegram-Bot-Api-Secret-Token"

// fetchWithin bounds the fetching of all files of one call.
const fetchWithin = 10 * time.Second

type hook struct {
	name   router.SourceName
	secret string
	deps   channels.Deps
	bot    *bot
}

// ServeHook implements channels.Hook.
func (h *hook) ServeHook(ctx context.Context, r channels.HookRequest) (channels.HookAnswer, error) {
	const op = "telegram.hook"
	if r.Method != http.MethodPost {
		return channels.HookAnswer{}, router.Fail(op, router.CodeNotFound, "updates are sent with POST")
	}
	given, want := sha256.Sum256([]byte(r.Header.Get(secretHeader))), sha256.Sum256([]byte(h.secret))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		return channels.HookAnswer{}, router.Fail(op, router.CodeBadSignature, "the header %s does not carry the secret token of this source", secretHeader)
	}
	updates, err := parseUpdates(r.Body)
	if err != nil {
		return channels.HookAnswer{}, err
	}
	fetch, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	var ins []router.Inbound
	for _, u := range updates {
		in, files, ok := normalize(h.name, u)
		if !ok {
			continue
		}
		in.Raw = r.Body
		for _, f := range files {
			in.Attach = append(in.Attach, h.fetch(fetch, f))
		}
		ins = append(ins, in)
	}
	if len(ins) > 0 {
		for _, a := range h.deps.Intake.Accept(ctx, ins) {
			if router.IsCode(a.Err, router.CodeUnavailable) {
				return channels.HookAnswer{}, a.Err
			}
			if a.Err != nil {
				h.deps.Log.Warn("a message was refused", "code", router.CodeOf(a.Err))
			}
		}
	}
	return channels.HookAnswer{Status: http.StatusOK, Type: "application/json", Body: []byte(`{}`)}, nil
}

// fetch gets a file, or says why it is not there.
func (h *hook) fetch(ctx context.Context, f attached) router.InboundAttachment {
	a := router.InboundAttachment{Name: f.Name, Type: f.Type}
	if a.Name == "" {
		a.Name = f.what
	}
	if f.Size > maxFile {
		a.Note = "the file is larger than the network gives out"
		return a
	}
	data, err := h.bot.file(ctx, f.FileID)
	if err != nil {
		h.deps.Log.Warn("a file could not be fetched", "code", router.CodeOf(err))
		a.Note = "the file could not be fetched from the network"
		return a
	}
	a.Data = data
	return a
}
