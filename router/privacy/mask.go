package privacy

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The kinds of secrets. Phone and email are masked only where asked for.
const (
	KindCard        = "card"
	KindCNID        = "cn_id"
	KindPassword    = "password"
	KindOTP         = "otp"
	KindCVV         = "cvv"
	KindIBAN        = "iban"
	KindBankAccount = "bank_account"
	KindAPIKey      = "api_key"
	KindToken       = "token"
	KindPrivateKey  = "private_key"
	KindPhone       = "phone"
	KindEmail       = "email"
)

// dots stand for what was masked.
const dots = "••••"

// labels name a kind in front of the dots, where the dots alone would not say enough.
var labels = map[string]struct{ zh, en string }{
	KindCard: {"卡", "card"}, KindCNID: {"身份证号", "ID number"}, KindIBAN: {"IBAN", "IBAN"}, KindBankAccount: {"账号", "account"},
	KindPhone: {"电话", "phone"}, KindPrivateKey: {"私钥", "private key"},
}

// found is a secret at a place in the folded text, in bytes, with what of it stays (its last four, a country).
type found struct {
	from, to   int
	kind       string
	head, tail string
}

// maxPasses bounds how often a text is looked at again: what one mask covers may have hidden another secret.
const maxPasses = 8

// Mask gives the text without its secrets, and the kinds that were masked, each once, in the
// order in which they were found. Kinds in also (phone, email) are masked besides the others.
func Mask(text string, also ...string) (masked string, kinds []string) {
	for range maxPasses {
		f := fold(text)
		all := look(f.s, also)
		if len(all) == 0 {
			break
		}
		for _, x := range all {
			if !slices.Contains(kinds, x.kind) {
				kinds = append(kinds, x.kind)
			}
		}
		text = cover(text, f, all)
	}
	return text, kinds
}

// look finds the secrets of a folded text, in order and without overlaps.
func look(s string, also []string) []found {
	t := &text{s: s, hits: scan(s)}
	t.groups()
	t.numbers()
	t.ibans()
	t.near()
	t.keys()
	t.contacts(also)
	slices.SortStableFunc(t.found, func(a, b found) int { return a.from - b.from })
	out := t.found[:0]
	for _, x := range t.found {
		if n := len(out); n > 0 && x.from < out[n-1].to { // they overlap: the first covers both
			out[n-1].to = max(out[n-1].to, x.to)
			continue
		}
		out = append(out, x)
	}
	return out
}

// text is a folded text with what was seen in it so far.
type text struct {
	s     string
	hits  []hit
	runs  []run
	found []found
}

func (t *text) add(x found) { t.found = append(t.found, x) }

// cover writes the masks over what was found.
func cover(text string, f folded, all []found) string {
	var b strings.Builder
	b.Grow(len(text))
	at := 0
	for _, x := range all {
		from := f.origin(x.from)
		b.WriteString(text[at:from])
		b.WriteString(x.show(f.s, text[:from]))
		at = f.origin(x.to)
	}
	b.WriteString(text[at:])
	return b.String()
}

// show is the mask of a secret. A label that stands right before it already is not repeated.
func (x found) show(s, before string) string {
	out := dots
	if x.head != "" {
		out = x.head + " " + out
	}
	if x.tail != "" {
		out += " " + x.tail
	}
	l := labels[x.kind]
	name := l.en
	if l.zh != l.en && chinese(s, x.from, x.to) {
		name = l.zh
	}
	switch {
	case name == "", strings.HasSuffix(before, name+" "):
		return out
	case strings.HasSuffix(before, name):
		return " " + out
	}
	return name + " " + out
}

// around is how far the language of a mask is looked for, in bytes.
const around = 48

// chinese reports whether the text close around a secret, in its line, has Chinese words.
func chinese(s string, from, to int) bool {
	before, after := s[max(0, from-around):from], s[to:min(len(s), to+around)]
	if i := strings.LastIndexByte(before, '\n'); i >= 0 {
		before = before[i:]
	}
	after, _, _ = strings.Cut(after, "\n")
	return hasHan(before) || hasHan(after)
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf && unicode.Is(unicode.Han, r) })
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' }
func isWord(c byte) bool   { return isDigit(c) || isLetter(c) }
