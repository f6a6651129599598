package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/router"
)

// may is written out here once more, so that a slip in the gate is seen.
var may = map[gate.Permission]string{
	gate.Public:   "none agent manager auditor machine visitor",
	gate.SignedIn: "agent manager auditor machine",
	gate.Read:     "agent manager auditor machine",
	gate.Work:     "agent manager",
	gate.Oversee:  "manager auditor",
	gate.Watch:    "manager auditor machine",
	gate.Govern:   "manager",
	gate.Files:    "agent manager auditor machine visitor",
}

// Invariants A and B: every route, with every role and with none.
func TestEveryRouteWithEveryRole(t *testing.T) {
	d := newDesk(t, func(deps *Deps) {
		deps.Tasks = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
		deps.Pages = []gate.Route{{Method: "GET", Path: "/manager", Permission: gate.Oversee, Handler: func(c echo.Context) error { return c.String(200, "page") }}}
		deps.Limits = Limits{SignIn: Rate{6e6, 1e6}, ChatSessions: Rate{6e6, 1e6}, BadSignatures: Rate{6e6, 1e6}}
	})
	d.tokens["visitor"] = "visitor-v1"
	d.tokens["nonsense"] = "nonsense"
	tried := 0
	for _, r := range d.server.Routes() {
		if r.Path == "/v1/stream" && r.Method == "GET" {
			continue // answers until it is left: TestStream
		}
		for _, role := range []string{"none", "agent", "manager", "auditor", "machine", "visitor", "nonsense"} {
			path := strings.NewReplacer(":source", "door", ":id", "tnothing", ":name", "nobody", ":version", "pnothing", "*", "x").Replace(r.Path)
			as := router.Role(role)
			req := httptest.NewRequestWithContext(t.Context(), r.Method, path, nil)
			if token := d.tokens[as]; token != "" {
				req.Header.Set("Authorization", "Bearer "+token)
			}
			rec := httptest.NewRecorder()
			d.server.Handler().ServeHTTP(rec, req)
			a := answer{t, rec.Code, rec.Header(), rec.Body.Bytes()}
			allowed := strings.Contains(may[r.Permission]+" ", role+" ") || r.Permission == gate.Public
			_, known := map[string]bool{"agent": true, "manager": true, "auditor": true, "machine": true}[role]
			switch {
			case allowed:
				if strings.Contains(string(a.body), "your role does not permit") || strings.Contains(string(a.body), errWho.Detail) {
					t.Errorf("%s %s refuses %s: %s", r.Method, r.Path, role, a.body)
				}
			case known:
				a.Problem(403, router.CodeForbidden)
			default:
				a.Problem(401, router.CodeUnauthorized)
			}
			tried++
		}
	}
	if tried < 60*7 {
		t.Fatalf("only %d were tried", tried)
	}
}

func TestACustomersTokenReachesOnlyItsOwnFiles(t *testing.T) {
	d := newDesk(t)
	d.tokens["visitor"], d.tokens["stranger"] = "visitor-v1", "visitor-v2"
	d.Receive("v1", "please see the picture")
	d.Receive("v2", "hello")
	body, kind := form("shot.png", []byte("\x89PNG\r\n\x1a\nrest"))
	up := d.Do(call{method: "POST", path: "/v1/attachments", as: "visitor", body: body, header: map[string]string{"Content-Type": kind}}).Want(201)
	own := "/v1/attachments/" + up.Text("id")
	d.Do(call{method: "GET", path: own, as: "visitor"}).Want(200)
	d.Do(call{method: "GET", path: own, as: "stranger"}).Problem(404, router.CodeNotFound)
	d.Do(call{method: "GET", path: own, as: "agent"}).Want(200)
	d.Do(call{method: "GET", path: own}).Problem(401, router.CodeUnauthorized)

	// a file that the agent sends is the customer's once it is in a reply, and not before
	body, kind = form("form.pdf", []byte("%PDF-1.4"))
	file := d.Do(call{method: "POST", path: "/v1/attachments", as: "agent", body: body, header: map[string]string{"Content-Type": kind}}).Want(201).Text("id")
	d.Do(call{method: "GET", path: "/v1/attachments/" + file, as: "visitor"}).Problem(404, router.CodeNotFound)
	id, epoch := d.Pull("agent")
	d.Do(call{method: "POST", path: "/v1/tickets/" + id + "/replies", as: "bob", body: map[string]any{"epoch": epoch, "text": "see", "attachments": []string{file}}}).Problem(422, router.CodeInvalidField, "attachments")
	d.Do(call{method: "POST", path: "/v1/tickets/" + id + "/replies", as: "agent", body: map[string]any{"epoch": epoch, "text": "see", "attachments": []string{file}}}).Want(201)
	owner, other := router.Role("visitor"), router.Role("stranger")
	if d.Do(call{method: "GET", path: "/v1/tickets/" + id, as: "agent"}).Text("contact.handles.0.address") == "v2" {
		owner, other = other, owner
	}
	a := d.Do(call{method: "GET", path: "/v1/attachments/" + file, as: owner}).Want(200)
	if !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") || !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") {
		t.Fatalf("%v", a.header)
	}
	d.Do(call{method: "GET", path: "/v1/attachments/" + file, as: other}).Problem(404, router.CodeNotFound)
	for _, path := range []string{"/v1/tickets", "/v1/tickets/" + id, "/v1/me", "/v1/stream"} {
		d.Do(call{method: "GET", path: path, as: "visitor"}).Problem(401, router.CodeUnauthorized)
	}
}

