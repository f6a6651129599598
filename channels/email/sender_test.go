package email

import (
	"bytes"
	"context"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"

	"switchyard/channels"
	"switchyard/channels/channeltest"
	"switchyard/channels/email/emailtest"
	"switchyard/channels/email/parse"
	"switchyard/router"
)

func header(t testing.TB, raw []byte, name string) string {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	v, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get(name))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func reply() channels.Outgoing {
	return channels.Outgoing{
		MessageID: "maaaaaaaaaaaaaaaaaaaaaaaaaa", TicketID: "tbbbbbbbbbbbbbbbbbbbbbbbbbb",
		Handle: router.Handle{Channel: router.ChannelEmail, Address: "li.wei@customer.example"}, Name: "李伟",
		Subject: "回复：Re: 提现", Text: "您好，已经到账。\nPlease check.", InReplyTo: "<r2@customer.example>#abc",
		ThreadKeys: []string{"<r1@customer.example>", "ticket:tbbbbbbbbbbbbbbbbbbbbbbbbbb", "<r2@customer.example>"},
	}
}

func openSender(t *testing.T, s *emailtest.Server, mode string) channels.Sender {
	t.Helper()
	src, err := Kind.Open(config(t, s, mode), channeltest.NewDesk(t).Deps())
	if err != nil {
		t.Fatal(err)
	}
	return src.Sender
}

func TestReply(t *testing.T) {
	for _, mode := range []string{"none", "starttls", "tls"} {
		t.Run(mode, func(t *testing.T) {
			s := start(t, emailtest.Options{TLS: mode})
			out := reply()
			out.Files = []channels.OutgoingFile{{Name: "收据\r\nX-Bad: 1.pdf", Type: "application/pdf", Data: []byte("%PDF-1")}}
			receipt, err := openSender(t, s, mode).Send(context.Background(), out)
			if err != nil {
				t.Fatal(err)
			}
			sent := s.Sent()
			if len(sent) != 1 || sent[0].From != "support@desk.example" || len(sent[0].To) != 1 || sent[0].To[0] != "li.wei@customer.example" {
				t.Fatalf("sent %+v", sent)
			}
			checkReply(t, sent[0].Raw, receipt)
		})
	}
}

