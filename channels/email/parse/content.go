package parse

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// content is what was gathered from a mail's tree.
type content struct {
	plain, html []string
	textSize    int
	htmlSize    int
	files       []Attachment
}

// content fills in texts and files.
func (p *parser) content(root *part, m *Mail) {
	var c content
	p.gather(root, &c, false)
	html := strings.Join(c.html, "\n<hr>\n")
	full := normalize(strings.Join(c.plain, "\n\n"))
	if strings.TrimSpace(full) == "" && html != "" {
		full = normalize(htmlText(html))
	}
	m.Full = clipBytes(full, MaxText)
	if html != "" {
		m.HTML = clipBytes(sanitize(html), 2*MaxText)
	}
	m.Attachments = c.files
	if root.ctype == "multipart/encrypted" || root.ctype == "application/pkcs7-mime" || root.ctype == "application/x-pkcs7-mime" {
		p.warn("the mail is encrypted or signed as a whole")
	}
}

// gather walks the tree. alone says that the part is the only form of what it says.
func (p *parser) gather(n *part, c *content, alternative bool) {
	switch {
	case n.ctype == "multipart/alternative":
		p.alternative(n, c)
	case strings.HasPrefix(n.ctype, "multipart/"):
		for _, k := range n.children {
			p.gather(k, c, false)
		}
	case p.isText(n, c):
		p.text(n, c, alternative)
	default:
		p.attach(n, c)
	}
}

// alternative takes the last plain and the last HTML form, and everything else as files.
func (p *parser) alternative(n *part, c *content) {
	var inner content
	for _, k := range n.children {
		var one content
		p.gather(k, &one, true)
		if k.ctype == "text/enriched" && len(inner.plain) > 0 {
			p.attach(k, &inner)
			continue
		}
		if len(one.plain) > 0 && strings.TrimSpace(strings.Join(one.plain, "")) != "" || len(inner.plain) == 0 {
			inner.plain = one.plain
		}
		if len(one.html) > 0 {
			inner.html = one.html
		}
		inner.files = append(inner.files, one.files...)
	}
	if len(inner.plain) == 0 && len(inner.html) > 0 && len(c.plain) > 0 {
		inner.plain = []string{htmlText(strings.Join(inner.html, "\n"))}
	}
	for _, s := range inner.plain {
		p.addPlain(c, s)
	}
	for _, s := range inner.html {
		p.addHTML(c, s)
	}
	c.files = append(c.files, inner.files...)
}

// isText reports whether the part is to be read and not to be saved.
func (p *parser) isText(n *part, c *content) bool {
	if n.ctype != "text/plain" && n.ctype != "text/html" && n.ctype != "text/enriched" {
		return false
	}
	if n.disp == "attachment" {
		return false
	}
	return n.file == "" || n.disp != "inline" && len(c.plain)+len(c.html) == 0 && n.header.get("Content-ID") == "" && n.file == n.params["name"] && !strings.Contains(n.file, ".")
}

func (p *parser) text(n *part, c *content, alternative bool) {
	raw := n.decoded()
	if len(raw) > 2*MaxText {
		raw = raw[:2*MaxText]
		p.warn("the text is too long and was cut")
	}
	label := n.params["charset"]
	if n.ctype != "text/html" {
		s := p.decode(raw, label)
		if n.ctype == "text/enriched" {
			s = enrichedTags.ReplaceAllString(s, "")
		}
		if strings.EqualFold(n.params["format"], "flowed") {
			s = unflow(s, strings.EqualFold(n.params["delsp"], "yes"))
		}
		p.addPlain(c, s)
		return
	}
	if label == "" || strings.EqualFold(label, "us-ascii") {
		if m := metaCharset.FindSubmatch(raw[:min(len(raw), 4096)]); m != nil {
			label = string(m[1])
		}
	}
	s := p.decode(raw, label)
	if len(c.plain) > 0 && !alternative {
		p.addPlain(c, htmlText(s))
	}
	p.addHTML(c, s)
}

