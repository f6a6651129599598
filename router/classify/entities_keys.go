package classify

import (
	"strings"

	"switchyard/router"
)

// act does what a word from i to end starts.
func (s *scan) act(w word, i, end int) {
	switch w.act {
	case actMoney:
		s.bare(end)
	case actSend:
		s.bare(end)
		s.sentTo(end)
	case actCurrency:
		s.moneyAfter(i, s.after(end, ".", ":", " :"), w.value)
	case actOrder:
		s.id(router.SignalOrder, i, end, 4)
	case actTransaction:
		s.id(router.SignalTransaction, i, end, 5)
	case actLast4:
		s.lastFour(i, end)
	case actPayee:
		s.labeled(router.SignalPayee, i, end)
	case actPayer:
		s.labeled(router.SignalPayer, i, end)
	case actTo:
		s.name(router.SignalPayee, i, end)
	case actPhone:
		s.labeledPhone(i, end)
	case actError:
		s.errorCode(i, end)
	case actVersion:
		s.version(i, end)
	case actSystem:
		s.system(i, end, w.value)
	case actStatus, actShown:
		s.status(w, i, end)
	case actConsent:
		s.consent(w, i, end)
	}
}

// after skips the first of the prefixes, if one is there.
func (s *scan) after(i int, prefixes ...string) int {
	i, _ = cut(s.text, i, prefixes...)
	return i
}

// fillers stand between a word and what it names.
var fillers = lexicon(func(put func(int, string)) {
	put(1, "号|号码|编号|是|为|了|我|他|她|单号|大概|大约|约|共|总共|一共|显示|no|nr|num|number|numbers|id|is|was|are|of|for|me|us|them|him|her|about|around|only|exactly|approximately|a total of|code|digits|in the amount of|with|the|account|it's|its|名字|叫|姓名|名称|name")
})

// skip goes over at most n fillers, blanks and marks.
func (s *scan) skip(i, n int) int {
	for n > 0 && i < len(s.text) {
		switch c := s.text[i]; {
		case c == ' ' || c == ':' || c == '#' || c == '=' || c == '(' || c == '"' || c == '[' || c == '.' && i+1 < len(s.text) && s.text[i+1] == ' ':
			i, n = i+1, n-1
		default:
			_, end, ok := fillers.at(s.text, i)
			if !ok {
				return i
			}
			i, n = end, n-1
		}
	}
	return i
}

// counted reports whether what follows a number says that it counts something other than money.
func counted(s string, i int) bool {
	r := runeAt(s, i)
	if isHan(r) {
		return strings.ContainsRune("次笔天个小分周月日号点年人遍回条张家岁秒倍位种件章折级层楼期遭趟轮步多几成半", r)
	}
	if strings.ContainsRune("%:/-~+", r) && r != 0 {
		return true
	}
	switch nextWord(s, i) {
	case "times", "time", "days", "day", "hours", "hour", "hrs", "hr", "minutes", "minute", "mins", "min", "weeks", "week", "months", "month", "years", "year", "people", "friends", "persons",
		"transactions", "payments", "orders", "attempts", "transfers", "withdrawals", "percent", "am", "pm", "ago", "x", "different", "of", "more", "business", "working", "items", "cards", "accounts", "st", "nd", "rd", "th", "times.":
		return true
	}
	return false
}

// bare reads an amount without currency behind a word for money.
func (s *scan) bare(i int) {
	i = s.skip(i, 4)
	q, ok := s.quantity(i)
	if !ok || q.digits > 7 || q.han && !q.units || counted(s.text, q.end) || q.end < len(s.text) && (isAlnum(s.text[q.end]) || s.text[q.end] == '_' || s.text[q.end] == '@') {
		return
	}
	if _, _, priced := s.priced(q); !priced {
		s.add(router.SignalAmount, i, q.end, q.value)
	}
}

// token reads letters and digits with single marks inside, at most 64.
func (s *scan) token(i int) (end, digits int) {
	for end = i; end < len(s.text) && end-i <= 64; end++ {
		switch c := s.text[end]; {
		case isDigit(c):
			digits++
		case isLower(c):
		case (c == '-' || c == '_' || c == '/') && end > i && end+1 < len(s.text) && isAlnum(s.text[end+1]):
		default:
			return end, digits
		}
	}
	return end, digits
}