func checkReply(t *testing.T, raw []byte, receipt channels.Receipt) {
	t.Helper()
	want := map[string]string{
		"Message-Id": "<maaaaaaaaaaaaaaaaaaaaaaaaaa@desk.example>", "In-Reply-To": "<r2@customer.example>",
		"References": "<r1@customer.example> <r2@customer.example>", "Subject": "Re: 提现",
		"Reply-To":       `"Desk" <support+tbbbbbbbbbbbbbbbbbbbbbbbbbb@desk.example>`,
		"Auto-Submitted": "", "Precedence": "", "X-Bad": "", "User-Agent": "",
	}
	for name, value := range want {
		if got := header(t, raw, name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	if receipt.ProviderID != want["Message-Id"] {
		t.Errorf("receipt %q", receipt.ProviderID)
	}
	m, err := parse.Parse(raw, parse.Options{Desk: []string{"support@desk.example"}})
	if err != nil {
		t.Fatal(err)
	}
	if m.Own != "maaaaaaaaaaaaaaaaaaaaaaaaaa" || m.Kind != router.KindMessage || m.Text != "您好，已经到账。\nPlease check." {
		t.Errorf("read back: own %q, kind %s, text %q", m.Own, m.Kind, m.Text)
	}
	if len(m.Attachments) != 1 || string(m.Attachments[0].Data) != "%PDF-1" || !strings.HasSuffix(m.Attachments[0].Name, ".pdf") {
		t.Errorf("files %+v", m.Attachments)
	}
}

// What the desk sends by itself says so, so that no machine answers it.
func TestAutomaticRepliesSayThatTheyAre(t *testing.T) {
	s := start(t, emailtest.Options{})
	out := reply()
	out.Automatic = true
	if _, err := openSender(t, s, "none").Send(context.Background(), out); err != nil {
		t.Fatal(err)
	}
	raw := s.Sent()[0].Raw
	if header(t, raw, "Auto-Submitted") != "auto-replied" || header(t, raw, "X-Auto-Response-Suppress") != "All" {
		t.Errorf("%s", raw)
	}
	m, err := parse.Parse(raw, parse.Options{})
	if err != nil || m.Kind != router.KindAutoReply {
		t.Errorf("another desk takes it for %s (%v)", m.Kind, err)
	}
}

func TestReplyErrors(t *testing.T) {
	s := start(t, emailtest.Options{})
	send := openSender(t, s, "none")
	tests := []struct {
		name   string
		code   int
		answer string
		want   router.Code
	}{
		{"full", 452, "4.2.2 mailbox of li.wei@customer.example is full", router.CodeUnavailable},
		{"busy", 421, "try later", router.CodeUnavailable},
		{"unknown", 550, "5.1.1 no li.wei@customer.example here", router.CodeCannotReply},
		{"policy", 554, "refused", router.CodeCannotReply},
	}
	for _, tt := range tests {
		s.AnswerSMTP(tt.code, tt.answer)
		_, err := send.Send(context.Background(), reply())
		if router.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "li.wei") {
			t.Errorf("%s: the error names the customer: %v", tt.name, err)
		}
	}
	for _, bad := range []string{"", "nobody", "a@b\r\nBcc: c@d.example", "a b@c.example"} {
		out := reply()
		out.Handle.Address = bad
		if _, err := send.Send(context.Background(), out); !router.IsCode(err, router.CodeCannotReply) {
			t.Errorf("address %q: %v", bad, err)
		}
	}
	if n := len(s.Sent()); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
	s.Close()
	if _, err := send.Send(context.Background(), reply()); !router.IsCode(err, router.CodeUnavailable) {
		t.Errorf("a server that is away: %v", err)
	}
}

func TestReplyWrongPassword(t *testing.T) {
	s := start(t, emailtest.Options{})
	cfg := config(t, s, "none")
	cfg.Settings.(*Settings).SMTP.Password = "wrong-planted"
	src, err := Kind.Open(cfg, channeltest.NewDesk(t).Deps())
	if err != nil {
		t.Fatal(err)
	}
	_, err = src.Sender.Send(context.Background(), reply())
	if !router.IsCode(err, router.CodeUnavailable) || strings.Contains(err.Error(), "planted") {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestReplyCannotAddHeaders(t *testing.T) {
	s := start(t, emailtest.Options{})
	out := reply()
	out.Subject = "hi\r\nBcc: evil@evil.example\r\n\r\nbody"
	out.Name = "Li\r\nBcc: evil@evil.example"
	out.InReplyTo = "<a@b>\r\nBcc: evil@evil.example"
	out.ThreadKeys = []string{"<x@y\r\nBcc:evil@evil.example>", "<ok@customer.example>"}
	if _, err := openSender(t, s, "none").Send(context.Background(), out); err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(s.Sent()[0].Raw))
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Get("Bcc") != "" || m.Header.Get("References") != "<ok@customer.example>" {
		t.Errorf("headers %v", m.Header)
	}
	body, _ := io.ReadAll(quotedprintable.NewReader(m.Body))
	if !strings.HasPrefix(string(body), "您好") {
		t.Errorf("body %q", body)
	}
}

func TestReplySubject(t *testing.T) {
	tests := map[string]string{"": "Re:", "refund": "Re: refund", "RE: re: refund": "Re: refund", "Re[2]: x": "Re: x",
		"回复：提现": "Re: 提现", "答复: Re：提现": "Re: 提现", "Regarding": "Re: Regarding"}
	for in, want := range tests {
		if got := ReplySubject(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}
