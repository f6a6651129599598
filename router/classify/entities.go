package classify

import (
	"sort"
	"time"
	"unicode/utf8"

	"switchyard/router"
)

// maxSignals bounds the signals of one ticket, maxSpans the places looked at for them.
const (
	maxSignals = 20
	maxSpans   = 200
)

// span is a fact at a place of the folded text, in bytes.
type span struct {
	from, to    int
	kind, value string
}

// scan walks once over a folded text. What it looks at ahead of or behind a place is bounded.
type scan struct {
	folded
	at    time.Time
	spans []span
}

// Entities finds the facts in a text, in the order in which they appear: at most 20, none twice,
// none inside another (the longer one stands). Text is the words as written; Value by kind:
//
//	amount       "35.90 USD": a decimal and a currency (ISO 4217, USDT, USDC); without currency where none is said
//	time         with at, when the message was sent: RFC 3339 where an hour is said, else 2006-01-02, 2006-W01 or 2006-01;
//	             zone and day are those of at. Without at what is relative stays so: see moment.String.
//	transaction, order, payer, payee    as written
//	last4        4242
//	phone        digits, after a + where the country is said
//	email        in lower case
//	error_code   in capitals: ERR_4012, HTTP 502, 5021
//	app_version  8.2.1; device: iOS 17.2
//	status       pending, processing, reviewing, on_hold, failed, declined, successful, completed, canceled,
//	             refunding, refunded, frozen, deducted_not_received
//	consent      yes or no: may the desk freeze the account
//
// Times to come are not found: they are no facts of what happened.
func Entities(text string, at time.Time) []router.Signal {
	s := scan{folded: foldRaw(text), at: at}
	s.run()
	return s.signals()
}

func (s *scan) run() {
	for i := 0; i < len(s.text) && len(s.spans) < maxSpans; {
		switch c := s.text[i]; {
		case c == ' ' || c == '\n':
			i++
		case isDigit(c):
			i = s.digit(i)
		case isLower(c):
			i = s.word(i)
		case c < utf8.RuneSelf:
			i = s.mark(i, c)
		default:
			i = s.wide(i)
		}
	}
}

func (s *scan) add(kind string, from, to int, value string) int {
	s.spans = append(s.spans, span{from, to, kind, value})
	return to
}

// signals leaves out what overlaps something longer and what is there already.
func (s *scan) signals() []router.Signal {
	if len(s.spans) == 0 {
		return nil
	}
	sort.SliceStable(s.spans, func(i, j int) bool { return s.spans[i].from < s.spans[j].from })
	kept := s.spans[:1]
	for _, x := range s.spans[1:] {
		switch last := &kept[len(kept)-1]; {
		case x.from >= last.to:
			kept = append(kept, x)
		case x.to-x.from > last.to-last.from:
			*last = x
		}
	}
	var out []router.Signal
	seen := map[[2]string]bool{}
	for _, x := range kept {
		if key := [2]string{x.kind, x.value}; !seen[key] && len(out) < maxSignals {
			seen[key] = true
			out = append(out, router.Signal{Kind: x.kind, Text: s.written(x.from, x.to), Value: x.value})
		}
	}
	return out
}

// inside reports whether i continues something like AB-12, 8.2.1 or a path: no number begins there.
func (s *scan) inside(i int) bool {
	if i < 2 {
		return false
	}
	switch s.text[i-1] {
	case '-', '_', '/', '.', '=', '@':
		return isAlnum(s.text[i-2]) || s.text[i-2] == '/' || s.text[i-2] == '_'
	}
	return false
}

// digit looks at a number that begins at i, and gives where to go on.
func (s *scan) digit(i int) int {
	run := i
	for run < len(s.text) && isAlnum(s.text[run]) {
		run++
	}
	if n := hexLength(s.text[i:run]); n > 0 {
		return s.add(router.SignalTransaction, i, run, s.text[run-n:run])
	}
	if s.inside(i) || run < len(s.text) && (s.text[run] == '@' || s.text[run] == '_') {
		return run
	}
	for _, look := range []func(int) (int, bool){s.when, s.phoneNumber, s.amount, s.endingDigits, s.httpError, s.longNumber} {
		if end, ok := look(i); ok {
			return end
		}
	}
	return run
}

// word looks at the Latin word at i.
func (s *scan) word(i int) int {
	end := wordEnd(s.text, i)
	if what, to, ok := entityWords.atWord(s.text, i, end); ok {
		s.act(what, i, to)
		return to
	}
	if to, ok := s.when(i); ok {
		return to
	}
	if end < len(s.text) && s.text[end] == '$' {
		if code, ok := dollars[s.text[i:end]]; ok {
			return s.moneyAfter(i, end+1, code)
		}
	}
	if to, ok := s.code(i, end); ok {
		return to
	}
	if to, ok := s.spelledOut(i); ok {
		return to
	}
	return end
}

// mark looks at a sign of ASCII.
func (s *scan) mark(i int, c byte) int {
	switch c {
	case '$':
		return s.moneyAfter(i, i+1, "USD")
	case '@':
		return s.email(i)
	case '#':
		return s.hash(i)
	case '*':
		return s.masked(i)
	case '+', '(':
		if end, ok := s.phoneNumber(i); ok {
			return end
		}
	}
	return i + 1
}

// wide looks at a character beyond ASCII.
func (s *scan) wide(i int) int {
	r, size := utf8.DecodeRuneInString(s.text[i:])
	if !isHan(r) {
		if code := symbols[r]; code != "" {
			return s.moneyAfter(i, i+size, code)
		}
		if r == '•' {
			return s.masked(i)
		}
		return max(i+size, wordEnd(s.text, i))
	}
	if what, to, ok := entityWords.atHan(s.text, i, r); ok {
		s.act(what, i, to)
		return to
	}
	if hanLeads.has(r) {
		if to, ok := s.when(i); ok {
			return to
		}
		if to, ok := s.amount(i); ok {
			return to
		}
	}
	return i + size
}

// hexLength is the length of a transaction hash: 64 hexadecimal digits, also after 0x; 0 if it is none.
func hexLength(token string) int {
	n := len(token)
	if n == 66 && token[:2] == "0x" {
		token, n = token[2:], 64
	}
	if n != 64 {
		return 0
	}
	for i := range n {
		if c := token[i]; !isDigit(c) && (c < 'a' || c > 'f') {
			return 0
		}
	}
	return n
}
