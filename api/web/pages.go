package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/api/auth"
	"switchyard/api/chart"
	"switchyard/api/gate"
	"switchyard/channels/runner"
	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/store"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static/*
var staticFiles embed.FS

// SessionCookie is the name of the session's cookie.
const SessionCookie = "switchyard_session"

// Deps is what the pages need.
type Deps struct {
	Store  store.Store
	Desk   *dispatch.Service
	Live   *dispatch.Live
	Auth   *auth.Service
	Runner *runner.Runner
	Now    func() time.Time
	Log    *slog.Logger
	Secure bool // cookies only over https
}

// Pages renders the pages.
type Pages struct {
	Deps
	templates map[router.Language]*template.Template
	version   string // of the static files, for their addresses
	contacts  contactCache
}

// New parses the templates.
func New(d Deps) (*Pages, error) {
	p := &Pages{Deps: d, templates: map[router.Language]*template.Template{}, version: fingerprint()}
	for _, lang := range []router.Language{router.LanguageZH, router.LanguageEN} {
		t, err := template.New("").Funcs(p.funcs(lang)).ParseFS(templateFiles, "templates/*.html")
		if err != nil {
			return nil, router.Wrap("web.new", router.CodeInternal, err)
		}
		p.templates[lang] = t
	}
	return p, nil
}

