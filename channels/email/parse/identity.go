package parse

import (
	"regexp"
	"strings"
	"unicode"

	"switchyard/router"
)

const ticketKey = "ticket:"

var (
	messageIDs = regexp.MustCompile(`<[^<>\s]{1,400}>`)
	ourID      = regexp.MustCompile(`^<(m[a-z2-7]{26})@[^<>\s@]+>$`)
	ticketTag  = regexp.MustCompile(`^t[a-z2-7]{26}$`)
)

// identity fills in the external id, thread keys and whether the mail is our own.
func (p *parser) identity(root *part, raw []byte, m *Mail) {
	h := root.header
	own := messageID(h.get("Message-ID"))
	if h.count("Message-ID") > 1 {
		p.warn("more than one Message-ID")
	}
	switch {
	case own == "":
		p.warn("no Message-ID")
		m.ExternalID = "raw#" + router.HashID("", string(lf(raw)))
		m.ThreadKeys = append(m.ThreadKeys, m.ExternalID) // without any key it would join whatever its sender wrote last
	default:
		m.ExternalID = own + "#" + router.HashID("", own, h.get("From"), h.get("Date"), h.get("Subject"), string(lf(root.body)))
		m.ThreadKeys = append(m.ThreadKeys, own)
	}
	for _, v := range append(h.all("In-Reply-To"), h.all("References")...) {
		for _, id := range messageIDs.FindAllString(v, 2*MaxKeys) {
			m.addKey(id)
		}
	}
	for _, name := range []string{"To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"} {
		for _, v := range h.all(name) {
			for _, a := range p.addresses(v) {
				if t, ok := p.ticket(a.address); ok {
					m.addKey(ticketKey + string(t))
				}
			}
		}
	}
	if id, ok := OurMessageID(own); ok && p.isDesk(m.Handle.Address) {
		m.Own = id
	}
}

// addKey adds a key of the thread once. The oldest of too many references give way to the newest.
func (m *Mail) addKey(key string) {
	for _, k := range m.ThreadKeys {
		if k == key {
			return
		}
	}
	if len(m.ThreadKeys) >= MaxKeys {
		m.ThreadKeys = append(m.ThreadKeys[:2], m.ThreadKeys[3:]...)
	}
	m.ThreadKeys = append(m.ThreadKeys, key)
}

// messageID is the first id of a field in angle brackets; empty if there is none.
func messageID(v string) string {
	if id := messageIDs.FindString(v); id != "" && len(id) <= maxID {
		return id
	}
	v = strings.Trim(strings.TrimSpace(stripComments(v)), "<> ")
	if f := strings.Fields(v); len(f) > 0 {
		v = strings.Trim(f[0], "<>")
		if v != "" && len(v) < maxID && isASCII([]byte(v)) {
			return "<" + v + ">"
		}
	}
	return ""
}

// MessageIDOf is the Message-ID, in angle brackets, that an external id of a mail or a thread key carries.
func MessageIDOf(s string) (string, bool) {
	if i := strings.LastIndex(s, ">#"); i > 0 {
		s = s[:i+1]
	}
	if messageIDs.FindString(s) != s || s == "" {
		return "", false
	}
	return s, true
}

// OurMessageID finds the id of our reply in a Message-ID that we made.
func OurMessageID(id string) (router.MessageID, bool) {
	m := ourID.FindStringSubmatch(id)
	if m == nil {
		return "", false
	}
	return router.MessageID(m[1]), true
}

// MakeMessageID is the Message-ID of our reply, in angle brackets.
func MakeMessageID(id router.MessageID, domain string) string {
	return "<" + string(id) + "@" + domain + ">"
}

// PlusAddress is the desk's address that names a ticket: local+ticket@domain.
func PlusAddress(desk string, t router.TicketID) string {
	at := strings.LastIndexByte(desk, '@')
	if at < 0 || t == "" {
		return desk
	}
	return desk[:at] + "+" + string(t) + desk[at:]
}

// TicketOf finds the ticket that a thread key names.
func TicketOf(key string) (router.TicketID, bool) {
	t, ok := strings.CutPrefix(key, ticketKey)
	return router.TicketID(t), ok && ticketTag.MatchString(t)
}

// ticket finds the ticket that a plus-address of the desk names.
func (p *parser) ticket(addr string) (router.TicketID, bool) {
	local, domain, ok := strings.Cut(strings.ToLower(addr), "@")
	base, tag, plus := strings.Cut(local, "+")
	if !ok || !plus || !ticketTag.MatchString(tag) || !p.isDesk(base+"@"+domain) {
		return "", false
	}
	return router.TicketID(tag), true
}

func (p *parser) isDesk(addr string) bool {
	for _, d := range p.opts.Desk {
		if d != "" && strings.EqualFold(d, addr) {
			return true
		}
	}
	return false
}

// language is a hint: which script the words are in.
func language(s string) router.Language {
	han, latin, other := 0, 0, 0
	inWord := false
	for _, r := range clipBytes(s, 8<<10) {
		letter := unicode.IsLetter(r)
		switch {
		case !letter:
		case unicode.Is(unicode.Han, r):
			han++
		case r < 0x250:
			if !inWord {
				latin++
			}
		default:
			other++
		}
		inWord = letter && r < 0x250
	}
	switch {
	case han+latin+other == 0:
		return ""
	case other > han+latin || other*3 > han && other > 3 && latin*2 < other:
		return router.LanguageOther
	case han > 0 && latin >= 5 && latin*3 > han && han*3 > latin:
		return router.LanguageMixed
	case han*2 >= latin:
		return router.LanguageZH
	}
	return router.LanguageEN
}
