package email

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/channels"
	"switchyard/channels/email/emailtest"
	"switchyard/router"
)

func TestIdleTellsAtOnce(t *testing.T) {
	s := start(t, emailtest.Options{})
	b := newBed(t, config(t, s, "none"))
	b.run()
	b.healthy(channels.HealthOK)
	for n := 1; n <= 3; n++ {
		began := time.Now()
		b.put(s.Deliver(message(n)))
		b.expect(n)
		took := time.Since(began)
		t.Logf("mail %d after %v", n, took.Round(time.Millisecond))
		if took > time.Second {
			t.Errorf("mail %d took %v", n, took)
		}
	}
	if all, seen := s.Count("INBOX"); all != 3 || seen != 0 {
		t.Errorf("the folder holds %d mails, %d of them marked as seen", all, seen)
	}
}

func TestPollsWhenNothingTells(t *testing.T) {
	s := start(t, emailtest.Options{Silent: true})
	cfg := config(t, s, "none")
	cfg.Settings.(*Settings).Poll = time.Second
	b := newBed(t, cfg)
	b.run()
	b.healthy(channels.HealthOK)
	b.put(s.Deliver(message(1)))
	b.expect(1)
}

func TestSeveralFolders(t *testing.T) {
	s := start(t, emailtest.Options{Folders: []string{"INBOX", "垃圾邮件"}})
	cfg := config(t, s, "none")
	cfg.Settings.(*Settings).Folders = []string{"INBOX", "垃圾邮件"}
	b := newBed(t, cfg)
	b.run()
	b.put(s.Deliver(message(1)))
	b.put(s.DeliverTo("垃圾邮件", message(2)))
	b.put(s.DeliverTo("垃圾邮件", message(1))) // the same mail, copied
	b.put(s.DeliverTo("垃圾邮件", message(3)))
	b.expect(3)
}

func TestBacklog(t *testing.T) {
	s := start(t, emailtest.Options{})
	old := strings.Replace(string(message(1)), "2 Mar 2026", "2 Jan 2026", 1)
	b := newBed(t, func() channels.Config {
		c := config(t, s, "none")
		c.Backlog = channels.Backlog{}
		return c
	}())
	b.put(s.Deliver([]byte(old)))
	b.put(s.Deliver(message(2)))
	stop := b.run()
	b.expect(2)
	b.healthy(channels.HealthOK)
	late := strings.Replace(string(message(3)), "2 Mar 2026", "2 Jan 2026", 1)
	b.put(s.Deliver([]byte(late)))
	ins := b.expect(3)
	for i, history := range []bool{true, false, false} {
		if ins[i].History != history {
			t.Errorf("mail %d: history %v, want %v", i+1, ins[i].History, history)
		}
	}
	stop()
	// The folder is restored from a copy: what came before the first start is still history, the rest is not.
	b.put(s.ChangeUIDValidity("INBOX", []byte(old), message(2), []byte(late), message(4)))
	b.reopen()
	b.run()
	if in := b.expect(4)[3]; in.History || in.Subject != "refund 4" {
		t.Errorf("after the change: %+v", in.Subject)
	}
}

func TestValidityChangesWhileReading(t *testing.T) {
	s := start(t, emailtest.Options{})
	b := newBed(t, config(t, s, "none"))
	b.run()
	b.put(s.Deliver(message(1)))
	b.expect(1)
	b.healthy(channels.HealthOK)
	b.put(s.ChangeUIDValidity("INBOX", message(1), message(2)))
	b.expect(2)
}

func TestResumesAfterRestart(t *testing.T) {
	s := start(t, emailtest.Options{})
	b := newBed(t, config(t, s, "none"))
	stop := b.run()
	for n := 1; n <= 60; n++ {
		b.put(s.Deliver(message(n)))
	}
	b.expect(60)
	b.healthy(channels.HealthOK)
	stop()
	tried := len(b.desk.Intake.Attempts())
	b.put(s.Deliver(message(61)))
	b.reopen()
	b.run()
	b.expect(61)
	// the resume point moves after the insert: what a stop caught between the two comes again, and is recognized
	if again := len(b.desk.Intake.Attempts()) - tried; again < 1 || again > 15 {
		t.Errorf("after the restart %d of 61 mails were handed on, want the new one and few others", again)
	}
}

func TestDroppedInMidFetch(t *testing.T) {
	s := start(t, emailtest.Options{})
	b := newBed(t, config(t, s, "none"))
	for n := 1; n <= 5; n++ {
		b.put(s.Deliver(message(n)))
	}
	s.DropFetches(2)
	b.run()
	for _, in := range b.expect(5) {
		if in.Failure != "" || !strings.Contains(in.Text, planted) {
			t.Errorf("a mail came in part: %q %q", in.Failure, in.Text)
		}
	}
}

