package channels

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"switchyard/router"
)

const (
	callTimeout = 20 * time.Second
	dialTimeout = 5 * time.Second
)

// HTTPClient makes a client for calls to providers: bounded in time, without redirects, and,
// unless private is allowed, never to an address that is not public. The address is checked
// when it is dialed, so that a name cannot change its meaning in between (SSRF).
func HTTPClient(private bool) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &http.Client{
		Timeout:       callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{MaxIdleConnsPerHost: 8, MaxConnsPerHost: 32, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: dialTimeout,
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				if private {
					return dialer.DialContext(ctx, network, addr)
				}
				return dialPublic(ctx, dialer, network, addr)
			}},
	}
}

func dialPublic(ctx context.Context, d *net.Dialer, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	for _, ip := range ips {
		if PublicAddr(ip) {
			return d.DialContext(ctx, network, net.JoinHostPort(ip.Unmap().String(), port))
		}
	}
	return nil, router.Fail("channels.dial", router.CodeForbidden, "the address is not a public one")
}

// PublicAddr reports whether an address is on the public internet.
func PublicAddr(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && !shared.Contains(ip) && !benchmark.Contains(ip)
}

var (
	shared    = netip.MustParsePrefix("100.64.0.0/10") // carrier-grade NAT, RFC 6598
	benchmark = netip.MustParsePrefix("198.18.0.0/15") // RFC 2544
)
