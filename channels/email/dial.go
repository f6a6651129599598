package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"switchyard/router"
)

const (
	dialTimeout    = 15 * time.Second
	commandTimeout = 45 * time.Second
	bodyTimeout    = 3 * time.Minute
)

// dialer opens connections to mail servers.
type dialer struct {
	caFile  string
	private bool // private addresses are allowed
}

// connect opens a connection; with TLS at once where secure is set.
func (d dialer) connect(ctx context.Context, host string, port int, secure bool) (net.Conn, error) {
	nd := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	if !d.private {
		nd.Control = refusePrivate
	}
	addr := net.JoinHostPort(host, strconv.Itoa(port))
	if !secure {
		return nd.DialContext(ctx, "tcp", addr)
	}
	cfg, err := d.tlsConfig(host)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*dialTimeout)
	defer cancel()
	return (&tls.Dialer{NetDialer: nd, Config: cfg}).DialContext(ctx, "tcp", addr)
}

func (d dialer) tlsConfig(host string) (*tls.Config, error) {
	cfg := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if d.caFile == "" {
		return cfg, nil
	}
	pem, err := os.ReadFile(d.caFile)
	if err != nil {
		return nil, router.FailField("email.tls", "ca_file", "cannot be read")
	}
	cfg.RootCAs = x509.NewCertPool()
	if !cfg.RootCAs.AppendCertsFromPEM(pem) {
		return nil, router.FailField("email.tls", "ca_file", "holds no certificate")
	}
	return cfg, nil
}

var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

// refusePrivate keeps sources that were not set in the configuration file out of the desk's own network.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	a := ap.Addr().Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || carrierNAT.Contains(a) {
		return router.Fail("email.dial", router.CodeForbidden, "the server has a private address")
	}
	return nil
}
