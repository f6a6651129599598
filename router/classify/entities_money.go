package classify

import (
	"strconv"
	"strings"

	"switchyard/router"
)

// dollars are the currencies whose sign is a dollar after letters.
var dollars = map[string]string{"us": "USD", "usd": "USD", "hk": "HKD", "nt": "TWD", "s": "SGD", "sg": "SGD", "a": "AUD", "au": "AUD",
	"c": "CAD", "ca": "CAD", "nz": "NZD", "r": "BRL", "mx": "MXN"}

var symbols = map[rune]string{'¥': "CNY", '€': "EUR", '£': "GBP", '₹': "INR", '₦': "NGN", '₱': "PHP", '₩': "KRW", '₫': "VND", '฿': "THB", '₽': "RUB", '₺': "TRY"}

// currency is a word for money; tenths are parts of it.
type currency struct {
	code   string
	tenths bool
}

// currencies are words that follow a number; the pesos of several countries have no code.
var currencies = lexicon(func(put func(currency, string)) {
	for code, list := range map[string]string{
		"CNY": "元|圆|块钱|块|人民币|cny|rmb|yuan|kuai|renminbi", "USD": "美元|美金|刀|usd|dollar|dollars|us dollars|bucks|buck",
		"EUR": "欧元|eur|euro|euros", "GBP": "英镑|gbp|pounds|pound|quid", "HKD": "港币|港元|港纸|hkd|hong kong dollars", "TWD": "台币|新台币|twd|ntd",
		"JPY": "日元|日币|jpy|yen", "INR": "卢比|inr|rupees|rupee", "NGN": "奈拉|ngn|naira", "PHP": "菲律宾比索|php|philippine pesos", "MXN": "mxn|mexican pesos",
		"USDT": "usdt|泰达币|u", "USDC": "usdc", "SGD": "新币|新加坡元|sgd", "AUD": "澳元|澳币|aud", "CAD": "加元|加币|cad", "MYR": "马币|林吉特|myr|ringgit",
		"THB": "泰铢|thb|baht", "IDR": "印尼盾|idr|rupiah", "VND": "越南盾|vnd|dong", "KRW": "韩元|韩币|krw|won", "AED": "迪拉姆|aed|dirhams|dirham",
		"BRL": "brl|reais", "KES": "kes|shillings", "GHS": "ghs|cedis", "ZAR": "zar|rand", "": "比索|peso|pesos",
	} {
		put(currency{code: code}, list)
	}
	put(currency{"CNY", true}, "毛钱|毛|角")
})

const (
	hanDigits = "零一二三四五六七八九"
	hanUnits  = "十百千万亿"
)

// hanLeads begin a number or a time.
var hanLeads = func() *runeSet {
	s := setOf("一二三四五六七八九十两俩半")
	for r := range whenWords.han {
		s.add(r)
	}
	return s
}()

// quantity is a number, whatever its writing.
type quantity struct {
	value  string // a plain decimal
	end    int
	digits int  // written before the decimal point
	units  bool // 万, 千, k … were said
	han    bool
}

// plain reads Arabic digits with thousands parted by commas or dots, and decimals.
func plain(s string, i int) (q quantity, ok bool) {
	j := i
	for j < len(s) && isDigit(s[j]) {
		j++
	}
	if j == i || j-i > 15 {
		return q, false
	}
	var b strings.Builder
	b.WriteString(s[i:j])
	part := byte(0)
	for j-i <= 24 && j+3 < len(s) && (s[j] == ',' || s[j] == '.') && (part == 0 && j-i <= 3 || part == s[j]) {
		n := group(s, j, part)
		if n == 0 {
			break
		}
		part = s[j]
		b.WriteString(s[j+1 : j+1+n])
		j += 1 + n
	}
	q.digits = b.Len()
	if k := decimals(s, j, part); k > j {
		b.WriteByte('.')
		b.WriteString(s[j+1 : k])
		j = k
	}
	if j+1 < len(s) && s[j] == '.' && isDigit(s[j+1]) {
		return q, false // a version or an address
	}
	q.value, q.end = strings.TrimLeft(b.String(), "0"), j
	if q.value == "" || q.value[0] == '.' {
		q.value = "0" + q.value
	}
	return q, true
}

