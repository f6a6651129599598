package emailtest

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
)

// Options say how the server is to be.
type Options struct {
	Username string // default "desk"
	Password string // default "secret"
	// TLS is tls, starttls or none (the default), for both doors.
	TLS     string
	Folders []string // default INBOX
	// Silent makes IDLE tell nothing, as behind some proxies: who does not look misses mail.
	Silent bool
	// OnMail is told of every mail that SMTP took. It must not block.
	OnMail func(Mail)
}

// Mail is a mail that SMTP took.
type Mail struct {
	From string
	To   []string
	Raw  []byte
}

// Server is a running mail server.
type Server struct {
	opts Options
	ca   authority
	imap *imapserver.Server
	smtp *smtp.Server
	user *imapmemserver.User

	imapListener, smtpListener net.Listener
	done                       sync.WaitGroup

	mu      sync.Mutex
	sent    []Mail
	changed chan struct{} // closed when SMTP takes a mail
	arrived chan struct{} // closed when a folder changes
	conns   map[*conn]bool
	faults  faults
}

// faults are the misbehaviors that are still to come.
type faults struct {
	dropFetches  int
	refuseLogins int
	beforeBody   func()
	smtpAnswers  []*smtp.SMTPError
	slow         time.Duration
	logins       int
	bodyFetches  int
}

// Start starts both doors on free ports of the loopback address.
func Start(o Options) (*Server, error) {
	if o.Username == "" {
		o.Username, o.Password = "desk", "secret"
	}
	if o.TLS == "" {
		o.TLS = "none"
	}
	if len(o.Folders) == 0 {
		o.Folders = []string{"INBOX"}
	}
	s := &Server{opts: o, changed: make(chan struct{}), arrived: make(chan struct{}), conns: map[*conn]bool{}, user: imapmemserver.NewUser(o.Username, o.Password)}
	for _, f := range o.Folders {
		if err := s.user.Create(f, nil); err != nil {
			return nil, err
		}
	}
	var err error
	if s.ca, err = newAuthority(); err != nil {
		return nil, err
	}
	if err := s.listen(); err != nil {
		return nil, err
	}
	s.startIMAP()
	s.startSMTP()
	return s, nil
}

func (s *Server) listen() (err error) {
	if s.imapListener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	if s.smtpListener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		_ = s.imapListener.Close()
	}
	return err
}

func (s *Server) startIMAP() {
	options := &imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{server: s}, nil, nil
		},
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}}, InsecureAuth: s.opts.TLS == "none", Logger: log.New(io.Discard, "", 0),
	}
	if s.opts.TLS == "starttls" {
		options.TLSConfig = s.ca.server
	}
	s.imap = imapserver.New(options)
	var ln net.Listener = &listener{s.imapListener, s}
	if s.opts.TLS == "tls" {
		ln = tls.NewListener(ln, s.ca.server)
	}
	s.done.Go(func() { _ = s.imap.Serve(ln) })
}

func (s *Server) startSMTP() {
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailer{server: s}, nil }))
	s.smtp.Domain, s.smtp.AllowInsecureAuth, s.smtp.EnableSMTPUTF8 = "localhost", s.opts.TLS == "none", true
	s.smtp.MaxMessageBytes, s.smtp.ErrorLog = 64<<20, log.New(io.Discard, "", 0)
	ln := s.smtpListener
	switch s.opts.TLS {
	case "tls":
		ln = tls.NewListener(ln, s.ca.server)
	case "starttls":
		s.smtp.TLSConfig = s.ca.server
	}
	s.done.Go(func() { _ = s.smtp.Serve(ln) })
}

// Close ends the server and every connection.
func (s *Server) Close() {
	_ = s.imap.Close()
	_ = s.smtp.Close()
	s.DropConnections()
	s.done.Wait()
}

// IMAP is host and port of the box.
func (s *Server) IMAP() (host string, port int) { return hostPort(s.imapListener) }

// SMTP is host and port of the door out.
func (s *Server) SMTP() (host string, port int) { return hostPort(s.smtpListener) }

func hostPort(l net.Listener) (string, int) {
	host, port, _ := net.SplitHostPort(l.Addr().String())
	n, _ := strconv.Atoi(port)
	return host, n
}

// CA is the certificate, in PEM, of the authority that signed the server's own.
func (s *Server) CA() []byte { return s.ca.pem }

// Deliver puts a mail into INBOX; a reader that idles is told at once.
func (s *Server) Deliver(raw []byte) error { return s.DeliverTo("INBOX", raw) }

// DeliverTo puts a mail into a folder.
func (s *Server) DeliverTo(folder string, raw []byte) error {
	_, err := s.user.Append(folder, literal{bytes.NewReader(raw), int64(len(raw))}, &imap.AppendOptions{})
	s.tell()
	return err
}

// tell wakes the readers that idle.
func (s *Server) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.arrived)
	s.arrived = make(chan struct{})
}

type literal struct {
	io.Reader
	size int64
}

func (l literal) Size() int64 { return l.size }

// Count says how many mails a folder holds, and how many of them are marked as seen.
func (s *Server) Count(folder string) (all, seen int) {
	data, err := s.user.Status(folder, &imap.StatusOptions{NumMessages: true, NumUnseen: true})
	if err != nil || data.NumMessages == nil || data.NumUnseen == nil {
		return 0, 0
	}
	return int(*data.NumMessages), int(*data.NumMessages - *data.NumUnseen)
}

// Sent is every mail that SMTP took, in order.
func (s *Server) Sent() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.sent...)
}

// WaitSent waits until SMTP took n mails, or ctx ends, and returns them.
func (s *Server) WaitSent(ctx context.Context, n int) []Mail {
	for {
		s.mu.Lock()
		changed, have := s.changed, append([]Mail(nil), s.sent...)
		s.mu.Unlock()
		if len(have) >= n || ctx.Err() != nil {
			return have
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (s *Server) took(m Mail) {
	s.mu.Lock()
	s.sent = append(s.sent, m)
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	if s.opts.OnMail != nil {
		s.opts.OnMail(m)
	}
}
