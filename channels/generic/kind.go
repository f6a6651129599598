package generic

import (
	"net/url"

	"switchyard/channels"
	"switchyard/router"
)

// Settings are the keys of a generic source.
type Settings struct {
	Secret     string `yaml:"secret" secret:"true" doc:"shared secret of both directions' signatures; use 16 characters or more"`
	Channel    string `yaml:"channel" default:"social" doc:"what its messages count as: phone, email, chat or social"`
	DeliverURL string `yaml:"deliver_url" doc:"where replies are posted; without it the source carries no replies"`
}

// Kind is the kind "generic".
var Kind = channels.Kind{Name: "generic", Channel: router.ChannelSocial, Settings: func() any { return &Settings{} }, Open: open}

func open(cfg channels.Config, deps channels.Deps) (*channels.Source, error) {
	const op = "generic.open"
	s, ok := cfg.Settings.(*Settings)
	if !ok {
		return nil, router.Fail(op, router.CodeInternal, "settings of another kind")
	}
	channel := router.Channel(s.Channel)
	if s.Channel == "" {
		channel = router.ChannelSocial
	}
	switch {
	case s.Secret == "":
		return nil, router.FailField(op, "secret", "must be given")
	case !channel.Valid():
		return nil, router.FailField(op, "channel", "must be phone, email, chat or social")
	}
	src := &channels.Source{Name: cfg.Name, Kind: "generic", Channel: channel}
	src.Hook = &hook{name: cfg.Name, channel: channel, secret: s.Secret, deps: deps}
	if s.DeliverURL != "" {
		u, err := url.Parse(s.DeliverURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, router.FailField(op, "deliver_url", "must be an http or https address")
		}
		src.Sender = &sender{url: s.DeliverURL, secret: s.Secret, deps: deps}
	}
	return src, nil
}
