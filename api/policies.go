package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"sort"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/store"
)

func policyOf(v store.PolicyVersion, active string, doc bool) openapi.Policy {
	out := openapi.Policy{Version: v.Version, Author: v.Author, Note: v.Note, At: v.At, Active: v.Version == active}
	if doc {
		out.Doc = v.Doc
	}
	return out
}

// inForce is the version of the policy in force.
func (s *Server) inForce(ctx context.Context) (string, error) {
	r, err := store.ActivePolicy(s.Store).Get(ctx, "active")
	return r.Value.Version, err
}

// ListPolicies answers GET /v1/admin/policies.
func (s *Server) ListPolicies(c echo.Context, p openapi.ListPoliciesParams) error {
	limit, err := pageSize(c, p.Limit)
	if err != nil {
		return err
	}
	after, err := place("policy", p.Cursor)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	active, err := s.inForce(ctx)
	if err != nil {
		return err
	}
	page, err := store.Policies(s.Store).List(ctx, "", after, limit+1)
	if err != nil {
		return err
	}
	out := openapi.PolicyList{Items: []openapi.Policy{}}
	for i, r := range page {
		if i == limit {
			out.NextCursor = mark("policy", page[i-1].ID)
			break
		}
		out.Items = append(out.Items, policyOf(r.Value, active, false))
	}
	return c.JSON(http.StatusOK, out)
}

// GetPolicy answers GET /v1/admin/policies/{version}.
func (s *Server) GetPolicy(c echo.Context, version string) error {
	ctx := c.Request().Context()
	r, err := store.Policies(s.Store).Get(ctx, version)
	if err != nil {
		return err
	}
	active, err := s.inForce(ctx)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, policyOf(r.Value, active, true))
}

// AddPolicy answers POST /v1/admin/policies. A document that is there already is answered as it was put in first.
func (s *Server) AddPolicy(c echo.Context, _ openapi.AddPolicyParams) error {
	in, err := decode[openapi.PolicyRequest](c)
	if err != nil {
		return err
	}
	if strings.TrimSpace(in.Doc) == "" {
		return router.FailField("api.policy", "doc", "must be given")
	}
	if err := lineFits("note", in.Note); err != nil {
		return err
	}
	rules, err := decide.Compile([]byte(in.Doc), time.LoadLocation)
	if err != nil {
		return problemsOf(err)
	}
	ctx := c.Request().Context()
	r, err := store.Policies(s.Store).Ensure(ctx, rules.Version, store.PolicyVersion{Version: rules.Version, Doc: in.Doc,
		Author: gate.CallerOf(c).ID(), Note: in.Note, At: s.Now()})
	if err != nil {
		return err
	}
	if err := s.audit(c, "add_policy", rules.Version, in.Note); err != nil {
		return err
	}
	active, err := s.inForce(ctx)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, policyOf(r.Value, active, false))
}

// ActivatePolicy answers POST /v1/admin/policies/{version}/activate.
func (s *Server) ActivatePolicy(c echo.Context, version string, _ openapi.ActivatePolicyParams) error {
	in, err := reasonOf(c)
	if err != nil {
		return err
	}
	if in.Override && in.Reason == "" {
		return router.FailField("api.policy", "reason", "an override needs a reason, which goes into the audit log")
	}
	if err := s.replayed(c.Request().Context(), version, &in); err != nil {
		return err
	}
	return s.putInForce(c, version, in.Reason, false)
}

// RollBackPolicy answers POST /v1/admin/policies/rollback.
func (s *Server) RollBackPolicy(c echo.Context, _ openapi.RollBackPolicyParams) error {
	in, err := reasonOf(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	active, err := s.inForce(ctx)
	if err != nil {
		return err
	}
	history, err := store.PolicyHistory(ctx, s.Store)
	if err != nil {
		return err
	}
	before := store.PolicyBefore(history, active)
	if before == "" {
		return router.Fail("api.rollback", router.CodeInvalidTransition, "no policy is known to have been in force before this one")
	}
	return s.putInForce(c, before, in.Reason, true)
}

// reasonOf reads why a policy is put in force; it may be left out.
func reasonOf(c echo.Context) (openapi.ActivatePolicyRequest, error) {
	in, err := decode[openapi.ActivatePolicyRequest](c)
	if err != nil {
		return in, err
	}
	in.Reason = strings.TrimSpace(in.Reason)
	return in, lineFits("reason", in.Reason)
}

// putInForce makes a stored policy the one in force. It is compiled again first: this build may refuse
// what an older one took.
func (s *Server) putInForce(c echo.Context, version, reason string, back bool) error {
	ctx := c.Request().Context()
	r, err := store.Policies(s.Store).Get(ctx, version)
	if err != nil {
		return err
	}
	if _, err := decide.Compile([]byte(r.Value.Doc), time.LoadLocation); err != nil {
		return problemsOf(err)
	}
	change := store.PolicyChange{Version: version, By: gate.CallerOf(c).ID(), At: s.Now(), Reason: reason, Back: back}
	if change.Before, err = store.PutInForce(ctx, s.Store, store.Active{Version: version, By: change.By, At: change.At}); err != nil {
		return err
	}
	if err := s.noteChange(c, change); err != nil {
		return err
	}
	s.refresh(ctx)
	return c.JSON(http.StatusOK, policyOf(r.Value, version, false))
}

// noteChange writes another policy in force into the audit log and the history.
func (s *Server) noteChange(c echo.Context, change store.PolicyChange) error {
	act, note := "activate_policy", "before: "+change.Before
	if change.Back {
		act = "roll_back_policy"
	}
	if change.Reason != "" {
		note += "; reason: " + change.Reason
	}
	if change.Before != change.Version {
		if _, err := store.AppendJSON(c.Request().Context(), s.Store, store.PolicyHistoryStream, rand.Text(), change.At, change); err != nil {
			return err
		}
	}
	return s.audit(c, act, change.Version, note)
}

// ListCalendars answers GET /v1/admin/calendars.
func (s *Server) ListCalendars(c echo.Context) error {
	rules, now := s.Live.View().Rules, s.Now()
	out := openapi.CalendarList{Items: []openapi.Calendar{}}
	for name, cal := range rules.Calendars {
		entry := openapi.Calendar{Name: name, Zone: cal.Zone().String(), Open: cal.Open(now), Holiday: cal.Holiday(now), NextEdgeAt: cal.NextEdge(now), Queues: []router.QueueName{}}
		for _, q := range rules.QueueList {
			if q.Calendar == name {
				entry.Queues = append(entry.Queues, q.Name)
			}
		}
		out.Items = append(out.Items, entry)
	}
	sort.Slice(out.Items, func(i, j int) bool { return out.Items[i].Name < out.Items[j].Name })
	return c.JSON(http.StatusOK, out)
}

// AdminLoad answers GET /v1/admin/load.
func (s *Server) AdminLoad(c echo.Context) error {
	return c.JSON(http.StatusOK, s.Live.View().Snapshot)
}