var (
	metaCharset  = regexp.MustCompile(`(?i)<meta[^>]{1,200}charset=["']?([a-z0-9_:-]{2,30})`)
	enrichedTags = regexp.MustCompile(`<[^<>\s]{0,60}>`)
)

func (p *parser) addPlain(c *content, s string) {
	if room := MaxText - c.textSize; len(s) > room {
		s = clipBytes(s, max(room, 0))
		p.warn("the text is too long and was cut")
	}
	c.textSize += len(s)
	c.plain = append(c.plain, s)
}

func (p *parser) addHTML(c *content, s string) {
	if room := MaxText - c.htmlSize; len(s) > room {
		s = clipBytes(s, max(room, 0))
		p.warn("the HTML is too long and was cut")
	}
	c.htmlSize += len(s)
	c.html = append(c.html, s)
}

// unflow joins the soft lines of RFC 3676.
func unflow(s string, delsp bool) string {
	var b strings.Builder
	soft, depth := false, 0
	for line := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		quotes := len(line) - len(strings.TrimLeft(line, ">"))
		text := line[quotes:]
		text = strings.TrimPrefix(text, " ")
		if !soft || quotes != depth || text == "-- " {
			if b.Len() > 0 || soft {
				b.WriteByte('\n')
			}
			if quotes > 0 {
				b.WriteString(strings.Repeat(">", quotes) + " ")
			}
		}
		depth = quotes
		soft = strings.HasSuffix(text, " ") && text != "-- "
		if soft && delsp {
			text = strings.TrimSuffix(text, " ")
		}
		b.WriteString(text)
		if !soft {
			continue
		}
	}
	return b.String()
}

// attach keeps a part as a file.
func (p *parser) attach(n *part, c *content) {
	data := n.decoded()
	a := Attachment{Type: n.ctype, Data: data, Inline: n.disp == "inline" || n.header.has("Content-ID") && n.disp != "attachment",
		ContentID: strings.Trim(n.header.get("Content-ID"), " <>")}
	a.Name = fileName(n.file)
	switch n.ctype {
	case "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature":
		a.Mark = "signature"
	case "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted":
		a.Mark = "encrypted"
	case "message/rfc822", "message/global":
		if a.Name == "" {
			h, _ := (&parser{}).header(data)
			if s := fileName(clip(oneLine((&parser{}).words(h.get("Subject"))), 80)); s != "" {
				a.Name = s + ".eml"
			}
		}
	case "application/ms-tnef", "application/vnd.ms-tnef":
		p.warn("files are packed in winmail.dat")
		if a.Name == "" {
			a.Name = "winmail.dat"
		}
	}
	if a.Name == "" {
		a.Name = "attachment-" + strconv.Itoa(len(c.files)+1) + extension(n.ctype)
	}
	c.files = append(c.files, a)
}

var extensions = map[string]string{"image/png": ".png", "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/gif": ".gif",
	"image/webp": ".webp", "image/heic": ".heic", "application/pdf": ".pdf", "text/plain": ".txt", "text/html": ".html",
	"text/calendar": ".ics", "message/rfc822": ".eml", "application/zip": ".zip", "audio/mpeg": ".mp3", "video/mp4": ".mp4",
	"application/pgp-signature": ".asc", "application/pkcs7-signature": ".p7s", "text/csv": ".csv"}

func extension(ctype string) string { return extensions[ctype] }

// fileName makes a declared name safe: no folders, no control characters, not too long.
func fileName(s string) string {
	s = oneLine(s)
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Trim(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, s), " ")
	if strings.Trim(s, ".") == "" {
		return ""
	}
	return clip(s, maxFileName)
}

// normalize makes line ends \n and takes out what no text has.
func normalize(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.Map(func(r rune) rune {
		if r < 32 && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		if r == 0xa0 {
			return ' '
		}
		return r
	}, s)
	lines := strings.Split(s, "\n")
	for i := range lines {
		if lines[i] != "-- " {
			lines[i] = strings.TrimRight(lines[i], " \t")
		}
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// lf gives raw bytes one kind of line end, so that a mail has one digest wherever it is kept.
func lf(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")) }
