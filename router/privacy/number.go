package privacy

import (
	"strings"
	"time"
)

// run is a maximal run of digits.
type run struct{ from, to int }

// groups finds all runs of digits.
func (t *text) groups() {
	for i := 0; i < len(t.s); {
		if !isDigit(t.s[i]) {
			i++
			continue
		}
		j := i
		for j < len(t.s) && isDigit(t.s[j]) {
			j++
		}
		t.runs = append(t.runs, run{i, j})
		i = j
	}
}

// maxBetween is how many characters may part two groups of one number.
const maxBetween = 5

// parted reports whether two runs may be groups of one number, and whether a line ends between them.
func (t *text) parted(a, b run) (ok, newline bool) {
	gap := t.s[a.to:b.from]
	if len(gap) > maxBetween {
		return false, false
	}
	for i := range len(gap) {
		switch c := gap[i]; c {
		case '\n':
			newline = true
		case ' ', '\t', '\r', '-', '.', '/', '_', ',', '|', '*', ':':
		case '>': // a quoted mail, after its line end
			if !newline {
				return false, false
			}
		default:
			return false, false
		}
	}
	return true, newline
}

// maxCard is the longest number that numbers looks for, in digits.
const maxCard = 19

// numbers finds cards and identity numbers: it begins at each run and takes in the next ones while they may belong to it.
func (t *text) numbers() {
	for i := 0; i < len(t.runs); i++ {
		if n := t.number(i); n > 0 {
			i += n - 1
		}
	}
}

// number reads a card or an identity number that begins with run i, and says how many runs it takes.
func (t *text) number(i int) int {
	first := t.runs[i]
	if strings.HasSuffix(t.s[:first.from], dots+" ") { // the last four of a mask
		return 0
	}
	var buf [maxCard]byte
	var sizes [maxCard]int // of the groups; those that only a line end parts count as one in joined
	joined := make([]int, 0, maxCard)
	d := buf[:0]
	for n := 0; i+n < len(t.runs); n++ {
		r := t.runs[i+n]
		breaks := false
		if n > 0 {
			ok, newline := t.parted(t.runs[i+n-1], r)
			if !ok {
				return 0
			}
			breaks = newline
		}
		size := r.to - r.from
		if len(d)+size > maxCard {
			return 0
		}
		d = append(d, t.s[r.from:r.to]...)
		sizes[n] = size
		if breaks {
			joined[len(joined)-1] += size
		} else {
			joined = append(joined, size)
		}
		if t.cnid(first.from, r.to, d) {
			return n + 1
		}
		if isCard(string(d)) && (shaped(sizes[:n+1]) || shaped(joined)) && t.alone(first.from, r.to) && !t.ordered(first.from) {
			t.add(found{first.from, t.tail(i+n, len(d)), KindCard, "", string(d[len(d)-4:])})
			t.beside(i + n + 1)
			return n + 1
		}
	}
	return 0
}

// tail is the end of a card that ends with run i, with three digits right after it: the rest of a longer one, or its CVV.
func (t *text) tail(i, digits int) int {
	if i+1 < len(t.runs) && digits == 16 {
		if next := t.runs[i+1]; next.to-next.from == 3 && next.from == t.runs[i].to+1 && strings.IndexByte(" -", t.s[t.runs[i].to]) >= 0 && t.isolated(next.from, next.to) {
			return next.to
		}
	}
	return t.runs[i].to
}

// shaped reports whether groups of these sizes look like one number: equal ones with a shorter last, or as cards are printed.
func shaped(sizes []int) bool {
	n := len(sizes)
	switch {
	case n == 1:
		return true
	case n == 2:
		return min(sizes[0], sizes[1]) >= 3
	case n == 3 && sizes[0] == 4 && sizes[1] == 6:
		return true
	}
	for _, s := range sizes[1 : n-1] {
		if s != sizes[0] {
			return false
		}
	}
	return sizes[n-1] <= max(sizes[0], 3)
}

// alone reports whether nothing glued to a number says that it is a part of something else.
func (t *text) alone(from, to int) bool {
	if from > 0 {
		switch c := t.s[from-1]; {
		case c == '+':
			return false
		case isLetter(c) && !gluedBefore[lastWord(t.s[:from])]:
			return false
		}
	}
	return to >= len(t.s) || !isLetter(t.s[to]) || gluedAfter[firstWord(t.s[to:])]
}

var (
	gluedBefore = set("card cards cardno no nr num number visa mastercard master unionpay amex jcb debit credit bank pan cc is was with the my to n")
	gluedAfter  = set("exp expiry expires expiring valid thru cvv cvc cvn and is was please pls thanks the my")
)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

func lastWord(s string) string {
	i := len(s)
	for i > 0 && len(s)-i < 16 && isLetter(s[i-1]) {
		i--
	}
	return s[i:]
}

