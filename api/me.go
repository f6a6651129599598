package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/api/openapi"
	"switchyard/router"
)

// Me answers GET /v1/me.
func (s *Server) Me(c echo.Context) error {
	ctx, who := c.Request().Context(), gate.CallerOf(c)
	u := userOf(*who.User, "")
	p, err := s.Desk.Presence(ctx, who.ID())
	if err != nil {
		return err
	}
	held, err := s.Store.ClaimedBy(ctx, who.ID())
	if err != nil {
		return err
	}
	out := openapi.Me{Name: u.Name, Role: u.Role, Languages: u.Languages, Skills: u.Skills, Queues: u.Queues, Claims: []openapi.Held{},
		Presence: openapi.Presence{State: p.State, Since: p.Since}, FreeCapacity: 100}
	v, capacity := s.view(who), s.Live.View().Rules.Capacity
	for _, t := range held {
		shape, err := v.ticket(ctx, t)
		if err != nil {
			return err
		}
		out.Claims = append(out.Claims, openapi.Held{Ticket: shape, Epoch: t.Epoch, ExpiresAt: t.ExpiresAt})
		out.FreeCapacity -= capacity[t.Channel]
	}
	out.FreeCapacity = max(0, out.FreeCapacity)
	return c.JSON(http.StatusOK, out)
}

// SetPresence answers PUT /v1/me/presence.
func (s *Server) SetPresence(c echo.Context) error {
	in, err := decode[openapi.PresenceRequest](c)
	if err != nil {
		return err
	}
	ctx, id := c.Request().Context(), gate.CallerOf(c).ID()
	if !in.State.Valid() {
		return router.FailField("api.presence", "state", "must be available, away or offline")
	}
	if err := s.Desk.SetPresence(ctx, id, in.State); err != nil {
		return err
	}
	p, err := s.Desk.Presence(ctx, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, openapi.Presence{State: p.State, Since: p.Since})
}
