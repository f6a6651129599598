package opinion

import (
	"strings"
	"unicode/utf8"

	"switchyard/router/privacy"
)

const (
	// maxText bounds the characters of one text that leave the house.
	maxText = 4000
	// maxMasked bounds the characters that are masked again; what lies at their cut is never kept.
	maxMasked = 8 * maxText
)

// outbound is what of a text may leave the house: masked with every kind there is, and bounded.
func outbound(text string) string {
	text = middleOut(strings.ToValidUTF8(text, ""), maxMasked)
	text, _ = privacy.Mask(text, privacy.KindPhone, privacy.KindEmail)
	return middleOut(text, maxText)
}

// middleOut leaves out the middle of a text that has more than n characters. Its end stays for
// three quarters: the newest words stand there, and the point of many long mails.
func middleOut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	over := utf8.RuneCountInString(s) - n
	if over <= 0 {
		return s
	}
	const mark = "\n…\n"
	over += utf8.RuneCountInString(mark)
	from := skip(s, n/4)
	return s[:from] + mark + s[from+skip(s[from:], over):]
}

// skip is the place in s after n characters.
func skip(s string, n int) int {
	at := 0
	for range n {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return at
}
