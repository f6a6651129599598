package wechat

import (
	"context"
	"net/http"
	"time"

	"switchyard/channels"
	"switchyard/router"
)

// fetchWithin bounds the fetching of a file: the network waits five seconds for its answer.
const fetchWithin = 3 * time.Second

type hook struct {
	name    router.SourceName
	seal    seal
	deps    channels.Deps
	account *account
}

// ServeHook implements channels.Hook.
func (h *hook) ServeHook(ctx context.Context, r channels.HookRequest) (channels.HookAnswer, error) {
	const op = "wechat.hook"
	q := func(name string) string {
		if v := r.Query[name]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	timestamp, nonce := q("timestamp"), q("nonce")
	switch r.Method {
	case http.MethodGet:
		if err := h.seal.verify(q("signature"), timestamp, nonce, h.deps.Now()); err != nil {
			return channels.HookAnswer{}, err
		}
		return plain(q("echostr")), nil
	case http.MethodPost:
	default:
		return channels.HookAnswer{}, router.Fail(op, router.CodeNotFound, "messages are sent with POST")
	}
	sealed := q("encrypt_type") == "aes"
	if !sealed {
		if err := h.seal.verify(q("signature"), timestamp, nonce, h.deps.Now()); err != nil {
			return channels.HookAnswer{}, err
		}
	}
	m, err := parseMessage(r.Body)
	if err != nil && sealed {
		return channels.HookAnswer{}, router.Fail(op, router.CodeBadSignature, "the signature does not fit the token of this source")
	}
	if err != nil {
		return channels.HookAnswer{}, err
	}
	body := r.Body
	if sealed || m.Encrypt != "" && m.Type == "" {
		if err := h.seal.verify(q("msg_signature"), timestamp, nonce, h.deps.Now(), m.Encrypt); err != nil {
			return channels.HookAnswer{}, err
		}
		if body, err = h.seal.open(m.Encrypt); err != nil {
			return channels.HookAnswer{}, err
		}
		if m, err = parseMessage(body); err != nil {
			return channels.HookAnswer{}, err
		}
	}
	return h.accept(ctx, m, body)
}

func plain(s string) channels.HookAnswer {
	return channels.HookAnswer{Status: http.StatusOK, Type: "text/plain; charset=utf-8", Body: []byte(s)}
}

func (h *hook) accept(ctx context.Context, m message, raw []byte) (channels.HookAnswer, error) {
	in, what, ok := normalize(h.name, m)
	if !ok {
		return plain("success"), nil
	}
	in.Raw = raw
	if what != "" {
		in.Attach = []router.InboundAttachment{h.fetch(ctx, m.MediaID, what)}
	}
	for _, a := range h.deps.Intake.Accept(ctx, []router.Inbound{in}) {
		if router.IsCode(a.Err, router.CodeUnavailable) {
			return channels.HookAnswer{}, a.Err
		}
		if a.Err != nil {
			h.deps.Log.Warn("a message was refused", "code", router.CodeOf(a.Err))
		}
	}
	return plain("success"), nil
}

func (h *hook) fetch(ctx context.Context, id, what string) router.InboundAttachment {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	data, mediaType, err := h.account.media(ctx, id)
	if err != nil {
		h.deps.Log.Warn("a file could not be fetched", "code", router.CodeOf(err))
		return router.InboundAttachment{Name: what, Note: "the file could not be fetched from the network"}
	}
	return router.InboundAttachment{Name: what, Type: mediaType, Data: data}
}
