package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/forecast"
)

// quietestDays is how many coming days quiet hours are given of.
const quietestDays = 7

// AdminForecast answers GET /v1/admin/forecast.
func (s *Server) AdminForecast(c echo.Context, p openapi.AdminForecastParams) error {
	view, now := s.Live.View(), s.Now()
	at := now
	if p.Day != "" {
		noon, err := view.Noon(p.Day, now)
		if err != nil {
			return err
		}
		at = noon
	}
	if p.Channel != "" && !p.Channel.Valid() {
		return router.FailField("api.forecast", "channel", "must be phone, email, chat or social")
	}
	plan, err := view.Outlook(at, forecast.Filter{Channel: p.Channel, Topic: p.Topic, Language: p.Language})
	if err != nil {
		return err
	}
	quiet, err := view.Quietest(now, quietestDays)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, openapi.Outlook{Forecast: plan.Forecast, Plan: plan.Plan, OnShift: append([]int{}, plan.OnShift...), Quietest: append([]forecast.Quiet{}, quiet...)})
}
