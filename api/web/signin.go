package web

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/auth"
	"switchyard/api/gate"
	"switchyard/router"
	"switchyard/router/store"
)

func (p *Pages) signInPage(c echo.Context) error {
	return p.render(c, http.StatusOK, "signin.html", "sign_in", "")
}

func (p *Pages) signIn(c echo.Context) error {
	u, err := p.Auth.SignIn(c.Request().Context(), router.AgentID(c.FormValue("name")), c.FormValue("password"))
	if router.IsCode(err, router.CodeUnauthorized) {
		return p.render(c, http.StatusUnauthorized, "signin.html", "sign_in", say(language(c), "wrong"))
	}
	if err != nil {
		return err
	}
	if err := p.begin(c, u.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, ownPath(c.QueryParam("next")))
}

// ownPath is a path of this desk to go on to; anything else is the start page.
func ownPath(next string) string {
	if len(next) < 2 || next[0] != '/' || next[1] == '/' || next[1] == '\\' {
		return "/"
	}
	return next
}

// begin opens a session and sets its cookie.
func (p *Pages) begin(c echo.Context, id router.AgentID) error {
	secret, session, err := p.Auth.NewSession(c.Request().Context(), id)
	if err != nil {
		return err
	}
	c.SetCookie(p.cookie(secret, session.ExpiresAt))
	return nil
}

func (p *Pages) cookie(value string, expires time.Time) *http.Cookie {
	return &http.Cookie{Name: SessionCookie, Value: value, Path: "/", Expires: expires, HttpOnly: true, Secure: p.Secure, SameSite: http.SameSiteLaxMode}
}

func (p *Pages) signOut(c echo.Context) error {
	who := gate.CallerOf(c)
	if who.Session != "" {
		if err := p.Auth.SignOut(c.Request().Context(), who.Session); err != nil {
			return err
		}
	}
	c.SetCookie(p.cookie("", time.Unix(1, 0)))
	return c.Redirect(http.StatusSeeOther, "/signin")
}

// linkPage is the page of every one-time link. The token stands in the fragment, so a script
// reads it and posts it; no server or proxy logs it.
func (p *Pages) linkPage(c echo.Context) error {
	return p.render(c, http.StatusOK, "link.html", "go_on", "")
}

// linkRequest is what the link page posts.
type linkRequest struct {
	Token    string `json:"token"`
	Name     string `json:"name"`
	Password string `json:"password"`
}

// lookAtLink says what a link is for without using it.
func (p *Pages) lookAtLink(c echo.Context) error {
	var r linkRequest
	if err := c.Bind(&r); err != nil {
		return router.Fail("web.link", router.CodeInvalidJSON, "the body is not JSON")
	}
	l, err := p.Auth.Link(c.Request().Context(), r.Token)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"purpose": l.Purpose, "user": l.User})
}

// free refuses a name that the first manager cannot have, before his link is used up. invalid_field.
func (p *Pages) free(ctx context.Context, id router.AgentID) error {
	if err := auth.CheckUser(router.User{ID: id, Role: router.RoleManager}); err != nil {
		return err
	}
	_, err := store.Users(p.Store).Get(ctx, string(id))
	if router.IsCode(err, router.CodeNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return router.FailField("web.link", "name", "is taken")
}

// useLink sets a password, makes the first manager, or just signs in, and uses the link up.
func (p *Pages) useLink(c echo.Context) error {
	var r linkRequest
	ctx := c.Request().Context()
	if err := c.Bind(&r); err != nil {
		return router.Fail("web.link", router.CodeInvalidJSON, "the body is not JSON")
	}
	l, err := p.Auth.Link(ctx, r.Token)
	if err != nil {
		return err
	}
	id := l.User
	if l.Purpose == auth.PurposeFirst {
		id = router.AgentID(r.Name)
		if err := p.free(ctx, id); err != nil {
			return err
		}
	}
	if l.Purpose != auth.PurposeSignIn {
		if err := auth.CheckPassword(r.Password); err != nil {
			return err
		}
	}
	if _, err := p.Auth.UseLink(ctx, r.Token); err != nil {
		return err
	}
	if l.Purpose == auth.PurposeFirst {
		if _, err := p.Auth.AddUser(ctx, router.User{ID: id, Role: router.RoleManager}); err != nil {
			return err
		}
	}
	if l.Purpose != auth.PurposeSignIn {
		if err := p.Auth.SetPassword(ctx, id, r.Password); err != nil {
			return err
		}
	}
	if err := p.begin(c, id); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]string{"next": "/"})
}
