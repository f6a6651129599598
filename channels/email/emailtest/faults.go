package emailtest

import (
	"bytes"
	"io"
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-smtp"
)

// DropFetches makes the server hang up in the middle of the next n answers that carry a mail.
func (s *Server) DropFetches(n int) { s.set(func(f *faults) { f.dropFetches = n }) }

// RefuseLogins makes the next n logins fail.
func (s *Server) RefuseLogins(n int) { s.set(func(f *faults) { f.refuseLogins = n }) }

// BeforeBody runs once before the next mail is given out: the moment between listing and reading.
func (s *Server) BeforeBody(do func()) { s.set(func(f *faults) { f.beforeBody = do }) }

// Slow makes every command that gives out mail wait.
func (s *Server) Slow(d time.Duration) { s.set(func(f *faults) { f.slow = d }) }

// AnswerSMTP makes the next recipient be refused with this reply, for example 550 "5.1.1 unknown user".
func (s *Server) AnswerSMTP(code int, text string) {
	s.set(func(f *faults) {
		f.smtpAnswers = append(f.smtpAnswers, &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: text})
	})
}

// Logins counts the logins that were tried.
func (s *Server) Logins() (n int) { s.set(func(f *faults) { n = f.logins }); return n }

// BodyFetches counts the commands that asked for mails whole or in part.
func (s *Server) BodyFetches() (n int) { s.set(func(f *faults) { n = f.bodyFetches }); return n }

// DropConnections hangs up on every reader.
func (s *Server) DropConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Conn.Close()
	}
}

// Expunge removes mails from a folder by UID.
func (s *Server) Expunge(folder string, uids ...uint32) error {
	view := &session{server: s}
	if err := view.Login(s.opts.Username, s.opts.Password); err != nil {
		return err
	}
	defer func() { _ = view.Close() }()
	if _, err := view.Select(folder, &imap.SelectOptions{}); err != nil {
		return err
	}
	var set imap.UIDSet
	for _, u := range uids {
		set.AddNum(imap.UID(u))
	}
	if err := view.Store(nil, set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil); err != nil {
		return err
	}
	err := view.UserSession.Expunge(nil, &set)
	s.tell()
	return err
}

// ChangeUIDValidity makes a folder anew, as after a restore, and hangs up on its readers. keep says
// which mails it holds then, in this order.
func (s *Server) ChangeUIDValidity(folder string, keep ...[]byte) error {
	if err := s.user.Delete(folder); err != nil {
		return err
	}
	if err := s.user.Create(folder, nil); err != nil {
		return err
	}
	for _, raw := range keep {
		if err := s.DeliverTo(folder, raw); err != nil {
			return err
		}
	}
	s.DropConnections()
	return nil
}

func (s *Server) set(change func(*faults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.faults)
}

// take uses up one of a counted fault.
func (s *Server) take(count func(*faults) *int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := count(&s.faults)
	if *n <= 0 {
		return false
	}
	*n--
	return true
}

// listener watches its connections, below TLS.
type listener struct {
	net.Listener
	server *Server
}

// Accept waits for a reader.
func (l *listener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: raw, server: l.server}
	l.server.mu.Lock()
	l.server.conns[c] = true
	l.server.mu.Unlock()
	return c, nil
}

type conn struct {
	net.Conn
	server *Server
}

// Close forgets the connection.
func (c *conn) Close() error {
	c.server.mu.Lock()
	delete(c.server.conns, c)
	c.server.mu.Unlock()
	return c.Conn.Close()
}

// Write gives out half of an answer with a mail in it, if it is to be dropped there.
func (c *conn) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("BODY[")) && c.server.take(func(f *faults) *int { return &f.dropFetches }) {
		at := bytes.Index(p, []byte("BODY["))
		n, _ := c.Conn.Write(p[:at+(len(p)-at)/2])
		_ = c.Conn.Close()
		return n, io.ErrClosedPipe
	}
	return c.Conn.Write(p)
}
