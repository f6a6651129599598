package privacy

import (
	"strings"
	"unicode/utf8"
)

// digitsEnd is where the digits that begin at i end.
func digitsEnd(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

func (t *text) skipBlank(i int) int {
	for i < len(t.s) && (t.s[i] == ' ' || t.s[i] == '\t') {
		i++
	}
	return i
}

// units say that the number before them counts something.
var (
	units    = set("minute minutes min mins second seconds sec secs hour hours hr hrs day days week weeks month months year years time times usd cny rmb hkd eur gbp dollar dollars yuan euro euros attempts tries characters chars digits digit letters am pm people points percent kb mb gb")
	hanUnits = []string{"分钟", "秒", "小时", "天", "次", "元", "块", "条", "个", "年", "月", "日", "点", "位", "折", "万", "千", "百", "人民币", "美元", "港币", "笔", "字符", "遍", "周", "刀"}
)

// isolated reports whether a number stands for itself: no amount, date, time, version or count.
func (t *text) isolated(from, to int) bool {
	if from > 0 {
		r, n := utf8.DecodeLastRuneInString(t.s[:from])
		switch {
		case strings.ContainsRune("$£€¥￥₹%", r), r < utf8.RuneSelf && isDigit(byte(r)):
			return false
		case strings.ContainsRune(".,:/-", r) && from > n && isDigit(t.s[from-n-1]):
			return false
		case r == '.' || r == '+':
			return false
		}
	}
	if to >= len(t.s) {
		return true
	}
	switch c := t.s[to]; {
	case isWord(c), c == '%', c == '_':
		return false
	case strings.IndexByte(".:/-", c) >= 0 && to+1 < len(t.s) && isDigit(t.s[to+1]):
		return false
	case c == ',' && digitsEnd(t.s, to+1) == to+4:
		return false
	}
	return !t.counted(to)
}

// counted reports whether a unit follows.
func (t *text) counted(to int) bool {
	rest := t.s[t.skipBlank(to):]
	if units[firstWord(rest)] {
		return true
	}
	for _, u := range hanUnits {
		if strings.HasPrefix(rest, u) {
			return true
		}
	}
	return strings.HasPrefix(rest, "€") || strings.HasPrefix(rest, "$")
}

// plainDigits is the end of least to most digits that stand alone, or glued to their word; 0 where they do not.
func (t *text) plainDigits(h hit, i, least, most int) int {
	to := digitsEnd(t.s, i)
	if n := to - i; n < least || n > most || !t.isolated(i, to) || i > 0 && isLetter(t.s[i-1]) && i != h.to {
		return 0
	}
	return to
}

// code is the end of a one-time code at the end of a link, 0 where there is none: 4 to 8 digits in one, two or
// single groups, Chinese numerals, or letters and digits mixed where the sentence says that it comes.
func (t *text) code(h hit, l link, far bool) int {
	i, n := l.at, 0
	if strings.HasPrefix(t.s[i:], "g-") {
		i += 2
	}
	to := digitsEnd(t.s, i)
	switch n = to - i; {
	case n >= 1 && n <= 4 && to+1 < len(t.s) && (t.s[to] == ' ' || t.s[to] == '-') && isDigit(t.s[to+1]):
		to, n = t.grouped(i, n)
	case n == 0:
		return t.lettered(i, l, far)
	}
	switch {
	case n < 4 || n > 8 || !t.isolated(i, to) || i > 0 && isLetter(t.s[i-1]) && i != h.to:
		return 0
	case far && n != 6 && h.sense != senseOTP, h.sense == senseCode && !l.word && n != 6, l.lines > 0 && !l.strong && n != 6:
		return 0
	case !l.strong && n == 8 && dated(t.s[i:to]):
		return 0
	}
	return to
}

// grouped reads digits in equal groups of n, 8 at most.
func (t *text) grouped(i, n int) (to, digits int) {
	to, digits = i+n, n
	for digits+n <= 8 && to+n < len(t.s) && (t.s[to] == ' ' || t.s[to] == '-') && digitsEnd(t.s, to+1) == to+1+n {
		to += 1 + n
		digits += n
	}
	return to, digits
}

const numerals = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"

// lettered reads a code without plain digits: 四八二九一三, or A7K9Q2.
func (t *text) lettered(i int, l link, far bool) int {
	n, to := 0, i
	for n <= 8 && to < len(t.s) {
		r, size := utf8.DecodeRuneInString(t.s[to:])
		if !strings.ContainsRune(numerals, r) {
			break
		}
		n, to = n+1, to+size
	}
	if n > 0 {
		if n < 4 || n > 8 || t.counted(to) {
			return 0
		}
		return to
	}
	letters, digits := 0, 0
	for to < len(t.s) && (isWord(t.s[to]) || t.s[to] == '-' && to == i+3) {
		if isDigit(t.s[to]) {
			digits++
		} else if t.s[to] != '-' {
			letters++
		}
		to++
	}
	if n := letters + digits; !l.strong || far || n < 5 || n > 8 || letters == 0 || digits < 2 || t.counted(to) {
		return 0
	}
	return to
}

// dated reports whether eight digits are a date: 20260504.
func dated(d string) bool {
	return len(d) == 8 && (d[:2] == "19" || d[:2] == "20") && d[4:6] >= "01" && d[4:6] <= "12" && d[6:] >= "01" && d[6:] <= "31"
}

// mobile reports whether digits are a Chinese mobile number.
func mobile(d string) bool { return len(d) == 11 && d[0] == '1' && d[1] >= '3' }

// account masks a bank account at the end of a link: 8 to 24 digits, of a bank's own number 6 to 12.
func (t *text) account(h hit, l link) bool {
	least, most := 8, 24
	if h.sense == senseRouting {
		least, most = 6, 12
	}
	to, n := t.accountEnd(l.at, most)
	d := t.s[l.at:to]
	if n < least || n > most || !t.isolated(l.at, to) || mobile(d) || (h.sense == senseAccount || n < to-l.at) && dated(strings.NewReplacer("-", "", ".", "", " ", "").Replace(d)) || l.at > 0 && isLetter(t.s[l.at-1]) && l.at != h.to {
		return false
	}
	if i := strings.LastIndexByte(d, '.'); i >= 0 && len(d)-i <= 3 {
		return false // an amount
	}
	x := found{from: l.at, to: to, kind: KindBankAccount}
	if n >= least && n >= 8 {
		x.tail = lastFour(d)
	}
	t.add(x)
	if h.sense == senseRouting { // sort code and account, side by side
		if i := t.skipBlank(to); i > to && digitsEnd(t.s, i)-i >= 7 && t.isolated(i, digitsEnd(t.s, i)) {
			end := digitsEnd(t.s, i)
			t.add(found{from: i, to: end, kind: KindBankAccount, tail: t.s[end-4 : end]})
		}
	}
	return true
}

// accountEnd reads the groups of an account number. Only a short first group is taken to have others after it.
func (t *text) accountEnd(i, most int) (to, digits int) {
	to = digitsEnd(t.s, i)
	digits = to - i
	if digits > 6 {
		return to, digits
	}
	for to+1 < len(t.s) && strings.IndexByte(" -.", t.s[to]) >= 0 && isDigit(t.s[to+1]) {
		end := digitsEnd(t.s, to+1)
		if digits+end-to-1 > most {
			break
		}
		digits += end - to - 1
		to = end
	}
	return to, digits
}

// accountBefore reads the groups of an account number that ends at to; zeros where there is none.
func (t *text) accountBefore(start, end int) (from, to int) {
	n := 0
	for from = end; from > start && n <= 24; from-- {
		c := t.s[from-1]
		if isDigit(c) {
			n++
		} else if c != ' ' && c != '-' || from == end || from-1 == start || !isDigit(t.s[from-2]) {
			break
		}
	}
	if n < 8 || n > 24 || !isDigit(t.s[from]) || mobile(t.s[from:end]) || !t.isolated(from, end) {
		return 0, 0
	}
	return from, end
}

// lastFour are the last four digits of a number.
func lastFour(s string) string {
	var out [4]byte
	n := len(out)
	for i := len(s); i > 0 && n > 0; i-- {
		if isDigit(s[i-1]) {
			n--
			out[n] = s[i-1]
		}
	}
	return string(out[n:])
}

// seed is the end of twelve or more words of a seed phrase, which has no word like "the" or "is"; or of twelve single characters.
func (t *text) seed(i int) int {
	words, hans, to := 0, 0, i
	for to < min(len(t.s), i+maxValue) {
		for to < len(t.s) && strings.IndexByte(" \t\r\n,.:;0123456789()-\"'", t.s[to]) >= 0 {
			to++
		}
		end := to
		for end < len(t.s) && isLetter(t.s[end]) {
			end++
		}
		if n := end - to; n > 0 {
			if n < 3 || n > 8 || prose[t.s[to:end]] {
				break
			}
			words, to = words+1, end
			continue
		}
		r, n := utf8.DecodeRuneInString(t.s[to:])
		if r < 0x4E00 || r > 0x9FFF || to+n < len(t.s) && t.s[to+n] != ' ' && hans < 11 {
			break
		}
		hans, to = hans+1, to+n
	}
	if words < 11 && hans < 12 {
		return 0
	}
	return len(strings.TrimRight(t.s[:to], " \t\r\n,.:;()-\"'"))
}

// prose are common words that no seed phrase has.
var prose = set("the and was are not but has had have were you your they them their with from into been will would could should for did does don doesn please because when where what which who how why our his her its this that these those")
