package parse

import (
	"strings"
	"time"

	"switchyard/router"
)

// The bounds of one mail.
const (
	MaxSize  = 25 << 20 // bytes of a mail
	MaxParts = 200
	MaxDepth = 20
	MaxText  = 1 << 20 // bytes of text, and of HTML
	MaxKeys  = 50      // references
	MaxFiles = 50      // files of one Inbound
)

const (
	maxHeaders  = 2000     // fields of one header that are looked at
	maxField    = 64 << 10 // bytes of one field
	maxSubject  = 1000     // bytes
	maxName     = 200      // characters
	maxFileName = 200      // characters
	maxID       = 400      // bytes of a Message-ID
	maxWarnings = 20
)

// Options say whose mail it is.
type Options struct {
	// Desk are the desk's own addresses. A plus-address of one of them names a ticket, and a mail
	// from one of them with one of our Message-IDs is our own.
	Desk []string
}

// Mail is a mail as the desk understands it.
type Mail struct {
	ExternalID  string
	Handle      router.Handle // who wrote; its address is empty when the mail names nobody
	Name        string
	Subject     string
	Text        string // without quoted replies and signature
	Full        string // the whole text
	HTML        string // sanitized
	SentAt      time.Time
	ThreadKeys  []string
	Language    router.Language
	Attachments []Attachment
	Kind        router.Kind
	Bounce      *router.Bounce
	Own         router.MessageID // set when the desk itself sent this mail
	Warnings    []string
}

// Attachment is a file of a mail.
type Attachment struct {
	Name      string
	Type      string
	Data      []byte
	Inline    bool
	ContentID string
	Mark      string // "signature" or "encrypted" for parts of S/MIME and PGP
}

// Parse reads one mail as it came. Errors: too_large, unreadable (it has no header at all).
func Parse(raw []byte, opts Options) (Mail, error) {
	if len(raw) > MaxSize {
		return Mail{}, router.Fail("email.parse", router.CodeTooLarge, "the mail is over %d MiB", MaxSize>>20)
	}
	body, skipped := skipEnvelope(raw)
	p := &parser{opts: opts}
	if skipped {
		p.warn("an envelope line before the header was skipped")
	}
	root := p.tree(body, "text/plain", 0)
	if len(root.header.fields) == 0 {
		return Mail{}, router.Fail("email.parse", router.CodeUnreadable, "this is not a mail: it has no header")
	}
	m := Mail{}
	p.sender(root.header, &m)
	p.content(root, &m)
	m.SentAt = p.date(root.header)
	p.identity(root, raw, &m)
	p.kind(root, &m)
	if m.Kind == router.KindMessage || m.Kind == router.KindAutoReply {
		m.Text = StripQuotes(m.Full)
	} else {
		m.Text = m.Full
	}
	m.Language = language(m.Subject + "\n" + m.Text)
	m.Warnings = p.warnings
	return m, nil
}

// Header reads only the header of a mail that is too large to be read whole.
func Header(raw []byte, opts Options) (Mail, error) {
	cut := raw
	if len(cut) > MaxText {
		cut = cut[:MaxText]
	}
	body, _ := skipEnvelope(cut)
	p := &parser{opts: opts}
	h, _ := p.header(body)
	if len(h.fields) == 0 {
		return Mail{}, router.Fail("email.parse", router.CodeUnreadable, "this is not a mail: it has no header")
	}
	m := Mail{Kind: router.KindMessage}
	p.sender(h, &m)
	m.SentAt = p.date(h)
	p.identity(&part{header: h}, cut, &m)
	m.Warnings = p.warnings
	return m, nil
}

// Inbound is the mail as an adapter hands it on. raw is the mail as it came.
func (m Mail) Inbound(source router.SourceName, raw []byte) router.Inbound {
	in := router.Inbound{
		Source: source, Channel: router.ChannelEmail, Kind: m.Kind, ExternalID: m.ExternalID, Handle: m.Handle,
		Name: m.Name, Subject: m.Subject, Text: m.Text, HTML: m.HTML, ThreadKeys: m.ThreadKeys,
		Language: m.Language, SentAt: m.SentAt, Bounce: m.Bounce, Raw: raw, Warnings: m.Warnings,
	}
	if m.Handle.Address == "" {
		in.Handle, in.Failure = Nobody(), "the mail names no sender"
	}
	for i, a := range m.Attachments {
		if i == MaxFiles {
			in.Warnings = append(in.Warnings[:len(in.Warnings):len(in.Warnings)], "the mail has more files than are kept beside it; all of them are in the raw mail")
			break
		}
		in.Attach = append(in.Attach, router.InboundAttachment{Name: a.Name, Type: a.Type, Data: a.Data})
	}
	if in.Failure == "" && len(in.Attach) == 0 && strings.TrimSpace(in.Text+in.Subject) == "" {
		in.Failure = "the mail has no subject, no text and no file"
	}
	return in
}

// Nobody is the handle of a mail that names no sender.
func Nobody() router.Handle {
	return router.Handle{Channel: router.ChannelEmail, Address: "unknown@unknown.invalid"}
}

// parser is the state of reading one mail.
type parser struct {
	opts     Options
	parts    int
	warnings []string
}

// warn notes what was repaired, once each. Warnings never hold words of the mail.
func (p *parser) warn(what string) {
	for _, w := range p.warnings {
		if w == what {
			return
		}
	}
	if len(p.warnings) < maxWarnings {
		p.warnings = append(p.warnings, what)
	}
}

// skipEnvelope skips blank lines and the "From " line of a mailbox file before the header.
func skipEnvelope(raw []byte) (rest []byte, skipped bool) {
	rest = []byte(strings.TrimLeft(string(raw[:min(len(raw), 4096)]), "\r\n"))
	rest = raw[min(len(raw), 4096)-len(rest):]
	if strings.HasPrefix(string(rest[:min(len(rest), 3)]), "\xef\xbb\xbf") {
		rest = rest[3:]
	}
	for _, mark := range []string{"From ", ">From "} {
		if strings.HasPrefix(string(rest[:min(len(rest), 6)]), mark) {
			_, rest = cutLine(rest)
			return rest, true
		}
	}
	return rest, false
}

func (p *parser) sender(h header, m *Mail) {
	for _, name := range []string{"From", "Reply-To", "Sender", "Return-Path"} {
		for _, v := range h.all(name) {
			for _, a := range p.addresses(v) {
				if !validAddress(a.address) {
					continue
				}
				if name != "From" {
					p.warn("the sender was taken from " + name)
				}
				m.Handle = router.Handle{Channel: router.ChannelEmail, Address: strings.ToLower(a.address)}
				m.Name = clip(oneLine(a.name), maxName)
				p.subject(h, m)
				return
			}
		}
	}
	p.warn("the mail names no sender")
	p.subject(h, m)
}

func (p *parser) subject(h header, m *Mail) {
	if h.count("Subject") > 1 {
		p.warn("more than one Subject")
	}
	m.Subject = clipBytes(oneLine(p.words(h.get("Subject"))), maxSubject)
}
