package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"switchyard/channels"
	"switchyard/router"
)

const (
	maxFile   = 20 << 20 // what the Bot API gives out at most
	maxAnswer = 1 << 20
)

// bot calls the Bot API.
type bot struct {
	base  string
	token string
	http  *http.Client
}

// answer is how the Bot API answers every call.
type answer struct {
	OK         bool            `json:"ok"`
	Result     json.RawMessage `json:"result"`
	Code       int             `json:"error_code"`
	Parameters struct {
		RetryAfter int `json:"retry_after"`
	} `json:"parameters"`
}

// call calls a method with a JSON body and reads its result.
func (b *bot) call(ctx context.Context, method string, params, result any) error {
	body, err := json.Marshal(params)
	if err != nil {
		return router.Wrap("telegram.call", router.CodeInternal, err)
	}
	return b.post(ctx, method, "application/json", body, result)
}

// upload calls a method with a file.
func (b *bot) upload(ctx context.Context, method string, fields map[string]string, field string, f channels.OutgoingFile, result any) error {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for k, v := range fields {
		_ = w.WriteField(k, v) // into memory
	}
	part, err := w.CreateFormFile(field, f.Name)
	if err == nil {
		_, err = part.Write(f.Data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return router.Wrap("telegram.upload", router.CodeInternal, err)
	}
	return b.post(ctx, method, w.FormDataContentType(), body.Bytes(), result)
}

func (b *bot) post(ctx context.Context, method, contentType string, body []byte, result any) error {
	const op = "telegram.call"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.base+"/bot"+b.token+"/"+method, bytes.NewReader(body))
	if err != nil {
		return router.Fail(op, router.CodeCannotReply, "api_url is not usable")
	}
	req.Header.Set("Content-Type", contentType)
	res, err := b.http.Do(req)
	if err != nil {
		return away(op, err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return away(op, err)
	}
	var a answer
	if json.Unmarshal(data, &a) != nil || a.Code == 0 && !a.OK {
		a.OK, a.Code = false, res.StatusCode
	}
	if a.OK && res.StatusCode < 300 {
		if err := json.Unmarshal(a.Result, result); err != nil {
			return router.Fail(op, router.CodeUnavailable, "the Bot API answered something else than expected")
		}
		return nil
	}
	return refused(op, a)
}

// away is an error of a call that came to nothing: without its address, for the token stands in it.
func away(op string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return &router.Error{Op: op, Code: router.CodeUnavailable, Detail: "the Bot API could not be reached", Err: err}
}

// refused maps the answers of the Bot API: what may pass, and what is final. Nothing it said is repeated.
func refused(op string, a answer) error {
	switch {
	case a.Code == http.StatusTooManyRequests:
		return &channels.RetryAfter{After: time.Duration(max(a.Parameters.RetryAfter, 0)) * time.Second, Err: router.Fail(op, router.CodeRateLimited, "the Bot API asks for a pause")}
	case a.Code == http.StatusForbidden:
		return router.Fail(op, router.CodeCannotReply, "the customer has blocked the bot or never wrote to it")
	case a.Code == http.StatusUnauthorized, a.Code == http.StatusNotFound:
		return router.Fail(op, router.CodeUnavailable, "the Bot API does not know the bot's token")
	case a.Code >= 500 || a.Code < 400:
		return router.Fail(op, router.CodeUnavailable, "the Bot API answered %d", a.Code)
	}
	return router.Fail(op, router.CodeCannotReply, "the Bot API refused the reply with %d", a.Code)
}

// file fetches a file by its id.
func (b *bot) file(ctx context.Context, id string) ([]byte, error) {
	const op = "telegram.file"
	var f struct {
		Path string `json:"file_path"`
		Size int64  `json:"file_size"`
	}
	if err := b.call(ctx, "getFile", map[string]string{"file_id": id}, &f); err != nil {
		return nil, err
	}
	clean := strings.TrimPrefix(path.Clean("/"+f.Path), "/")
	if clean == "" || f.Size > maxFile {
		return nil, router.Fail(op, router.CodeTooLarge, "the file is not given out")
	}
	where := fmt.Sprintf("%s/file/bot%s/%s", b.base, b.token, (&url.URL{Path: clean}).EscapedPath())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, router.Fail(op, router.CodeUnavailable, "the file has no usable address")
	}
	res, err := b.http.Do(req)
	if err != nil {
		return nil, away(op, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, router.Fail(op, router.CodeUnavailable, "the Bot API answered %d", res.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxFile+1))
	switch {
	case err != nil:
		return nil, away(op, err)
	case len(data) > maxFile:
		return nil, router.Fail(op, router.CodeTooLarge, "the file is larger than the network gives out")
	}
	return data, nil
}
