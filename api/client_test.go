package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"switchyard/router"
)

// call is one request.
type call struct {
	method, path string
	as           router.Role // whose token; "" nobody
	body         any         // string: as it is; else as JSON
	header       map[string]string
	from         string // the peer's address
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// Do sends a request and holds the answer to openapi.yaml.
func (d *desk) Do(c call) answer {
	d.Helper()
	var body io.Reader = http.NoBody
	switch b := c.body.(type) {
	case nil:
	case string:
		body = strings.NewReader(b)
	case []byte:
		body = bytes.NewReader(b)
	case io.Reader:
		body = struct{ io.Reader }{b} // of unknown length
	default:
		j, err := json.Marshal(b)
		d.must(err)
		body = bytes.NewReader(j)
	}
	req := httptest.NewRequestWithContext(d.Context(), c.method, c.path, body)
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token := d.tokens[c.as]; token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for k, v := range c.header {
		req.Header.Set(k, v)
	}
	if c.from != "" {
		req.RemoteAddr = c.from + ":4711"
	}
	rec := httptest.NewRecorder()
	d.server.Handler().ServeHTTP(rec, req)
	a := answer{d.T, rec.Code, rec.Result().Header, rec.Body.Bytes()}
	checkContract(d.T, req, a)
	return a
}

// Want fails unless the status is the one given.
func (a answer) Want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// Problem fails unless the answer is a problem of this status and code.
func (a answer) Problem(status int, code router.Code, field ...string) answer {
	a.t.Helper()
	a.Want(status)
	var p struct {
		Code, Field, Detail, Title string
		Status                     int
		RequestID                  string `json:"request_id"`
	}
	if err := json.Unmarshal(a.body, &p); err != nil {
		a.t.Fatalf("not a problem document: %s", a.body)
	}
	if p.Code != string(code) || p.Status != status || p.RequestID == "" || p.Title == "" || a.header.Get("Content-Type") != "application/problem+json" {
		a.t.Fatalf("problem %s, want %s", a.body, code)
	}
	if len(field) > 0 && p.Field != field[0] {
		a.t.Fatalf("field %q, want %q: %s", p.Field, field[0], a.body)
	}
	return a
}

// Get reads a member by its path, as a number, string, bool, list or object.
func (a answer) Get(path string) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		a.t.Fatalf("no JSON: %s", a.body)
	}
	for _, step := range strings.Split(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			i := 0
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// Text reads a member as a string.
func (a answer) Text(path string) string {
	a.t.Helper()
	s, _ := a.Get(path).(string)
	return s
}

// Receive lets a customer write and answers the message id.
func (d *desk) Receive(handle, text string) string {
	d.Helper()
	d.mu.Lock()
	n := len(handle) + len(text) + int(d.now.UnixNano()%1e9)
	d.mu.Unlock()
	id := fmt.Sprintf("%s-%d-%s", handle, n, text)
	return d.Do(call{method: "POST", path: "/v1/hooks/door", body: map[string]string{"external_id": id, "handle": handle, "text": text},
		header: map[string]string{"X-Signature": signature}}).Want(202).Text("results.0.message_id")
}

// Pull serves an agent and answers the ticket's id and epoch.
func (d *desk) Pull(as router.Role) (string, int) {
	d.Helper()
	a := d.Do(call{method: "POST", path: "/v1/pull", as: as}).Want(200)
	epoch, _ := a.Get("claim.epoch").(float64)
	return a.Text("ticket.id"), int(epoch)
}

// form is a multipart form with one file, and its content type.
func form(name string, data []byte) ([]byte, string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, _ := w.CreateFormFile("file", name)
	_, _ = part.Write(data)
	_ = w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// cookie signs somebody in by a page and answers the headers of its writes.
func (d *desk) cookie(name router.AgentID) (cookie, csrf string) {
	d.Helper()
	secret, session, err := d.auth.NewSession(d.Context(), name)
	d.must(err)
	return CookieName + "=" + secret, session.CSRF
}
