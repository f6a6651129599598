package whatsapp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"switchyard/channels"
	"switchyard/router"
)

// signatureHeader carries the signature of the body.
const signatureHeader = "X-Hub-Signature-256"

// fetchWithin bounds the fetching of all files of one call.
const fetchWithin = 10 * time.Second

type hook struct {
	name  router.SourceName
	set   Settings
	deps  channels.Deps
	graph *graph
}

// verify checks the signature of a body. bad_signature.
func verify(secret, given string, body []byte) error {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	want := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(strings.ToLower(strings.TrimSpace(given))), []byte(want)) {
		return router.Fail("whatsapp.verify", router.CodeBadSignature, "the header %s does not fit the body and the app's secret", signatureHeader)
	}
	return nil
}

// ServeHook implements channels.Hook.
func (h *hook) ServeHook(ctx context.Context, r channels.HookRequest) (channels.HookAnswer, error) {
	switch r.Method {
	case http.MethodGet:
		return h.challenge(r)
	case http.MethodPost:
	default:
		return channels.HookAnswer{}, router.Fail("whatsapp.hook", router.CodeNotFound, "notices are sent with POST")
	}
	if err := verify(h.set.AppSecret, r.Header.Get(signatureHeader), r.Body); err != nil {
		return channels.HookAnswer{}, err
	}
	vs, err := parseNotice(r.Body, h.set.PhoneNumberID)
	if err != nil {
		return channels.HookAnswer{}, err
	}
	if err := h.accept(ctx, vs, r.Body); err != nil {
		return channels.HookAnswer{}, err
	}
	if err := h.report(ctx, vs); err != nil {
		return channels.HookAnswer{}, err
	}
	return channels.HookAnswer{Status: http.StatusOK, Type: "text/plain; charset=utf-8", Body: []byte("ok")}, nil
}

// challenge answers the handshake of the webhook's settings.
func (h *hook) challenge(r channels.HookRequest) (channels.HookAnswer, error) {
	q := func(name string) string {
		if v := r.Query[name]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	given, want := sha256.Sum256([]byte(q("hub.verify_token"))), sha256.Sum256([]byte(h.set.VerifyToken))
	if q("hub.mode") != "subscribe" || subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		return channels.HookAnswer{}, router.Fail("whatsapp.challenge", router.CodeBadSignature, "hub.verify_token is not that of this source")
	}
	return channels.HookAnswer{Status: http.StatusOK, Type: "text/plain; charset=utf-8", Body: []byte(q("hub.challenge"))}, nil
}

func (h *hook) accept(ctx context.Context, vs []value, raw []byte) error {
	fetch, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	var ins []router.Inbound
	for _, v := range vs {
		for _, m := range v.Messages {
			in, files, ok := normalize(h.name, v, m)
			if !ok {
				continue
			}
			in.Raw = raw
			for _, f := range files {
				in.Attach = append(in.Attach, h.fetch(fetch, f))
			}
			ins = append(ins, in)
		}
	}
	if len(ins) == 0 {
		return nil
	}
	for _, a := range h.deps.Intake.Accept(ctx, ins) {
		if router.IsCode(a.Err, router.CodeUnavailable) {
			return a.Err
		}
		if a.Err != nil {
			h.deps.Log.Warn("a message was refused", "code", router.CodeOf(a.Err))
		}
	}
	return nil
}

func (h *hook) fetch(ctx context.Context, f media) router.InboundAttachment {
	a := router.InboundAttachment{Name: f.Name, Type: f.Type}
	data, err := h.graph.media(ctx, f.ID)
	if err != nil {
		h.deps.Log.Warn("a file could not be fetched", "code", router.CodeOf(err))
		a.Note = "the file could not be fetched from the network"
		return a
	}
	a.Data = data
	return a
}

// report tells which replies did not arrive.
func (h *hook) report(ctx context.Context, vs []value) error {
	for _, v := range vs {
		for _, s := range v.Statuses {
			if s.Status != "failed" || s.ID == "" {
				continue
			}
			r := channels.Report{Source: h.name, ProviderID: s.ID, Failed: true, Detail: "the network could not deliver the reply"}
			if len(s.Errors) > 0 {
				r.Detail += " (" + strconv.Itoa(s.Errors[0].Code) + ")"
			}
			if err := h.deps.Intake.Report(ctx, r); err != nil {
				return router.Wrap("whatsapp.report", router.CodeUnavailable, err)
			}
		}
	}
	return nil
}
