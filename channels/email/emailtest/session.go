package emailtest

import (
	"io"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is one reader's connection. Before the login there is no UserSession.
type session struct {
	*imapmemserver.UserSession
	server *Server
}

// Login checks the password, unless a refusal is due.
func (s *session) Login(username, password string) error {
	s.server.set(func(f *faults) { f.logins++ })
	if s.server.take(func(f *faults) *int { return &f.refuseLogins }) {
		return imapserver.ErrAuthFailed
	}
	if err := s.server.user.Login(username, password); err != nil {
		return err
	}
	s.UserSession = imapmemserver.NewUserSession(s.server.user)
	return nil
}

// Close releases the open folder.
func (s *session) Close() error {
	if s.UserSession == nil {
		return nil
	}
	return s.UserSession.Close()
}

// Fetch gives out mails, after what is to happen before.
func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions) error {
	var slow time.Duration
	var before func()
	s.server.set(func(f *faults) {
		slow = f.slow
		if len(o.BodySection) > 0 {
			f.bodyFetches++
			before, f.beforeBody = f.beforeBody, nil
		}
	})
	time.Sleep(slow)
	if before != nil {
		before()
	}
	return s.UserSession.Fetch(w, set, o)
}

// Idle tells of changes, also of those that came just before it began.
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	if s.server.opts.Silent {
		<-stop
		return nil
	}
	for {
		s.server.mu.Lock()
		arrived := s.server.arrived
		s.server.mu.Unlock()
		if err := s.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-arrived:
		case <-stop:
			return nil
		}
	}
}

// mailer is one sender's connection.
type mailer struct {
	server *Server
	authed bool
	from   string
	to     []string
}

// AuthMechanisms lists how one may sign in.
func (m *mailer) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth checks the password.
func (m *mailer) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != m.server.opts.Username || password != m.server.opts.Password {
			return smtp.ErrAuthFailed
		}
		m.authed = true
		return nil
	}), nil
}

// Mail begins a mail.
func (m *mailer) Mail(from string, _ *smtp.MailOptions) error {
	if !m.authed {
		return smtp.ErrAuthRequired
	}
	m.from = from
	return nil
}

// Rcpt adds a recipient, unless a refusal is due.
func (m *mailer) Rcpt(to string, _ *smtp.RcptOptions) error {
	var refusal error
	m.server.set(func(f *faults) {
		if len(f.smtpAnswers) > 0 {
			refusal, f.smtpAnswers = f.smtpAnswers[0], f.smtpAnswers[1:]
		}
	})
	if refusal != nil {
		return refusal
	}
	m.to = append(m.to, to)
	return nil
}

// Data takes the mail.
func (m *mailer) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m.server.took(Mail{From: m.from, To: append([]string(nil), m.to...), Raw: raw})
	return nil
}

// Reset forgets the mail begun.
func (m *mailer) Reset() { m.from, m.to = "", nil }

// Logout ends the connection.
func (m *mailer) Logout() error { return nil }
