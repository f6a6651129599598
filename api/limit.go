package api

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"switchyard/router"
)

// Rate is so many a minute, and so many at once.
type Rate struct {
	PerMinute float64
	Burst     int
}

// Limits bound what one client address, or one source, may do.
type Limits struct {
	SignIn        Rate // posts to pages without a session, by address; default 12 a minute, 12 at once
	ChatSessions  Rate // chat sessions opened, by address; default 60 a minute, 60 at once
	BadSignatures Rate // webhooks that failed verification, by address; default 20 a minute, 20 at once
	Source        Rate // well-signed webhooks, by source; default 5,000 a second
}

func (r Rate) or(perMinute float64, burst int) Rate {
	if r.Burst == 0 {
		return Rate{perMinute, burst}
	}
	return r
}

type limits struct{ signIn, chat, signatures, source *limiter }

func newLimits(l Limits, now func() time.Time) limits {
	return limits{
		signIn:     newLimiter(l.SignIn.or(12, 12), now),
		chat:       newLimiter(l.ChatSessions.or(60, 60), now),
		signatures: newLimiter(l.BadSignatures.or(20, 20), now),
		source:     newLimiter(l.Source.or(300_000, 5_000), now),
	}
}

// limiterKeys bounds each of the two halves of a limiter's map.
const limiterKeys = 10_000

// limiter is a bounded set of token buckets. Keys that were not used for the longest are forgotten.
type limiter struct {
	rate       Rate
	now        func() time.Time
	mu         sync.Mutex
	young, old map[string]*rate.Limiter
}

func newLimiter(r Rate, now func() time.Time) *limiter {
	return &limiter{rate: r, now: now, young: map[string]*rate.Limiter{}}
}

func (l *limiter) bucket(key string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.young[key]; b != nil {
		return b
	}
	b := l.old[key]
	if b == nil {
		b = rate.NewLimiter(rate.Limit(l.rate.PerMinute/60), l.rate.Burst)
	}
	if len(l.young) >= limiterKeys {
		l.old, l.young = l.young, map[string]*rate.Limiter{}
	}
	l.young[key] = b
	return b
}

// take takes one token. rate_limited when there is none.
func (l *limiter) take(key string) error {
	now := l.now()
	r := l.bucket(key).ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return tooMany(wait)
	}
	return nil
}

// check fails when there is no token, and takes none. rate_limited.
func (l *limiter) check(key string) error {
	if have := l.bucket(key).TokensAt(l.now()); have < 1 {
		return tooMany(time.Duration((1 - have) / (l.rate.PerMinute / 60) * float64(time.Second)))
	}
	return nil
}

// parseProxies reads addresses and prefixes. invalid_field.
func parseProxies(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, aerr := netip.ParseAddr(text)
			if aerr != nil {
				return nil, router.FailField("api.proxies", "trusted_proxies", "%q is not an address or a prefix like 10.0.0.0/8", text)
			}
			p = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (s *Server) trusted(a netip.Addr) bool {
	for _, p := range s.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// remote is the client's address: the peer's, or what trusted proxies say about it, from the
// nearest outward, until one is not trusted.
func (s *Server) remote(c echo.Context) netip.Addr {
	host, _, err := net.SplitHostPort(c.Request().RemoteAddr)
	if err != nil {
		host = c.Request().RemoteAddr
	}
	peer, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	peer = peer.Unmap().WithZone("")
	if !s.trusted(peer) {
		return peer
	}
	hops := strings.Split(strings.Join(c.Request().Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return peer
		}
		if peer = a.Unmap().WithZone(""); !s.trusted(peer) {
			return peer
		}
	}
	return peer
}

// remoteKey is the address as limits count it: one host of IPv4, one network of 64 bits of IPv6.
func (s *Server) remoteKey(c echo.Context) string {
	a := s.remote(c)
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
