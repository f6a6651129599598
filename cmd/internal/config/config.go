package config

import (
	"time"

	"switchyard/channels"
	"switchyard/router"
)

// Config is everything that can be configured. Every leaf has the tags yaml, doc and, where
// it has one, default; secret:"true" marks what is never printed.
type Config struct {
	Data           string    `yaml:"data" default:"./switchyard-data" doc:"folder of the embedded store and of the key made for it"`
	Listen         string    `yaml:"listen" default:"127.0.0.1:8080" doc:"address the server listens on"`
	PublicURL      string    `yaml:"public_url" doc:"address under which customers and providers reach the desk, for links and webhook signatures; default: http:// and listen"`
	TrustedProxies []string  `yaml:"trusted_proxies" doc:"networks (CIDR) whose X-Forwarded-For is believed"`
	Policy         string    `yaml:"policy" doc:"a policy file, loaded when the store has none"`
	Mongo          Mongo     `yaml:"mongo"`
	Redis          Redis     `yaml:"redis"`
	Privacy        Privacy   `yaml:"privacy"`
	Opinion        Opinion   `yaml:"opinion"`
	Log            Log       `yaml:"log"`
	Webhooks       []Webhook `yaml:"-"`
	Sources        []Source  `yaml:"-"`
}

// Webhook is an outgoing webhook that escalations of the policy call by its name.
type Webhook struct {
	Name   string `yaml:"name" doc:"what the policy calls it"`
	URL    string `yaml:"url" doc:"address that gets the calls; it may be a private one"`
	Secret string `yaml:"secret" secret:"true" doc:"signs the calls, at least 16 characters"`
}

// Mongo names the shared store.
type Mongo struct {
	URI string `yaml:"uri" secret:"true" doc:"MongoDB connection string; without it the embedded store in the data folder is used"`
}

// Redis names the shared Redis.
type Redis struct {
	Addr             string   `yaml:"addr" doc:"host:port of a Redis server; without it the process runs its own"`
	Username         string   `yaml:"username" doc:"Redis user"`
	Password         string   `yaml:"password" secret:"true" doc:"Redis password"`
	DB               int      `yaml:"db" default:"0" doc:"Redis database number"`
	TLS              bool     `yaml:"tls" default:"false" doc:"connect to Redis over TLS"`
	SentinelAddrs    []string `yaml:"sentinel_addrs" doc:"addresses of Sentinels, instead of addr"`
	SentinelMaster   string   `yaml:"sentinel_master" doc:"name of the group the Sentinels watch"`
	SentinelPassword string   `yaml:"sentinel_password" secret:"true" doc:"password of the Sentinels"`
	ClusterAddrs     []string `yaml:"cluster_addrs" doc:"addresses of Cluster nodes, instead of addr"`
}

// Privacy holds the keys that seal raw input and attachments.
type Privacy struct {
	Key     string   `yaml:"key" secret:"true" doc:"32 bytes in base64 that seal raw input and attachments; made in the data folder on embedded storage, needed with MongoDB"`
	OldKeys []string `yaml:"old_keys" secret:"true" doc:"keys used before, for opening only"`
}

// Opinion configures what is asked outside: both are off without a url.
type Opinion struct {
	Chat       Endpoint   `yaml:"chat"`
	Embeddings Embeddings `yaml:"embeddings"`
}

// Endpoint is an OpenAI-compatible chat endpoint.
type Endpoint struct {
	URL     string        `yaml:"url" doc:"OpenAI-compatible endpoint that gives a second opinion on tickets the model is unsure of, up to /chat/completions (https://host/v1); without it nobody is asked"`
	Model   string        `yaml:"model" doc:"model id"`
	Key     string        `yaml:"key" secret:"true" doc:"API key, if the endpoint wants one"`
	Timeout time.Duration `yaml:"timeout" default:"3s" doc:"longest wait for one answer, at most 30s; triage goes on without it"`
	Budget  int           `yaml:"budget" default:"1000" doc:"calls a day (UTC) of all processes together"`
}

// Embeddings is an OpenAI-compatible embeddings endpoint: an Endpoint with defaults of its own.
type Embeddings struct {
	URL     string        `yaml:"url" doc:"OpenAI-compatible endpoint that gives the vectors of texts, up to /embeddings; asked where the text model in force was trained with the same model id"`
	Model   string        `yaml:"model" doc:"model id"`
	Key     string        `yaml:"key" secret:"true" doc:"API key, if the endpoint wants one"`
	Timeout time.Duration `yaml:"timeout" default:"1s" doc:"longest wait for one vector, at most 30s; the text model goes on without it"`
	Budget  int           `yaml:"budget" default:"100000" doc:"calls a day (UTC) of all processes together; training takes one for 64 texts"`
}

// Log says how much is logged and how.
type Log struct {
	Level  string `yaml:"level" default:"info" doc:"debug, info, warn or error"`
	Format string `yaml:"format" default:"text" doc:"text or json"`
}

// Source is one configured source; Settings is what its kind reads.
type Source struct {
	Name     router.SourceName
	Kind     string
	Backlog  channels.Backlog
	Settings any
}

// Problem is one thing wrong with the configuration.
type Problem struct {
	Path   string
	Detail string
}

// Problems are all things wrong, as one error.
type Problems []Problem

func (ps Problems) Error() string {
	s := "the configuration has problems:"
	for _, p := range ps {
		s += "\n  " + p.Path + ": " + p.Detail
	}
	return s
}

// Lookup is how configuration reaches outside: the environment and files.
type Lookup struct {
	Environ  []string
	ReadFile func(string) ([]byte, error)
	Kinds    map[string]channels.Kind
	Flags    map[string]string // by path; set ones only
	// CheckSource and CheckRest look further than the form of the configuration, so that what they
	// find is reported with everything else; may be nil.
	CheckSource func(Source) error
	CheckRest   func(*Config) Problems
}