// TestMailThatAlwaysBreaks: a mail at which the server breaks off each time is noted, and its neighbors come.
func TestMailThatAlwaysBreaks(t *testing.T) {
	s := start(t, emailtest.Options{})
	b := newBed(t, config(t, s, "none"))
	b.put(s.Deliver(message(1)))
	s.DropFetches(maxTries)
	b.run()
	ins := b.expect(1)
	if ins[0].Failure == "" || len(ins[0].Raw) == 0 || strings.Contains(string(ins[0].Raw), planted) {
		t.Errorf("%+v", ins[0])
	}
	b.put(s.Deliver(message(2)))
	if in := b.expect(2)[1]; in.Failure != "" {
		t.Errorf("the neighbor failed: %s", in.Failure)
	}
}

func TestExpungedInMidFetch(t *testing.T) {
	s := start(t, emailtest.Options{})
	b := newBed(t, config(t, s, "none"))
	for n := 1; n <= 4; n++ {
		b.put(s.Deliver(message(n)))
	}
	s.BeforeBody(func() {
		if err := s.Expunge("INBOX", 2, 4); err != nil {
			t.Error(err)
		}
	})
	b.run()
	ins := b.expect(2)
	if got := []string{ins[0].Subject, ins[1].Subject}; !slices.Equal(got, []string{"refund 1", "refund 3"}) {
		t.Errorf("subjects %q", got)
	}
	b.put(s.Deliver(message(5)))
	b.expect(3)
}

// TestReconciles: mails behind the cursor that were never handled are found when the connection is made anew.
func TestReconciles(t *testing.T) {
	s := start(t, emailtest.Options{})
	b := newBed(t, config(t, s, "none"))
	for n := 1; n <= 5; n++ {
		b.put(s.Deliver(message(n)))
	}
	var at cursor
	stop := b.run()
	b.expect(5)
	b.healthy(channels.HealthOK)
	stop()
	if _, err := b.desk.Cursors.LoadCursor(b.ctx, "mailbox", cursorName("INBOX"), &at); err != nil {
		t.Fatal(err)
	}
	at.Handled = ranges{{1, 1}, {3, 5}}
	b.put(b.desk.Cursors.SaveCursor(b.ctx, "mailbox", cursorName("INBOX"), at))
	tried := len(b.desk.Intake.Attempts())
	b.run()
	for b.ctx.Err() == nil && len(b.desk.Intake.Attempts()) == tried {
		time.Sleep(time.Millisecond)
	}
	if all := b.desk.Intake.Attempts(); len(all) != tried+1 || all[tried].Subject != "refund 2" {
		t.Errorf("%d mails were handed on again", len(all)-tried)
	}
}

func TestTooLarge(t *testing.T) {
	s := start(t, emailtest.Options{})
	b := newBed(t, config(t, s, "none"))
	b.put(s.Deliver(append(message(1), make([]byte, 26<<20)...)))
	b.put(s.Deliver(message(2)))
	b.run()
	ins := b.expect(2)
	if ins[0].Failure == "" || ins[0].Subject != "refund 1" || ins[0].Handle.Address != "ann1@customer.example" || len(ins[0].Raw) > 1<<20 {
		t.Errorf("the large mail: failure %q, subject %q, %d raw bytes", ins[0].Failure, ins[0].Subject, len(ins[0].Raw))
	}
	if ins[1].Failure != "" {
		t.Errorf("the next mail failed: %s", ins[1].Failure)
	}
}

func TestKindsAndLoops(t *testing.T) {
	s := start(t, emailtest.Options{})
	b := newBed(t, config(t, s, "none"))
	const ours = "maaaaaaaaaaaaaaaaaaaaaaaaaa"
	mails := []string{
		"From: support@desk.example\r\nMessage-ID: <" + ours + "@desk.example>\r\nSubject: ours\r\n\r\nour own words\r\n",
		"From: MAILER-DAEMON@mx.example\r\nMessage-ID: <b@mx.example>\r\nSubject: failure notice\r\n\r\n<gone@x.example>:\r\n550 5.1.1 unknown\r\n\r\nMessage-ID: <" + ours + "@desk.example>\r\n",
		"From: bob@customer.example\r\nMessage-ID: <c@mx.example>\r\nSubject: away\r\nAuto-Submitted: auto-replied\r\n\r\naway\r\n",
		"From: shop@shop.example\r\nMessage-ID: <d@mx.example>\r\nSubject: news\r\nList-Id: <n.shop.example>\r\nPrecedence: bulk\r\n\r\nbuy\r\n",
	}
	for _, m := range mails {
		b.put(s.Deliver([]byte(m)))
	}
	b.run()
	ins := b.expect(3)
	for i, kind := range []router.Kind{router.KindBounce, router.KindAutoReply, router.KindList} {
		if ins[i].Kind != kind || ins[i].SentAt.IsZero() {
			t.Errorf("mail %d is %s, sent at %v", i, ins[i].Kind, ins[i].SentAt)
		}
	}
	if bounce := ins[0].Bounce; bounce == nil || bounce.MessageID != ours || !bounce.Permanent {
		t.Errorf("bounce %+v", bounce)
	}
}

