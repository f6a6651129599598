package channels

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"switchyard/router"
)

// Check gathers everything that is wrong with the settings of a source, so that it is told at once.
type Check struct {
	op   string
	cfg  Config
	errs []error
}

// NewCheck begins to check the settings of a source.
func NewCheck(op string, cfg Config) *Check { return &Check{op: op, cfg: cfg} }

// That notes what is wrong with a key unless it holds.
func (c *Check) That(holds bool, key, format string, args ...any) {
	if !holds {
		c.errs = append(c.errs, router.FailField(c.op, key, format, args...))
	}
}

// URL checks an address that is called, and answers it.
func (c *Check) URL(key, text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		c.That(false, key, "must be an http or https address")
		return &url.URL{}
	}
	c.Host(key, u.Hostname())
	return u
}

// Host refuses a host that can be seen to be a private one, where only public ones may be named.
// What a name means is looked at when it is dialed.
func (c *Check) Host(key, host string) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	ip, err := netip.ParseAddr(host)
	private := err == nil && !PublicAddr(ip) || host == "localhost" || strings.HasSuffix(host, ".localhost")
	c.That(c.cfg.Private || !private, key, "must be a public address; a private one may only stand in the configuration file")
}

// Err is what is wrong: one invalid_field, or several joined.
func (c *Check) Err() error {
	if len(c.errs) == 1 {
		return c.errs[0]
	}
	return errors.Join(c.errs...)
}
