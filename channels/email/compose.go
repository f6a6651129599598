package email

import (
	"bytes"
	"net/mail"
	"path"
	"regexp"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"switchyard/channels"
	"switchyard/channels/email/parse"
	"switchyard/router"
)

const (
	maxReferences  = 20
	maxSubjectLen  = 400 // characters
	maxReplyText   = 1 << 20
	maxReplyFiles  = 20
	maxReplyBytes  = 20 << 20
	maxFileNameLen = 150
)

// domain is what stands behind the @ of the desk's address.
func (s *sender) domain() string {
	return s.from.Address[strings.LastIndexByte(s.from.Address, '@')+1:]
}

func (s *sender) messageID(id router.MessageID) string { return parse.MakeMessageID(id, s.domain()) }

// compose makes the mail of a reply. The same reply gives the same Message-ID.
func (s *sender) compose(out channels.Outgoing) (*gomail.Msg, error) {
	const op = "email.send"
	to, err := mail.ParseAddress(out.Handle.Address)
	if err != nil || strings.ContainsAny(out.Handle.Address, "\r\n\x00") {
		return nil, router.Fail(op, router.CodeCannotReply, "the customer's address is no mail address")
	}
	if len(out.Text) > maxReplyText || len(out.Files) > maxReplyFiles {
		return nil, router.Fail(op, router.CodeTooLarge, "the reply is too large for a mail")
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(&mail.Address{Name: clean(s.from.Name), Address: s.from.Address})
	m.ToMailAddress(&mail.Address{Name: clean(out.Name), Address: to.Address})
	if out.TicketID != "" {
		m.ReplyToMailAddress(&mail.Address{Name: clean(s.from.Name), Address: parse.PlusAddress(s.from.Address, out.TicketID)})
	}
	m.Subject(ReplySubject(out.Subject))
	m.SetDateWithValue(s.now())
	m.SetMessageIDWithValue(strings.Trim(s.messageID(out.MessageID), "<>"))
	if out.Automatic { // RFC 3834; the second is what Exchange looks at
		m.SetGenHeader("Auto-Submitted", "auto-replied")
		m.SetGenHeader("X-Auto-Response-Suppress", "All")
	}
	last, refs := references(out)
	if last != "" {
		m.SetGenHeaderPreformatted(gomail.HeaderInReplyTo, last)
	}
	if len(refs) > 0 {
		m.SetGenHeaderPreformatted(gomail.HeaderReferences, strings.Join(refs, "\r\n "))
	}
	m.SetBodyString(gomail.TypeTextPlain, out.Text)
	return m, attach(m, out.Files)
}

func attach(m *gomail.Msg, files []channels.OutgoingFile) error {
	total := 0
	for _, f := range files {
		if total += len(f.Data); total > maxReplyBytes {
			return router.Fail("email.send", router.CodeTooLarge, "the files are too large for a mail")
		}
		err := m.AttachReader(fileName(f.Name), bytes.NewReader(f.Data), gomail.WithFileContentType(gomail.ContentType(fileType(f.Type))))
		if err != nil {
			return router.Fail("email.send", router.CodeInternal, "a file cannot be attached")
		}
	}
	return nil
}

var plainType = regexp.MustCompile(`^[A-Za-z0-9.+-]{1,60}/[A-Za-z0-9.+-]{1,80}$`)

func fileType(t string) string {
	if plainType.MatchString(t) {
		return t
	}
	return "application/octet-stream"
}

func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(clean(name), `\`, "/"))
	name = strings.ReplaceAll(name, `"`, "'")
	if name == "." || name == "/" || name == "" {
		return "file"
	}
	if r := []rune(name); len(r) > maxFileNameLen {
		name = string(r[len(r)-maxFileNameLen:])
	}
	return name
}

// clean makes one line without control characters of any text that goes into a header.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(s), " ")
}

var replyMark = regexp.MustCompile(`(?i)^\s*((re|aw|antw|sv|回复|回覆|答复|答覆)\s*(\[\d+\])?\s*[:：]\s*)+`)

// ReplySubject is the subject of a reply: Re: once, whatever stood there.
func ReplySubject(subject string) string {
	subject = clean(subject)
	if r := []rune(subject); len(r) > maxSubjectLen {
		subject = string(r[:maxSubjectLen])
	}
	return strings.TrimSpace("Re: " + replyMark.ReplaceAllString(subject, ""))
}

// references are the Message-IDs of the thread, oldest first, ending in the one that is answered.
func references(out channels.Outgoing) (last string, refs []string) {
	if id, ok := wireID(out.InReplyTo); ok {
		last = id
	}
	for _, k := range out.ThreadKeys {
		if id, ok := wireID(k); ok && id != last && !contains(refs, id) {
			refs = append(refs, id)
		}
	}
	if last != "" {
		refs = append(refs, last)
	}
	if len(refs) > maxReferences {
		refs = append(refs[:1:1], refs[len(refs)-maxReferences+1:]...)
	}
	if last == "" && len(refs) > 0 {
		last = refs[len(refs)-1]
	}
	return last, refs
}

var safeID = regexp.MustCompile(`^<[!-;=?-~]{1,400}>$`)

// wireID is the Message-ID of an external id or thread key, if it may stand in a header.
func wireID(s string) (string, bool) {
	id, ok := parse.MessageIDOf(s)
	return id, ok && safeID.MatchString(id)
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
