package phone

import (
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"switchyard/channels"
	"switchyard/router"
)

// Settings are the keys of a source that reads Asterisk's call records.
type Settings struct {
	Path            string        `yaml:"path" doc:"the file of call records, or a pattern of files"`
	Columns         string        `yaml:"columns" default:"auto" doc:"auto, 18 or 21"`
	Timezone        string        `yaml:"timezone" default:"Local" doc:"zone of the times in the records, like Asia/Shanghai"`
	Region          string        `yaml:"region" doc:"country, like CN, of numbers without one"`
	InboundContexts []string      `yaml:"inbound_contexts" default:"from-trunk,from-pstn,from-did-direct,ext-did" doc:"contexts of the dial plan that calls from outside arrive in"`
	Settle          time.Duration `yaml:"settle" default:"10s" doc:"how long after its last record a call is decided"`
	Poll            time.Duration `yaml:"poll" default:"500ms" doc:"how often to look for new records"`
}

// Kind is the kind "asterisk_cdr".
var Kind = channels.Kind{Name: "asterisk_cdr", Channel: router.ChannelPhone, Settings: func() any { return &Settings{} }, Open: open, Local: true}

// defaultInbound are the contexts of calls from outside where none are configured.
var defaultInbound = []string{"from-trunk", "from-pstn", "from-did-direct", "ext-did"}

func open(cfg channels.Config, deps channels.Deps) (*channels.Source, error) {
	const op = "phone.open"
	given, ok := cfg.Settings.(*Settings)
	if !ok {
		return nil, router.Fail(op, router.CodeInternal, "the settings are of another kind")
	}
	set := *given
	opts, err := set.options(deps.Zone)
	if err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Health == nil {
		deps.Health = func(channels.Health) {}
	}
	deps.Log = deps.Log.With("source", string(cfg.Name), "kind", "asterisk_cdr")
	return &channels.Source{Name: cfg.Name, Kind: "asterisk_cdr", Channel: router.ChannelPhone,
		Adapter: &adapter{cfg: cfg, set: set, deps: deps, opts: opts}, Import: &importer{source: cfg.Name, intake: deps.Intake, opts: opts}}, nil
}

// options fills in defaults and refuses what cannot work, by its key.
func (s *Settings) options(zone func(string) (*time.Location, error)) (Options, error) {
	check := channels.NewCheck("phone.open", channels.Config{Private: true})
	o := Options{Region: strings.ToUpper(s.Region), Inbound: s.InboundContexts}
	if s.Settle == 0 {
		s.Settle = 10 * time.Second
	}
	if s.Poll == 0 {
		s.Poll = 500 * time.Millisecond
	}
	switch s.Columns {
	case "", "auto":
	case "18":
		o.Columns = columns18
	case "21":
		o.Columns = columns21
	default:
		check.That(false, "columns", "must be auto, 18 or 21")
	}
	_, badPattern := filepath.Match(s.Path, "")
	check.That(s.Path != "" && badPattern == nil, "path", "must be a file or a pattern of files")
	check.That(s.Settle > 0 && s.Settle <= time.Hour, "settle", "must be between 1s and 1h")
	check.That(s.Poll >= 10*time.Millisecond && s.Poll <= time.Minute, "poll", "must be between 10ms and 1m")
	check.That(o.Region == "" || phonenumbers.GetCountryCodeForRegion(o.Region) != 0, "region", "must be a country of two letters, like CN")
	name := s.Timezone
	if name == "" {
		name = "Local"
	}
	if zone == nil {
		zone = time.LoadLocation
	}
	var err error
	o.Zone, err = zone(name)
	check.That(err == nil, "timezone", "is not a zone that is known")
	return o, check.Err()
}
