package app

import (
	"errors"
	"log/slog"
	"os"
	"time"

	"switchyard/channels"
	"switchyard/channels/intake"
	"switchyard/cmd/internal/config"
	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/policy"
)

// CheckSource opens a source without anything behind it and says what its kind finds wrong.
func CheckSource(s config.Source) error {
	_, err := Kinds()[s.Kind].Open(channels.Config{Name: s.Name, Kind: s.Kind, Backlog: s.Backlog, Settings: s.Settings, Private: true},
		channels.Deps{HTTP: channels.HTTPClient(true), Now: Now, Zone: time.LoadLocation, Log: slog.New(slog.DiscardHandler), Health: func(channels.Health) {}})
	return err
}

// CheckRest says what is wrong with the keys and the policy file of a configuration.
func CheckRest(c *config.Config) config.Problems {
	var out config.Problems
	key := func(path, text string) {
		if _, err := intake.ParseKey(path, text); text != "" && err != nil {
			out = append(out, config.Problem{Path: path, Detail: detail(err)})
		}
	}
	key("privacy.key", c.Privacy.Key)
	for _, k := range c.Privacy.OldKeys {
		key("privacy.old_keys", k)
	}
	if c.Policy != "" {
		out = append(out, checkPolicy(c.Policy)...)
	}
	return out
}

func checkPolicy(file string) config.Problems {
	doc, err := os.ReadFile(file)
	if err != nil {
		return config.Problems{{Path: "policy", Detail: "cannot read " + file}}
	}
	_, err = decide.Compile(doc, time.LoadLocation)
	var ps policy.Problems
	if !errors.As(err, &ps) && err != nil {
		return config.Problems{{Path: "policy", Detail: file + ": " + detail(err)}}
	}
	var out config.Problems
	for _, p := range ps {
		out = append(out, config.Problem{Path: "policy", Detail: file + ": " + p.Path + ": " + p.Detail})
	}
	return out
}

// detail is the plain sentence of an error where it has one.
func detail(err error) string {
	var e *router.Error
	if errors.As(err, &e) && e.Detail != "" {
		return e.Detail
	}
	return err.Error()
}
