package classify

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"switchyard/router"
)

// tongue is what a Latin word tells about its language.
type tongue uint8

const (
	neutral tongue = iota + 1 // names and words that Chinese texts use as they are
	english
	foreign // function words of other languages in Latin script
)

// tongues are frequent words by what they tell; a word of two languages that tells nothing is left out.
var tongues = func() map[string]tongue {
	out := map[string]tongue{}
	for t, list := range map[tongue]string{
		neutral: "app id pin otp sms email mail qq vip wifi usdt usdc usd cny rmb hkd paypal wechat alipay visa mastercard unionpay iphone ipad android ios huawei xiaomi oppo vivo samsung google apple pay store pro max plus " +
			"ok bug vpn apk atm face touch whatsapp telegram taobao swift iban bank of china hsbc icbc boc cmb err error code no hi hello sorry please thanks web pc kyc nfc url http https www com cn net",
		english: "the and you your my is are was were have has had not this that with for from what why how when can could would should will please help they them it its i'm don't can't been but because still there i we he she of to did does do get got any where who which just money thanks thank hello want need",
		foreign: "el los las una por para pero porque como qué está estoy tengo hola gracias necesito ayuda mi cuenta dinero quiero puedo con muy también ustedes del cuando donde " +
			"des une est pas je vous nous mon ma mes pour avec dans sur mais bonjour merci compte argent suis c'est n'ai j'ai qui que et du au aux être cette votre " +
			"der das und ist nicht ich sie wir mein meine mit für auf aber wie bitte danke konto geld habe kann ein eine den dem von zu bei noch nach wurde hallo " +
			"não você uma meu minha conta dinheiro obrigado obrigada olá preciso ajuda estou fazer são isso muito meus sim " +
			"saya tidak yang dan ini itu untuk dengan uang akun bisa sudah belum kenapa tolong mohon terima kasih apa dari ada anda kami " +
			"tôi không của và là cho được này tiền tài khoản xin chào cảm ơn với một có các bị chưa giúp vui lòng " +
			"ang ng mga ako ko po hindi pera naman lang kasi yung sa salamat paano bakit nyo niyo opo pa ba " +
			"il che non sono ho ciao grazie soldi perché questo della",
	} {
		for w := range strings.FieldsSeq(list) {
			if _, taken := out[w]; !taken || t == english {
				out[w] = t
			}
		}
	}
	return out
}()

// hanFunction are small words that make a Chinese text of a few characters.
var hanFunction = setOf("我你您他的了吗么呢不没是在有要怎为什请这那还就都把被给能可以")

// letters is what a text is written in.
type letters struct {
	han, kana, hangul, latin, other int
	function                        bool // Chinese small words
	words, english, foreign         int  // Latin words by what they tell
	content                         int  // English words that a Chinese text would not use as they are
	marks                           int  // letters that English does not have
}

// DetectLanguage tells Chinese, English, mixed and other texts apart: by script, a mixed text by words
// that carry content in both, other languages in Latin script by their small words and letters.
// One Chinese name does not make an English text mixed, nor one brand a Chinese one.
func DetectLanguage(text string) router.Language {
	l := lettersOf(text)
	switch {
	case l.han+l.latin+l.other+l.kana+l.hangul == 0,
		l.other*2 > l.han*3+l.latin, l.kana*4 > l.han && l.kana*2 > l.latin && l.kana > 1, l.hangul*3 > l.han+l.latin:
		return router.LanguageOther
	case l.han == 0:
		return l.latinLanguage()
	}
	chinese, content := float64(l.han)/2, float64(l.content)
	share := content / (chinese + content)
	zh := (l.han >= 4 || l.function && l.han >= 2) && share <= 0.9
	en := l.content >= 2 && share >= 0.2 || l.content == 1 && share >= 0.3
	switch {
	case zh && en:
		return router.LanguageMixed
	case zh || content == 0 && l.english == 0:
		return router.LanguageZH
	case l.foreign > l.english:
		return router.LanguageOther
	}
	return router.LanguageEN
}

// latinLanguage is English unless the words or letters of another language outweigh it.
func (l letters) latinLanguage() router.Language {
	switch {
	case l.words == 0:
		return router.LanguageOther // ids and numbers
	case l.foreign+l.marks > l.english && (l.foreign+l.marks)*6 >= l.words && (l.foreign+l.marks >= 2 || l.words <= 2):
		return router.LanguageOther
	}
	return router.LanguageEN
}

func lettersOf(text string) letters {
	l := letters{}
	n := 0
	for i := 0; i < len(text) && n < maxText; {
		c := text[i]
		if c < utf8.RuneSelf && !isDigit(c) && !isLower(c|0x20) {
			i, n = i+1, n+1
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case isHan(r):
			l.han++
			l.function = l.function || hanFunction.has(r)
		case c < utf8.RuneSelf || unicode.Is(unicode.Latin, r):
			end := l.latinWord(text, i)
			n += end - i
			i = end
			continue
		case r >= 0x3041 && r <= 0x30FF && r != '・':
			l.kana++
		case unicode.Is(unicode.Hangul, r):
			l.hangul++
		case unicode.IsLetter(r):
			l.other++
		}
		i, n = i+size, n+1
	}
	return l
}

// latinWord counts the word at i and gives its end.
func (l *letters) latinWord(text string, i int) int {
	end, digits, marks := l.latinLetters(text, i)
	if end == i {
		return i + 1
	}
	if digits > 0 || end-i > 30 {
		return end
	}
	l.words++
	word := text[i:end]
	t, known := tongues[word]
	if !known && strings.IndexFunc(word, unicode.IsUpper) >= 0 {
		t = tongues[strings.ToLower(word)]
	}
	if marks > 0 && t != foreign {
		l.marks++
	}
	switch t {
	case english:
		l.english++
		l.content++
	case foreign:
		l.foreign++
	case 0:
		if end-i >= 3 && !inAddress(text, i, end) {
			l.content++
		}
	}
	return end
}

// inAddress reports whether the word stands in the address of a page or a mailbox.
func inAddress(text string, i, end int) bool {
	before := i > 0 && strings.IndexByte("./@-&=", text[i-1]) >= 0
	return before || end+1 < len(text) && (text[end] == '@' || text[end] == '/' || (text[end] == '.' || text[end] == '-') && isLower(text[end+1]|0x20))
}

// latinLetters is where the letters and digits at i end, with how many are digits, and how many no letters of English.
func (l *letters) latinLetters(text string, i int) (end, digits, marks int) {
	for end = i; end < len(text) && end-i < 4*maxText; {
		if c := text[end]; c < utf8.RuneSelf {
			switch {
			case isDigit(c) || c == '_':
				digits++
			case isLower(c|0x20) || c == '\'' && end+1 < len(text) && isLower(text[end+1]|0x20):
				l.latin++
			default:
				return end, digits, marks
			}
			end++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[end:])
		if !unicode.Is(unicode.Latin, r) && !unicode.Is(unicode.Mn, r) {
			break
		}
		if r >= 0xC0 && r <= 0x24F || r >= 0x1E00 && r <= 0x1EFF || unicode.Is(unicode.Mn, r) {
			marks++
		}
		l.latin++
		end += size
	}
	return end, digits, marks
}
