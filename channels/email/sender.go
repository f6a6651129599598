package email

import (
	"context"
	"errors"
	"net"
	"net/mail"
	"net/textproto"
	"time"

	gomail "github.com/wneessen/go-mail"

	"switchyard/channels"
	"switchyard/router"
)

const smtpTimeout = 30 * time.Second

// sender sends replies through an SMTP server.
type sender struct {
	set  SMTPSettings
	from mail.Address
	dial dialer
	now  func() time.Time
}

// Send hands one reply to the SMTP server. Its receipt is the Message-ID.
func (s *sender) Send(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
	m, err := s.compose(out)
	if err != nil {
		return channels.Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 4*smtpTimeout)
	defer cancel()
	auth := []gomail.SMTPAuthType{gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
	if s.set.TLS == "none" {
		auth = []gomail.SMTPAuthType{gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
	}
	err = s.send(ctx, m, auth[0])
	if errors.Is(err, gomail.ErrPlainAuthNotSupported) {
		err = s.send(ctx, m, auth[1])
	}
	if err != nil {
		return channels.Receipt{}, sendError(err)
	}
	return channels.Receipt{ProviderID: s.messageID(out.MessageID)}, nil
}

func (s *sender) send(ctx context.Context, m *gomail.Msg, auth gomail.SMTPAuthType) error {
	opts := []gomail.Option{gomail.WithPort(s.set.Port), gomail.WithTimeout(smtpTimeout), gomail.WithoutNoop(),
		gomail.WithDialContextFunc(func(dialCtx context.Context, _, _ string) (net.Conn, error) {
			c, err := s.dial.connect(dialCtx, s.set.Host, s.set.Port, s.set.TLS == "tls")
			if err != nil {
				return nil, err
			}
			context.AfterFunc(ctx, func() { _ = c.Close() })
			return c, nil
		})}
	if s.set.TLS == "starttls" {
		cfg, err := s.dial.tlsConfig(s.set.Host)
		if err != nil {
			return err
		}
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithTLSConfig(cfg))
	} else {
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.set.Username != "" {
		opts = append(opts, gomail.WithSMTPAuth(auth), gomail.WithUsername(s.set.Username), gomail.WithPassword(s.set.Password))
	}
	client, err := gomail.NewClient(s.set.Host, opts...)
	if err != nil {
		return router.FailField("email.send", "smtp", "cannot be used")
	}
	return client.DialAndSendWithContext(ctx, m)
}

// sendError maps what went wrong: what an SMTP server refuses for good is final, all
// else may pass. Nothing a server said is repeated but its codes.
func sendError(err error) error {
	const op = "email.send"
	var own *router.Error
	if errors.As(err, &own) {
		return err
	}
	var refused *gomail.SendError
	if errors.As(err, &refused) {
		code, status := refused.ErrorCode(), refused.EnhancedStatusCode()
		if status != "" {
			status = " " + status
		}
		switch {
		case code >= 500 && code != 530 && code != 535 && code != 538:
			return router.Fail(op, router.CodeCannotReply, "the mail server refused the reply: %d%s", code, status)
		case code >= 400:
			return router.Fail(op, router.CodeUnavailable, "the mail server put the reply off: %d%s", code, status)
		case refused.Reason == gomail.ErrGetRcpts || refused.Reason == gomail.ErrGetSender || refused.Reason == gomail.ErrNoUnencoded:
			return router.Fail(op, router.CodeCannotReply, "the reply cannot be addressed")
		}
		return router.Fail(op, router.CodeUnavailable, "the mail server broke off")
	}
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return router.Fail(op, router.CodeUnavailable, "the mail server does not let the desk in: %d", reply.Code)
	}
	return router.Fail(op, router.CodeUnavailable, "%s", plain(err))
}