// id reads the number of an order or a transaction behind its word.
func (s *scan) id(kind string, i, end, least int) {
	at := s.skip(end, 6)
	to, digits := s.token(at)
	if digits < 3 || to-at < least || to-at > 64 || s.text[at:to] == s.text[i:end] || strings.HasPrefix(s.text[at:to], "20") && to-at == 4 {
		return
	}
	if to+1 < len(s.text) && (s.text[to] == '.' || s.text[to] == ',') && isDigit(s.text[to+1]) || to < len(s.text) && s.text[to] == ':' {
		return
	}
	if _, priced := s.peek(at, s.amount); priced {
		return
	}
	if end, ok := s.peek(at, s.when); ok && end >= to {
		return
	}
	s.add(kind, i, to, s.written(at, to))
}

// peek tries a look without keeping what it finds.
func (s *scan) peek(i int, look func(int) (int, bool)) (int, bool) {
	n := len(s.spans)
	end, ok := look(i)
	s.spans = s.spans[:n]
	return end, ok
}

// hash reads #12345, the number of an order unless a word before says what else it is.
func (s *scan) hash(i int) int {
	to, digits := s.token(i + 1)
	if digits < 4 || to-i > 40 || i > 0 && (isAlnum(s.text[i-1]) || s.text[i-1] == '/' || s.text[i-1] == '&') {
		return i + 1
	}
	switch prevWord(s.text, i) {
	case "ticket", "case", "room", "apt", "unit", "suite", "issue", "chat", "agent", "claim", "color", "colour":
		return to
	}
	return s.add(router.SignalOrder, i, to, s.written(i+1, to))
}

func (s *scan) exactlyFour(i int) bool {
	return i+4 <= len(s.text) && isDigit(s.text[i]) && isDigit(s.text[i+1]) && isDigit(s.text[i+2]) && isDigit(s.text[i+3]) &&
		(i+4 == len(s.text) || !isAlnum(s.text[i+4]))
}

// ofPhone reports whether the words before i speak of a phone.
func (s *scan) ofPhone(i int) bool {
	before := s.text[max(0, i-24):i]
	for _, w := range []string{"手机", "电话", "phone", "mobile", "number ", "证件", "身份证"} {
		if strings.Contains(before, w) {
			return true
		}
	}
	return false
}

// lastFour reads the last four digits of a card behind their words.
func (s *scan) lastFour(i, end int) {
	at := s.skip(s.after(s.skip(end, 5), "my card", "card", "卡号", "卡"), 3)
	for at < len(s.text) && (s.text[at] == '*' || s.text[at] == ' ') && at-end < 24 {
		at++
	}
	at = s.after(at, "•••• ", "••••")
	if s.exactlyFour(at) && !s.ofPhone(i) {
		s.add(router.SignalLast4, i, at+4, s.text[at:at+4])
	}
}

// endingDigits reads 4242结尾 and 4242尾号.
func (s *scan) endingDigits(i int) (int, bool) {
	if !s.exactlyFour(i) {
		return i, false
	}
	end, ok := cut(s.text, blanks(s.text, i+4, 1), "结尾", "尾号", "这张卡", "的卡", "那张卡")
	if !ok || s.ofPhone(i) {
		return i, false
	}
	return s.add(router.SignalLast4, i, end, s.text[i:i+4]), true
}

// masked reads what a mask leaves of a card: •••• 4242, **** **** 4242. Three digits before it make it a phone.
func (s *scan) masked(i int) int {
	j, n := i, 0
	for j < len(s.text) && j-i < 64 {
		size := 1
		if strings.HasPrefix(s.text[j:], "•") {
			size = len("•")
		} else if s.text[j] != '*' && !(n > 0 && (s.text[j] == ' ' || s.text[j] == '-')) {
			break
		}
		if s.text[j] != ' ' && s.text[j] != '-' {
			n++
		}
		j += size
	}
	phone := i >= 3 && isDigit(s.text[i-1]) && s.text[i-3] == '1' && (i == 3 || !isDigit(s.text[i-4]))
	phone = phone || strings.Contains(s.text[max(0, i-5):i], "+")
	if n >= 3 && s.exactlyFour(j) && !phone && !s.ofPhone(i) {
		return s.add(router.SignalLast4, i, j+4, s.text[j:j+4])
	}
	return max(j, i+1)
}
