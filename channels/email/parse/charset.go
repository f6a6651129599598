package parse

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cention-sany/utf7"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	utf16 "golang.org/x/text/encoding/unicode"
)

// labels that mean something else than they say, or that no index knows.
var labels = map[string]encoding.Encoding{
	"gb2312": simplifiedchinese.GB18030, "gbk": simplifiedchinese.GB18030, "gb_2312-80": simplifiedchinese.GB18030,
	"cp936": simplifiedchinese.GB18030, "ms936": simplifiedchinese.GB18030, "x-gbk": simplifiedchinese.GB18030,
	"gb18030": simplifiedchinese.GB18030, "hz-gb-2312": simplifiedchinese.HZGB2312, "euc-cn": simplifiedchinese.GB18030,
	"cp950": traditionalchinese.Big5, "big5-hkscs": traditionalchinese.Big5, "big5hkscs": traditionalchinese.Big5,
	"cp932": japanese.ShiftJIS, "ms932": japanese.ShiftJIS, "x-sjis": japanese.ShiftJIS, "sjis": japanese.ShiftJIS,
	"iso-2022-jp-1": japanese.ISO2022JP, "iso-2022-jp-2": japanese.ISO2022JP, "iso-2022-jp-ms": japanese.ISO2022JP,
	"cp949": korean.EUCKR, "ms949": korean.EUCKR, "ks_c_5601-1987": korean.EUCKR, "ksc5601": korean.EUCKR,
	"cp1250": charmap.Windows1250, "cp1251": charmap.Windows1251, "cp1252": charmap.Windows1252,
	"cp1253": charmap.Windows1253, "cp1254": charmap.Windows1254, "cp1255": charmap.Windows1255,
	"cp1256": charmap.Windows1256, "cp1257": charmap.Windows1257, "cp1258": charmap.Windows1258,
	"iso8859_1": charmap.Windows1252, "iso-8859-8-i": charmap.ISO8859_8, "cp437": charmap.CodePage437,
	"cp850": charmap.CodePage850, "latin-1": charmap.Windows1252, "macintosh": charmap.Macintosh,
	"utf-16": utf16.UTF16(utf16.BigEndian, utf16.UseBOM), "utf-16be": utf16.UTF16(utf16.BigEndian, utf16.UseBOM),
	"utf-16le": utf16.UTF16(utf16.LittleEndian, utf16.UseBOM),
	"utf-7":    utf7.UTF7, "unicode-1-1-utf-7": utf7.UTF7, "x-unicode-2-0-utf-7": utf7.UTF7,
}

// guesses are tried in this order where no label helps; the first of equals wins.
var guesses = []encoding.Encoding{
	simplifiedchinese.GB18030, traditionalchinese.Big5, japanese.ShiftJIS, japanese.EUCJP, korean.EUCKR,
	charmap.Windows1252, charmap.Windows1251, charmap.KOI8R,
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// decode makes UTF-8 of bytes with a label. Valid UTF-8 beats the label.
func (p *parser) decode(b []byte, label string) string {
	label = strings.ToLower(strings.Trim(label, " \t\"'"))
	if s, ok := byMark(b); ok {
		return s
	}
	if isASCII(b) {
		return p.decodeASCII(b, label)
	}
	if wide := strings.HasPrefix(label, "utf-16"); !wide && utf8.Valid(b) {
		if label != "" && label != "utf-8" && label != "utf8" {
			p.warn("the text is UTF-8 and not what its label says")
		}
		return string(b)
	}
	if enc := byLabel(label); enc != nil && label != "us-ascii" && label != "utf-8" {
		s, bad := convert(enc, b)
		if bad*20 <= utf8.RuneCountInString(s) {
			return s
		}
	}
	if label == "utf-8" || label == "utf8" {
		if s, ok := mostlyUTF8(b); ok {
			p.warn("the text has broken UTF-8")
			return s
		}
	}
	if label != "" {
		p.warn("the text is not in the charset of its label")
	}
	return guess(b)
}

// mostlyUTF8 repairs UTF-8 that has a few broken places: fewer than half as many as good characters.
func mostlyUTF8(b []byte) (string, bool) {
	s := strings.ToValidUTF8(string(b), "\ufffd")
	good, bad := 0, 0
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			bad++
		case r >= 0x80:
			good++
		}
	}
	return s, bad*2 <= good
}

// decodeASCII decodes charsets whose bytes look like ASCII.
func (p *parser) decodeASCII(b []byte, label string) string {
	switch {
	case bytes.Contains(b, []byte("\x1b$")) || bytes.Contains(b, []byte("\x1b(")) || strings.HasPrefix(label, "iso-2022-jp"):
		if s, bad := convert(japanese.ISO2022JP, b); bad == 0 {
			return s
		}
	case strings.Contains(label, "utf-7"), strings.HasPrefix(label, "utf-16"), label == "hz-gb-2312":
		if s, bad := convert(byLabel(label), b); bad*20 <= len(s) {
			return s
		}
		p.warn("the text is not in the charset of its label")
	}
	return string(b)
}

