package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"switchyard/router"
)

// conn is one signed-in IMAP connection.
type conn struct {
	*imapclient.Client
	raw  net.Conn
	news chan struct{} // something arrived, at most one waits
}

// connect dials and signs in.
func (a *adapter) connect(ctx context.Context) (*conn, error) {
	raw, err := a.dial.connect(ctx, a.set.Host, a.set.Port, a.set.TLS == "tls")
	if err != nil {
		return nil, unavailable("email.connect", err)
	}
	c := &conn{raw: raw, news: make(chan struct{}, 1)}
	options := &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				c.tell()
			}
		},
	}}
	unhook := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer unhook()
	if err := c.begin(a, options); err != nil {
		c.end()
		return nil, unavailable("email.connect", err)
	}
	return c, nil
}

func (c *conn) begin(a *adapter, options *imapclient.Options) error {
	t := time.AfterFunc(commandTimeout, func() { _ = c.raw.Close() })
	defer t.Stop()
	if a.set.TLS == "starttls" {
		cfg, err := a.dial.tlsConfig(a.set.Host)
		if err != nil {
			return err
		}
		options.TLSConfig = cfg
		if c.Client, err = imapclient.NewStartTLS(c.raw, options); err != nil {
			return err
		}
	} else {
		c.Client = imapclient.New(c.raw, options)
	}
	if err := c.WaitGreeting(); err != nil {
		return err
	}
	if c.State() == imap.ConnStateAuthenticated {
		return nil
	}
	return c.login(a.set.Username, a.set.Password)
}

func (c *conn) login(username, password string) error {
	caps := c.Caps()
	if caps.Has(imap.AuthCap(sasl.Plain)) {
		return c.Authenticate(sasl.NewPlainClient("", username, password))
	}
	if caps.Has(imap.CapLoginDisabled) {
		return router.Fail("email.login", router.CodeUnauthorized, "the server takes no password this way")
	}
	return c.Login(username, password).Wait()
}

// tell notes that something arrived.
func (c *conn) tell() {
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// within runs a command and hangs up when it takes too long.
func (c *conn) within(d time.Duration, do func() error) error {
	t := time.AfterFunc(d, func() { _ = c.raw.Close() })
	defer t.Stop()
	return do()
}

// end hangs up and waits until the connection's reader is gone.
func (c *conn) end() {
	_ = c.raw.Close()
	if c.Client != nil {
		_ = c.Client.Close()
	}
}

// unavailable makes an error of whatever went wrong on the wire, repeating nothing a server said but its codes.
func unavailable(op string, err error) error {
	if err == nil {
		return nil
	}
	var own *router.Error
	if errors.As(err, &own) {
		return err
	}
	return router.Fail(op, router.CodeUnavailable, "%s", plain(err))
}

func plain(err error) string {
	var imapErr *imap.Error
	var netErr net.Error
	var certErr *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var dnsErr *net.DNSError
	switch {
	case errors.As(err, &imapErr):
		if imapErr.Code == imap.ResponseCodeAuthenticationFailed {
			return "the server refused name or password"
		}
		return "the server answered " + string(imapErr.Type) + " " + string(imapErr.Code)
	case errors.As(err, &certErr), errors.As(err, &unknown):
		return "the server's certificate is not trusted"
	case errors.As(err, &dnsErr):
		return "the server's name cannot be resolved"
	case errors.As(err, &netErr) && netErr.Timeout():
		return "the server did not answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "the connection was closed"
	case errors.As(err, &netErr):
		return "the server cannot be reached"
	}
	return "the conversation with the server broke off"
}
