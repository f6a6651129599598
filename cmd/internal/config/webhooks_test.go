package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWebhooks(t *testing.T) {
	dir := t.TempDir()
	load := func(body string) (*Config, error) {
		file := filepath.Join(dir, "c.yaml")
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return Load(file, Lookup{Environ: []string{"HOOK_SECRET=0123456789abcdef"}, ReadFile: os.ReadFile})
	}
	c, err := load("webhooks:\n  - {name: pager, url: 'http://10.0.0.7/hook?key=of-the-address', secret: 'env:HOOK_SECRET'}\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Webhooks) != 1 || c.Webhooks[0] != (Webhook{"pager", "http://10.0.0.7/hook?key=of-the-address", "0123456789abcdef"}) {
		t.Fatalf("read %+v", c.Webhooks)
	}
	var out strings.Builder
	Print(&out, c)
	if s := out.String(); strings.Contains(s, "0123456789abcdef") || strings.Contains(s, "of-the-address") || !strings.Contains(s, "webhooks[0].name: pager") {
		t.Errorf("printed:\n%s", s)
	}
	_, err = load("webhooks:\n  - {name: 'a b', url: 'ftp://x', secret: short}\n  - {name: n, url: 'https://u:p@h', secret: 'file:/nowhere', colour: red}\n  - {name: n, url: 'https://h', secret: 0123456789abcdefg}\n  - 7\n")
	for _, want := range []string{"webhooks[0].name", "webhooks[0].url", "webhooks[0].secret: must have", "webhooks[1].url", "webhooks[1].secret: the secret's file", "webhooks[1].colour", "webhooks[2].name", "webhooks[3]"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if err != nil && (strings.Contains(err.Error(), "u:p@") || strings.Contains(err.Error(), "short")) {
		t.Errorf("a secret in %v", err)
	}
}