func byMark(b []byte) (string, bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) && utf8.Valid(b):
		return string(b[3:]), true
	case len(b)%2 == 0 && (bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff"))):
		s, bad := convert(labels["utf-16"], b)
		return s, bad == 0
	}
	return "", false
}

func byLabel(label string) encoding.Encoding {
	if e := labels[label]; e != nil {
		return e
	}
	if e, err := htmlindex.Get(label); err == nil && e != nil && e != encoding.Replacement {
		return e
	}
	if e, err := ianaindex.MIME.Encoding(label); err == nil {
		return e
	}
	return nil
}

// convert decodes and counts what could not be decoded.
func convert(e encoding.Encoding, b []byte) (string, int) {
	out, err := e.NewDecoder().Bytes(b)
	bad := bytes.Count(out, []byte("\ufffd"))
	if err != nil {
		bad += len(b) - min(len(out), len(b)) + 1
	}
	return strings.ToValidUTF8(string(out), "\ufffd"), bad
}

const guessFrom = 4 << 10 // bytes that are looked at

// guess decodes by what the bytes look like.
func guess(b []byte) string {
	best, most := encoding.Encoding(charmap.Windows1252), -1<<60
	for _, e := range guesses {
		s, bad := convert(e, b[:min(len(b), guessFrom)])
		if n := plausible(s) - 20*bad; n > most {
			best, most = e, n
		}
	}
	s, _ := convert(best, b)
	return s
}

// common are frequent characters of Chinese in both scripts.
const common = "的一是不了人我在有他这這中大来來上国國个個到说說们們为為子和你地出道也时時年得就那要下以生会會自着著去之过過家学學对對可她里裡后後小么麼心多天而能好都然没沒日于於起还還发發成事只作当當想看文无無开開手用主行方又如前所本见見经經头頭面公同三已老从從动動两兩长長知民样樣现現分将將外但身些与與高意进進把法此实實回二理美点點月明其种種声聲全工已己话話儿兒者向情部正名定女问問力机機给給等几幾很业業最间間新什打便位因重被走电電四第门門相次东東政海口使教西再平真听聽世气氣信北少关關并內内加化由却代军軍产產入先山五太水万萬市眼体體别別处處总總才场場师師书書比住员員九笑性通目华華报報立马馬命张張活难難神数數件安表原车車白应應路期叫死常提感金何更反合放做系系统計计或司利受光王果亲親界及今京务務制解各任至清物台象记記边邊共风風战戰干接它许許八特觉覺望直服毛林题題建南度统色字请請爱愛让讓认認算论論百吃义義科怎元社术術结結六功指思非流每青管夫连連远遠资資队隊跟带帶花快条條院变變联聯权權往展该該领領传傳近留红紅治决決周保达達办辦运運武半候七必城父强強步完革深区區即求品士转轉量空甚众眾技轻輕程告江语語英基派满滿式李息写寫呢识識极極令黄黃德收脸臉钱錢党黨倒未持取设設始版双雙历歷越史商千片容研像找友孩站广廣改议議形委早房音火际際则則首单單据據导導影失拿网網香似斯专專石若兵弟谁誰校读讀志飞飛观觀争爭究包组組造落视視济濟喜离離虽雖坏壞测試试邮郵箱账帳户戶号號码碼"

var commonRunes = func() map[rune]bool {
	m := map[rune]bool{}
	for _, r := range common {
		m[r] = true
	}
	return m
}()

// plausible is how much a text looks like somebody's words.
func plausible(s string) int {
	score, last := 0, rune(' ')
	for _, r := range s {
		switch {
		case r < 0x80:
			if r < 32 && r != '\n' && r != '\r' && r != '\t' {
				score -= 5
			}
		case r == utf8.RuneError:
		case commonRunes[r]:
			score += 8
		case r >= 0xe000 && r <= 0xf8ff, unicode.IsControl(r):
			score -= 10
		case unicode.Is(unicode.Han, r):
			score -= 1
		case unicode.In(r, unicode.Hiragana, unicode.Katakana) && r < 0xff00, unicode.Is(unicode.Hangul, r):
			score += 3
		case r >= 0x3000 && r <= 0x301f, r >= 0xff00 && r <= 0xff5e:
			score += 2
		case unicode.Is(unicode.Cyrillic, r):
			score += cyrillic(last, r)
		case unicode.IsLetter(r) && unicode.IsLetter(last) && last < 0x80, unicode.IsLetter(r) && r < 0x180 && last == ' ':
			score++
		default:
			score -= 2
		}
		last = r
	}
	return score
}

func cyrillic(last, r rune) int {
	switch {
	case unicode.IsUpper(r) && unicode.IsLower(last):
		return -3
	case unicode.IsLower(r) && (unicode.Is(unicode.Cyrillic, last) || last == ' '):
		return 2
	}
	return 0
}
