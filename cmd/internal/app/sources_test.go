package app

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"testing"

	"switchyard/channels"
	"switchyard/cmd/internal/config"
	"switchyard/cmd/internal/telemetry"
	"switchyard/router"
)

// desk starts a whole desk on embedded storage in a folder.
func desk(t *testing.T, dir string) *App {
	t.Helper()
	cfg, err := config.Load("", config.Lookup{Kinds: Kinds(), Flags: map[string]string{"data": dir, "listen": "127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	roles, err := ParseRoles("")
	if err != nil {
		t.Fatal(err)
	}
	a, err := Start(t.Context(), Options{Config: cfg, Roles: roles, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Registry: telemetry.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Stop(t.Context()) })
	return a
}

// A source made through the API names no private address and no file of this machine.
func TestSourcesOfTheAPIStayOutside(t *testing.T) {
	a := desk(t, t.TempDir())
	for field, keys := range map[string]map[string]any{
		"deliver_url": {"name": "g", "kind": "generic", "secret": "0123456789abcdef", "deliver_url": "http://127.0.0.1:9/x"},
		"host":        {"name": "i", "kind": "imap", "host": "10.0.0.1", "username": "u", "password": "p"},
		"kind":        {"name": "p", "kind": "asterisk_cdr", "path": "/etc/passwd"},
		"api_url":     {"name": "t", "kind": "telegram", "token": "1:AA", "secret_token": "x", "api_url": "http://localhost:1"},
	} {
		_, err := a.Sources.Put(t.Context(), keys)
		var e *router.Error
		if !errors.As(err, &e) || e.Field != field || e.Code != router.CodeInvalidField {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := a.Sources.Put(t.Context(), map[string]any{"name": "g", "kind": "generic", "secret": "0123456789abcdef", "deliver_url": "https://hooks.example/x"}); err != nil {
		t.Error(err)
	}
}

// A stored source that cannot be opened any more keeps neither the desk nor its other sources down.
func TestABrokenStoredSourceDoesNotKeepTheDeskDown(t *testing.T) {
	dir := t.TempDir()
	a := desk(t, dir)
	if _, err := a.Sources.Put(t.Context(), map[string]any{"name": "good", "kind": "generic", "secret": "0123456789abcdef"}); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"name": "bad", "kind": "asterisk_cdr", "path": "/etc/passwd"})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := a.Intake.Sealer.Seal(a.Sources.blob("bad"), body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Sources.docs().Update(t.Context(), "bad", func(v *storedSource) (bool, error) {
		*v = storedSource{Name: "bad", Kind: "asterisk_cdr", Sealed: sealed}
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	a.Stop(t.Context())
	a = desk(t, dir)
	if a.Runner.Source("good") == nil || a.Runner.Source("bad") != nil {
		t.Error("the good source is not there, or the bad one is")
	}
	health, err := a.Runner.Health(t.Context())
	if err != nil || health["bad"].State != channels.HealthDown {
		t.Errorf("%+v %v", health["bad"], err)
	}
}

// Queues named for a user are looked up in the policy in force, or in the one a new store begins with.
func TestQueuesOfAUserExist(t *testing.T) {
	a := desk(t, t.TempDir())
	if err := CheckProfile(t.Context(), a.Store, "", router.User{Queues: []router.QueueName{"payments", "night"}, Shift: "day"}); err != nil {
		t.Error(err)
	}
	for _, u := range []router.User{{Queues: []router.QueueName{"nope"}}, {Shift: "nope"}, {Weights: map[router.QueueName]float64{"nope": 1}}} {
		if err := CheckProfile(t.Context(), a.Store, "", u); !router.IsCode(err, router.CodeInvalidField) {
			t.Error(err)
		}
	}
}
