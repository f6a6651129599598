package whatsapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"switchyard/channels"
	"switchyard/router"
)

const (
	maxFile   = 25 << 20
	maxAnswer = 1 << 20
	// usualPause is how long to wait where the API asks for a pause and says no time.
	usualPause = 30 * time.Second
)

// graph calls the Graph API for one number.
type graph struct {
	base   string
	host   string
	token  string
	number string
	http   *http.Client
}

// trouble is how the API says that something was wrong.
type trouble struct {
	Error struct {
		Code int `json:"code"`
	} `json:"error"`
}

// do makes one call with the access token.
func (g *graph) do(ctx context.Context, method, where, contentType string, body []byte, limit int64) ([]byte, error) {
	const op = "whatsapp.call"
	req, err := http.NewRequestWithContext(ctx, method, where, bytes.NewReader(body))
	if err != nil {
		return nil, router.Fail(op, router.CodeCannotReply, "an address of the API is not usable")
	}
	req.Header.Set("Authorization", "Bearer "+g.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := g.http.Do(req)
	if err != nil {
		return nil, away(op, err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	switch {
	case err != nil:
		return nil, away(op, err)
	case res.StatusCode >= 300:
		var t trouble
		_ = json.Unmarshal(data, &t) // without a code the status decides
		return nil, refused(op, res.StatusCode, t.Error.Code, res.Header.Get("Retry-After"))
	case int64(len(data)) > limit:
		return nil, router.Fail(op, router.CodeTooLarge, "the API's answer is too large")
	}
	return data, nil
}

func away(op string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return &router.Error{Op: op, Code: router.CodeUnavailable, Detail: "the API could not be reached", Err: err}
}

// refused maps what the API answered: what may pass, and what is final.
func refused(op string, status, code int, retryAfter string) error {
	switch code {
	case 131047, 470:
		return router.Fail(op, router.CodeCannotReply, "the customer wrote more than 24 hours ago; the network takes no reply until he writes again (%d)", code)
	case 4, 80007, 130429, 131048, 131056, 133016:
		return pause(op, code, retryAfter)
	case 0, 10, 190, 200, 131005, 131031, 368:
		if code != 0 {
			return router.Fail(op, router.CodeUnavailable, "the API does not let the desk in (%d)", code)
		}
	case 1, 2, 131000, 131016, 131057, 133004:
		return router.Fail(op, router.CodeUnavailable, "the API has trouble of its own (%d)", code)
	}
	switch {
	case status == http.StatusTooManyRequests:
		return pause(op, status, retryAfter)
	case status >= 500 || status == http.StatusUnauthorized || status < 400:
		return router.Fail(op, router.CodeUnavailable, "the API answered %d", status)
	}
	return router.Fail(op, router.CodeCannotReply, "the API refused with %d (%d)", status, code)
}

func pause(op string, code int, retryAfter string) error {
	after := usualPause
	if n, err := strconv.Atoi(retryAfter); err == nil && n > 0 {
		after = time.Duration(n) * time.Second
	}
	return &channels.RetryAfter{After: after, Err: router.Fail(op, router.CodeRateLimited, "the API asks for a pause (%d)", code)}
}

// send sends one message and answers its id.
func (g *graph) send(ctx context.Context, m map[string]any) (string, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return "", router.Wrap("whatsapp.send", router.CodeInternal, err)
	}
	data, err := g.do(ctx, http.MethodPost, g.base+"/"+g.number+"/messages", "application/json", body, maxAnswer)
	if err != nil {
		return "", err
	}
	var got struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	if json.Unmarshal(data, &got) != nil || len(got.Messages) == 0 {
		return "", nil // taken, without a name for it
	}
	return got.Messages[0].ID, nil
}

var quoted = strings.NewReplacer(`"`, "'", `\`, "'", "\r", " ", "\n", " ")

// upload gives a file to the API and answers its id there.
func (g *graph) upload(ctx context.Context, f channels.OutgoingFile) (string, error) {
	const op = "whatsapp.upload"
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("messaging_product", "whatsapp") // into memory
	_ = w.WriteField("type", f.Type)
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="` + quoted.Replace(f.Name) + `"`}, "Content-Type": {f.Type}})
	if err == nil {
		_, err = part.Write(f.Data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", router.Wrap(op, router.CodeInternal, err)
	}
	data, err := g.do(ctx, http.MethodPost, g.base+"/"+g.number+"/media", w.FormDataContentType(), body.Bytes(), maxAnswer)
	if err != nil {
		return "", err
	}
	var got struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(data, &got) != nil || got.ID == "" {
		return "", router.Fail(op, router.CodeUnavailable, "the API took the file without an id")
	}
	return got.ID, nil
}

// media fetches a file that a customer sent: first where it is, then the file.
func (g *graph) media(ctx context.Context, id string) ([]byte, error) {
	const op = "whatsapp.media"
	data, err := g.do(ctx, http.MethodGet, g.base+"/"+url.PathEscape(id), "", nil, maxAnswer)
	if err != nil {
		return nil, err
	}
	var at struct {
		URL  string `json:"url"`
		Size int64  `json:"file_size"`
	}
	if err := json.Unmarshal(data, &at); err != nil || at.Size > maxFile {
		return nil, router.Fail(op, router.CodeTooLarge, "the file is not given out")
	}
	u, err := url.Parse(at.URL)
	if err != nil || u.Scheme != "https" && u.Host != g.host {
		return nil, router.Fail(op, router.CodeForbidden, "the file's address is not safe")
	}
	return g.do(ctx, http.MethodGet, at.URL, "", nil, maxFile)
}
