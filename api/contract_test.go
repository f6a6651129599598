package api

import (
	"context"
	"net/http"
	"regexp"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"switchyard/api/openapi"
)

var contract = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openapi.Document)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// checkContract holds an answer to openapi.yaml: its status, its headers and its body.
func checkContract(t *testing.T, req *http.Request, a answer) {
	t.Helper()
	r, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	route, params, err := r.FindRoute(req)
	if err != nil {
		return // not an operation: the tests of unknown addresses
	}
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 a.status, Header: a.header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: !strings.HasSuffix(kind, "json")},
	}
	if kind == "application/json" || kind == "application/problem+json" {
		in.SetBodyBytes(a.body)
	}
	if kind == "application/problem+json" && a.status < 400 || kind != "application/problem+json" && a.status >= 400 {
		t.Errorf("%s %s answered %d with %q", req.Method, req.URL.Path, a.status, kind)
	}
	if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
		t.Errorf("%s %s breaks the contract: %v\n%s", req.Method, req.URL.Path, err, a.body)
	}
}

var parameter = regexp.MustCompile(`\{([a-z]+)\}`)

// Invariant A: the table and the contract have the same operations, with the same permissions.
func TestTableIsTheContract(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(openapi.Document)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var want, have []string
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			permission, _ := op.Extensions["x-permission"].(string)
			want = append(want, method+" "+parameter.ReplaceAllString(path, ":$1")+" "+permission)
		}
	}
	s := newDesk(t).server
	for _, r := range s.Routes() {
		if r.Permission == "" {
			t.Errorf("%s %s states no permission", r.Method, r.Path)
		}
		have = append(have, r.Method+" "+r.Path+" "+string(r.Permission))
	}
	beside := map[string]bool{}
	for _, r := range s.beside() {
		beside[r.Method+" "+r.Path+" "+string(r.Permission)] = true
	}
	sort.Strings(want)
	var operations []string
	for _, line := range have {
		if !beside[line] {
			operations = append(operations, line)
		}
	}
	sort.Strings(operations)
	if got, must := strings.Join(operations, "\n"), strings.Join(want, "\n"); got != must {
		t.Fatalf("the table has\n%s\n\nthe contract has\n%s", got, must)
	}
}