// Invariant B: the cookie of a page needs its CSRF value with every write.
func TestPagesShowTheirCSRFValue(t *testing.T) {
	form := func(c echo.Context) error { return c.String(200, c.FormValue("x")) }
	d := newDesk(t, func(deps *Deps) {
		deps.Pages = []gate.Route{{Method: "POST", Path: "/act", Permission: gate.SignedIn, Handler: form}, {Method: "POST", Path: "/open", Permission: gate.Public, Handler: form},
			{Method: "GET", Path: "/agent", Permission: gate.Work, Handler: form}}
		deps.Tasks = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	})
	cookie, csrf := d.cookie("manager")
	put := func(header map[string]string) answer {
		header["Cookie"] = cookie
		return d.Do(call{method: "PUT", path: "/v1/me/presence", body: `{"state":"away"}`, header: header})
	}
	put(map[string]string{}).Problem(403, router.CodeForbidden)
	put(map[string]string{"X-CSRF-Token": "wrong"}).Problem(403, router.CodeForbidden)
	put(map[string]string{"X-CSRF-Token": csrf}).Want(200)
	d.Do(call{method: "GET", path: "/v1/me", header: map[string]string{"Cookie": cookie}}).Want(200)
	d.Do(call{method: "GET", path: "/v1/me", header: map[string]string{"Cookie": CookieName + "=gone"}}).Problem(401, router.CodeUnauthorized)

	posted := func(path, body string, more map[string]string) answer {
		header := map[string]string{"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
		for k, v := range more {
			header[k] = v
		}
		return d.Do(call{method: "POST", path: path, body: body, header: header})
	}
	posted("/act", "x=1", nil).Problem(403, router.CodeForbidden)
	if a := posted("/act", "x=1&csrf="+csrf, nil).Want(200); string(a.body) != "1" {
		t.Fatalf("%s", a.body)
	}
	posted("/open", "x=1", map[string]string{"Sec-Fetch-Site": "cross-site"}).Problem(403, router.CodeForbidden)
	posted("/open", "x=1", map[string]string{"Sec-Fetch-Site": "same-origin"}).Want(200)
	posted(TasksRoot+"/api/x", "", map[string]string{"Origin": "https://evil.example"}).Problem(403, router.CodeForbidden)
	posted(TasksRoot+"/api/x", "", map[string]string{"Origin": "http://example.com"}).Want(200) // the host that was asked
	if a := d.Do(call{method: "GET", path: "/v1/admin/audit", as: "manager"}); a.Text("items.0.act") != "tasks" {
		t.Fatalf("%s", a.body)
	}

	a := d.Do(call{method: "GET", path: "/agent", header: map[string]string{"Accept": "text/html,*/*"}}).Want(303)
	if a.header.Get("Location") != "/signin?next=%2Fagent" {
		t.Fatalf("%v", a.header)
	}
}

func TestRatesByAddress(t *testing.T) {
	sign := func(c echo.Context) error { return router.Fail("page", router.CodeUnauthorized, "wrong") }
	d := newDesk(t, func(deps *Deps) {
		deps.TrustedProxies = []string{"10.0.0.0/8", "2001:db8::1"}
		deps.Limits = Limits{SignIn: Rate{6, 2}, ChatSessions: Rate{6, 2}, BadSignatures: Rate{6, 2}, Source: Rate{60, 3}}
		deps.Pages = []gate.Route{{Method: "POST", Path: "/signin", Permission: gate.Public, Handler: sign}}
	})
	try := func(path, from, forwarded string) answer {
		return d.Do(call{method: "POST", path: path, body: "{}", from: from, header: map[string]string{"X-Forwarded-For": forwarded}})
	}
	for path, refused := range map[string]int{"/signin": 401, "/v1/chat/door/sessions": 201, "/v1/hooks/door": 401} {
		try(path, "192.0.2.1", "").Want(refused)
		try(path, "192.0.2.1", "198.51.100.1").Want(refused)
		a := try(path, "192.0.2.1", "198.51.100.2").Problem(429, router.CodeRateLimited) // what a stranger says of himself is not believed
		if a.header.Get("Retry-After") != "10" {
			t.Errorf("%s: Retry-After %q", path, a.header.Get("Retry-After"))
		}
		try(path, "192.0.2.2", "").Want(refused)
		// behind a trusted proxy the hop before it counts, and nothing further out
		try(path, "10.1.2.3", "9.9.9.9, 203.0.113.7").Want(refused)
		try(path, "10.1.2.3", "8.8.8.8, 203.0.113.7, 10.9.9.9").Want(refused)
		try(path, "10.1.2.3", "7.7.7.7, 203.0.113.7").Problem(429, router.CodeRateLimited)
		try(path, "[2001:db8::1]", "203.0.113.7").Problem(429, router.CodeRateLimited)
	}
	d.Advance(10e9)
	try("/signin", "192.0.2.1", "").Want(401)

	// a well-signed webhook is bounded by its source, whatever its address did
	signed := map[string]string{"X-Signature": signature}
	hook := func(n, from string) answer {
		return d.Do(call{method: "POST", path: "/v1/hooks/door", from: from, header: signed, body: map[string]string{"external_id": n, "handle": "v1", "text": "hello there"}})
	}
	hook("1", "192.0.2.1").Want(202)
	hook("2", "192.0.2.1").Want(202)
	hook("3", "192.0.2.1").Want(202)
	hook("4", "192.0.2.9").Problem(429, router.CodeRateLimited)
	d.Advance(1e9)
	hook("4", "192.0.2.9").Want(202)
}

func TestLimitersStayBounded(t *testing.T) {
	d := newDesk(t)
	l := newLimiter(Rate{60, 1}, d.clock)
	for i := range 5 * limiterKeys {
		_ = l.take(string(rune(i)) + "x")
	}
	if n := len(l.young) + len(l.old); n > 2*limiterKeys {
		t.Fatalf("%d buckets", n)
	}
}

func TestHeaders(t *testing.T) {
	page := func(c echo.Context) error { return c.HTML(200, "page") }
	d := newDesk(t, func(deps *Deps) {
		deps.Pages = []gate.Route{{Method: "GET", Path: "/chat/:source", Permission: gate.Public, Handler: page}, {Method: "GET", Path: "/", Permission: gate.Public, Handler: page}}
		deps.Tasks = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`<script>window.X=1</script><script src="/a.js"></script>`))
		})
	})
	policy := func(path string, as router.Role) string {
		a := d.Do(call{method: "GET", path: path, as: as}).Want(200)
		if a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Referrer-Policy") == "" || a.header.Get("Strict-Transport-Security") == "" || a.header.Get(requestIDHeader) == "" {
			t.Errorf("%s: %v", path, a.header)
		}
		return a.header.Get("Content-Security-Policy")
	}
	for _, path := range []string{"/", "/healthz", "/openapi.yaml"} {
		if p := policy(path, ""); !strings.Contains(p, "script-src 'self';") || !strings.Contains(p, "frame-ancestors 'none'") || strings.Contains(p, "unsafe") || strings.Contains(p, "sha256") {
			t.Errorf("%s: %s", path, p)
		}
	}
	if p := policy("/chat/door", ""); !strings.HasSuffix(p, "frame-ancestors 'self' https://shop.example") {
		t.Error(p)
	}
	if p := policy("/chat/elsewhere", ""); !strings.HasSuffix(p, "frame-ancestors 'none'") {
		t.Error(p)
	}
	if p := policy(TasksRoot, "manager"); !strings.Contains(p, "script-src 'self' 'sha256-VYWVH+AiG/cqjQSj/KZT5XVXLRNjpC2pVAldXACFHHY=';") { // of window.X=1
		t.Error(p)
	}
	if p := policy("/docs", ""); strings.Count(p, "sha256-") < 1 || strings.Contains(strings.Split(p, "style-src")[0], "unsafe") {
		t.Error(p)
	}
	if a := d.Do(call{method: "GET", path: "/docs/swagger-ui.css"}).Want(200); !strings.HasPrefix(a.header.Get("Content-Type"), "text/css") {
		t.Errorf("%v", a.header)
	}
	if a := d.Do(call{method: "GET", path: "/chat/door/widget.js"}).Want(200); !strings.HasPrefix(a.header.Get("Content-Type"), "text/javascript") {
		t.Errorf("%v", a.header)
	}
	cors := func(origin string) answer {
		return d.Do(call{method: "OPTIONS", path: "/v1/chat/door/sessions", header: map[string]string{"Origin": origin}})
	}
	if a := cors("https://shop.example").Want(204); a.header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
		t.Errorf("%v", a.header)
	}
	if a := cors("https://evil.example").Problem(403, router.CodeForbidden); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v", a.header)
	}
}
