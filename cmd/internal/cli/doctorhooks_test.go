package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/router/policy"
)

// A policy that calls a webhook which the configuration does not have is said, with what to do.
func TestDoctorNamesMissingWebhooks(t *testing.T) {
	dir := t.TempDir()
	doc := filepath.Join(dir, "policy.yaml")
	body := strings.Replace(string(policy.Default()), "    tell_managers: true\n", "    tell_managers: true\n    webhook: pager\n", 1)
	if err := os.WriteFile(doc, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{Data: filepath.Join(dir, "data")}
	st, err := app.OpenStore(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.EnsurePolicy(t.Context(), st, doc, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	doctor := func(config string) (int, string) {
		file := filepath.Join(dir, "switchyard.yaml")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		code := Run([]string{"doctor", "--config", file, "--data", cfg.Data}, strings.NewReader(""), &out, &errs, nil)
		return code, out.String() + errs.String()
	}
	if code, out := doctor("log: {level: info}\n"); code != 1 || !strings.Contains(out, "BAD   webhook pager: the policy calls it") {
		t.Error(code, out)
	}
	if code, out := doctor("webhooks: [{name: pager, url: 'https://pager.example/', secret: 'a-secret-of-sixteen'}]\n"); code != 0 || strings.Contains(out, "pager") {
		t.Error(code, out)
	}
}
