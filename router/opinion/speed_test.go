package opinion

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What a call costs beside the endpoint's own time: masking, JSON, a connection that is kept.
func BenchmarkCalls(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if strings.HasSuffix(r.URL.Path, "/embeddings") {
			_, _ = io.WriteString(w, `{"data":[{"index":0,"embedding":[1`+strings.Repeat(",0.0123456", 383)+`]}]}`)
			return
		}
		_, _ = io.WriteString(w, `{"choices":[{"message":{"content":"{\"topic\":\"refund\"}"}}]}`)
	}))
	defer server.Close()
	o := Options{URL: server.URL, Model: "m1", Now: time.Now}
	chat, embeddings := NewChat(o), NewEmbeddings(o)
	defer chat.Close()
	defer embeddings.Close()
	text := strings.Repeat("where is my refund, I asked days ago; 退款还没到账。", 10)
	b.Run("ask", func(b *testing.B) {
		for b.Loop() {
			if _, err := chat.Ask(b.Context(), text, topics("refund", "card")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("embed", func(b *testing.B) {
		for b.Loop() {
			if _, err := embeddings.Embed(b.Context(), text); err != nil {
				b.Fatal(err)
			}
		}
	})
}
