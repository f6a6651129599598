package email

import (
	"log/slog"
	"net/mail"
	"strings"
	"time"

	"switchyard/channels"
	"switchyard/channels/email/parse"
	"switchyard/router"
)

// Settings configure one mailbox.
type Settings struct {
	Host     string        `yaml:"host" doc:"IMAP server"`
	Port     int           `yaml:"port" doc:"port; 993 with tls, 143 otherwise"`
	TLS      string        `yaml:"tls" default:"tls" doc:"tls, starttls or none"`
	Username string        `yaml:"username" doc:"name to sign in with"`
	Password string        `yaml:"password" secret:"true" doc:"password to sign in with"`
	Folders  []string      `yaml:"folders" default:"INBOX" doc:"folders to read, at most 10"`
	Poll     time.Duration `yaml:"poll" default:"1m" doc:"how often to look for mail where the server does not tell"`
	CAFile   string        `yaml:"ca_file" doc:"certificates (PEM) to trust instead of the system's"`
	SMTP     SMTPSettings  `yaml:"smtp" doc:"server that replies leave through; without a host there are no replies"`
	From     string        `yaml:"from" doc:"the desk's address, with a name if you like"`
}

// SMTPSettings configure the way out.
type SMTPSettings struct {
	Host     string `yaml:"host" doc:"SMTP server"`
	Port     int    `yaml:"port" doc:"port; 465 with tls, 587 with starttls, 25 otherwise"`
	TLS      string `yaml:"tls" default:"starttls" doc:"tls, starttls or none"`
	Username string `yaml:"username" doc:"name to sign in with; empty: do not sign in"`
	Password string `yaml:"password" secret:"true" doc:"password to sign in with"`
}

// Kind is the kind of source that reads a mailbox by IMAP and answers by SMTP.
var Kind = channels.Kind{
	Name:     "imap",
	Channel:  router.ChannelEmail,
	Settings: func() any { return &Settings{} },
	Open:     open,
}

const (
	maxFolders  = 10
	defaultPoll = time.Minute
)

func open(cfg channels.Config, deps channels.Deps) (*channels.Source, error) {
	given, ok := cfg.Settings.(*Settings)
	if !ok {
		return nil, router.Fail("email.open", router.CodeInternal, "the settings are of another kind")
	}
	set := *given
	from, err := set.check(cfg)
	if err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Health == nil {
		deps.Health = func(channels.Health) {}
	}
	deps.Log = deps.Log.With("source", string(cfg.Name), "kind", "imap")
	opts := parse.Options{}
	if from != nil {
		opts.Desk = []string{strings.ToLower(from.Address)}
	}
	src := &channels.Source{
		Name: cfg.Name, Kind: "imap", Channel: router.ChannelEmail, Files: true,
		Adapter: newAdapter(cfg, set, deps, opts),
		Import:  &importer{source: cfg.Name, intake: deps.Intake, opts: opts},
	}
	if set.SMTP.Host != "" {
		src.Sender = &sender{set: set.SMTP, from: *from, dial: dialer{set.CAFile, cfg.Private}, now: deps.Now}
	}
	return src, nil
}

// check fills in defaults and refuses what cannot work, by its key.
func (s *Settings) check(cfg channels.Config) (*mail.Address, error) {
	check := channels.NewCheck("email.open", cfg)
	if s.TLS == "" {
		s.TLS = "tls"
	}
	if s.SMTP.TLS == "" {
		s.SMTP.TLS = "starttls"
	}
	s.Port = orPort(s.Port, map[string]int{"tls": 993, "starttls": 143, "none": 143}[s.TLS])
	s.SMTP.Port = orPort(s.SMTP.Port, map[string]int{"tls": 465, "starttls": 587, "none": 25}[s.SMTP.TLS])
	if len(s.Folders) == 0 {
		s.Folders = []string{"INBOX"}
	}
	if s.Poll == 0 {
		s.Poll = defaultPoll
	}
	check.That(s.Host != "", "host", "is missing")
	check.Host("host", s.Host)
	check.That(s.Username != "", "username", "is missing")
	check.That(validTLS(s.TLS), "tls", "is tls, starttls or none")
	check.That(s.Port >= 1 && s.Port <= 65535 || s.Port == 0 && !validTLS(s.TLS), "port", "is no port")
	check.That(s.CAFile == "" || cfg.Private, "ca_file", "may only stand in the configuration file")
	check.That(len(s.Folders) <= maxFolders, "folders", "are more than %d", maxFolders)
	seen := map[string]bool{}
	for _, f := range s.Folders {
		check.That(f != "" && !seen[f], "folders", "has an empty or repeated name")
		seen[f] = true
	}
	check.That(s.Poll >= time.Second && s.Poll <= time.Hour, "poll", "is between 1s and 1h")
	check.Host("smtp.host", s.SMTP.Host)
	check.That(validTLS(s.SMTP.TLS), "smtp.tls", "is tls, starttls or none")
	check.That(s.SMTP.Port >= 1 && s.SMTP.Port <= 65535 || s.SMTP.Port == 0 && !validTLS(s.SMTP.TLS), "smtp.port", "is no port")
	from := s.from(check)
	return from, check.Err()
}

// from is the address of replies, nil if the source has none.
func (s *Settings) from(check *channels.Check) *mail.Address {
	if s.From == "" {
		check.That(s.SMTP.Host == "", "from", "is missing: replies need an address")
		a, err := mail.ParseAddress(s.Username)
		if err != nil {
			return nil
		}
		return a
	}
	from, err := mail.ParseAddress(s.From)
	check.That(err == nil && !strings.ContainsAny(s.From, "\r\n"), "from", "is no mail address")
	return from
}

func orPort(port, standard int) int {
	if port == 0 {
		return standard
	}
	return port
}

func validTLS(v string) bool { return v == "tls" || v == "starttls" || v == "none" }
