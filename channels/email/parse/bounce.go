package parse

import (
	"regexp"
	"strings"

	"switchyard/router"
)

const maxDetail = 300

var (
	statusCode = regexp.MustCompile(`\b([245]\.\d{1,3}\.\d{1,3})\b`)
	smtpReply  = regexp.MustCompile(`\b([45]\d\d)[ -]`)
	ourInText  = regexp.MustCompile(`<(m[a-z2-7]{26})@[^<>\s@]+>`)
	anAddress  = regexp.MustCompile(`[A-Za-z0-9._%+=-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,}`)
)

// bounce reads a report of failed delivery, by RFC 3464 or as mail systems made them before; nil if it is none.
func (p *parser) bounce(root *part, m *Mail) *router.Bounce {
	if reports := findAll(root, nil, "message/delivery-status", "message/global-delivery-status"); len(reports) > 0 {
		for _, r := range reports {
			if b := p.standardBounce(r); b != nil {
				p.original(root, m, b)
				return b
			}
		}
		return nil
	}
	h := root.header
	failed := h.get("X-Failed-Recipients")
	fromDaemon := daemon.MatchString(m.Handle.Address) || strings.TrimSpace(h.get("Return-Path")) == "<>" && !h.has("Auto-Submitted")
	if failed == "" && (!fromDaemon || !bounceSubject.MatchString(m.Subject)) {
		return nil
	}
	b := &router.Bounce{Permanent: true, Detail: "the mail could not be delivered"}
	if a := p.addresses(failed); len(a) > 0 {
		b.Address = strings.ToLower(a[0].address)
	}
	p.fromText(m, b)
	p.original(root, m, b)
	return b
}

// standardBounce reads the fields of a delivery report; nil when nothing failed.
func (p *parser) standardBounce(status *part) *router.Bounce {
	body := string(lf(status.decoded()))
	var b *router.Bounce
	for block := range strings.SplitSeq(body, "\n\n") {
		h, _ := (&parser{}).header([]byte(strings.TrimLeft(block, "\n") + "\n\n"))
		action := word(h.get("Action"))
		if action != "failed" && action != "delayed" && (action != "" || !strings.HasPrefix(h.get("Status"), "5")) {
			continue
		}
		if b != nil && (b.Permanent || action == "delayed") {
			continue
		}
		b = &router.Bounce{Permanent: action != "delayed" && !strings.HasPrefix(strings.TrimSpace(h.get("Status")), "4")}
		if action == "failed" {
			b.Permanent = true
		}
		b.Status = statusCode.FindString(h.get("Status"))
		rcpt := h.get("Final-Recipient")
		if rcpt == "" {
			rcpt = h.get("Original-Recipient")
		}
		if _, addr, ok := strings.Cut(rcpt, ";"); ok {
			b.Address = strings.ToLower(cleanAddress(addr))
		}
		b.Detail = reason(p.words(h.get("Diagnostic-Code")))
	}
	if b != nil && b.Detail == "" {
		b.Detail = "the mail could not be delivered"
	}
	return b
}

// reason is what the other server said, without addresses.
func reason(s string) string {
	if _, after, ok := strings.Cut(s, ";"); ok {
		s = after
	}
	return clip(oneLine(anAddress.ReplaceAllString(s, "…")), maxDetail)
}

// fromText reads what an old kind of report says in words.
func (p *parser) fromText(m *Mail, b *router.Bounce) {
	top := clipBytes(m.Full, 16<<10)
	if s := statusCode.FindString(top); s != "" {
		b.Status = s
	} else if r := smtpReply.FindStringSubmatch(top); r != nil {
		b.Status = r[1][:1] + ".0.0"
	}
	b.Permanent = !strings.HasPrefix(b.Status, "4")
	if b.Address == "" {
		for _, a := range anAddress.FindAllString(top, 20) {
			if !p.isDesk(a) && !daemon.MatchString(a) && !strings.EqualFold(a, m.Handle.Address) && !ourInText.MatchString("<"+a+">") {
				b.Address = strings.ToLower(a)
				break
			}
		}
	}
	for line := range strings.SplitSeq(top, "\n") {
		if statusCode.MatchString(line) || smtpReply.MatchString(line) {
			b.Detail = reason(strings.ReplaceAll(line, ";", ","))
			break
		}
	}
}

// original finds which mail the report is about, in its copy or its text.
func (p *parser) original(root *part, m *Mail, b *router.Bounce) {
	if copied := find(root, "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers"); copied != nil {
		h, _ := (&parser{}).header(copied.decoded())
		if id := messageID(h.get("Message-ID")); id != "" {
			m.addKey(id)
			if own, ok := OurMessageID(id); ok {
				b.MessageID = own
				return
			}
		}
	}
	texts := m.Full
	for _, a := range m.Attachments {
		if strings.HasPrefix(a.Type, "text/") || strings.HasPrefix(a.Type, "message/") {
			texts += "\n" + clipBytes(string(a.Data), MaxText)
		}
	}
	if id := ourInText.FindStringSubmatch(texts); id != nil {
		b.MessageID = router.MessageID(id[1])
		m.addKey(id[0])
	}
}

// find is the first part of one of these types.
func find(n *part, types ...string) *part {
	if all := findAll(n, nil, types...); len(all) > 0 {
		return all[0]
	}
	return nil
}

// findAll adds all parts of one of these types, in order.
func findAll(n *part, have []*part, types ...string) []*part {
	for _, t := range types {
		if n.ctype == t {
			return append(have, n)
		}
	}
	for _, k := range n.children {
		have = findAll(k, have, types...)
	}
	return have
}
