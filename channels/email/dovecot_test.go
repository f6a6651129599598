package email

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"switchyard/channels"
	"switchyard/channels/channeltest"
)

// realServer is a Dovecot: a mailbox somewhere, or one started here with its mail in a Maildir.
type realServer struct {
	addr, username, password string
	root                     string // where the mailboxes are; empty: not ours, mail is appended
	maildir                  string
	boxes, delivered         int
}

// dovecot finds a server or starts one, or skips.
func dovecot(t *testing.T) *realServer {
	t.Helper()
	if addr := os.Getenv("SWITCHYARD_TEST_IMAP_ADDR"); addr != "" {
		return &realServer{addr: addr, username: os.Getenv("SWITCHYARD_TEST_IMAP_USER"), password: os.Getenv("SWITCHYARD_TEST_IMAP_PASSWORD")}
	}
	binary, err := exec.LookPath("dovecot")
	if err != nil {
		if binary = "/usr/sbin/dovecot"; !exists(binary) {
			t.Skip("no IMAP server: install dovecot-imapd, or set SWITCHYARD_TEST_IMAP_ADDR, _USER and _PASSWORD to an empty mailbox without TLS")
		}
	}
	s := &realServer{password: password}
	s.start(t, binary)
	return s
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// dovecotConfig is filled in with: folder, port, uid and gid of the mail, and the users its parts run as.
const dovecotConfig = `base_dir = %[1]s/run
state_dir = %[1]s/state
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
log_path = %[1]s/log
mail_location = maildir:%[1]s/mail/%%u
first_valid_uid = 0
first_valid_gid = 0
passdb {
  driver = static
  args = password=%[5]s
}
userdb {
  driver = static
  args = uid=%[3]s gid=%[4]s home=%[1]s/mail/%%u
}
service imap-login {
  inet_listener imap {
    port = %[2]d
  }
  inet_listener imaps {
    port = 0
  }
}
%[6]s
`

// asMyself lets Dovecot run without root.
const asMyself = `default_login_user = %[1]s
default_internal_user = %[1]s
default_internal_group = %[2]s
service imap-login {
  chroot =
}
service anvil {
  chroot =
}
`

// runAs says whose the mail is and what else the configuration needs: root gives the work to others.
func runAs(t *testing.T) (uid, gid, more string) {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if me.Uid == "0" {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Skip("dovecot does not serve root, and there is no user nobody")
		}
		return nobody.Uid, nobody.Gid, ""
	}
	group, err := user.LookupGroupId(me.Gid)
	if err != nil {
		t.Fatal(err)
	}
	return me.Uid, me.Gid, fmt.Sprintf(asMyself, me.Username, group.Name)
}

func (s *realServer) start(t *testing.T, binary string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "dovecot")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	uid, gid, more := runAs(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	_ = ln.Close()
	s.addr, s.root = net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), filepath.Join(dir, "mail")
	s.newMailbox(t)
	conf := filepath.Join(dir, "dovecot.conf")
	text := fmt.Sprintf(dovecotConfig, dir, port, uid, gid, s.password, more)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.launch(t, exec.Command(binary, "-F", "-c", conf))
	if !s.answers() {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		t.Fatalf("dovecot did not start:\n%s", log)
	}
}

func (s *realServer) launch(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
}

