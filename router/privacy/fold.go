package privacy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// folded is a text as the readers see it, with the way back to the original.
type folded struct {
	s    string
	back []int32 // for each byte of s (and its end) the byte of the original; nil where both are the same
}

func fold(text string) folded {
	if ascii(text) {
		return folded{s: strings.ToLower(text)}
	}
	var b strings.Builder
	b.Grow(len(text))
	back := make([]int32, 0, len(text)+1)
	for i, r := range text {
		p := plain(r)
		if p < 0 {
			continue
		}
		for n, _ := b.WriteRune(p); n > 0; n-- {
			back = append(back, int32(i))
		}
	}
	return folded{b.String(), append(back, int32(len(text)))}
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// origin is the place in the original of a place in the folded text.
func (f folded) origin(i int) int {
	if f.back == nil {
		return i
	}
	return int(f.back[i])
}

// simplified turns the Traditional characters of the vocabulary into Simplified ones.
var simplified = pairs("碼码驗验證证號号帳账賬账帐账戶户訂订單单編编動动態态認认銀银簡简訊讯為为發发給给這这個个設设確确運运遞递錯错誤误應应該该鑰钥輸输後后顯显臨临時时電电話话號号機机蓋盖錄录登登額额餘余總总計计轉转將将進进種种詞词憑凭參参過过說说寫写" +
	"對对嗎吗沒没讓让匯汇郵邮務务備备條条與与開开戰战審审門门圖图麼么麽么權权購购貨货據据實实現现備备無无請请們们來来還还點点秘秘祕秘隱隐龍龙幣币錢钱聯联絡络間间變变換换啟启長长邊边剛刚傳传裡里裏里係是咗了佢他")

// runeSet answers quickly what most characters are asked for in vain.
type runeSet [1 << 10]uint64 // of the first 65,536

func (s *runeSet) has(r rune) bool { return r < 1<<16 && s[r>>6]&(1<<(r&63)) != 0 }

func keysOf[V any](m map[rune]V) *runeSet {
	s := &runeSet{}
	for r := range m {
		if r < 1<<16 {
			s[r>>6] |= 1 << (r & 63)
		}
	}
	return s
}

var traditional = keysOf(simplified)

func pairs(s string) map[rune]rune {
	out, rs := map[rune]rune{}, []rune(s)
	for i := 0; i+1 < len(rs); i += 2 {
		out[rs[i]] = rs[i+1]
	}
	return out
}

// plain is what a character is read as; negative where it is not read at all.
func plain(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	case 0x4E00 <= r && r <= 0x9FFF:
		if traditional.has(r) {
			return simplified[r]
		}
		return r
	case 0xFF01 <= r && r <= 0xFF5E:
		return plain(r - 0xFEE0)
	}
	if p, ok := marks[r]; ok {
		return p
	}
	switch {
	case unicode.Is(unicode.Cf, r), 0xFE00 <= r && r <= 0xFE0F, 0xE0100 <= r && r <= 0xE01EF: // formats, variation selectors
		return -1
	case unicode.Is(unicode.Nd, r):
		return digit(r)
	case unicode.Is(unicode.Zs, r):
		return ' '
	case unicode.Is(unicode.Pd, r):
		return '-'
	}
	return unicode.ToLower(r)
}

// digit is the ASCII digit of a decimal digit of any script: their blocks of ten begin with zero.
func digit(r rune) rune {
	for _, b := range unicode.Nd.R16 {
		if rune(b.Lo) <= r && r <= rune(b.Hi) {
			return '0' + (r-rune(b.Lo))%10
		}
	}
	for _, b := range unicode.Nd.R32 {
		if rune(b.Lo) <= r && r <= rune(b.Hi) {
			return '0' + (r-rune(b.Lo))%10
		}
	}
	return r
}

// marks are single characters that are read as others. Keycaps and fillers are not read.
var marks = func() map[rune]rune {
	m := map[rune]rune{'“': '"', '”': '"', '„': '"', '「': '"', '」': '"', '『': '"', '』': '"', '«': '"', '»': '"', '‘': '\'', '’': '\'', '【': '[', '】': ']',
		'、': ',', '·': '.', '・': '.', '‧': '.', '∙': '.', '⋅': '.', '⁄': '/', '∕': '/', '−': '-', '\u2028': '\n', '\u2029': '\n', '\u0085': '\n',
		'\u20E3': -1, '\u034F': -1, '\u115F': -1, '\u1160': -1, '\u3164': -1, '→': '>', '⓪': '0', '²': '2', '³': '3', '¹': '1', '⁰': '0'}
	for i := range rune(9) {
		m['①'+i], m['❶'+i], m['➀'+i], m['➊'+i] = '1'+i, '1'+i, '1'+i, '1'+i
	}
	for i := range rune(10) {
		m['₀'+i] = '0' + i
		if i > 3 {
			m['⁰'+i] = '0' + i
		}
	}
	return m
}()
