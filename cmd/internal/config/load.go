package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"switchyard/channels"
	"switchyard/router"
)

// Load reads the file (if path is not empty), the environment and the flags. The error is Problems.
func Load(path string, look Lookup) (*Config, error) {
	c := &Config{}
	root := reflect.ValueOf(c).Elem()
	defaults(root)
	l := &loader{look: look, envTargets: map[string]bool{}}
	var file map[string]any
	if path != "" {
		file = l.file(path)
		l.problems = append(l.problems, decode("", file, root, map[string]bool{"sources": true, "webhooks": true})...)
	}
	l.environment(root)
	for path, value := range look.Flags {
		for _, leaf := range leaves("", root) {
			if leaf.path == path {
				l.note(path, leaf.setText(value))
			}
		}
	}
	l.secrets("", root)
	l.sources(c, file["sources"])
	l.webhooks(c, file["webhooks"])
	l.unknownVariables(root)
	l.check(c)
	if look.CheckRest != nil {
		for _, p := range look.CheckRest(c) {
			l.more(p)
		}
	}
	if len(l.problems) > 0 {
		return nil, l.problems
	}
	return c, nil
}

type loader struct {
	look       Lookup
	problems   Problems
	envTargets map[string]bool
}

func (l *loader) bad(path, format string, args ...any) {
	l.problems = append(l.problems, Problem{path, fmt.Sprintf(format, args...)})
}

// more adds a problem, unless something else is wrong with the same key.
func (l *loader) more(p Problem) {
	for _, have := range l.problems {
		if have.Path == p.Path || strings.HasPrefix(have.Path, p.Path+" (") {
			return
		}
	}
	l.problems = append(l.problems, p)
}

func (l *loader) note(path string, err error) {
	if err != nil {
		l.bad(path, "%v", err)
	}
}

func (l *loader) file(path string) map[string]any {
	body, err := l.look.ReadFile(path)
	if err != nil {
		l.bad("--config", "cannot read %s: %v", path, err)
		return nil
	}
	var m map[string]any
	d := yaml.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&m); err != nil && !errors.Is(err, io.EOF) {
		l.bad("--config", "%s is not YAML: %s", path, yaml.FormatError(err, false, false))
		return m
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		l.bad("--config", "%s must be one YAML document; nothing may follow a line of ---", path)
	}
	return m
}

func (l *loader) environment(root reflect.Value) {
	vars := l.vars()
	for _, leaf := range leaves("", root) {
		if v, ok := vars[envName(leaf.path)]; ok {
			l.note(leaf.path+" ("+envName(leaf.path)+")", leaf.setText(v))
		}
	}
}

func (l *loader) vars() map[string]string {
	out := map[string]string{}
	for _, kv := range l.look.Environ {
		k, v, _ := strings.Cut(kv, "=")
		out[k] = v
	}
	return out
}

// secrets resolves file: and env: in secret leaves.
func (l *loader) secrets(prefix string, root reflect.Value) {
	for _, leaf := range leaves(prefix, root) {
		if !leaf.secret {
			continue
		}
		if leaf.value.Kind() == reflect.Slice {
			for i := range leaf.value.Len() {
				l.secret(fmt.Sprintf("%s[%d]", leaf.path, i), leaf.value.Index(i))
			}
			continue
		}
		l.secret(leaf.path, leaf.value)
	}
}

func (l *loader) secret(path string, v reflect.Value) {
	s := v.String()
	if name, ok := strings.CutPrefix(s, "env:"); ok {
		l.envTargets[name] = true
		value, found := l.vars()[name]
		if !found {
			l.bad(path, "the environment has no %s", name)
		}
		v.SetString(value)
	}
	if file, ok := strings.CutPrefix(s, "file:"); ok {
		body, err := l.look.ReadFile(file)
		if err != nil {
			l.bad(path, "the secret's file cannot be read")
		}
		v.SetString(strings.TrimSpace(string(body)))
	}
}

// kubernetes are variables that it injects for a service that is named like us.
var kubernetes = regexp.MustCompile(`^SWITCHYARD(_.*)?_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT|PORT_.*)$`)

func (l *loader) unknownVariables(root reflect.Value) {
	known := map[string]bool{}
	for _, leaf := range leaves("", root) {
		known[envName(leaf.path)] = true
	}
	var unknown []string
	for name := range l.vars() {
		if strings.HasPrefix(name, "SWITCHYARD_") && !known[name] && !l.envTargets[name] &&
			!strings.HasPrefix(name, "SWITCHYARD_TEST_") && !kubernetes.MatchString(name) {
			unknown = append(unknown, name)
		}
	}
	sort.Strings(unknown)
	for _, name := range unknown {
		l.bad(name, "is not a variable of any key")
	}
}

func (l *loader) sources(c *Config, in any) {
	if in == nil {
		return
	}
	list, ok := in.([]any)
	if !ok {
		l.bad("sources", "must be a list")
		return
	}
	seen := map[router.SourceName]bool{}
	for i, item := range list {
		path := fmt.Sprintf("sources[%d]", i)
		m, ok := item.(map[string]any)
		if !ok {
			l.bad(path, "must have keys: name, kind, …")
			continue
		}
		s, ps := ParseSource(path, m, l.look.Kinds)
		l.problems = append(l.problems, ps...)
		if s.Settings == nil {
			continue
		}
		l.secrets(path+".", reflect.ValueOf(s.Settings).Elem())
		if seen[s.Name] {
			l.bad(path+".name", "%q is used twice", s.Name)
		}
		seen[s.Name] = true
		c.Sources = append(c.Sources, s)
		l.checkSource(path, s)
	}
}

