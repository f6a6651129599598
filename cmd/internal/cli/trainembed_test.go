package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchyard/router/textmodel"
)

// Where the words say nothing and the vectors all, a model trained and scored with them is right, and
// without them it is not; the wrong model id is refused.
func TestTrainWithEmbeddings(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Input []string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("Authorization") != "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		var parts []string
		for i, text := range in.Input {
			var n int
			_, _ = fmt.Sscanf(text, "thing %d", &n)
			parts = append(parts, fmt.Sprintf(`{"index":%d,"embedding":[%d,%d,0.1]}`, i, n%3%2, 1-n%3%2))
		}
		_, _ = fmt.Fprintf(w, `{"data":[%s]}`, strings.Join(parts, ","))
	}))
	defer server.Close()
	dir := t.TempDir()
	file := func(name string, from, to int) string {
		b := "text,topic\n"
		for n := from; n < to; n++ {
			b += fmt.Sprintf("thing %d,%s\n", n, []string{"zero", "one"}[n%3%2])
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	train, test, model := file("train.csv", 1000, 1400), file("test.csv", 2000, 2060), filepath.Join(dir, "m")
	with := []string{"--embeddings", server.URL, "--embeddings-model", "e1"}
	if code, out, errs := run(t, dir, append([]string{"train", "--from", train, "--out", model}, with...)...); code != 0 {
		t.Fatal(code, out, errs)
	}
	accuracy := func(more ...string) float64 {
		code, out, errs := run(t, dir, append([]string{"train", "--evaluate", test, "--model", model, "--json"}, more...)...)
		var r textmodel.Report
		if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil {
			t.Fatal(code, out, errs)
		}
		return r.Accuracy
	}
	if with, without := accuracy(with...), accuracy(); with < 0.99 || without > 0.9 {
		t.Errorf("accuracy %v with vectors, %v without", with, without)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"train", "--evaluate", test, "--model", model, "--embeddings", server.URL, "--embeddings-model", "e2"}, "not of \"e2\""},
		{[]string{"train", "--from", train, "--out", model, "--embeddings", server.URL}, "together"},
	} {
		if code, _, errs := run(t, dir, c.args...); code != 2 || !strings.Contains(errs, c.want) {
			t.Errorf("%d %q", code, errs)
		}
	}
}
