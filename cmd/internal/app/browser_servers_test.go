package app_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"switchyard/api/auth"
	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/cmd/internal/telemetry"
	"switchyard/router"
)

// desk starts a whole desk in process with a chat.
func desk(t *testing.T) *app.App {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte("sources: [{name: web, kind: chat}]\nlog: {level: warn}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := freePort(t)
	cfg, err := config.Load(file, config.Lookup{ReadFile: os.ReadFile, Kinds: app.Kinds(), Flags: map[string]string{"data": filepath.Join(dir, "data"), "listen": addr}})
	if err != nil {
		t.Fatal(err)
	}
	roles, err := app.ParseRoles("")
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Start(t.Context(), app.Options{Config: cfg, Roles: roles, Log: telemetry.Logger(os.Stderr, "warn", "text"), Registry: telemetry.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Stop(context.Background()) })
	return a
}

// chromium is the program's path. A test without one is skipped.
func chromium(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("SWITCHYARD_TEST_CHROMIUM"); path != "" {
		return path
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("install Debian's chromium, or name a Chromium by SWITCHYARD_TEST_CHROMIUM")
	}
	return path
}

// browser opens a tab of a headless Chromium; every tab has cookies of its own.
func browser(t *testing.T, path, language string) context.Context {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 850),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-quic", true), chromedp.Flag("lang", language))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, done := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(done)
	return ctx
}

// tab is a page that a person looks at.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func (b tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.shot("failed")
		b.t.Fatalf("%s: %v", what, err)
	}
}

// until waits for a script to be true on a page that is there whole: before, its own scripts may not run yet.
func (b tab) until(what, script string) {
	b.t.Helper()
	deadline := time.Now().Add(40 * time.Second)
	for {
		yes, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`document.readyState === 'complete' && (`+script+`)`))
		if err == nil && yes {
			return
		}
		if time.Now().After(deadline) {
			b.shot("failed")
			b.t.Fatalf("not %s (%v)", what, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (b tab) js(script string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](script)); err != nil {
		b.t.Fatal(err)
	}
}

// shot keeps a picture where SWITCHYARD_TEST_SHOTS names a folder.
func (b tab) shot(name string) {
	dir := os.Getenv("SWITCHYARD_TEST_SHOTS")
	if dir == "" {
		return
	}
	if png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot()); err == nil {
		_ = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
	}
}

// signedIn is a tab in which somebody came in by a one-click link.
func signedIn(t *testing.T, a *app.App, path string, who router.AgentID) tab {
	t.Helper()
	link, err := a.Auth.NewLink(t.Context(), auth.PurposeSignIn, who, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b := tab{t, browser(t, path, "en-US")}
	b.do("the one-click link", chromedp.Navigate(a.URL()+"/link#"+link))
	b.until("somebody's own page", `document.querySelector('form[action="/signout"]') !== null`)
	return b
}

const widget = `document.querySelector('#switchyard-chat').shadowRoot`

// The story of one conversation: a customer writes in the widget in Chinese, an agent pulls and
// answers, the customer reads it; the agent's page shows the next message by itself.
func TestServersChromiumStory(t *testing.T) {
	path, a := chromium(t), desk(t)
	if _, err := a.Auth.AddUser(t.Context(), router.User{ID: "ann", Role: router.RoleAgent}); err != nil {
		t.Fatal(err)
	}
	customer := tab{t, browser(t, path, "zh-CN")}

	customer.do("the chat page", chromedp.Navigate(a.URL()+"/chat/web?lang=zh"))
	customer.until("the widget shown", widget+` && `+widget+`.querySelector('textarea') !== null`)
	customer.js(`{ const r = ` + widget + `; r.querySelector('textarea').value = '有人盗刷我的账户，请马上冻结 <b>急</b>'; r.querySelector('form.write').requestSubmit(); }`)
	customer.until("the message shown as sent", widget+`.querySelector('.log').textContent.includes('盗刷')`)

	agent := signedIn(t, a, path, "ann")
	agent.until("the console shown", `document.querySelector('button[data-act=pull]') !== null`)
	agent.until("the ticket waiting", `document.querySelector('#side').textContent.includes('Account security')`)
	agent.do("pull", chromedp.Click("button[data-act=pull]"))
	agent.until("the conversation shown", `document.querySelector('.conv .messages')?.textContent.includes('<b>急</b>') ?? false`)
	agent.shot("agent-pulled")
	agent.js(`document.querySelector('.conv textarea').value = '已经为您冻结，请放心'; document.querySelector('.conv form[data-act=reply] select[name=then]').value = 'keep'`)
	agent.do("send", chromedp.Click(".conv form[data-act=reply] button.primary"))
	customer.until("the answer shown to the customer", widget+`.querySelector('.log').textContent.includes('已经为您冻结')`)
	customer.shot("customer-answered")

	customer.js(`{ const r = ` + widget + `; r.querySelector('textarea').value = '谢谢'; r.querySelector('form.write').requestSubmit(); }`)
	agent.until("the customer's next message shown by itself", `document.querySelector('.conv .messages').textContent.includes('谢谢')`)
	agent.do("resolve", chromedp.Click(".conv form[data-act=resolve] button"))
	agent.until("resolved", `document.querySelector('.conv')?.dataset.state === 'resolved'`)
	ts, err := a.Store.Ticket(t.Context(), ticketOf(t, agent))
	if err != nil || ts.State != router.StateResolved || ts.Queue != "security" || ts.Language != router.LanguageZH {
		t.Fatalf("%+v %v", ts, err)
	}
}

func ticketOf(t *testing.T, b tab) router.TicketID {
	t.Helper()
	id, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector('.conv').dataset.id`))
	if err != nil || !strings.HasPrefix(id, "t") {
		t.Fatal(id, err)
	}
	return router.TicketID(id)
}
