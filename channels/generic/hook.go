package generic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"switchyard/channels"
	"switchyard/router"
)

// maxElements bounds the messages of one call.
const maxElements = 100

// element is one message as it is sent to us.
type element struct {
	ExternalID string     `json:"external_id"`
	Handle     string     `json:"handle"`
	Text       string     `json:"text"`
	Name       string     `json:"name"`
	SentAt     *time.Time `json:"sent_at"`
	ThreadKey  string     `json:"thread_key"`
	Language   string     `json:"language"`
}

// Refusal says why an element was not taken.
type Refusal struct {
	Code   router.Code `json:"code"`
	Field  string      `json:"field,omitempty"`
	Detail string      `json:"detail"`
}

// Result answers one element.
type Result struct {
	ExternalID string           `json:"external_id"`
	MessageID  router.MessageID `json:"message_id,omitempty"`
	Error      *Refusal         `json:"error,omitempty"`
}

type hook struct {
	name    router.SourceName
	channel router.Channel
	secret  string
	deps    channels.Deps
}

// ServeHook implements channels.Hook.
func (h *hook) ServeHook(ctx context.Context, r channels.HookRequest) (channels.HookAnswer, error) {
	if r.Method != http.MethodPost {
		return channels.HookAnswer{}, router.Fail("generic.hook", router.CodeNotFound, "messages are sent with POST")
	}
	if err := verify(r.Header, h.secret, h.deps.Now(), r.Body); err != nil {
		return channels.HookAnswer{}, err
	}
	raws, err := split(r.Body)
	if err != nil {
		return channels.HookAnswer{}, err
	}
	return h.answer(h.accept(ctx, raws))
}

// split parts a body into its elements, unparsed.
func split(body []byte) ([]json.RawMessage, error) {
	const op = "generic.split"
	if !utf8.Valid(body) {
		return nil, router.Fail(op, router.CodeInvalidJSON, "the body is not UTF-8")
	}
	trimmed := bytes.TrimSpace(body)
	if !json.Valid(trimmed) {
		return nil, router.Fail(op, router.CodeInvalidJSON, "the body is not JSON")
	}
	if trimmed[0] != '[' {
		return []json.RawMessage{trimmed}, nil
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(trimmed, &raws); err != nil {
		return nil, router.Wrap(op, router.CodeInvalidJSON, err)
	}
	if len(raws) == 0 || len(raws) > maxElements {
		return nil, router.FailField(op, "body", "must be one message or an array of 1 to %d", maxElements)
	}
	return raws, nil
}

// accept hands the good elements on and answers all of them in order.
func (h *hook) accept(ctx context.Context, raws []json.RawMessage) []Result {
	results := make([]Result, len(raws))
	var ins []router.Inbound
	var at []int
	for i, raw := range raws {
		in, err := h.normalize(raw)
		results[i].ExternalID = in.ExternalID
		if err != nil {
			results[i].Error = refusal(err)
			continue
		}
		ins, at = append(ins, in), append(at, i)
	}
	if len(ins) == 0 {
		return results
	}
	for j, a := range h.deps.Intake.Accept(ctx, ins) {
		if a.Err != nil {
			results[at[j]].Error = refusal(a.Err)
		} else {
			results[at[j]].MessageID = a.MessageID
		}
	}
	return results
}

func refusal(err error) *Refusal {
	var e *router.Error
	if !errors.As(err, &e) {
		return &Refusal{Code: router.CodeInternal, Detail: "the message could not be stored"}
	}
	return &Refusal{Code: e.Code, Field: e.Field, Detail: e.Detail}
}

// answer gives 202 as soon as one element is durable and none failed in passing.
func (h *hook) answer(results []Result) (channels.HookAnswer, error) {
	stored, passing := 0, false
	for _, r := range results {
		if r.Error == nil {
			stored++
		} else if r.Error.Code == router.CodeUnavailable {
			passing = true
		}
	}
	switch {
	case passing:
		return channels.HookAnswer{Results: results}, router.Fail("generic.hook", router.CodeUnavailable, "not everything could be stored now; send all of it again")
	case stored == 0:
		first := results[0].Error
		return channels.HookAnswer{Results: results}, &router.Error{Op: "generic.hook", Code: router.CodeInvalidField, Field: first.Field, Detail: "no message was taken: " + first.Detail}
	}
	body, err := json.Marshal(map[string]any{"results": results})
	return channels.HookAnswer{Status: http.StatusAccepted, Type: "application/json", Body: body}, router.Wrap("generic.hook", router.CodeInternal, err)
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$`)

// normalize reads one element. invalid_field names what is wrong.
func (h *hook) normalize(raw json.RawMessage) (router.Inbound, error) {
	const op = "generic.normalize"
	in := router.Inbound{Source: h.name, Channel: h.channel, Kind: router.KindMessage, Raw: raw}
	var e element
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		in.ExternalID = e.ExternalID
		return in, decodeError(op, err)
	}
	in.ExternalID, in.Text, in.Name = e.ExternalID, e.Text, e.Name
	in.Handle = router.Handle{Channel: h.channel, Address: strings.TrimSpace(e.Handle)}
	if e.SentAt != nil {
		in.SentAt = *e.SentAt
	}
	if in.ExternalID == "" {
		return in, router.FailField(op, "external_id", "must be given")
	}
	if in.Handle.Address == "" {
		return in, router.FailField(op, "handle", "must be given")
	}
	if e.ThreadKey != "" {
		if len(e.ThreadKey) > 512 {
			return in, router.FailField(op, "thread_key", "is longer than 512 bytes")
		}
		in.ThreadKeys = []string{e.ThreadKey}
	}
	if strings.TrimSpace(e.Text) == "" {
		return in, router.FailField(op, "text", "must not be empty")
	}
	if e.Language != "" {
		if !languageTag.MatchString(e.Language) {
			return in, router.FailField(op, "language", "must be a language tag like zh or en-US")
		}
		in.Language = languageOf(e.Language)
	}
	return in, nil
}

func languageOf(tag string) router.Language {
	switch lead := strings.ToLower(tag); {
	case strings.HasPrefix(lead, "zh"):
		return router.LanguageZH
	case strings.HasPrefix(lead, "en"):
		return router.LanguageEN
	}
	return router.LanguageOther
}

// decodeError says in words which field was wrong.
func decodeError(op string, err error) error {
	var wrongType *json.UnmarshalTypeError
	var badTime *time.ParseError
	switch {
	case errors.As(err, &wrongType):
		field := wrongType.Field
		if field == "" {
			field = "body"
		}
		return router.FailField(op, field, "has the wrong type: %s", wrongType.Value)
	case errors.As(err, &badTime), strings.HasPrefix(err.Error(), "Time.UnmarshalJSON"): // the one time there is
		return router.FailField(op, "sent_at", "must be a time like 2026-05-04T10:00:00Z")
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return router.FailField(op, strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`), "is not a field that exists")
	case errors.Is(err, io.EOF):
		return router.Fail(op, router.CodeInvalidJSON, "the body is empty")
	}
	return router.FailField(op, "body", "could not be read")
}
