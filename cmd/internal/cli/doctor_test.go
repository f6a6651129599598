package cli

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The doctor tries both outside endpoints, says what to do, and tells no secret.
func TestDoctorTriesTheEndpoints(t *testing.T) {
	status, chat := 200, `{"choices":[{"message":{"content":"{\"topic\":\"payment\"}"}}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		if strings.HasSuffix(r.URL.Path, "/embeddings") {
			_, _ = io.WriteString(w, `{"data":[{"index":0,"embedding":[1,2,3]}]}`)
			return
		}
		_, _ = io.WriteString(w, chat)
	}))
	defer server.Close()
	doctor := func() (int, string) {
		var out, errs bytes.Buffer
		code := Run([]string{"doctor"}, strings.NewReader(""), &out, &errs, []string{"SWITCHYARD_DATA=" + t.TempDir(),
			"SWITCHYARD_OPINION_CHAT_URL=" + server.URL + "/v1", "SWITCHYARD_OPINION_CHAT_MODEL=m1", "SWITCHYARD_OPINION_CHAT_KEY=sk-geheim",
			"SWITCHYARD_OPINION_EMBEDDINGS_URL=" + server.URL + "/v1", "SWITCHYARD_OPINION_EMBEDDINGS_MODEL=e1"})
		if all := out.String() + errs.String(); strings.Contains(all, "geheim") {
			t.Error(all)
		}
		return code, out.String()
	}
	code, out := doctor()
	if code != 0 || !strings.Contains(out, "ok    opinion.chat (m1): answered in") || !strings.Contains(out, "ok    opinion.embeddings (e1)") || !strings.Contains(out, "3 numbers") {
		t.Error(code, out)
	}
	chat = `{"choices":[{"message":{"content":"{\"topic\":\"password\"}"}}]}`
	if code, out := doctor(); code != 0 || !strings.Contains(out, `did not say payment but "password"`) {
		t.Error(code, out)
	}
	status = 401
	code, out = doctor()
	for _, want := range []string{"BAD   opinion.chat (m1): the endpoint refused the key (status 401)\n      keys opinion.chat.*: is key right", "BAD   opinion.embeddings (e1): the endpoint refused the key"} {
		if code != 1 || !strings.Contains(out, want) {
			t.Errorf("%d, no %q in %s", code, want, out)
		}
	}
}