// group is the length of the group of thousands after the mark at j, 0 if it is none. A first dot
// parts thousands only where another group or a decimal comma follows.
func group(s string, j int, part byte) int {
	n := 0
	for j+1+n < len(s) && isDigit(s[j+1+n]) && n < 4 {
		n++
	}
	next := j + 1 + n
	more := next+1 < len(s) && isDigit(s[next+1])
	switch {
	case n == 2 && s[j] == ',' && more && s[next] == ',': // 1,00,000
		return 2
	case n != 3:
		return 0
	case s[j] == ',' || part == '.', more && (s[next] == '.' || s[next] == ','):
		return 3
	case strings.HasPrefix(s[next:], "€") || strings.HasPrefix(s[next:], " €") || strings.HasPrefix(s[next:], " eur"):
		return 3
	}
	return 0
}

// decimals is where the decimals after the mark at j end, j if there are none.
func decimals(s string, j int, part byte) int {
	if j >= len(s) || s[j] != '.' && s[j] != ',' || s[j] == part {
		return j
	}
	k := j + 1
	for k < len(s) && isDigit(s[k]) && k-j <= 9 {
		k++
	}
	n := k - j - 1
	if n == 0 || n > 8 || s[j] == ',' && n > 2 {
		return j
	}
	return k
}

// scale is the fixed point of sums with units: four decimals. mostSum bounds what is multiplied by a unit.
const (
	scale   = 10000
	mostSum = 1e6 * scale
)

// quantity reads a number at i: 1,234.50, 5k, 1万2, 两千五, 三百.
func (s *scan) quantity(i int) (quantity, bool) {
	if i >= len(s.text) {
		return quantity{}, false
	}
	q, arabic := plain(s.text, i)
	if !arabic && !(isHan(runeAt(s.text, i)) && strings.ContainsRune("一二三四五六七八九十两俩", runeAt(s.text, i))) {
		return q, false
	}
	if arabic {
		if unit, end := latinUnit(s.text, q.end); unit > 0 {
			return q.times(unit, end)
		}
		if r := runeAt(s.text, q.end); !strings.ContainsRune(hanUnits, r) || r == 0 {
			return q, true
		}
	}
	return s.withUnits(i)
}

var latinUnits = []struct {
	unit int64
	word string
}{{1000, "k"}, {1000, " k"}, {10000, "w"}, {100, " hundred"}, {1000, " thousand"}, {100000, " lakh"}, {100000, " lakhs"}, {1000000, " million"}}

// latinUnit reads k, w, hundred, thousand, lakh or million after a number.
func latinUnit(s string, i int) (int64, int) {
	if i < len(s) && (s[i] == ' ' || isLower(s[i])) {
		for _, u := range latinUnits {
			if end, ok := cut(s, i, u.word); ok && (end >= len(s) || !isAlnum(s[end])) {
				return u.unit, end
			}
		}
	}
	return 0, i
}

func fixed(value string) (int64, bool) {
	whole, part, _ := strings.Cut(value, ".")
	if len(whole) > 11 || len(part) > 4 {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part+"0000"[len(part):], 10, 64)
	return n, err == nil
}

func unfixed(n int64) string {
	whole, part := strconv.FormatInt(n/scale, 10), n%scale
	if part == 0 {
		return whole
	}
	return whole + "." + strings.TrimRight(strconv.FormatInt(part+scale, 10)[1:], "0")
}

func (q quantity) times(unit int64, end int) (quantity, bool) {
	n, ok := fixed(q.value)
	if !ok || n > 1<<62/unit {
		return q, false
	}
	q.value, q.end, q.units = unfixed(n*unit), end, true
	return q, true
}

// withUnits reads digits of either script with the units 十 to 亿. A digit behind the last unit
// counts in the next smaller one, as people say it: 两千五 is 2500.
func (s *scan) withUnits(i int) (quantity, bool) {
	q := quantity{han: true, end: i}
	var total, section, last int64
	for range 12 {
		digit, end, zero := s.element(q.end)
		r := runeAt(s.text, end)
		at := strings.IndexRune(hanUnits, r)
		if digit < 0 && (r != '十' || last == 10) || digit > 1e15 {
			break
		}
		if at < 0 || r == 0 {
			if last > 10 && !zero && digit < 10*scale && digit%scale == 0 {
				digit = digit * last / 10
			}
			section, q.end = section+digit, end
			break
		}
		if digit < 0 {
			digit = scale
		}
		if section+digit > mostSum {
			return q, false
		}
		q.units, q.end = true, end+len("十")
		last = []int64{10, 100, 1000, 1e4, 1e8}[at/len("十")]
		if last < 1e4 {
			section += digit * last
		} else {
			total, section = total+(section+digit)*last, 0
		}
		if to, ok := cut(s.text, q.end, "万"); ok && section > 0 && section <= mostSum { // 五十万
			total, section, last, q.end = total+section*1e4, 0, 1e4, to
		}
		if total > 1e15 {
			return q, false
		}
	}
	q.value = unfixed(total + section)
	return q, q.end > i
}