func firstWord(s string) string {
	i := 0
	for i < len(s) && i < 16 && isLetter(s[i]) {
		i++
	}
	return s[:i]
}

// ordered reports whether the number that begins here stands right after an order word.
func (t *text) ordered(from int) bool {
	h, ok := t.hitBefore(from)
	return ok && h.sense == senseOrder && t.link(h.to).at == from
}

// beside masks expiry and CVV that follow a card without words: 12/27 123.
func (t *text) beside(i int) {
	if i+2 >= len(t.runs) {
		return
	}
	month, year, cvv := t.runs[i], t.runs[i+1], t.runs[i+2]
	size := func(r run) int { return r.to - r.from }
	if gap := t.s[t.runs[i-1].to:month.from]; len(gap) > 12 || strings.ContainsAny(gap, "\n.!?") {
		return
	}
	if size(month) != 2 || t.s[month.from:month.to] > "12" || t.s[month.to:year.from] != "/" && t.s[month.to:year.from] != "-" || size(year) != 2 && size(year) != 4 {
		return
	}
	if ok, _ := t.parted(year, cvv); ok && (size(cvv) == 3 || size(cvv) == 4) && t.isolated(cvv.from, cvv.to) {
		t.add(found{from: month.from, to: cvv.to, kind: KindCVV})
	}
}

// issuers are the ranges of card numbers by their first four digits, with their lengths, as published by the
// networks: Visa, Mastercard, American Express, UnionPay, JCB, Discover, Diners, Maestro, Mir, RuPay, and
// the older Chinese debit cards beginning 9558 and 9559.
var issuers = []struct{ from, to, min, max int }{
	{4000, 4999, 13, 13}, {4000, 4999, 16, 16}, {4000, 4999, 19, 19}, {5100, 5599, 16, 16}, {2221, 2720, 16, 16}, {3400, 3499, 15, 15}, {3700, 3799, 15, 15},
	{6200, 6299, 16, 19}, {8100, 8171, 16, 19}, {3528, 3589, 16, 19}, {6011, 6011, 16, 19}, {6440, 6599, 16, 19},
	{3000, 3059, 14, 19}, {3600, 3699, 14, 19}, {3800, 3999, 14, 19}, {2200, 2204, 16, 19}, {9558, 9559, 16, 19},
	{5000, 5099, 13, 19}, {5600, 5899, 13, 19}, {6000, 6099, 16, 19}, {6300, 6399, 13, 19}, {6700, 6799, 13, 19},
}

func isCard(d string) bool {
	if len(d) < 13 || len(d) > maxCard {
		return false
	}
	head := int(d[0]-'0')*1000 + int(d[1]-'0')*100 + int(d[2]-'0')*10 + int(d[3]-'0')
	for _, r := range issuers {
		if head >= r.from && head <= r.to && len(d) >= r.min && len(d) <= r.max {
			return luhn(d)
		}
	}
	return false
}

// luhn is the check of ISO/IEC 7812-1.
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

// cnid adds the identity number that ends at to, where 18 digits, or 17 and an x, are one.
func (t *text) cnid(from, to int, d []byte) bool {
	switch len(d) {
	case 17: // the x may stand apart, as its group's last
		if at := t.skipBlank(to); at < len(t.s) && t.s[at] == 'x' && at-to <= 1 && (at+1 == len(t.s) || !isWord(t.s[at+1])) && isCNID(string(d)+"x") {
			t.add(found{from: from, to: at + 1, kind: KindCNID})
			return true
		}
	case 18:
		if isCNID(string(d)) {
			t.add(found{from: from, to: to, kind: KindCNID})
			return true
		}
	}
	return false
}

// regions are the first two digits of identity numbers: provinces, Hong Kong, Macao and Taiwan residents.
var regions = set("11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83")

// Years of birth that an identity number may have: from the oldest alive to a bound that needs no clock.
const (
	firstBirth = 1900
	lastBirth  = 2035
)

// isCNID checks region, date of birth and check digit (GB 11643-1999, ISO 7064 mod 11-2). The numbers of
// permanent residents from abroad begin with 9 before the region.
func isCNID(d string) bool {
	if !regions[d[:2]] && (d[0] != '9' || !regions[d[1:3]]) {
		return false
	}
	born, err := time.Parse("20060102", d[6:14])
	if err != nil || born.Year() < firstBirth || born.Year() > lastBirth {
		return false
	}
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(d[i]-'0') * w
	}
	return d[17] == "10x98765432"[sum%11]
}

// isOldCNID checks the form of 15 digits: region and date of birth in the twentieth century.
func isOldCNID(d string) bool {
	if len(d) != 15 || !regions[d[:2]] {
		return false
	}
	_, err := time.Parse("20060102", "19"+d[6:12])
	return err == nil
}
