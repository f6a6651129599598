package privacy

import (
	"regexp"
	"sort"
	"strings"
	"time"
	"unicode"
)

// The kinds of secrets.
const (
	KindCard     = "card"
	KindCNID     = "cn_id"
	KindPassword = "password"
	KindOTP      = "otp"
	KindCVV      = "cvv"
)

// found is a secret at a place in the folded text, in bytes.
type found struct {
	from, to int
	kind     string
	show     string // what stands there instead
}

// maxPasses bounds how often a text is looked at again: what one mask covers may have hidden another secret.
const maxPasses = 8

// Mask gives the text without its secrets, and the kinds that were masked, each once.
func Mask(text string) (masked string, kinds []string) {
	seen := map[string]bool{}
	for range maxPasses {
		next, found := pass(text)
		if len(found) == 0 {
			break
		}
		text = next
		for _, k := range found {
			if !seen[k] {
				seen[k] = true
				kinds = append(kinds, k)
			}
		}
	}
	return text, kinds
}

// pass masks what one look finds.
func pass(text string) (masked string, kinds []string) {
	f := fold(text)
	if !f.digits && !hasAny(f.text, passwordWords) {
		return text, nil
	}
	var all []found
	all = append(all, numbers(f.text)...)
	all = append(all, words(f.text)...)
	if len(all) == 0 {
		return text, nil
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].from < all[j].from })
	var b strings.Builder
	at, seen := 0, map[string]bool{}
	for _, x := range all {
		from, to := f.origin(x.from), f.origin(x.to)
		if from < at {
			continue // inside one that is masked already
		}
		b.WriteString(text[at:from])
		b.WriteString(x.show)
		at = to
		if !seen[x.kind] {
			seen[x.kind] = true
			kinds = append(kinds, x.kind)
		}
	}
	b.WriteString(text[at:])
	return b.String(), kinds
}

// folded is a text in half width and lower case, with the way back to the original.
type folded struct {
	text   string
	back   []int // for each byte of text (and its end) the byte of the original; nil where both are the same
	digits bool
}

func fold(s string) folded {
	f := folded{}
	same := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		f.digits = f.digits || c >= '0' && c <= '9'
		same = same && c < 0x80
	}
	if same {
		f.text = strings.ToLower(s)
		return f
	}
	var b strings.Builder
	b.Grow(len(s))
	f.back = make([]int, 0, len(s)+1)
	for i, r := range s {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E:
			r -= 0xFEE0
		case r == 0x3000 || r == 0xA0 || r == 0x202F || r == 0x2009:
			r = ' '
		case r >= 0x2010 && r <= 0x2015:
			r = '-'
		case unicode.Is(unicode.Cf, r):
			continue
		}
		r = unicode.ToLower(r)
		f.digits = f.digits || r >= '0' && r <= '9'
		n, _ := b.WriteRune(r)
		for range n {
			f.back = append(f.back, i)
		}
	}
	f.back = append(f.back, len(s))
	f.text = b.String()
	return f
}

func (f folded) origin(i int) int {
	if f.back == nil {
		return i
	}
	return f.back[i]
}

// digitRuns finds digits that may be parted by single blanks, line breaks, dots or hyphens.
var digitRuns = regexp.MustCompile(`\d(?:[ \t.\-]?(?:\r?\n)?\d){12,24}x?`)

var orderWord = regexp.MustCompile(`(?:订单|訂單|单号|流水|交易号|运单|快递|物流|编号|order|tracking|reference|ref|transaction|txn|invoice|parcel|shipment|ticket|case)[^\d\n]{0,12}$`)

// numbers finds cards and identity numbers.
func numbers(s string) []found {
	var out []found
	for _, at := range digitRuns.FindAllStringIndex(s, -1) {
		run := s[at[0]:at[1]]
		if at[0] > 0 && (isDigit(s[at[0]-1]) || s[at[0]-1] == '+') || at[1] < len(s) && isDigit(s[at[1]]) {
			continue
		}
		plain := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r == 'x' {
				return r
			}
			return -1
		}, run)
		end := at[1]
		if isCNID(plain) {
			out = append(out, found{at[0], end, KindCNID, label(s, "身份证号 ••••", "ID number ••••")})
			continue
		}
		if strings.HasSuffix(plain, "x") {
			plain, end = plain[:len(plain)-1], end-1
		}
		if isCard(plain) && !orderWord.MatchString(s[max(0, at[0]-40):at[0]]) {
			out = append(out, found{at[0], end, KindCard, label(s, "卡 •••• ", "card •••• ") + plain[len(plain)-4:]})
		}
	}
	return out
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// label chooses the language of a mask by the text around it.
func label(s, zh, en string) string {
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			return zh
		}
	}
	return en
}

