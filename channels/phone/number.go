package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

const maxNumber = 64

// anonymous are words that stand for a caller who does not show the number.
var anonymous = map[string]bool{"": true, "anonymous": true, "unknown": true, "restricted": true, "private": true, "unavailable": true, "withheld": true,
	"blocked": true, "<unknown>": true, "asterisk": true, "s": true, "0": true, "anonymous.invalid": true}

// cleanNumber brings a number into E.164 where it is one; an extension stays as it is. ok is
// false when there is none.
func cleanNumber(s, region string) (number string, ok bool) {
	s = strings.TrimSpace(s)
	if anonymous[strings.ToLower(s)] || len(s) > maxNumber {
		return "", false
	}
	plain := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '(', ')', '.', '/':
			return -1
		}
		return r
	}, s)
	try := plain
	if region == "" && strings.HasPrefix(plain, "00") {
		try = "+" + plain[2:]
	}
	if region != "" || strings.HasPrefix(try, "+") {
		if n, err := phonenumbers.Parse(try, region); err == nil && (phonenumbers.IsValidNumber(n) || strings.HasPrefix(try, "+") && phonenumbers.IsPossibleNumber(n)) {
			return phonenumbers.Format(n, phonenumbers.E164), true
		}
	}
	if plain == "" {
		return "", false
	}
	return plain, true
}
