package classify

import (
	"strconv"
	"strings"

	"switchyard/router"
)

// email reads the address around the @ at i.
func (s *scan) email(i int) int {
	from := i
	for from > 0 && i-from < 64 && (isAlnum(s.text[from-1]) || strings.IndexByte("._%+-", s.text[from-1]) >= 0) {
		from--
	}
	for from < i && !isAlnum(s.text[from]) {
		from++
	}
	to, dot := i+1, 0
	for to < len(s.text) && to-i < 190 && (isAlnum(s.text[to]) || s.text[to] == '-' || s.text[to] == '.' && to+1 < len(s.text) && isAlnum(s.text[to+1])) {
		if s.text[to] == '.' {
			dot = to
		}
		to++
	}
	if from == i || dot <= i+1 || to-dot < 3 || to-dot > 25 || strings.ContainsAny(s.text[dot:to], "0123456789-") {
		return i + 1
	}
	return s.add(router.SignalEmail, from, to, s.text[from:to])
}

// phoneNumber reads a number that is a phone's by its form: with a country code, a Chinese mobile or
// landline, a 400 number, or three, three and four digits with marks.
func (s *scan) phoneNumber(i int) (int, bool) {
	digits, end, groups := s.dialed(i)
	if digits == "" || i > 0 && (isAlnum(s.text[i-1]) || s.text[i-1] == '#' || s.text[i-1] == '_' || s.text[i-1] == '.') {
		return i, false
	}
	n := len(digits)
	mobile := func(d string) bool { return len(d) == 11 && d[0] == '1' && d[1] >= '3' }
	switch {
	case s.text[i] == '+':
		if n < 8 || n > 15 || digits[0] == '0' {
			return i, false
		}
		digits = "+" + digits
	case strings.HasPrefix(digits, "0086") && mobile(digits[4:]):
		digits = "+" + digits[2:]
	case strings.HasPrefix(digits, "86") && mobile(digits[2:]):
		digits = "+" + digits
	case mobile(digits) && (groups == "11" || groups == "3-4-4"):
	case digits[0] == '0' && n >= 10 && n <= 12 && (groups == "3-8" || groups == "4-7" || groups == "4-8" || groups == "3-4-4" || groups == "4-4-4" || groups == "4-3-4"):
	case (groups == "3-3-4" || groups == "1-3-3-4") && strings.ContainsAny(s.text[i:end], "-()"):
	case groups == "3-3-4" && strings.HasPrefix(digits, "400"), groups == "3-4-3" && strings.HasPrefix(digits, "400"):
	default:
		return i, false
	}
	return s.add(router.SignalPhone, i, end, digits), true
}

// dialed reads digits in groups parted by single blanks, hyphens, dots or brackets, and the sizes of the groups.
func (s *scan) dialed(i int) (digits string, end int, groups string) {
	var b [16]byte
	n, size := 0, 0
	j := i
	if j < len(s.text) && s.text[j] == '+' {
		j++
	}
	var room [40]byte
	sizes := room[:0]
	for ; j < len(s.text) && len(sizes) < 34; j++ {
		c := s.text[j]
		if isDigit(c) {
			if n == len(b) {
				return "", i, ""
			}
			b[n], n, size, end = c, n+1, size+1, j+1
			continue
		}
		next := j + 1
		for next < len(s.text) && next-j < 3 && (s.text[next] == ' ' || s.text[next] == '(' || s.text[next] == ')') {
			next++
		}
		if c != ' ' && c != '-' && c != '(' && c != ')' && c != '.' || next >= len(s.text) || !isDigit(s.text[next]) {
			break
		}
		if size > 0 {
			sizes = append(strconv.AppendInt(sizes, int64(size), 10), '-')
		}
		size, j = 0, next-1
	}
	if n < 7 || end < len(s.text) && (isAlnum(s.text[end]) || s.text[end] == '_') {
		return "", i, ""
	}
	sizes = append(strconv.AppendInt(sizes, int64(size), 10), '-')
	return string(b[:n]), end, strings.TrimSuffix(string(sizes), "-")
}

// labeledPhone reads a number behind a word for phones.
func (s *scan) labeledPhone(i, end int) {
	at := s.skip(end, 5)
	digits, to, _ := s.dialed(at)
	if len(digits) < 7 || len(digits) > 15 || strings.HasPrefix(digits, "20") && len(digits) == 8 {
		return
	}
	if s.text[at] == '+' {
		digits = "+" + digits
	} else if len(digits) == 13 && strings.HasPrefix(digits, "86") {
		digits = "+" + digits
	}
	s.add(router.SignalPhone, i, to, digits)
}

// notErrors are words that make a code one that is no error's.
var notErrors = map[string]bool{"zip": true, "postal": true, "post": true, "promo": true, "promotional": true, "discount": true, "coupon": true, "referral": true, "invite": true, "invitation": true, "verification": true,
	"area": true, "country": true, "sort": true, "swift": true, "bank": true, "qr": true, "bar": true, "sms": true, "security": true, "access": true, "pin": true, "pass": true, "product": true, "voucher": true, "gift": true,
	"dial": true, "otp": true, "login": true, "confirmation": true, "auth": true, "authentication": true, "branch": true, "merchant": true, "your": true, "the": true, "a": true, "use": true, "using": true, "with": true, "enter": true}

