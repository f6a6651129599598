package whatsapp

import (
	"log/slog"
	"regexp"
	"strings"

	"switchyard/channels"
	"switchyard/router"
)

// Settings are the keys of a WhatsApp source.
type Settings struct {
	PhoneNumberID string `yaml:"phone_number_id" doc:"the number's id in the Cloud API"`
	AccessToken   string `yaml:"access_token" secret:"true" doc:"a lasting access token with whatsapp_business_messaging"`
	AppSecret     string `yaml:"app_secret" secret:"true" doc:"the app's secret, which webhooks are signed with"`
	VerifyToken   string `yaml:"verify_token" secret:"true" doc:"the verify token given in the webhook's settings"`
	APIURL        string `yaml:"api_url" default:"https://graph.facebook.com/v23.0" doc:"address of the Graph API, with its version"`
}

// Kind is the kind "whatsapp".
var Kind = channels.Kind{Name: "whatsapp", Channel: router.ChannelSocial, Settings: func() any { return &Settings{} }, Open: open}

const defaultAPI = "https://graph.facebook.com/v23.0"

var numberID = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

func open(cfg channels.Config, deps channels.Deps) (*channels.Source, error) {
	const op = "whatsapp.open"
	set, ok := cfg.Settings.(*Settings)
	if !ok {
		return nil, router.Fail(op, router.CodeInternal, "the settings are of another kind")
	}
	base := set.APIURL
	if base == "" {
		base = defaultAPI
	}
	check := channels.NewCheck(op, cfg)
	check.That(numberID.MatchString(set.PhoneNumberID), "phone_number_id", "must be the id of a number")
	check.That(set.AccessToken != "" && !strings.ContainsAny(set.AccessToken, " \r\n"), "access_token", "must be given")
	check.That(set.AppSecret != "", "app_secret", "must be given")
	check.That(set.VerifyToken != "", "verify_token", "must be given")
	u := check.URL("api_url", base)
	check.That(u.RawQuery == "", "api_url", "must have no query")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	deps.Log = deps.Log.With("source", string(cfg.Name), "kind", "whatsapp")
	g := &graph{base: strings.TrimSuffix(base, "/"), host: u.Host, token: set.AccessToken, number: set.PhoneNumberID, http: deps.HTTP}
	return &channels.Source{Name: cfg.Name, Kind: "whatsapp", Channel: router.ChannelSocial, Files: true,
		Hook: &hook{name: cfg.Name, set: *set, deps: deps, graph: g}, Sender: &sender{name: cfg.Name, graph: g, deps: deps}}, nil
}
