package intake

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"switchyard/router"
)

// maskWords fills a message with the words of an Inbound, all of them masked, and answers the mask
// that notes its kinds in the message. Ids, handles and thread keys are kept: they belong to machines,
// and a reply needs them back as they came.
func (s *Service) maskWords(m *router.Message, in router.Inbound) func(string) string {
	mask := func(text string) string {
		masked, kinds := s.Mask(text)
		m.Masked = union(m.Masked, kinds)
		return masked
	}
	m.Name, m.Subject, m.Text, m.Failure = mask(in.Name), mask(in.Subject), mask(in.Text), mask(in.Failure)
	for _, w := range in.Warnings {
		m.Warnings = append(m.Warnings, mask(w))
	}
	m.HTML = mask(in.HTML)
	if _, kinds := s.Mask(plainText(m.HTML)); len(kinds) > 0 {
		m.Masked = union(m.Masked, kinds)
		m.HTML = ""
		m.Warnings = append(m.Warnings, "the formatting was dropped: it had a secret spread over its tags")
	}
	if in.Bounce != nil {
		b := *in.Bounce
		b.Detail = mask(b.Detail)
		m.Bounce = &b
	}
	return mask
}

// inline are the tags that part no words.
var inline = map[atom.Atom]bool{atom.B: true, atom.Strong: true, atom.I: true, atom.Em: true, atom.U: true, atom.S: true, atom.Del: true, atom.Ins: true, atom.Sub: true,
	atom.Sup: true, atom.Small: true, atom.Code: true, atom.Q: true, atom.Span: true, atom.A: true, atom.Font: true}

// plainText is what a reader of HTML sees, near enough to look for secrets in it.
func plainText(s string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			b.Write(z.Text())
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			if name, _ := z.TagName(); !inline[atom.Lookup(name)] {
				b.WriteByte('\n')
			}
		}
	}
}
