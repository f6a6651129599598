package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"switchyard/api/auth"
	"switchyard/api/gate"
	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/store"
)

// ListUsers answers GET /v1/admin/users.
func (s *Server) ListUsers(c echo.Context, p openapi.ListUsersParams) error {
	limit, err := pageSize(c, p.Limit)
	if err != nil {
		return err
	}
	after, err := place("user", p.Cursor)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	page, err := store.Users(s.Store).List(ctx, "", after, limit+1)
	if err != nil {
		return err
	}
	out := openapi.UserList{Items: []openapi.User{}}
	for i, r := range page {
		if i == limit {
			out.NextCursor = mark("user", page[i-1].ID)
			break
		}
		p, err := s.Desk.Presence(ctx, r.Value.ID)
		if err != nil {
			return err
		}
		out.Items = append(out.Items, userOf(r.Value, p.State))
	}
	return c.JSON(http.StatusOK, out)
}

func weightsOf(in map[string]float64) map[router.QueueName]float64 {
	if len(in) == 0 {
		return nil
	}
	out := make(map[router.QueueName]float64, len(in))
	for q, w := range in {
		out[router.QueueName(q)] = w
	}
	return out
}

// CreateUser answers POST /v1/admin/users.
func (s *Server) CreateUser(c echo.Context, _ openapi.CreateUserParams) error {
	in, err := decode[openapi.UserRequest](c)
	if err != nil {
		return err
	}
	u := router.User{ID: in.Name, Role: in.Role, Languages: in.Languages, Skills: skillsOf(in.Skills), Queues: in.Queues, Weights: weightsOf(in.QueueWeights), Shift: in.Shift}
	if err := s.Live.View().Rules.CheckProfile(u); err != nil {
		return err
	}
	ctx := c.Request().Context()
	u, err = s.Auth.AddUser(ctx, u)
	if err != nil {
		return err
	}
	if err := s.audit(c, "create_user", string(u.ID), string(u.Role)); err != nil {
		return err
	}
	s.refresh(ctx)
	out := openapi.UserMade{User: userOf(u, router.PresenceOffline)}
	if u.Role != router.RoleMachine {
		link, err := s.link(ctx, u.ID)
		if err != nil {
			return err
		}
		out.Link, out.ExpiresAt = link.Link, link.ExpiresAt
	}
	return c.JSON(http.StatusCreated, out)
}

// link makes a one-time link; its token stands in the fragment, which no server or log gets to see.
func (s *Server) link(ctx context.Context, user router.AgentID) (openapi.Link, error) {
	expires := s.Now().Add(auth.LinkTime)
	token, err := s.Auth.NewLink(ctx, auth.PurposePassword, user, auth.LinkTime)
	return openapi.Link{Link: s.PublicURL + "/link#" + token, ExpiresAt: expires}, err
}

// ChangeUser answers PATCH /v1/admin/users/{name}.
func (s *Server) ChangeUser(c echo.Context, name router.AgentID) error {
	in, err := decode[openapi.UserPatch](c)
	if err != nil {
		return err
	}
	given := router.User{Queues: in.Queues, Weights: weightsOf(in.QueueWeights)}
	if in.Shift != nil {
		given.Shift = *in.Shift
	}
	if err := s.Live.View().Rules.CheckProfile(given); err != nil {
		return err
	}
	return s.changeUser(c, name, in, "change_user")
}

// DisableUser answers POST /v1/admin/users/{name}/disable.
func (s *Server) DisableUser(c echo.Context, name router.AgentID, _ openapi.DisableUserParams) error {
	if _, err := decode[struct{}](c); err != nil {
		return err
	}
	yes := true
	return s.changeUser(c, name, openapi.UserPatch{Disabled: &yes}, "disable_user")
}

// patch changes what a request names.
func patch(u *router.User, in openapi.UserPatch) {
	if in.Role != "" {
		u.Role = in.Role
	}
	if in.Languages != nil {
		u.Languages = in.Languages
	}
	if in.Skills != nil {
		u.Skills = skillsOf(in.Skills)
	}
	if in.Queues != nil {
		u.Queues = in.Queues
	}
	if in.QueueWeights != nil {
		u.Weights = weightsOf(in.QueueWeights)
	}
	if in.Shift != nil {
		u.Shift = *in.Shift
	}
	if in.Disabled != nil {
		u.Disabled = *in.Disabled
	}
}

func (s *Server) changeUser(c echo.Context, name router.AgentID, in openapi.UserPatch, act string) error {
	ctx := c.Request().Context()
	self := name == gate.CallerOf(c).ID()
	switch {
	case self && in.Disabled != nil && *in.Disabled:
		return router.FailField("api.user", "disabled", "you cannot disable yourself")
	case self && in.Role != "" && in.Role != router.RoleManager:
		return router.FailField("api.user", "role", "you cannot take your own role away")
	}
	u, err := s.Auth.ChangeUser(ctx, name, func(u *router.User) { patch(u, in) })
	if err != nil {
		return err
	}
	if err := s.audit(c, act, string(name), ""); err != nil {
		return err
	}
	if u.Disabled || u.Role == router.RoleAuditor || u.Role == router.RoleMachine {
		if err := s.sendHome(ctx, u); err != nil {
			return err
		}
	}
	s.refresh(ctx)
	p, err := s.Desk.Presence(ctx, name)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, userOf(u, p.State))
}

// sendHome takes away what somebody holds who may not work any more.
func (s *Server) sendHome(ctx context.Context, u router.User) error {
	if u.Disabled {
		if err := s.Auth.Revoke(ctx, u.ID); err != nil {
			return err
		}
	}
	if err := s.Desk.SetPresence(ctx, u.ID, router.PresenceOffline); err != nil {
		return err
	}
	return s.Desk.ExpireNow(ctx, u.ID)
}

// activeUser reads a user who may act. not_found, invalid_field.
func (s *Server) activeUser(ctx context.Context, name router.AgentID) (router.User, error) {
	r, err := store.Users(s.Store).Get(ctx, string(name))
	if err == nil && r.Value.Disabled {
		return r.Value, router.FailField("api.user", "name", "is disabled")
	}
	return r.Value, err
}

// CreateLink answers POST /v1/admin/users/{name}/links.
func (s *Server) CreateLink(c echo.Context, name router.AgentID, _ openapi.CreateLinkParams) error {
	ctx := c.Request().Context()
	u, err := s.activeUser(ctx, name)
	if err != nil {
		return err
	}
	if u.Role == router.RoleMachine {
		return router.FailField("api.user", "name", "is a machine; it signs in with a token")
	}
	if err := s.audit(c, "create_link", string(name), ""); err != nil {
		return err
	}
	link, err := s.link(ctx, name)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, link)
}

// CreateToken answers POST /v1/admin/users/{name}/tokens.
func (s *Server) CreateToken(c echo.Context, name router.AgentID, _ openapi.CreateTokenParams) error {
	ctx := c.Request().Context()
	if _, err := s.activeUser(ctx, name); err != nil {
		return err
	}
	if err := s.audit(c, "create_token", string(name), ""); err != nil {
		return err
	}
	token, err := s.Auth.NewToken(ctx, name)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, openapi.Token{Token: token})
}

// RevokeUser answers DELETE /v1/admin/users/{name}/tokens.
func (s *Server) RevokeUser(c echo.Context, name router.AgentID) error {
	ctx := c.Request().Context()
	if _, err := store.Users(s.Store).Get(ctx, string(name)); err != nil {
		return err
	}
	if err := s.Auth.Revoke(ctx, name); err != nil {
		return err
	}
	if err := s.audit(c, "revoke", string(name), ""); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