// fingerprint changes when a static file changes.
func fingerprint() string {
	h := sha256.New()
	files, err := fs.Glob(staticFiles, "static/*")
	if err != nil {
		return "0"
	}
	for _, f := range files {
		if b, err := staticFiles.ReadFile(f); err == nil {
			h.Write(b)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

func (p *Pages) funcs(lang router.Language) template.FuncMap {
	return template.FuncMap{
		"t":        func(key string) string { return say(lang, key) },
		"tor":      func(key string) string { return sayOr(lang, key) },
		"sentence": func(s router.Sentence) string { return sentence(lang, s) },
		"who": func(name string, h router.Handle) string {
			switch {
			case name != "":
				return name
			case h.Channel == router.ChannelChat: // its address is a session's id, which tells nobody anything
				return sayOr(lang, "visitor")
			}
			return h.Address
		},
		"drawing": func(p chart.Picture) template.HTML { return template.HTML(p.SVG) }, // drawn and escaped by api/chart
		"static":  func(name string) string { return "/static/" + name + "?v=" + p.version },
		"clock": func(t time.Time) string {
			return t.In(p.Live.View().Rules.Zone).Format("01\u201102 15:04") // the hyphen does not break
		},
		"date": func(t time.Time) string { return t.In(p.Live.View().Rules.Zone).Format(time.DateOnly) },
		"hm":   func(t time.Time) string { return t.In(p.Live.View().Rules.Zone).Format("15:04") },
		"weekday": func(t time.Time) string {
			local := t.In(p.Live.View().Rules.Zone)
			return say(lang, "weekday."+local.Weekday().String()) + " " + local.Format("01\u201102")
		},
		"minutes":     func(d time.Duration) string { return fmt.Sprintf("%.0f", d.Minutes()) },
		"percent":     func(share float64) string { return fmt.Sprintf("%.0f %%", share*100) },
		"round":       func(f float64) string { return fmt.Sprintf("%.0f", f) },
		"seconds":     func(d time.Duration) int { return int(d.Seconds()) },
		"lang":        func() string { return string(lang) },
		"scriptwords": func() map[string]string { return scriptWords(lang) },
		"attr": func(name, value string) template.HTMLAttr {
			return template.HTMLAttr(name + `="` + template.HTMLEscapeString(value) + `"`) // names and values are our own words
		},
		"add": func(a, b int) int { return a + b },
		"mul": func(a, b int) int { return a * b },
		"sure": func(share float64) string { // nothing is certain
			if share >= 0.995 {
				return "> 99 %"
			}
			return fmt.Sprintf("%.0f %%", 100*share)
		},
		"tenths": func(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) },
		"name": func(prefix, key string) string { // a word of ours where there is one, else what the key says
			if w := sayOr(lang, prefix+"."+key); w != "" {
				return w
			}
			return strings.ReplaceAll(key, "_", " ")
		},
	}
}

// page is what every template gets.
type page struct {
	Lang   router.Language
	User   *router.User
	CSRF   string
	Title  string
	Path   string
	Notice string
	Data   any
}

// Routes are the pages' lines of the route table.
func (p *Pages) Routes() []gate.Route {
	return []gate.Route{
		{Method: "GET", Path: "/", Permission: gate.Public, Handler: p.home},
		{Method: "GET", Path: "/signin", Permission: gate.Public, Handler: p.signInPage},
		{Method: "POST", Path: "/signin", Permission: gate.Public, Handler: p.signIn},
		{Method: "POST", Path: "/signout", Permission: gate.SignedIn, Handler: p.signOut},
		{Method: "GET", Path: "/link", Permission: gate.Public, Handler: p.linkPage},
		{Method: "POST", Path: "/link/look", Permission: gate.Public, Handler: p.lookAtLink},
		{Method: "POST", Path: "/link", Permission: gate.Public, Handler: p.useLink},
		{Method: "GET", Path: "/agent", Permission: gate.Work, Handler: p.agentPage},
		{Method: "GET", Path: "/agent/side", Permission: gate.Work, Handler: p.agentSide},
		{Method: "GET", Path: "/agent/tickets/:id", Permission: gate.Work, Handler: p.agentTicket},
		{Method: "GET", Path: "/manager", Permission: gate.Oversee, Handler: p.managerPage},
		{Method: "GET", Path: "/manager/live", Permission: gate.Oversee, Handler: p.managerLive},
		{Method: "GET", Path: "/manager/held", Permission: gate.Oversee, Handler: p.managerHeld},
		{Method: "GET", Path: "/manager/line", Permission: gate.Oversee, Handler: p.linePage},
		{Method: "GET", Path: "/manager/line/live", Permission: gate.Oversee, Handler: p.lineLive},
		{Method: "GET", Path: "/manager/policy/whatif", Permission: gate.Oversee, Handler: p.whatIf},
		{Method: "GET", Path: "/manager/forecast", Permission: gate.Oversee, Handler: p.forecastPage},
		{Method: "GET", Path: "/contact", Permission: gate.Public, Handler: p.contactPage},
		{Method: "GET", Path: "/manager/policy/frontier", Permission: gate.Oversee, Handler: p.frontier},
		{Method: "GET", Path: "/manager/policy/replay", Permission: gate.Oversee, Handler: p.replayDone},
		{Method: "GET", Path: "/manager/policy/backtest", Permission: gate.Oversee, Handler: p.backTest},
		{Method: "GET", Path: "/manager/incidents", Permission: gate.Oversee, Handler: p.managerIncidents},
		{Method: "GET", Path: "/manager/incidents/:id", Permission: gate.Oversee, Handler: p.managerIncident},
		{Method: "GET", Path: "/manager/policy", Permission: gate.Oversee, Handler: p.managerPolicy},
		{Method: "GET", Path: "/manager/models", Permission: gate.Oversee, Handler: p.modelsPage},
		{Method: "GET", Path: "/manager/models/run", Permission: gate.Oversee, Handler: p.modelsRun},
		{Method: "GET", Path: "/chat/:source", Permission: gate.Public, Handler: p.chatPage},
		{Method: "GET", Path: "/static/:file", Permission: gate.Public, Handler: p.static},
	}
}

// language is what the reader chose, or what his browser asks for.
func language(c echo.Context) router.Language {
	if q := c.QueryParam("lang"); q == "zh" || q == "en" {
		c.SetCookie(&http.Cookie{Name: "lang", Value: q, Path: "/", MaxAge: 365 * 24 * 3600, SameSite: http.SameSiteLaxMode, HttpOnly: true})
		return router.Language(q)
	}
	if k, err := c.Cookie("lang"); err == nil && (k.Value == "zh" || k.Value == "en") {
		return router.Language(k.Value)
	}
	if strings.HasPrefix(strings.ToLower(c.Request().Header.Get("Accept-Language")), "zh") {
		return router.LanguageZH
	}
	return router.LanguageEN
}

// render writes a template; half a page is never sent.
func (p *Pages) render(c echo.Context, status int, name, titleKey string, data any) error {
	lang, who := language(c), gate.CallerOf(c)
	v := page{Lang: lang, User: who.User, CSRF: who.CSRF, Title: say(lang, titleKey), Path: c.Request().URL.Path, Data: data}
	if n, ok := data.(string); ok {
		v.Notice = n
	}
	var b bytes.Buffer
	if err := p.templates[lang].ExecuteTemplate(&b, name, v); err != nil {
		return router.Wrap("web.render", router.CodeInternal, err)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.HTMLBlob(status, b.Bytes())
}

func (p *Pages) static(c echo.Context) error {
	name := path.Base(c.Param("file"))
	body, err := staticFiles.ReadFile("static/" + name)
	if err != nil {
		return router.Fail("web.static", router.CodeNotFound, "there is no such file")
	}
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	if c.QueryParam("v") == p.version {
		c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	return c.Blob(http.StatusOK, types[path.Ext(name)], body)
}

func (p *Pages) home(c echo.Context) error {
	who := gate.CallerOf(c)
	switch {
	case who.User == nil:
		return c.Redirect(http.StatusSeeOther, "/signin")
	case who.User.Role == router.RoleManager || who.User.Role == router.RoleAuditor:
		return c.Redirect(http.StatusSeeOther, "/manager")
	}
	return c.Redirect(http.StatusSeeOther, "/agent")
}

// chatData is what the customer's page needs.
type chatData struct{ Source router.SourceName }

func (p *Pages) chatPage(c echo.Context) error {
	src := p.Runner.Source(router.SourceName(c.Param("source")))
	if src == nil || src.Chat == nil {
		return router.Fail("web.chat", router.CodeNotFound, "there is no chat of that name")
	}
	return p.render(c, http.StatusOK, "chat.html", "chat_title", chatData{src.Name})
}

// contactOf reads a ticket's contact; a missing one is an empty contact.
func (p *Pages) contactOf(ctx context.Context, id router.ContactID) (router.Contact, error) {
	k, err := p.Store.Contact(ctx, id)
	if router.IsCode(err, router.CodeNotFound) {
		return router.Contact{ID: id}, nil
	}
	return k, err
}

// farFuture is after every moment a message can be in a stage since, and after what keeps told failures out of the sweep.
var farFuture = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

func callerGoverns(c echo.Context) bool { return gate.Govern.Allows(gate.CallerOf(c)) }
