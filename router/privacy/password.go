package privacy

import (
	"strings"
	"unicode/utf8"
)

// notPasswords are words that follow "password is" without being one; so do others in -ed and -ing.
var notPasswords = set("wrong incorrect invalid not expired correct right lost forgotten weak strong required reset changed locked being same the my your our his her their its a an " +
	"what still no too never always safe compromised leaked stolen known unknown working broken missing empty blank short long new old ok okay fine good bad different case saved set " +
	"very so only just also already now gone back secure private secret mine yours there here where how why which that this it in on at by with from to of and or but if when because then " +
	"please hidden impossible accepted denied optional mandatory sent somewhere something someone shown used unable unavailable none null n/a must should can could will would may might needed " +
	"error issue problem failed failure valid unchanged unsafe ready pending available for is are was i we you he she they all any one until after before since about over out up down")

// password is the end of a password at the end of a link, 0 where there is none.
func (t *text) password(l link, far bool) int {
	if l.open {
		return t.quoted(l)
	}
	to := t.tokenEnd(l.at)
	v := t.s[l.at:to]
	digits := strings.ContainsAny(v, "0123456789")
	marks := strings.ContainsAny(v, "!@#$%^&*+?~")
	switch {
	case len(v) < 4 || strings.Trim(v, "*x.-_#") == "" || shapedOther(v):
		return 0
	case digitsEnd(v, 0) == len(v): // digits alone
		if mobile(v) || !t.isolated(l.at, to) || !l.strong && (len(v) < 4 || dated(v)) || far && len(v) < 6 {
			return 0
		}
		return to
	case digits:
		if t.counted(to) || !l.strong && l.lines > 0 && !strings.ContainsFunc(v, isASCIILetter) {
			return 0
		}
		return to
	case !l.strong || far && !marks:
		return 0
	}
	return t.lettersOnly(l, to, marks)
}

// lettersOnly decides on a password of letters and marks: no common word, and the sentence ends with it.
func (t *text) lettersOnly(l link, to int, marks bool) int {
	v := t.s[l.at:to]
	first := firstWord(v)
	if notPasswords[first] || strings.HasPrefix(v, "'") {
		return 0
	}
	if marks || !l.word {
		return to
	}
	if strings.HasSuffix(v, "ed") || strings.HasSuffix(v, "ing") {
		return 0
	}
	rest := t.s[t.skipBlank(to):]
	if rest == "" || rest[0] >= utf8.RuneSelf || strings.IndexByte(".,;!?)\r\n", rest[0]) >= 0 {
		return to
	}
	switch firstWord(rest) {
	case "and", "but", "please", "pls", "thanks", "can", "so", "all", "in", "if":
		return to
	}
	return 0
}

func isASCIILetter(r rune) bool { return r >= 'a' && r <= 'z' }

// tokenEnd is where a value without blanks ends; marks of the sentence at its end are not its own.
func (t *text) tokenEnd(i int) int {
	to := i
	for to < min(len(t.s), i+maxValue) {
		c := t.s[to]
		if c <= ' ' || c >= utf8.RuneSelf-1 || c == '"' || c == '`' || c == '<' || c == ',' || c == ';' {
			break
		}
		if c == '&' && strings.Contains(t.s[to:min(len(t.s), to+24)], "=") { // the next field of an address
			break
		}
		to++
	}
	return i + len(strings.TrimRight(t.s[i:to], ".,;:!?)]}'"))
}

// quoted is the end of a password in quotes, which may have blanks.
func (t *text) quoted(l link) int {
	q := t.s[l.at-1]
	n := strings.IndexByte(t.s[l.at:min(len(t.s), l.at+maxValue)], q)
	if n < 3 {
		return 0
	}
	v := t.s[l.at : l.at+n]
	digits := strings.ContainsAny(v, "0123456789")
	if strings.Contains(v, "\n") || !digits && (!l.strong || said(v) || hasHan(v)) || shapedOther(v) {
		return 0
	}
	return l.at + n
}

// said reports whether words in quotes are what a page said, rather than a passphrase.
func said(v string) bool {
	words := strings.Fields(v)
	for _, w := range words {
		if w = firstWord(w); prose[w] || len(words) < 3 && notPasswords[w] || w == "password" || w == "try" || w == "again" || w == "is" || w == "to" {
			return true
		}
	}
	return false
}

// shapedOther reports whether a value is an address, a date, a time or an amount rather than a secret.
func shapedOther(v string) bool {
	switch {
	case strings.HasPrefix(v, "http"), strings.HasPrefix(v, "www."), strings.Contains(v, "://"):
		return true
	case strings.IndexByte("$£", v[0]) >= 0 && digitsEnd(v, 1) > 1 && strings.Trim(v[1:], "0123456789.,") == "":
		return true
	}
	if strings.Trim(v, "0123456789-/:.") == "" && strings.ContainsAny(v, "-/:.") {
		return true // dates, times, amounts, versions, addresses
	}
	if v[0] == 'v' && len(v) > 1 && strings.Trim(v[1:], "0123456789.") == "" {
		return true
	}
	at := strings.IndexByte(v, '@')
	if at > 0 {
		_, top, ok := cutLast(v[at+1:], '.')
		return ok && len(top) >= 2 && firstWord(top) == top
	}
	return false
}

func cutLast(s string, c byte) (before, after string, ok bool) {
	if i := strings.LastIndexByte(s, c); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}