func (s *realServer) answers() bool {
	for range 200 {
		if c, err := net.Dial("tcp", s.addr); err == nil {
			_ = c.Close()
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// newMailbox makes a user with an empty mailbox; any name may sign in.
func (s *realServer) newMailbox(t *testing.T) {
	t.Helper()
	s.boxes++
	s.username = fmt.Sprintf("desk%d", s.boxes)
	s.maildir = filepath.Join(s.root, s.username)
	for _, sub := range []string{"", "cur", "new", "tmp"} {
		dir := filepath.Join(s.maildir, sub)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o777); err != nil { // whoever Dovecot runs as writes here
			t.Fatal(err)
		}
	}
	for dir := s.root; len(dir) >= len(filepath.Dir(s.root)); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// deliver puts a mail into INBOX as a mail server does: into the Maildir, or by APPEND.
func (s *realServer) deliver(raw []byte) error {
	s.delivered++
	if s.maildir == "" {
		return s.appendMail(raw)
	}
	name := fmt.Sprintf("%d.M%dP%d.test", time.Now().Unix(), time.Now().UnixNano(), s.delivered)
	tmp := filepath.Join(s.maildir, "tmp", name)
	if err := os.WriteFile(tmp, raw, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(s.maildir, "new", name))
}

func (s *realServer) appendMail(raw []byte) error {
	c, err := imapclient.DialInsecure(s.addr, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Login(s.username, s.password).Wait(); err != nil {
		return err
	}
	cmd := c.Append("INBOX", int64(len(raw)), nil)
	if _, err := cmd.Write(raw); err != nil {
		return err
	}
	if err := cmd.Close(); err != nil {
		return err
	}
	_, err = cmd.Wait()
	return err
}

func (s *realServer) config(t *testing.T) channels.Config {
	t.Helper()
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(port)
	set := &Settings{Host: host, Port: n, TLS: "none", Username: s.username, Password: s.password, Poll: 5 * time.Second}
	return channels.Config{Name: "mailbox", Kind: "imap", Settings: set, Private: true, Backlog: channels.Backlog{All: true}}
}

func TestServersDovecotConformance(t *testing.T) {
	if os.Getenv("SWITCHYARD_TEST_IMAP_ADDR") != "" {
		t.Skip("needs a mailbox of its own for each test: unset SWITCHYARD_TEST_IMAP_ADDR and install dovecot-imapd")
	}
	s := dovecot(t)
	channeltest.Run(t, channeltest.Case{
		Kind: Kind, Poisoned: 1, Secrets: []string{password, planted, "ann1@customer.example"},
		Setup: func(t *testing.T) channeltest.Outside {
			s.newMailbox(t)
			return channeltest.Outside{
				Config:  s.config(t),
				Deliver: func(_ context.Context, _ *channels.Source, n int) error { return s.deliver(message(n)) },
				Poison: func(context.Context, *channels.Source) error {
					return s.deliver([]byte("\x00\x01 " + planted + " and no header\n"))
				},
			}
		},
	})
}

func TestServersDovecotMailbox(t *testing.T) {
	s := dovecot(t)
	b := newBed(t, s.config(t))
	stop := b.run()
	b.healthy(channels.HealthOK)
	before := len(b.desk.Intake.Accepted())
	began := time.Now()
	b.put(s.deliver(message(1)))
	b.expect(before + 1)
	t.Logf("told after %v", time.Since(began).Round(time.Millisecond))
	for n := 2; n <= 40; n++ {
		b.put(s.deliver(message(n)))
	}
	b.expect(before + 40)
	b.healthy(channels.HealthOK)
	stop()
	b.put(s.deliver(message(41)))
	b.reopen()
	b.run()
	b.expect(before + 41)
	if s.maildir != "" {
		checkUnseen(t, s.maildir)
		b.renew(s)
	}
}

// renew makes Dovecot number the folder anew; what was read before is not taken twice.
func (b *bed) renew(s *realServer) {
	b.Helper()
	lists, _ := filepath.Glob(filepath.Join(s.maildir, "dovecot*"))
	for _, f := range lists {
		b.put(os.RemoveAll(f))
	}
	b.reopen()
	b.run()
	b.put(s.deliver(message(42)))
	for _, in := range b.expect(42) {
		if in.Failure != "" {
			b.Errorf("a mail failed: %s", in.Failure)
		}
	}
}

// checkUnseen sees that no mail was marked or moved away.
func checkUnseen(t *testing.T, maildir string) {
	t.Helper()
	cur, _ := filepath.Glob(filepath.Join(maildir, "cur", "*"))
	fresh, _ := filepath.Glob(filepath.Join(maildir, "new", "*"))
	for _, f := range cur {
		if _, flags, _ := strings.Cut(filepath.Base(f), ":2,"); strings.ContainsAny(flags, "ST") {
			t.Errorf("a mail was marked: %s", flags)
		}
	}
	if len(cur)+len(fresh) != 41 {
		t.Errorf("the folder holds %d mails, want 41", len(cur)+len(fresh))
	}
}
