package config

import (
	"fmt"
	"io"
	"net/url"
	"reflect"
	"sort"
	"strings"

	"switchyard/channels"
)

const hidden = "***"

func show(l leaf) string {
	v := l.value
	if l.secret && !v.IsZero() {
		return hidden
	}
	if v.Kind() == reflect.Slice {
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = fmt.Sprint(v.Index(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return withoutSecrets(fmt.Sprint(v.Interface()))
}

// withoutSecrets hides what an address may carry for its receiver alone: a name and password, and its query.
func withoutSecrets(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return text
	}
	if u.User != nil {
		u.User = url.User(hidden)
	}
	if u.RawQuery != "" {
		u.RawQuery = hidden
	}
	if text, err = url.PathUnescape(u.String()); err != nil {
		return u.String()
	}
	return text
}

func backlog(b channels.Backlog) string {
	switch {
	case b.All:
		return "all"
	case b.None:
		return "none"
	}
	return b.Within.String()
}

// Print writes the configuration in force, as YAML keys by path, without secrets.
func Print(w io.Writer, c *Config) {
	for _, l := range leaves("", reflect.ValueOf(c).Elem()) {
		fmt.Fprintf(w, "%s: %s\n", l.path, show(l))
	}
	for i := range c.Webhooks {
		for _, l := range leaves(fmt.Sprintf("webhooks[%d].", i), reflect.ValueOf(&c.Webhooks[i]).Elem()) {
			fmt.Fprintf(w, "%s: %s\n", l.path, show(l))
		}
	}
	for i, s := range c.Sources {
		fmt.Fprintf(w, "sources[%d].name: %s\nsources[%d].kind: %s\nsources[%d].backlog: %s\n", i, s.Name, i, s.Kind, i, backlog(s.Backlog))
		for _, l := range leaves(fmt.Sprintf("sources[%d].", i), reflect.ValueOf(s.Settings).Elem()) {
			fmt.Fprintf(w, "%s: %s\n", l.path, show(l))
		}
	}
}

// Doc writes the reference page of all keys, as Markdown.
func Doc(w io.Writer, kinds map[string]channels.Kind) {
	fmt.Fprint(w, "# Configuration\n\nWritten by `switchyard config doc`. One YAML file; a flag wins over the environment, that over the file, that over the default.\nSecrets may be `file:PATH` or `env:NAME`.\n\n| key | environment | default | what it is |\n|---|---|---|---|\n")
	c := &Config{}
	for _, l := range leaves("", reflect.ValueOf(c).Elem()) {
		fmt.Fprintf(w, "| `%s` | `%s` | %s | %s |\n", l.path, envName(l.path), code(l.field.Tag.Get("default")), docOf(l))
	}
	fmt.Fprint(w, "\n## webhooks\n\nA list; only in the file. Escalations of the policy call them by name; operations.md says what they get.\n\n| key | what it is |\n|---|---|\n")
	for _, l := range leaves("", reflect.ValueOf(&Webhook{}).Elem()) {
		fmt.Fprintf(w, "| `%s` | %s |\n", l.path, docOf(l))
	}
	fmt.Fprint(w, "\n## sources\n\nA list; only in the file. Every source has `name`, `kind` and `backlog` (`all`, `none` or a duration, default 72h: what is older at its first start is history).\n")
	names := make([]string, 0, len(kinds))
	for k := range kinds {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		fmt.Fprintf(w, "\n### kind: %s\n\n| key | default | what it is |\n|---|---|---|\n", k)
		for _, l := range leaves("", reflect.ValueOf(kinds[k].Settings()).Elem()) {
			fmt.Fprintf(w, "| `%s` | %s | %s |\n", l.path, code(l.field.Tag.Get("default")), docOf(l))
		}
	}
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func docOf(l leaf) string {
	d := l.field.Tag.Get("doc")
	if l.secret {
		d += " (secret)"
	}
	return strings.ReplaceAll(d, "|", "\\|")
}
