package parse

import (
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// policy lets through structure and links, and nothing that loads, runs, styles or submits.
var policy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "div", "span", "hr", "b", "strong", "i", "em", "u", "s", "del", "ins", "sub", "sup",
		"small", "code", "pre", "blockquote", "q", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd",
		"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "center", "font")
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowStandardURLs()
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowRelativeURLs(false)
	p.AllowAttrs("href").OnElements("a")
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return p
}()

// sanitize is HTML that is safe to show.
func sanitize(s string) string { return strings.TrimSpace(policy.Sanitize(s)) }

// maxQuoteDepth bounds the marks before a quoted line.
const maxQuoteDepth = 8

// textWriter builds text of HTML; quoted lines get a "> ".
type textWriter struct {
	b      strings.Builder
	skip   int // depth within what is not shown
	pre    int
	quotes int
	breaks int  // line ends that are due
	space  bool // a space is due
	opened bool // something was written in this line
}

// htmlText is the text of an HTML mail.
func htmlText(s string) string {
	z := html.NewTokenizer(strings.NewReader(s))
	z.SetMaxBuf(MaxText + 1024)
	w := &textWriter{}
	for {
		switch z.Next() {
		case html.ErrorToken:
			return w.b.String()
		case html.TextToken:
			if w.skip == 0 {
				w.text(string(z.Text()))
			}
		case html.StartTagToken:
			w.open(z)
		case html.SelfClosingTagToken:
			name, _ := z.TagName()
			w.void(atom.Lookup(name))
		case html.EndTagToken:
			name, _ := z.TagName()
			w.close(atom.Lookup(name))
		}
		if w.b.Len() > MaxText {
			return w.b.String()
		}
	}
}

func (w *textWriter) open(z *html.Tokenizer) {
	name, more := z.TagName()
	switch a := atom.Lookup(name); a {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Noscript, atom.Template, atom.Svg:
		w.skip++
	case atom.Body:
		w.skip = 0
	case atom.Pre:
		w.pre++
		w.brk(1)
	case atom.Blockquote:
		w.brk(1)
		w.quotes++
	case atom.Img:
		for more {
			var k, v []byte
			k, v, more = z.TagAttr()
			if string(k) == "alt" && len(v) > 0 && len(v) < 200 {
				w.text("[" + string(v) + "]")
			}
		}
	default:
		w.void(a)
	}
}

func (w *textWriter) void(a atom.Atom) {
	switch a {
	case atom.Br:
		w.brk(w.breaks + 1)
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Ul, atom.Ol:
		w.brk(2)
	case atom.Div, atom.Tr, atom.Dt, atom.Dd, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center:
		w.brk(1)
	case atom.Li:
		w.brk(1)
		w.text("- ")
		w.space = false
	case atom.Hr:
		w.brk(1)
		w.text("----------")
		w.brk(1)
	case atom.Td, atom.Th:
		w.space = true
	}
}

func (w *textWriter) close(a atom.Atom) {
	switch a {
	case atom.Script, atom.Style, atom.Title, atom.Noscript, atom.Template, atom.Svg, atom.Head:
		w.skip = max(w.skip-1, 0)
		if a == atom.Head {
			w.skip = 0
		}
	case atom.Pre:
		w.pre = max(w.pre-1, 0)
		w.brk(1)
	case atom.Blockquote:
		w.brk(1)
		w.flushQuote()
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Ul, atom.Ol:
		w.brk(2)
	case atom.Div, atom.Tr, atom.Dd, atom.Li, atom.Section, atom.Article, atom.Center:
		w.brk(1)
	}
}

func (w *textWriter) flushQuote() { w.quotes = max(w.quotes-1, 0) }

// brk asks for at least n line ends before the next text.
func (w *textWriter) brk(n int) {
	if w.b.Len() == 0 {
		return
	}
	w.breaks, w.space = min(max(w.breaks, n), 3), false
}

func (w *textWriter) text(s string) {
	if w.pre > 0 {
		for i, line := range strings.Split(s, "\n") {
			if i > 0 {
				w.brk(w.breaks + 1)
			}
			w.word(line)
		}
		return
	}
	if s == "" {
		return
	}
	if isSpace(s[0]) {
		w.space = true
	}
	for i, f := range strings.Fields(s) {
		if i > 0 {
			w.space = true
		}
		w.word(f)
	}
	if isSpace(s[len(s)-1]) {
		w.space = true
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func (w *textWriter) word(s string) {
	if s == "" {
		return
	}
	for ; w.breaks > 0; w.breaks-- {
		w.b.WriteByte('\n')
		w.opened, w.space = false, false
	}
	if !w.opened {
		w.b.WriteString(strings.Repeat("> ", min(w.quotes, maxQuoteDepth)))
		w.space = false
	}
	if w.space {
		w.b.WriteByte(' ')
	}
	w.b.WriteString(s)
	w.space, w.opened = false, true
}