// element reads one number of a larger one, in fixed point; -1 if there is none.
func (s *scan) element(i int) (n int64, end int, zero bool) {
	if to, ok := cut(s.text, i, "零", "〇"); ok && to < len(s.text) {
		i, zero = to, true
	}
	if p, ok := plain(s.text, i); ok {
		if n, ok := fixed(p.value); ok {
			return n, p.end, zero
		}
		return -1, i, zero
	}
	r := runeAt(s.text, i)
	if r == '两' || r == '俩' {
		return 2 * scale, i + len("两"), zero
	}
	if at := strings.IndexRune(hanDigits, r); at > 0 {
		return int64(at/len("零")) * scale, i + len("零"), zero
	}
	return -1, i, zero
}

// amount reads a number with a currency behind it.
func (s *scan) amount(i int) (int, bool) {
	q, ok := s.quantity(i)
	if !ok {
		return i, false
	}
	value, end, ok := s.priced(q)
	if !ok || q.value == "1" && s.text[i:end] == "一块" {
		return i, false
	}
	return s.add(router.SignalAmount, i, end, value), true
}

// priced looks for the currency behind a number.
func (s *scan) priced(q quantity) (value string, end int, ok bool) {
	j := blanks(s.text, q.end, 1)
	if q.han || j == q.end {
		j, _ = cut(s.text, j, "多", "来", "余")
	}
	if k, found := cut(s.text, j, "€", "£", "¥", "$"); found && (k >= len(s.text) || !isDigit(s.text[k])) {
		return q.value + " " + map[string]string{"€": "EUR", "£": "GBP", "¥": "CNY", "$": "USD"}[s.text[j:k]], k, true
	}
	what, end, found := currencies.at(s.text, j)
	switch {
	case !found || s.text[j:end] == "u" && j > q.end, strings.HasPrefix(s.text[end:], "旦"):
		return "", j, false
	case what.tenths:
		n, ok := fixed(q.value)
		return unfixed(n/10) + " CNY", end, ok
	case s.text[j:end] == "块":
		if part, ok := s.jiao(end); ok && !strings.Contains(q.value, ".") {
			return q.value + "." + part.value + " CNY", part.end, true
		}
	}
	return strings.TrimSpace(q.value + " " + what.code), end, true
}

// jiao reads the single digit behind 块: 三块五, 3块5毛.
func (s *scan) jiao(i int) (quantity, bool) {
	n, end, zero := s.element(i)
	if n <= 0 || n >= 10*scale || n%scale != 0 || zero {
		return quantity{}, false
	}
	to, _ := cut(s.text, end, "毛", "角")
	if to == end && counted(s.text, end) {
		return quantity{}, false
	}
	return quantity{value: unfixed(n), end: to}, true
}

// moneyAfter reads the number behind a currency, which began at from; a code behind the number says more than a sign.
func (s *scan) moneyAfter(from, i int, code string) int {
	i = blanks(s.text, i, 2)
	q, ok := s.quantity(i)
	if !ok || q.end < len(s.text) && isLower(s.text[q.end]) && !q.units && currencyEnd(s.text, q.end) == q.end {
		return max(i, from+1)
	}
	value, end := q.value+" "+code, q.end
	if own, to, ok := s.priced(q); ok {
		value, end = own, to
	}
	return s.add(router.SignalAmount, from, end, value)
}

func currencyEnd(s string, i int) int {
	_, end, _ := currencies.at(s, i)
	return end
}

// numerals are the English words for numbers.
var numerals = map[string]int64{"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
	"thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
	"seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000, "million": 1000000}

// spelledOut reads a hundred bucks, two thousand five hundred dollars.
func (s *scan) spelledOut(i int) (int, bool) {
	var total, section int64
	j := i
	for range 8 {
		j = s.after(j, " and ", " ", "-")
		end := wordEnd(s.text, j)
		n, ok := numerals[s.text[j:end]]
		if !ok {
			break
		}
		switch {
		case n == 100:
			section = max(section, 1) * 100
		case n >= 1000:
			total, section = total+max(section, 1)*n, 0
		default:
			section += n
		}
		if section > 1e6 || total > 1e12 {
			return i, false
		}
		j = end
	}
	value, end, ok := s.priced(quantity{value: strconv.FormatInt(total+section, 10), end: j})
	if total+section == 0 || !ok || total+section == 1 && s.text[i] == 'a' {
		return i, false
	}
	return s.add(router.SignalAmount, i, end, value), true
}
