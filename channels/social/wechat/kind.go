package wechat

import (
	"encoding/base64"
	"log/slog"
	"strings"

	"switchyard/channels"
	"switchyard/router"
)

// Settings are the keys of a WeChat source.
type Settings struct {
	AppID          string `yaml:"app_id" doc:"the account's app id"`
	AppSecret      string `yaml:"app_secret" secret:"true" doc:"the account's app secret"`
	Token          string `yaml:"token" secret:"true" doc:"the token given in the account's server settings"`
	EncodingAESKey string `yaml:"encoding_aes_key" secret:"true" doc:"43 characters, for the encrypted and the compatible mode; empty: plain mode only"`
	APIURL         string `yaml:"api_url" default:"https://api.weixin.qq.com" doc:"address of the API"`
}

// Kind is the kind "wechat".
var Kind = channels.Kind{Name: "wechat", Channel: router.ChannelSocial, Settings: func() any { return &Settings{} }, Open: open}

const defaultAPI = "https://api.weixin.qq.com"

func open(cfg channels.Config, deps channels.Deps) (*channels.Source, error) {
	const op = "wechat.open"
	set, ok := cfg.Settings.(*Settings)
	if !ok {
		return nil, router.Fail(op, router.CodeInternal, "the settings are of another kind")
	}
	base := set.APIURL
	if base == "" {
		base = defaultAPI
	}
	var key []byte
	var badKey error
	if set.EncodingAESKey != "" {
		key, badKey = base64.StdEncoding.DecodeString(set.EncodingAESKey + "=")
	}
	check := channels.NewCheck(op, cfg)
	check.That(set.AppID != "", "app_id", "must be given")
	check.That(set.AppSecret != "", "app_secret", "must be given")
	check.That(set.Token != "", "token", "must be given")
	check.That(badKey == nil && (key == nil || len(key) == 32), "encoding_aes_key", "must have 43 characters")
	check.That(check.URL("api_url", base).RawQuery == "", "api_url", "must have no query")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	deps.Log = deps.Log.With("source", string(cfg.Name), "kind", "wechat")
	a := &account{base: strings.TrimSuffix(base, "/"), id: set.AppID, secret: set.AppSecret, http: deps.HTTP, now: deps.Now, gate: make(chan struct{}, 1)}
	return &channels.Source{Name: cfg.Name, Kind: "wechat", Channel: router.ChannelSocial, Files: true,
		Hook: &hook{name: cfg.Name, seal: seal{token: set.Token, key: key, app: set.AppID}, deps: deps, account: a}, Sender: &sender{name: cfg.Name, account: a, deps: deps}}, nil
}