// issuers are the ranges of card numbers by their first digits, with their lengths
// (as published by the networks: Visa, Mastercard, American Express, UnionPay, JCB, Discover, Diners, Maestro).
var issuers = []struct {
	from, to int // of the first four digits
	min, max int // lengths
}{
	{4000, 4999, 13, 19}, {5100, 5599, 16, 16}, {2221, 2720, 16, 16}, {3400, 3499, 15, 15}, {3700, 3799, 15, 15},
	{6200, 6299, 16, 19}, {8100, 8171, 16, 19}, {3528, 3589, 16, 19}, {6011, 6011, 16, 19}, {6440, 6599, 16, 19},
	{3000, 3059, 14, 19}, {3600, 3699, 14, 19}, {3800, 3999, 14, 19}, {5000, 5099, 13, 19}, {5600, 5899, 13, 19}, {6000, 6099, 16, 19}, {6300, 6399, 13, 19}, {6700, 6799, 13, 19},
}

func isCard(d string) bool {
	if len(d) < 13 || len(d) > 19 || !luhn(d) {
		return false
	}
	head := int(d[0]-'0')*1000 + int(d[1]-'0')*100 + int(d[2]-'0')*10 + int(d[3]-'0')
	for _, r := range issuers {
		if head >= r.from && head <= r.to && len(d) >= r.min && len(d) <= r.max {
			return true
		}
	}
	return false
}

func luhn(d string) bool {
	sum := 0
	for i := range len(d) {
		v := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

// isCNID checks region, date and check digit (GB 11643-1999, ISO 7064 mod 11-2).
func isCNID(d string) bool {
	if len(d) != 18 || strings.Contains(d[:17], "x") {
		return false
	}
	region := int(d[0]-'0')*10 + int(d[1]-'0')
	if region < 11 || region > 83 {
		return false
	}
	born, err := time.Parse("20060102", d[6:14])
	if err != nil || born.Year() < 1900 || born.Year() > 2099 {
		return false
	}
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(d[i]-'0') * w
	}
	return d[17] == "10x98765432"[sum%11]
}

var (
	passwordWords = []string{"密码", "密碼", "口令", "password", "passwd", "pwd"}
	codeWords     = []string{"码", "碼", "密", "otp", "code", "time", "cvv", "cvc", "cvn"}
)

func hasAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// wordPatterns find secrets near their words. Group 1 is the secret; a text without one of the words is not searched.
var wordPatterns = []struct {
	kind  string
	words []string
	re    *regexp.Regexp
}{
	{KindCVV, codeWords, regexp.MustCompile(`(?:cvv2?|cvc2?|cvn|安全码|安全碼|背面三位|card security code)[^\d\n]{0,8}(\d{3,4})(?:\D|$)`)},
	{KindOTP, codeWords, regexp.MustCompile(`(?:验证码|驗證碼|校验码|动态码|动态密码|短信码|确认码|otp|one[- ]time (?:pass)?(?:code|word)|verification code|security code|sms code|passcode|2fa code|auth(?:entication)? code|login code)[^\d\n]{0,16}(\d{4,8}|\d{3}[ -]\d{3})(?:\D|$)`)},
	{KindOTP, codeWords, regexp.MustCompile(`(?:^|\D)(\d{4,8}|\d{3}[ -]\d{3})[^\d\n]{0,6}(?:是|为|is|was)?[^\d\n]{0,10}(?:验证码|驗證碼|校验码|动态码|短信码|otp\b|verification code|one[- ]time code|sms code|login code)`)},
	{KindPassword, passwordWords, regexp.MustCompile(`(?:密码|密碼|口令|password|passwd|pwd)\s*(?:是|为|為|is|was|[:：=])+\s*[:：=]?\s*["'“]?([\x21-\x7e]{4,64})`)},
}

// notPasswords are words that often follow "password is" without being one.
var notPasswords = regexp.MustCompile(`^(?:wrong|incorrect|invalid|not|expired|correct|lost|forgotten|weak|required|reset|changed|locked|being|same|right|the|my|what|still|no|too|never|always|safe|compromised|leaked|stolen|known|unknown|working|broken)\b`)

func words(s string) []found {
	var out []found
	for _, p := range wordPatterns {
		if !hasAny(s, p.words) {
			continue
		}
		for _, m := range p.re.FindAllStringSubmatchIndex(s, -1) {
			from, to := m[2], m[3]
			secret := s[from:to]
			if p.kind == KindPassword && notPasswords.MatchString(secret) || strings.Contains(s[m[0]:m[1]], "•") || strings.HasSuffix(s[:from], "•••• ") {
				continue
			}
			out = append(out, found{from, to, p.kind, "••••"})
		}
	}
	return out
}
