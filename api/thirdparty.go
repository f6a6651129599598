package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"
	"golang.org/x/net/html"
)

const docsRoot = "/docs"

// docsHandler browses openapi.yaml; its files come with the module.
func docsHandler() http.Handler {
	return v5emb.NewWithConfig(swgui.Config{Title: "Switchyard", SwaggerJSON: "/openapi.yaml", BasePath: docsRoot + "/"})("", "", "")
}

// Docs answers GET /docs.
func (s *Server) Docs(c echo.Context) error { return s.docsFile(c) }

func (s *Server) docsFile(c echo.Context) error {
	s.docs.ServeHTTP(c.Response(), c.Request())
	return nil
}

// tasks hands a manager's request to the dashboard of the task lanes. What changes something is audited first.
func (s *Server) tasks(c echo.Context) error {
	if req := c.Request(); req.Method != http.MethodGet {
		if err := s.audit(c, "tasks", req.Method+" "+strings.TrimPrefix(req.URL.Path, TasksRoot), ""); err != nil {
			return err
		}
	}
	s.Tasks.ServeHTTP(c.Response(), c.Request())
	return nil
}

// exceptionOf names the third party whose page a route serves, "" for our own.
func exceptionOf(route string) string {
	for _, root := range []string{docsRoot, TasksRoot} {
		if route == root || strings.HasPrefix(route, root+"/") {
			return root
		}
	}
	return ""
}

// inlinePolicies works out, once, which inline scripts the pages of third parties bring, and permits
// those by hash on their own paths. Both style themselves inline.
func (s *Server) inlinePolicies() {
	for root, h := range map[string]http.Handler{docsRoot: s.docs, TasksRoot: s.Tasks} {
		if h == nil {
			continue
		}
		page := &buffer{header: http.Header{}}
		req, err := http.NewRequest(http.MethodGet, root, nil)
		if err != nil {
			continue
		}
		h.ServeHTTP(page, req)
		scripts := "'self'"
		for _, sum := range scriptHashes(page.body.Bytes()) {
			scripts += " 'sha256-" + sum + "'"
		}
		s.policy[root] = "default-src 'self'; script-src " + scripts + "; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
			"connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors "
	}
}

// scriptHashes are the SHA-256 sums of a page's inline scripts, in base64.
func scriptHashes(page []byte) []string {
	var out []string
	z := html.NewTokenizer(bytes.NewReader(page))
	inline := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken:
			t := z.Token()
			inline = t.Data == "script"
			for _, a := range t.Attr {
				inline = inline && a.Key != "src"
			}
		case html.TextToken:
			if text := z.Token().Data; inline && text != "" {
				sum := sha256.Sum256([]byte(text))
				out = append(out, base64.StdEncoding.EncodeToString(sum[:]))
			}
		default:
			inline = false
		}
	}
}