func TestHealthAndWrongPassword(t *testing.T) {
	s := start(t, emailtest.Options{})
	s.RefuseLogins(2)
	b := newBed(t, config(t, s, "none"))
	b.run()
	down := b.healthy(channels.HealthDown)
	if down.Detail != "the server refused name or password" {
		t.Errorf("detail %q", down.Detail)
	}
	b.healthy(channels.HealthOK)
	b.put(s.Deliver(message(1)))
	b.expect(1)
	if n := s.Logins(); n != 3 {
		t.Errorf("%d logins", n)
	}
}

func TestUntrustedCertificate(t *testing.T) {
	s := start(t, emailtest.Options{TLS: "tls"})
	cfg := config(t, s, "tls")
	cfg.Settings.(*Settings).CAFile = ""
	b := newBed(t, cfg)
	b.run()
	if down := b.healthy(channels.HealthDown); !strings.Contains(down.Detail, "not trusted") {
		t.Errorf("detail %q", down.Detail)
	}
	if s.Logins() != 0 {
		t.Error("the password was sent to a server that is not trusted")
	}
}

// TestNoPasswordInTheClear: a server without TLS gets no password unless tls is none.
func TestNoPasswordInTheClear(t *testing.T) {
	s := start(t, emailtest.Options{})
	for _, mode := range []string{"tls", "starttls"} {
		b := newBed(t, config(t, s, mode))
		stop := b.run()
		b.healthy(channels.HealthDown)
		stop()
	}
	if s.Logins() != 0 {
		t.Error("the password was sent in the clear")
	}
}

func TestPrivateAddressesAreRefused(t *testing.T) {
	s := start(t, emailtest.Options{})
	cfg := config(t, s, "none")
	b := newBed(t, cfg)
	b.src.Adapter.(*adapter).dial.private = false // as if a name had led here
	b.src.Sender.(*sender).dial.private = false
	b.run()
	b.healthy(channels.HealthDown)
	if _, err := b.src.Sender.Send(b.ctx, reply()); err == nil {
		t.Error("a reply went to a private address")
	}
	if s.Logins() != 0 || len(s.Sent()) != 0 {
		t.Error("a source that may not reach private addresses did")
	}
}

func TestOpenRefuses(t *testing.T) {
	base := Settings{Host: "mail.example", Username: "u@x.example", From: "support@desk.example"}
	tests := map[string]func(*Settings){
		"host": func(s *Settings) { s.Host = "" }, "username": func(s *Settings) { s.Username = "" },
		"tls": func(s *Settings) { s.TLS = "ssl" }, "port": func(s *Settings) { s.Port = 70000 },
		"poll": func(s *Settings) { s.Poll = time.Millisecond }, "from": func(s *Settings) { s.From = "nobody" },
		"folders": func(s *Settings) { s.Folders = []string{"a", "a"} }, "smtp.tls": func(s *Settings) { s.SMTP.TLS = "x" },
		"smtp.port": func(s *Settings) { s.SMTP.Port = -1 },
		"smtp.host": func(s *Settings) { s.SMTP.Host = "10.1.2.3" }, "ca_file": func(s *Settings) { s.CAFile = "/etc/hosts" },
	}
	for field, spoil := range tests {
		set := base
		spoil(&set)
		_, err := Kind.Open(channels.Config{Name: "x", Settings: &set}, channels.Deps{})
		e, ok := err.(*router.Error)
		if !ok || e.Field != field || e.Code != router.CodeInvalidField {
			t.Errorf("%s: %v", field, err)
		}
	}
	set := base
	src, err := Kind.Open(channels.Config{Name: "x", Settings: &set}, channels.Deps{})
	if err != nil || src.Sender != nil || src.Adapter == nil || src.Import == nil {
		t.Errorf("without smtp: %+v %v", src, err)
	}
}

func TestRanges(t *testing.T) {
	var r ranges
	for _, n := range []uint32{5, 3, 4, 1, 9, 8, 2, 9} {
		r = r.add(n)
	}
	if fmt.Sprint(r) != "[[1 5] [8 9]]" || r.contains(6) || !r.contains(9) || r.contains(10) {
		t.Errorf("ranges %v", r)
	}
	if fmt.Sprint(r.above(5)) != "[[8 9]]" {
		t.Errorf("above 5: %v", r.above(5))
	}
}
