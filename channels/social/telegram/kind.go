package telegram

import (
	"log/slog"
	"regexp"
	"strings"

	"switchyard/channels"
	"switchyard/router"
)

// Settings are the keys of a Telegram source.
type Settings struct {
	Token       string `yaml:"token" secret:"true" doc:"the bot's token"`
	SecretToken string `yaml:"secret_token" secret:"true" doc:"the secret_token given to setWebhook; 1 to 256 of A-Z a-z 0-9 _ -, the longer the better"`
	APIURL      string `yaml:"api_url" default:"https://api.telegram.org" doc:"address of the Bot API"`
}

// Kind is the kind "telegram".
var Kind = channels.Kind{Name: "telegram", Channel: router.ChannelSocial, Settings: func() any { return &Settings{} }, Open: open}

const defaultAPI = "https://api.telegram.org"

var (
	tokenShape  = regexp.MustCompile(`^[A-Za-z0-9:_-]{3,128}$`)
	secretShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
)

func open(cfg channels.Config, deps channels.Deps) (*channels.Source, error) {
	const op = "telegram.open"
	set, ok := cfg.Settings.(*Settings)
	if !ok {
		return nil, router.Fail(op, router.CodeInternal, "the settings are of another kind")
	}
	base := set.APIURL
	if base == "" {
		base = defaultAPI
	}
	check := channels.NewCheck(op, cfg)
	check.That(tokenShape.MatchString(set.Token), "token", "must be a bot's token")
	check.That(secretShape.MatchString(set.SecretToken), "secret_token", "must be given: 1 to 256 of A-Z a-z 0-9 _ -")
	check.That(check.URL("api_url", base).RawQuery == "", "api_url", "must have no query")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	deps.Log = deps.Log.With("source", string(cfg.Name), "kind", "telegram")
	b := &bot{base: strings.TrimSuffix(base, "/"), token: set.Token, http: deps.HTTP}
	return &channels.Source{Name: cfg.Name, Kind: "telegram", Channel: router.ChannelSocial, Files: true,
		Hook: &hook{name: cfg.Name, secret: set.SecretToken, deps: deps, bot: b}, Sender: &sender{name: cfg.Name, bot: b, deps: deps}}, nil
}
