package chat

import (
	_ "embed" // the widget
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"

	"switchyard/channels"
	"switchyard/router"
)

// Settings are the keys of a chat source.
type Settings struct {
	Origins []string `yaml:"origins" doc:"origins (https://shop.example) whose pages may embed the widget, at most 100"`
}

// Kind is the kind "chat".
var Kind = channels.Kind{Name: "chat", Channel: router.ChannelChat, Settings: func() any { return &Settings{} }, Open: open}

const maxOrigins = 100

//go:embed widget.js
var widget []byte

func open(cfg channels.Config, deps channels.Deps) (*channels.Source, error) {
	const op = "chat.open"
	set, ok := cfg.Settings.(*Settings)
	if !ok {
		return nil, router.Fail(op, router.CodeInternal, "the settings are of another kind")
	}
	if len(set.Origins) > maxOrigins {
		return nil, router.FailField(op, "origins", "are more than %d", maxOrigins)
	}
	d := &desk{name: cfg.Name, deps: deps, hub: newHub()}
	for _, o := range set.Origins {
		clean, ok := cleanOrigin(o)
		if !ok {
			return nil, router.FailField(op, "origins", "each must be like https://shop.example, without a path")
		}
		d.origins = append(d.origins, clean)
	}
	if own, err := url.Parse(deps.PublicURL); err == nil && own.Host != "" {
		d.own = ownOrigins(own)
	}
	if d.deps.Log == nil {
		d.deps.Log = slog.New(slog.DiscardHandler)
	}
	d.deps.Log = d.deps.Log.With("source", string(cfg.Name), "kind", "chat")
	return &channels.Source{Name: cfg.Name, Kind: "chat", Channel: router.ChannelChat, Sender: &sender{d}, Files: true, Chat: d}, nil
}

// ownOrigins are the origins of the desk's own pages; a desk on a loopback address has several names.
func ownOrigins(u *url.URL) []string {
	hosts := []string{u.Host}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		port := ""
		if u.Port() != "" {
			port = ":" + u.Port()
		}
		hosts = append(hosts, "localhost"+port, "127.0.0.1"+port, "[::1]"+port)
	}
	var out []string
	for _, h := range hosts {
		if clean, ok := cleanOrigin(u.Scheme + "://" + h); ok {
			out = append(out, clean)
		}
	}
	return out
}

// cleanOrigin brings an origin into the form browsers send: scheme and host in lower case, no path.
func cleanOrigin(s string) (string, bool) {
	u, err := url.Parse(strings.TrimSuffix(strings.TrimSpace(s), "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.Path != "" || u.RawQuery != "" || u.User != nil || u.Fragment != "" {
		return "", false
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host, true
}

// desk is one chat source: its sessions and its sockets.
type desk struct {
	name    router.SourceName
	deps    channels.Deps
	origins []string
	own     []string
	hub     *hub
}

// Origins may embed the widget.
func (d *desk) Origins() []string { return append([]string(nil), d.origins...) }

// Widget is the script that a page embeds.
func (d *desk) Widget() []byte { return widget }

// Close ends every socket and waits until they have ended. The source takes no more.
func (d *desk) Close() error {
	d.hub.close()
	return nil
}

// allowed reports whether a page of this origin may talk to the source. host is the
// address the call came to, where it is known: a page of ours is served from it.
func (d *desk) allowed(origin, host string) bool {
	if origin == "" {
		return true
	}
	clean, ok := cleanOrigin(origin)
	if !ok {
		return false
	}
	if slices.Contains(d.own, clean) || slices.Contains(d.origins, clean) {
		return true
	}
	_, originHost, _ := strings.Cut(clean, "://")
	return host != "" && originHost == strings.ToLower(host)
}
