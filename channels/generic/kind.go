package generic

import (
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
	check := channels.NewCheck(op, cfg)
	check.That(s.Secret != "", "secret", "must be given")
	check.That(channel.Valid(), "channel", "must be phone, email, chat or social")
	if s.DeliverURL != "" {
		check.URL("deliver_url", s.DeliverURL)
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	if deps.Log != nil {
		deps.Log = deps.Log.With("source", string(cfg.Name), "kind", "generic")
	}
	src := &channels.Source{Name: cfg.Name, Kind: "generic", Channel: channel}
	src.Hook = &hook{name: cfg.Name, channel: channel, secret: s.Secret, deps: deps}
	if s.DeliverURL != "" {
		src.Sender = &sender{url: s.DeliverURL, secret: s.Secret, deps: deps}
	}
	return src, nil
}
