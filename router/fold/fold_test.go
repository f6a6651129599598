package fold

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"Hello  World\n\tagain":           "hello world again",
		"ＡＢＣ１２３　ｄ":                        "abc123 d",
		"我的錢包無法登錄，餘額不見了":                  "我的钱包无法登录,余额不见了",
		"can’t ‘quote’ “double”":          "can't 'quote' \"double\"",
		"pass\u200bword \u202eevil":       "password evil",
		"bad \xff\xfe bytes":              "bad bytes",
		"раyраl is down":                  "paypal is down", // Cyrillic р and а beside Latin letters
		"привет, как дела":                "привет, как дела",
		"e\u0301te":                       "ete",
		"\x00a\x07b":                      "ab",
		"":                                "",
		"   ":                             "",
		"👍👍 ok":                           "👍👍 ok",
		"半角ｶﾀｶﾅ":                          "半角カタカナ",
		strings.Repeat("a", 50) + " tail": strings.Repeat("a", 40),
	} {
		if got := Text(in, 40); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// Invariants A, B and C.
func FuzzText(f *testing.F) {
	for _, s := range []string{"錢包 Wallet", "раy", "ﬁne ﷺ", "\xff", "ẞ İ ı", strings.Repeat("ǆ", 30), "a\u0301\u0301b", "０x１"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Text(s, 100)
		if n := utf8.RuneCountInString(once); n > 100 {
			t.Errorf("%q: %d characters", s, n)
		}
		if !utf8.ValidString(once) {
			t.Errorf("%q: %q is not UTF-8", s, once)
		}
		if again := Text(once, 100); again != once {
			t.Errorf("%q: folded %q, again %q", s, once, again)
		}
	})
}
