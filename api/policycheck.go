package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/policy"
	"switchyard/router/prioritize"
)

// CheckPolicy answers POST /v1/admin/policies/check: nothing is stored.
func (s *Server) CheckPolicy(c echo.Context) error {
	in, err := decode[openapi.PolicyCheckRequest](c)
	if err != nil {
		return err
	}
	if len(in.Changes) > 500 {
		return router.FailField("api.policy_check", "changes", "must be at most 500")
	}
	doc := []byte(in.Doc)
	out := openapi.PolicyCheck{Problems: []openapi.PolicyProblem{}, Classes: []openapi.ClassNow{}}
	for _, change := range in.Changes {
		next, err := policy.SetClass(doc, change.Class, change.Field, change.Expr)
		if err != nil {
			out.Problems = append(out.Problems, problemOf(err))
			continue
		}
		doc = next
	}
	out.Doc = string(doc)
	rules, err := decide.Compile(doc, time.LoadLocation)
	var ps policy.Problems
	switch {
	case errors.As(err, &ps):
		for _, p := range ps {
			out.Problems = append(out.Problems, openapi.PolicyProblem{Path: p.Path, Detail: p.Detail})
		}
	case err != nil && len(out.Problems) == 0:
		out.Problems = append(out.Problems, problemOf(err))
	case err == nil && len(out.Problems) == 0:
		out.Version, out.Classes = rules.Version, s.classesNow(rules)
	}
	return c.JSON(http.StatusOK, out)
}

func problemOf(err error) openapi.PolicyProblem {
	var e *router.Error
	if errors.As(err, &e) {
		return openapi.PolicyProblem{Path: e.Field, Detail: e.Detail}
	}
	return openapi.PolicyProblem{Path: "policy", Detail: err.Error()}
}

// classesNow is what the classes of a policy give under the present load.
func (s *Server) classesNow(rules *decide.Ruleset) []openapi.ClassNow {
	snap := s.Live.View().Snapshot
	out := []openapi.ClassNow{}
	for _, cl := range rules.ClassList {
		one := *rules.Ruleset
		one.ClassList = []*policy.Class{cl}
		params, warnings := prioritize.Evaluate(&one, snap.Vars, snap.Classes)
		exprs := map[string]string{}
		for _, field := range policy.ClassFields() {
			exprs[field] = *cl.ClassField(field)
		}
		out = append(out, openapi.ClassNow{Class: cl.Name, Exprs: exprs, Values: params[cl.Name].Values(), Warnings: warnings})
	}
	return out
}
