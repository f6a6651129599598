package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/backtest"
)

// BackTestPolicy answers GET /v1/admin/policies/{version}/backtest.
func (s *Server) BackTestPolicy(c echo.Context, version string) error {
	r, err := s.backTest(c.Request().Context(), version)
	if err != nil {
		return err
	}
	if r == nil {
		r = &backtest.Report{Changed: []backtest.Change{}, Classes: []backtest.Verdict{},
			Why: router.Sentence{ZH: "过去的这段时间没有可以重放的工单，或者没有客服。", EN: "There are no tickets of that time to replay, or no agents."}}
	}
	return c.JSON(http.StatusOK, r)
}

func (s *Server) backTest(ctx context.Context, version string) (*backtest.Report, error) {
	rules, err := s.Live.Ruleset(ctx, version)
	if err != nil {
		return nil, problemsOf(err)
	}
	return s.Desk.BackTest(ctx, rules)
}

// replayed refuses a policy whose replay makes a class worse than the margin, unless it is overridden. What the
// replay said goes into the reason of an override, for the audit log. A desk without a past has nothing to refuse.
func (s *Server) replayed(ctx context.Context, version string, in *openapi.ActivatePolicyRequest) error {
	active, err := s.inForce(ctx)
	if err != nil || active == version {
		return err
	}
	r, err := s.backTest(ctx, version)
	if err != nil || r == nil || !r.Refused {
		return err
	}
	if in.Override {
		in.Reason += " (override: " + r.Why.EN + ")"
		return nil
	}
	type row struct {
		Path   string `json:"path"`
		Detail string `json:"detail"`
	}
	var rows []row
	for _, v := range r.Classes {
		if v.Refused {
			rows = append(rows, row{"classes." + string(v.Class), fmt.Sprintf("in time %.1f %% → %.1f %%, margin %.1f points, %d tickets", v.Today, v.Proposed, v.Margin, v.N)})
		}
	}
	return withResults{router.Fail("api.policy", router.CodeInvalidTransition, "%s Put it in force with override and a reason if you want it all the same.", r.Why.EN), rows}
}
