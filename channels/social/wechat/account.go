package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"switchyard/channels"
	"switchyard/router"
)

const (
	maxFile   = 20 << 20
	maxAnswer = 1 << 20
	// renewBefore is how long before its end an access token is not used any more.
	renewBefore = 5 * time.Minute
	longPause   = time.Minute
)

// account calls the API of one Official Account.
type account struct {
	base   string
	id     string
	secret string
	http   *http.Client
	now    func() time.Time
	gate   chan struct{} // one at a time fetches or reads the access token
	token  string
	until  time.Time
}

// verdict is how the API says that something was wrong.
type verdict struct {
	Code int `json:"errcode"`
}

// accessToken gives the access token that is kept, or a new one. old, if not empty, was refused.
func (a *account) accessToken(ctx context.Context, old string) (string, error) {
	const op = "wechat.token"
	select {
	case a.gate <- struct{}{}:
		defer func() { <-a.gate }()
	case <-ctx.Done():
		return "", router.Wrap(op, router.CodeUnavailable, ctx.Err())
	}
	if a.token != "" && a.token != old && a.now().Before(a.until) {
		return a.token, nil
	}
	q := url.Values{"grant_type": {"client_credential"}, "appid": {a.id}, "secret": {a.secret}}
	var got struct {
		verdict
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"`
	}
	data, _, err := a.do(ctx, http.MethodGet, "/cgi-bin/token", q, "", nil, maxAnswer)
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(data, &got); err != nil || got.Token == "" {
		if got.Code == 45009 || got.Code == 45011 {
			return "", refused(op, got.Code)
		}
		return "", router.Fail(op, router.CodeUnavailable, "the API gave no access token: errcode %d", got.Code)
	}
	life := time.Duration(min(max(got.Expires, 0), 24*3600)) * time.Second
	a.token, a.until = got.Token, a.now().Add(max(life-renewBefore, life/2))
	return a.token, nil
}

// do makes one call. Its errors have no address in them, for secrets stand there.
func (a *account) do(ctx context.Context, method, path string, q url.Values, contentType string, body []byte, limit int64) ([]byte, http.Header, error) {
	const op = "wechat.call"
	req, err := http.NewRequestWithContext(ctx, method, a.base+path+"?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, nil, router.Fail(op, router.CodeCannotReply, "api_url is not usable")
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := a.http.Do(req)
	if err != nil {
		return nil, nil, away(op, err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	switch {
	case err != nil:
		return nil, nil, away(op, err)
	case res.StatusCode == http.StatusTooManyRequests:
		return nil, nil, &channels.RetryAfter{After: longPause, Err: router.Fail(op, router.CodeRateLimited, "the API asks for a pause")}
	case res.StatusCode != http.StatusOK:
		return nil, nil, router.Fail(op, router.CodeUnavailable, "the API answered %d", res.StatusCode)
	case int64(len(data)) > limit:
		return nil, nil, router.Fail(op, router.CodeTooLarge, "the API's answer is too large")
	}
	return data, res.Header, nil
}

func away(op string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return &router.Error{Op: op, Code: router.CodeUnavailable, Detail: "the API could not be reached", Err: err}
}

// call makes a call with the access token, and once more with a new one if that was refused.
func (a *account) call(ctx context.Context, method, path string, q url.Values, contentType string, body []byte, limit int64) ([]byte, http.Header, error) {
	old := ""
	for {
		token, err := a.accessToken(ctx, old)
		if err != nil {
			return nil, nil, err
		}
		with := url.Values{"access_token": {token}}
		for k, v := range q {
			with[k] = v
		}
		data, header, err := a.do(ctx, method, path, with, contentType, body, limit)
		if err != nil {
			return nil, nil, err
		}
		var v verdict
		if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) && json.Unmarshal(data, &v) == nil && v.Code != 0 {
			if expired(v.Code) && old == "" {
				old = token
				continue
			}
			return nil, nil, refused("wechat.call", v.Code)
		}
		return data, header, nil
	}
}

func expired(code int) bool { return code == 40001 || code == 40014 || code == 42001 }

// refused maps the API's codes: what may pass, and what is final.
func refused(op string, code int) error {
	switch code {
	case 45015, 45047:
		return router.Fail(op, router.CodeCannotReply, "the network takes a reply only within 48 hours after the customer wrote, and only a few of them (errcode %d)", code)
	case 45009, 45011, -1:
		return &channels.RetryAfter{After: longPause, Err: router.Fail(op, router.CodeRateLimited, "the API asks for a pause (errcode %d)", code)}
	case 40001, 40014, 42001, 40013, 40125, 40164, 48001, 50001:
		return router.Fail(op, router.CodeUnavailable, "the API does not let the desk in (errcode %d)", code)
	}
	return router.Fail(op, router.CodeCannotReply, "the API refused (errcode %d)", code)
}

// media fetches a file that a customer sent.
func (a *account) media(ctx context.Context, id string) ([]byte, string, error) {
	data, header, err := a.call(ctx, http.MethodGet, "/cgi-bin/media/get", url.Values{"media_id": {id}}, "", nil, maxFile)
	if err != nil {
		return nil, "", err
	}
	mediaType, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if len(data) == 0 || strings.HasSuffix(mediaType, "json") || mediaType == "text/plain" {
		return nil, "", router.Fail("wechat.media", router.CodeUnavailable, "the API gave no file")
	}
	return data, mediaType, nil
}

// upload gives a picture to the network and answers its id there.
func (a *account) upload(ctx context.Context, f channels.OutgoingFile) (string, error) {
	const op = "wechat.upload"
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("media", f.Name)
	if err == nil {
		_, err = part.Write(f.Data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", router.Wrap(op, router.CodeInternal, err)
	}
	data, _, err := a.call(ctx, http.MethodPost, "/cgi-bin/media/upload", url.Values{"type": {"image"}}, w.FormDataContentType(), body.Bytes(), maxAnswer)
	if err != nil {
		return "", err
	}
	var got struct {
		ID string `json:"media_id"`
	}
	if json.Unmarshal(data, &got) != nil || got.ID == "" {
		return "", router.Fail(op, router.CodeUnavailable, "the API took the picture without an id")
	}
	return got.ID, nil
}
