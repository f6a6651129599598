package classify

import (
	"regexp"
	"strings"
	"unicode"

	"switchyard/router"
)

// DetectLanguage tells Chinese, English, mixed and other texts apart by their scripts.
func DetectLanguage(text string) router.Language {
	var han, latin, other int
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.Is(unicode.Latin, r):
			latin++
		case unicode.IsLetter(r):
			other++
		}
	}
	switch {
	case han+latin+other == 0, other > han*3+latin:
		return router.LanguageOther
	case han == 0:
		return router.LanguageEN
	case latin > han*4 && han > 3:
		return router.LanguageMixed
	case latin > han*4:
		return router.LanguageEN
	}
	return router.LanguageZH
}

// pattern finds one kind of fact in a normalized text; the first group that matched is the
// value. A text without one of the words, or without a digit where one is needed, is not searched.
type pattern struct {
	kind  string
	digit bool
	words []string
	re    *regexp.Regexp
}

var patterns = []pattern{
	{"amount", true, []string{"$", "€", "£", "¥", "usd", "cny", "rmb", "元", "块", "万", "dollar", "yuan"},
		regexp.MustCompile(`(?:[$€£¥]|usdt?|cny|rmb|hk\$)\s?(\d[\d,]*(?:\.\d+)?)|(\d[\d,]*(?:\.\d+)?)\s?(?:元|块|万|美元|usdt?|cny|rmb|dollars?|yuan)`)},
	{"time", true, []string{":", "点", "月", "-", " ago"},
		regexp.MustCompile(`(\d{1,2}[:点]\d{0,2}|\d{1,2}月\d{1,2}[日号]|\d{4}-\d{2}-\d{2}|\d+ (?:minutes?|hours?|days?) ago)`)},
	{"time", false, []string{"昨天", "今天", "前天", "刚才", "刚刚", "早上", "下午", "晚上", "day", "this morning", "night"},
		regexp.MustCompile(`(昨天|今天|前天|刚才|刚刚|早上|下午|晚上|yesterday|today|this morning|last night|tonight|(?:mon|tues|wednes|thurs|fri|satur|sun)day)`)},
	{"transaction", true, []string{"订单", "流水", "交易", "order", "trans", "txn", "tx", "ref"},
		regexp.MustCompile(`(?:订单号?|流水号?|交易号?|order|transaction|txn|tx|ref(?:erence)?)[\s:：#no.]{0,6}([a-z]{0,4}\d[a-z0-9-]{5,31})`)},
	{"last4", true, []string{"尾号", "后四位", "ending", "last "},
		regexp.MustCompile(`(?:尾号|后四位|ending(?: in| with)?|last (?:four|4)(?: digits)?)\D{0,4}(\d{4})`)},
	{"email", false, []string{"@"}, regexp.MustCompile(`([a-z0-9._%+-]{1,64}@[a-z0-9.-]{1,190}\.[a-z]{2,24})`)},
	{"phone", true, nil, regexp.MustCompile(`((?:\+\d{1,3}[ -]?)?\d{3,4}[ -]?\d{3,4}[ -]?\d{4})`)},
	{"account", false, []string{"收款", "对方账", "payee", "recipient", "sent "},
		regexp.MustCompile(`(?:收款方|收款人|对方账[户号]|payee|recipient|sent (?:it |money )?to)[\s:：]{0,3}([\p{Han}a-z0-9@._-]{2,64})`)},
	{"error_code", true, []string{"错误", "code"},
		regexp.MustCompile(`(?:错误码|错误代码|error(?: code)?|code)[\s:：#]{0,3}([a-z]{0,4}-?\d{3,6})`)},
}

func (p pattern) worthSearching(text string, digits bool) bool {
	if p.digit && !digits {
		return false
	}
	for _, w := range p.words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return len(p.words) == 0
}

// maxSignals bounds the signals of one ticket.
const maxSignals = 20

// Signals finds facts in a normalized text.
func Signals(text string) []router.Signal {
	var out []router.Signal
	digits := strings.ContainsAny(text, "0123456789")
	for _, p := range patterns {
		if !p.worthSearching(text, digits) {
			continue
		}
		for _, m := range p.re.FindAllStringSubmatch(text, 4) {
			value := ""
			for _, g := range m[1:] {
				if g != "" {
					value = g
				}
			}
			if len(out) < maxSignals {
				out = append(out, router.Signal{Kind: p.kind, Text: strings.TrimSpace(m[0]), Value: value})
			}
		}
	}
	return out
}
