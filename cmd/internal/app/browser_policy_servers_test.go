package app_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"switchyard/cmd/internal/app"
	"switchyard/router"
	"switchyard/router/store"
)

// A manager changes a weight in the table, sees the line under it, puts it in force, watches the line
// re-order, and takes it back.
func TestServersChromiumPolicyStory(t *testing.T) {
	path, a := chromium(t), desk(t)
	if _, err := a.Auth.AddUser(t.Context(), router.User{ID: "max", Role: router.RoleManager}); err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{"有人盗刷我的账户，请马上冻结", "请问怎么修改头像？"} {
		write(t, a, path, i, text)
	}
	manager, watcher := signedIn(t, a, path, "max"), signedIn(t, a, path, "max")
	watcher.do("the line", chromedp.Navigate(a.URL()+"/manager/line?lang=en"))
	watchAndChange(t, a, manager, watcher)
}

// write sends one chat message as a customer.
func write(t *testing.T, a *app.App, path string, i int, text string) {
	t.Helper()
	customer := tab{t, browser(t, path, "zh-CN")}
	customer.do("the chat page", chromedp.Navigate(a.URL()+"/chat/web?lang=zh"))
	customer.until("the widget shown", widget+` && `+widget+`.querySelector('textarea') !== null`)
	customer.js(fmt.Sprintf(`{ const r = %s; r.querySelector('textarea').value = %q; r.querySelector('form.write').requestSubmit(); }`, widget, text))
	customer.until(fmt.Sprintf("message %d sent", i), widget+`.querySelector('.log').textContent.includes('`+text[:6]+`')`)
}

func watchAndChange(t *testing.T, a *app.App, manager, watcher tab) {
	t.Helper()
	first := func(table, class string) string {
		return fmt.Sprintf(`document.querySelectorAll('%s tr[data-class]').length === 2 && document.querySelector('%s tr[data-class]').dataset.class === '%s'`, table, table, class)
	}
	watcher.until("security first in the line", first(".linetable", "security"))

	manager.do("the policy page", chromedp.Navigate(a.URL()+"/manager/policy?lang=en"))
	manager.until("the table shown", `document.querySelectorAll('.classes input').length > 20`)
	cell := func(field string) string {
		return `document.querySelector('.classes input[data-class=general][data-field=` + field + `]')`
	}
	manager.js(cell("weight") + `.value = '1 +'`)
	manager.js(`document.querySelector('form[data-act=policy]').requestSubmit()`)
	manager.until("the problem shown beside the cell", cell("weight")+`.parentElement.querySelector('[data-problem]').hidden === false`)
	manager.js(cell("weight") + `.value = 'hours.is_night ? 90000 : 90000'; ` + cell("target") + `.value = '5'`)
	manager.do("what if", chromedp.Click(`button[data-act=whatif]`))
	manager.until("the line under it", first("#line-then .linetable", "general")+` && `+first("#line-now .linetable", "security"))
	manager.until("what it gives now", cell("weight")+`.parentElement.querySelector('[data-now]').textContent === '= 90000'`)
	manager.shot("policy-whatif")
	watcher.until("the line as it was", first(".linetable", "security"))
	manager.js(`document.querySelector('form[data-act=promote]').reason.value = 'general work piles up'`)
	manager.do("put in force", chromedp.Click(`form[data-act=promote] button`))
	watcher.until("the line re-ordered by itself", first(".linetable", "general"))
	watcher.shot("line-reordered")
	manager.until("the history", `document.body.textContent.includes('general work piles up') && document.querySelector('form[data-act=rollback]') !== null`)

	active, err := store.ActivePolicy(a.Store).Get(t.Context(), "active")
	if err != nil || active.Value.By != "max" {
		t.Fatal(active, err)
	}
	manager.js(`document.querySelector('form[data-act=rollback]').requestSubmit()`)
	watcher.until("the line as before", first(".linetable", "security"))
	manager.until("the roll-back in the history", `document.body.textContent.includes('back to')`)

	watcher.do("a row's link", chromedp.Click(".linetable tr[data-class=security] .who a"))
	watcher.until("the ticket's conversation", `document.querySelector('.conv .messages')?.textContent.includes('盗刷') ?? false`)
}