// errorCode reads the code behind its word.
func (s *scan) errorCode(i, end int) {
	word := s.text[i:end]
	if word == "code" && notErrors[prevWord(s.text, i)] {
		return
	}
	from := s.skip(end, 5)
	at := s.after(from, "-")
	to, digits := s.token(at)
	if digits < 2 || digits > 8 || to-at < 3 || to-at > 40 || isLower(word[0]) && at == end {
		return
	}
	if to+1 < len(s.text) && (s.text[to] == '.' || s.text[to] == ':') && isDigit(s.text[to+1]) || counted(s.text, to) {
		return
	}
	if _, priced := s.peek(at, s.amount); priced {
		return
	}
	if end, ok := s.peek(at, s.when); ok && end >= to {
		return
	}
	value := strings.ToUpper(s.text[from:to])
	if word == "http" {
		value = "HTTP " + value
	}
	s.add(router.SignalErrorCode, i, to, value)
}

// httpError reads 502 error, 404 not found.
func (s *scan) httpError(i int) (int, bool) {
	if i+3 > len(s.text) || s.text[i] != '4' && s.text[i] != '5' || i+3 < len(s.text) && isAlnum(s.text[i+3]) {
		return i, false
	}
	end, ok := cut(s.text, blanks(s.text, i+3, 1), "error", "not found", "bad gateway", "gateway timeout", "forbidden", "internal server error", "service unavailable", "错误", "报错")
	if !ok {
		return i, false
	}
	return s.add(router.SignalErrorCode, i, end, s.text[i:i+3]), true
}

// longNumber takes twenty digits and more for a transaction's.
func (s *scan) longNumber(i int) (int, bool) {
	end, digits := s.token(i)
	if digits < 20 || digits > 34 || digits != end-i {
		return i, false
	}
	return s.add(router.SignalTransaction, i, end, s.text[i:end]), true
}

// code reads a word with digits in it: ERR_4012, E1003, v8.2.1, TX hashes, x4242, usd35, ios17.
func (s *scan) code(i, end int) (int, bool) {
	first := i
	for first < end && isLower(s.text[first]) {
		first++
	}
	if first == end {
		return i, false
	}
	token, prefix := s.text[i:end], s.text[i:first]
	to, digits := s.token(i)
	switch {
	case hexLength(token) > 0:
		return s.add(router.SignalTransaction, i, end, token[len(token)-hexLength(token):]), true
	case prefix == "v" && s.dotted(first) > end:
		to = s.dotted(first)
		return s.add(router.SignalAppVersion, i, to, s.text[first:to]), true
	case (prefix == "err" || prefix == "error") && to-i <= 48 && (digits >= 2 || to-first >= 4),
		prefix == "e" && s.capital(i) && digits >= 3 && digits <= 5 && (to-first == digits || to-first == digits+1):
		return s.add(router.SignalErrorCode, i, to, strings.ToUpper(s.text[i:to])), true
	case len(prefix) >= 1 && strings.Trim(prefix, "x") == "" && s.exactlyFour(first) && first+4 == end && !s.ofPhone(i):
		return s.add(router.SignalLast4, i, end, s.text[first:end]), true
	}
	if what, to, ok := entityWords.atWord(s.text[:first], i, first); ok && to == first {
		switch what.act {
		case actCurrency:
			return s.moneyAfter(i, first, what.value), true
		case actSystem:
			s.system(i, first, what.value)
			return end, true
		}
	}
	return i, false
}

// dotted is where a version that begins at i ends: numbers with one to three dots; i if there is none.
func (s *scan) dotted(i int) int {
	j, dots := i, 0
	for j < len(s.text) && j-i < 24 {
		switch {
		case isDigit(s.text[j]):
		case s.text[j] == '.' && j > i && j+1 < len(s.text) && isDigit(s.text[j+1]):
			dots++
		default:
			if dots < 1 || dots > 3 || isLower(s.text[j]) {
				return i
			}
			return j
		}
		j++
	}
	if dots < 1 || dots > 3 {
		return i
	}
	return j
}

// version reads the app's version behind its word.
func (s *scan) version(i, end int) {
	at := s.after(s.skip(end, 4), "v")
	to := s.dotted(at)
	if to == at || s.text[i:end] == "app" && strings.Count(s.text[at:to], ".") == 1 && !strings.HasPrefix(s.text[end:], " v") {
		return
	}
	if _, priced := s.peek(at, s.amount); !priced {
		s.add(router.SignalAppVersion, i, to, s.text[at:to])
	}
}

// system reads the version of an operating system or the number of a device.
func (s *scan) system(i, end int, name string) {
	at := s.skip(end, 2)
	to := at
	for to < len(s.text) && to-at < 8 && (isDigit(s.text[to]) || s.text[to] == '.' && to+1 < len(s.text) && isDigit(s.text[to+1])) {
		to++
	}
	if to == at || to-at > 6 || to < len(s.text) && isLower(s.text[to]) && s.text[to] != 's' || counted(s.text, to) {
		return
	}
	if _, priced := s.peek(at, s.amount); !priced {
		s.add(router.SignalDevice, i, to, name+" "+s.text[at:to])
	}
}