// checkSource asks the source's kind.
func (l *loader) checkSource(path string, s Source) {
	if l.look.CheckSource == nil {
		return
	}
	for _, err := range each(l.look.CheckSource(s)) {
		var e *router.Error
		switch {
		case errors.As(err, &e) && e.Field != "":
			l.more(Problem{path + "." + e.Field, e.Detail})
		case errors.As(err, &e) && e.Detail != "":
			l.more(Problem{path, e.Detail})
		default:
			l.more(Problem{path, err.Error()})
		}
	}
}

// each is the errors that are joined in one.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

var sourceName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$`)

// ParseSource reads one source from a map of its keys. Secrets are as they stand there.
func ParseSource(path string, m map[string]any, kinds map[string]channels.Kind) (Source, Problems) {
	var ps Problems
	s := Source{Name: router.SourceName(text(m["name"])), Kind: text(m["kind"])}
	if !sourceName.MatchString(string(s.Name)) {
		ps = append(ps, Problem{path + ".name", "must be letters, digits and _ . - only, at most 63"})
	}
	var err error
	if s.Backlog, err = parseBacklog(text(m["backlog"])); err != nil {
		ps = append(ps, Problem{path + ".backlog", err.Error()})
	}
	kind, ok := kinds[s.Kind]
	if !ok {
		names := make([]string, 0, len(kinds))
		for k := range kinds {
			names = append(names, k)
		}
		sort.Strings(names)
		return s, append(ps, Problem{path + ".kind", fmt.Sprintf("%q is not one of %s", s.Kind, strings.Join(names, ", "))})
	}
	s.Settings = kind.Settings()
	v := reflect.ValueOf(s.Settings).Elem()
	defaults(v)
	return s, append(ps, decode(path+".", m, v, map[string]bool{"name": true, "kind": true, "backlog": true})...)
}

func text(x any) string {
	if x == nil {
		return ""
	}
	return fmt.Sprint(x)
}

func parseBacklog(s string) (channels.Backlog, error) {
	switch s {
	case "":
		return channels.Backlog{Within: channels.DefaultBacklog}, nil
	case "all":
		return channels.Backlog{All: true}, nil
	case "none":
		return channels.Backlog{None: true}, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return channels.Backlog{}, fmt.Errorf("must be all, none or a duration like 72h")
	}
	return channels.Backlog{Within: d}, nil
}

// reachable is the address under which a server that listens so is found on its own machine.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("localhost", port)
	}
	return listen
}

func (l *loader) check(c *Config) {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		l.bad("listen", "%q is not host:port", c.Listen)
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://" + reachable(c.Listen)
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		l.bad("public_url", "%q is not an http or https address", c.PublicURL)
	}
	for i, p := range c.TrustedProxies {
		if _, _, err := net.ParseCIDR(p); err != nil && net.ParseIP(p) == nil {
			l.bad(fmt.Sprintf("trusted_proxies[%d]", i), "%q is neither a network like 10.0.0.0/8 nor an address", p)
		}
	}
	if c.Log.Level != "debug" && c.Log.Level != "info" && c.Log.Level != "warn" && c.Log.Level != "error" {
		l.bad("log.level", "%q is not debug, info, warn or error", c.Log.Level)
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		l.bad("log.format", "%q is not text or json", c.Log.Format)
	}
	one := 0
	for _, set := range []bool{c.Redis.Addr != "", len(c.Redis.SentinelAddrs) > 0, len(c.Redis.ClusterAddrs) > 0} {
		if set {
			one++
		}
	}
	if one > 1 {
		l.bad("redis", "only one of addr, sentinel_addrs and cluster_addrs may be given")
	}
	if c.Redis.DB < 0 {
		l.bad("redis.db", "must not be negative")
	}
	if c.Mongo.URI != "" && c.Privacy.Key == "" {
		l.bad("privacy.key", "must be given with MongoDB, so that all processes share it")
	}
	l.checkEndpoint("opinion.chat", c.Opinion.Chat)
	l.checkEndpoint("opinion.embeddings", Endpoint(c.Opinion.Embeddings))
}

// maxOpinionTimeout bounds how long one message may be held up.
const maxOpinionTimeout = 30 * time.Second

// checkEndpoint says what is wrong with an endpoint, without its address: somebody may have put a key into it.
func (l *loader) checkEndpoint(path string, e Endpoint) {
	if e.Timeout <= 0 || e.Timeout > maxOpinionTimeout {
		l.bad(path+".timeout", "must be more than 0 and at most %s", maxOpinionTimeout)
	}
	if e.Budget < 1 {
		l.bad(path+".budget", "must be at least 1; leave out url to ask nobody")
	}
	if e.URL == "" {
		if e.Model != "" || e.Key != "" {
			l.bad(path+".url", "must be given with model and key")
		}
		return
	}
	u, err := url.Parse(e.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		l.bad(path+".url", "must be an http or https address without user, query or fragment")
	}
	if e.Model == "" {
		l.bad(path+".model", "must be given with url")
	}
}
