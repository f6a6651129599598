package config

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"switchyard/channels"
	"switchyard/router"
)

type settings struct {
	Host    string        `yaml:"host" doc:"host"`
	Port    int           `yaml:"port" default:"993" doc:"port"`
	Folders []string      `yaml:"folders" default:"INBOX" doc:"folders"`
	Token   string        `yaml:"token" secret:"true" doc:"token"`
	Poll    time.Duration `yaml:"poll" default:"1m" doc:"poll"`
	SMTP    struct {
		Host string `yaml:"host" doc:"smtp host"`
	} `yaml:"smtp"`
}

func look(files map[string]string, env ...string) Lookup {
	return Lookup{Environ: env, Kinds: map[string]channels.Kind{"test": {Name: "test", Settings: func() any { return &settings{} }}},
		ReadFile: func(p string) ([]byte, error) {
			if s, ok := files[p]; ok {
				return []byte(s), nil
			}
			return nil, os.ErrNotExist
		}}
}

func TestPrecedence(t *testing.T) {
	l := look(map[string]string{"f": "listen: 1.1.1.1:1\ndata: fromfile\nredis: {addr: r:1}\n"}, "SWITCHYARD_LISTEN=2.2.2.2:2", "SWITCHYARD_TRUSTED_PROXIES=10.0.0.0/8, 127.0.0.1")
	l.Flags = map[string]string{"listen": "3.3.3.3:3"}
	c, err := Load("f", l)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "3.3.3.3:3" || c.Data != "fromfile" || c.Redis.Addr != "r:1" || len(c.TrustedProxies) != 2 || c.Opinion.Chat.Timeout != 3*time.Second {
		t.Errorf("%+v", c)
	}
}

// Invariant A.
func TestAllProblemsAtOnce(t *testing.T) {
	file := `
lisen: x
listen: nowhere
redis: {addr: a, cluster_addrs: [b], port: 3}
mongo: {uri: "mongodb://u:geheim@h/db"}
log: {level: loud}
sources:
  - {name: a, kind: test, hots: x, smtp: {host: h, prot: 1}, port: abc, backlog: soon}
  - {name: a, kind: test}
  - {name: b, kind: fax}
`
	_, err := Load("f", look(map[string]string{"f": file}, "SWITCHYARD_LISTN=1", "SWITCHYARD_TEST_X=1", "SWITCHYARD_SERVICE_HOST=1", "SWITCHYARD_PORT_8080_TCP=x"))
	var ps Problems
	if !errors.As(err, &ps) {
		t.Fatal(err)
	}
	all := ps.Error()
	for _, want := range []string{"lisen:", "listen:", "redis.port:", "redis:", "privacy.key:", "log.level:", "sources[0].hots:", "sources[0].smtp.prot:", "sources[0].port:", "sources[0].backlog:", "sources[1].name:", "sources[2].kind:", "SWITCHYARD_LISTN:"} {
		if !strings.Contains(all, "\n  "+want) {
			t.Errorf("%s is missing in %s", want, all)
		}
	}
	for _, not := range []string{"TEST_X", "SERVICE_HOST", "8080_TCP", "geheim"} {
		if strings.Contains(all, not) {
			t.Errorf("%s stands in %s", not, all)
		}
	}
}

// All that a kind finds wrong with a source is told, not the first of it.
func TestAllProblemsOfASource(t *testing.T) {
	l := look(map[string]string{"f": "sources:\n  - {name: a, kind: test}\n"})
	l.CheckSource = func(Source) error {
		return errors.Join(router.FailField("x", "host", "is missing"), router.FailField("x", "port", "is no port"))
	}
	_, err := Load("f", l)
	if err == nil || !strings.Contains(err.Error(), "sources[0].host: is missing") || !strings.Contains(err.Error(), "sources[0].port: is no port") {
		t.Error(err)
	}
}

// Invariant C.
func TestSecrets(t *testing.T) {
	files := map[string]string{"f": "privacy: {key: 'file:k', old_keys: ['env:SWITCHYARD_OLD']}\nsources: [{name: a, kind: test, token: 'env:MY_TOKEN', backlog: none}]\n", "k": "schluessel\n"}
	c, err := Load("f", look(files, "MY_TOKEN=tok123", "SWITCHYARD_OLD=altes"))
	if err != nil {
		t.Fatal(err)
	}
	s := c.Sources[0].Settings.(*settings)
	if c.Privacy.Key != "schluessel" || c.Privacy.OldKeys[0] != "altes" || s.Token != "tok123" || s.Port != 993 || s.Folders[0] != "INBOX" || !c.Sources[0].Backlog.None {
		t.Errorf("%+v %+v", c, s)
	}
	var b bytes.Buffer
	Print(&b, c)
	for _, secret := range []string{"schluessel", "altes", "tok123"} {
		if strings.Contains(b.String(), secret) {
			t.Errorf("%s is printed", secret)
		}
	}
	if !strings.Contains(b.String(), "sources[0].token: ***") {
		t.Error(b.String())
	}
}

// Invariant B.
func TestNamesAreUniqueAndDocumented(t *testing.T) {
	seen := map[string]string{}
	for _, l := range leaves("", reflect.ValueOf(&Config{}).Elem()) {
		if other, dup := seen[envName(l.path)]; dup {
			t.Errorf("%s and %s share a name", other, l.path)
		}
		seen[envName(l.path)] = l.path
		if l.field.Tag.Get("doc") == "" {
			t.Errorf("%s is not documented", l.path)
		}
	}
	var b bytes.Buffer
	Doc(&b, look(nil).Kinds)
	if !strings.Contains(b.String(), "`smtp.host`") || !strings.Contains(b.String(), "SWITCHYARD_MONGO_URI") {
		t.Error(b.String())
	}
}

func TestEndpointsAreChecked(t *testing.T) {
	for file, want := range map[string]string{
		"opinion: {chat: {url: 'https://host/v1', model: m, key: k}}":            "",
		"opinion: {embeddings: {url: 'http://10.0.0.7:8080/v1', model: m}}":      "",
		"opinion: {chat: {url: 'https://host/v1'}}":                              "opinion.chat.model:",
		"opinion: {chat: {key: geheim}}":                                         "opinion.chat.url:",
		"opinion: {embeddings: {url: 'https://ann:geheim@host/v1', model: m}}":   "opinion.embeddings.url:",
		"opinion: {embeddings: {url: 'https://host/v1?key=geheim', model: m}}":   "opinion.embeddings.url:",
		"opinion: {chat: {url: 'ftp://host', model: m}}":                         "opinion.chat.url:",
		"opinion: {chat: {url: host/v1, model: m}}":                              "opinion.chat.url:",
		"opinion: {chat: {url: 'https://host/v1', model: m, timeout: 31s}}":      "opinion.chat.timeout:",
		"opinion: {embeddings: {url: 'https://host/v1', model: m, timeout: 0s}}": "opinion.embeddings.timeout:",
		"opinion: {chat: {url: 'https://host/v1', model: m, budget: 0}}":         "opinion.chat.budget:",
	} {
		_, err := Load("f", look(map[string]string{"f": file}))
		if want == "" && err != nil || want != "" && (err == nil || strings.Count(err.Error(), "\n  ") != 1 || !strings.Contains(err.Error(), "\n  "+want) || strings.Contains(err.Error(), "geheim")) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
