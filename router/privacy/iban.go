package privacy

import "strings"

// ibanLengths are the lengths of IBANs by country (ISO 13616, registry of SWIFT).
var ibanLengths = func() map[string]int {
	out := map[string]int{}
	for _, f := range strings.Fields("ad24 ae23 al28 at20 az28 ba20 be16 bg22 bh22 bi27 br29 by28 ch21 cr22 cy28 cz24 de22 dj27 dk18 do28 ee20 eg29 es24 fi18 fk18 fo18 fr27 gb22 ge22 gi23 gl18 gr27 gt28 hn28 hr21 hu28 ie22 il23 iq23 is26 it27 jo30 kw30 kz20 lb28 lc32 li21 lt20 lu20 lv21 ly25 mc27 md24 me22 mk19 mn20 mr27 mt31 mu30 ni28 nl18 no15 om23 pk24 pl28 ps29 pt25 qa29 ro24 rs22 ru33 sa24 sc31 sd18 se24 si19 sk24 sm27 so23 st25 sv28 tl23 tn24 tr26 ua29 va22 vg24 xk20 ye30") {
		out[f[:2]] = int(f[2]-'0')*10 + int(f[3]-'0')
	}
	return out
}()

// ibans finds IBANs: it looks before each run of digits for the country.
func (t *text) ibans() {
	end := 0
	for _, r := range t.runs {
		from := r.from - 2
		if from >= 0 && t.s[r.from-1] == ' ' {
			from-- // DE 89
		}
		if from < end || from < 0 || r.to-r.from < 2 || !isLetter(t.s[from]) || !isLetter(t.s[from+1]) {
			continue
		}
		if from > 0 && isWord(t.s[from-1]) && !strings.HasSuffix(t.s[:from], "iban") {
			continue
		}
		if to := t.ibanEnd(from, r.from); to > 0 {
			country := strings.ToUpper(t.s[from : from+2])
			t.add(found{from, to, KindIBAN, country, strings.ToUpper(lastAlnum(t.s[from:to]))})
			end = to
		}
	}
}

// ibanEnd is the end of an IBAN that begins at from and whose check digits stand at check; 0 where it is none.
func (t *text) ibanEnd(from, check int) int {
	length := ibanLengths[t.s[from:from+2]]
	if length == 0 {
		return 0
	}
	buf := append(make([]byte, 0, 34), t.s[from:from+2]...)
	i, gap := check, 0
	for ; i < len(t.s) && len(buf) < length; i++ {
		switch c := t.s[i]; {
		case isWord(c):
			buf, gap = append(buf, c), 0
		case strings.IndexByte(" -.\n\r\t", c) >= 0 && gap < 2:
			gap++
		default:
			return 0
		}
	}
	if len(buf) < length || i < len(t.s) && isWord(t.s[i]) || !mod97(buf) {
		return 0
	}
	return i
}

// mod97 is the check of ISO 7064 over an IBAN in lower case: its first four characters go to the end, letters count from 10.
func mod97(b []byte) bool {
	rest := 0
	for i := range b {
		c := b[(i+4)%len(b)]
		if isDigit(c) {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'a') + 10) % 97
		}
	}
	return rest == 1
}

// lastAlnum are the last four letters or digits.
func lastAlnum(s string) string {
	out := ""
	for i := len(s) - 1; i >= 0 && len(out) < 4; i-- {
		if isWord(s[i]) {
			out = s[i:i+1] + out
		}
	}
	return out
}
