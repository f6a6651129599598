package config

import (
	"fmt"
	"net/url"
	"reflect"
)

// minSecret is the shortest secret that signs calls, in characters.
const minSecret = 16

// webhooks reads the list of outgoing webhooks, which stands only in the file.
func (l *loader) webhooks(c *Config, in any) {
	if in == nil {
		return
	}
	list, ok := in.([]any)
	if !ok {
		l.bad("webhooks", "must be a list")
		return
	}
	seen := map[string]bool{}
	for i, item := range list {
		path := fmt.Sprintf("webhooks[%d]", i)
		m, ok := item.(map[string]any)
		if !ok {
			l.bad(path, "must have the keys name, url and secret")
			continue
		}
		w := Webhook{}
		tree := reflect.ValueOf(&w).Elem()
		l.problems = append(l.problems, decode(path+".", m, tree, nil)...)
		l.secrets(path+".", tree)
		if seen[w.Name] {
			l.bad(path+".name", "%q is used twice", w.Name)
		}
		seen[w.Name] = true
		l.checkWebhook(path, w)
		c.Webhooks = append(c.Webhooks, w)
	}
}

func (l *loader) checkWebhook(path string, w Webhook) {
	if !sourceName.MatchString(w.Name) {
		l.bad(path+".name", "must be letters, digits and _ . - only, at most 63")
	}
	u, err := url.Parse(w.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Fragment != "" {
		l.bad(path+".url", "must be an http or https address without user and fragment")
	}
	if len(w.Secret) < minSecret {
		l.more(Problem{path + ".secret", fmt.Sprintf("must have at least %d characters", minSecret)})
	}
}
