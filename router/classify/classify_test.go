package classify

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"switchyard/router"
	"switchyard/router/policy"
)

func rules(t testing.TB) (*policy.Ruleset, *Matcher) {
	t.Helper()
	rs, err := policy.Compile(policy.Default(), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	return rs, NewMatcher(rs)
}

func classify(t testing.TB, text string) Result {
	rs, m := rules(t)
	return Classify(Input{Rules: rs, Matcher: m, Text: text, Vars: func(s string) policy.Vars {
		return policy.Vars{"ticket": map[string]any{"channel": "email", "text": s}, "contact": map[string]any{}, "load": map[string]any{}, "hours": map[string]any{}, "calendar": map[string]any{}}
	}})
}

func TestTopics(t *testing.T) {
	for text, want := range map[string]router.Topic{
		"I was CHARGED TWICE for one order":              "payment_error",
		"ｒｅｆｕｎｄ please, the payment failed":              "payment_error",
		"提现一直不到账":                                        "withdrawal",
		"忘記密碼，登不上":                                       "account_recovery",
		"My account was hacked and my withdrawal failed": "account_security", // invariant B
		"withdrawing money":                              "withdrawal",       // an open ending
		"the refundable deposit":                         "payment_error",
		"请问手续费怎么算":                                       "general",
		"I can’t log in":                                 "account_recovery", // a typographic apostrophe
		"zzz":                                            "",
		"":                                               "",
		"\u200bpass\u200bword reset\u202e, forgot my password":           "account_recovery",
		"Our SEO services increase your traffic. Act now. Casino bonus!": "spam",
	} {
		got := classify(t, text)
		if got.Classification.Topic != want || got.Rejected != (want == "") {
			t.Errorf("%q is %q (%.2f, rejected %v), want %q", text, got.Classification.Topic, got.Confidence, got.Rejected, want)
		}
		if got.Confidence < 0 || got.Confidence > 1 {
			t.Errorf("%q: confidence %v", text, got.Confidence)
		}
	}
}

func TestWordsAreWholeWords(t *testing.T) {
	_, m := rules(t)
	for text, want := range map[string]int{"thin": 0, "hi there": 1, "chili": 0, "fee": 1, "feel": 0} {
		if got := len(m.Find(Normalize(text))); got != want {
			t.Errorf("%q has %d hits, want %d", text, got, want)
		}
	}
}

func TestLanguages(t *testing.T) {
	for text, want := range map[string]router.Language{"hello": "en", "你好": "zh", "我的 PayPal 账户登录不了": "zh", "": "other", "12345 !!!": "other", "Привет, как дела": "other",
		"The order 退款失败了 is really not what I wanted from your company at all": "mixed", "Hello 李": "en"} {
		if got := DetectLanguage(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestSignalsAndMissingFacts(t *testing.T) {
	got := classify(t, "refund: paid 35.90 USD yesterday at 14:30 for order AB99887766, card ending 4242, mail a@b.co, error code 5021")
	kinds := map[string]string{}
	for _, s := range got.Signals {
		kinds[s.Kind] = s.Value
	}
	for kind, want := range map[string]string{"amount": "35.90 USD", "order": "AB99887766", "last4": "4242", "email": "a@b.co", "error_code": "5021"} {
		if kinds[kind] != want {
			t.Errorf("%s is %q, want %q (%v)", kind, kinds[kind], want, got.Signals)
		}
	}
	for _, m := range got.Missing {
		if m == "amount" || m == "time" {
			t.Errorf("%s is there and counts as missing", m)
		}
	}
}

// Invariant A.
func TestBounds(t *testing.T) {
	began := time.Now()
	for _, s := range []string{strings.Repeat("x", 1<<20), strings.Repeat("退", 1<<20), strings.Repeat("a@", 1<<19), strings.Repeat("1-", 1<<19), "\xff\xfe\x00"} {
		got := Normalize(s)
		if utf8.RuneCountInString(got) > maxText {
			t.Errorf("%d characters are looked at", utf8.RuneCountInString(got))
		}
		classify(t, s)
	}
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

func FuzzClassify(f *testing.F) {
	rs, m := rules(f)
	f.Add("charged twice 退款 4242")
	f.Fuzz(func(t *testing.T, s string) {
		r := Classify(Input{Rules: rs, Matcher: m, Text: s, Vars: func(string) policy.Vars {
			return policy.Vars{"ticket": map[string]any{"channel": "email", "text": ""}, "contact": map[string]any{}, "load": map[string]any{}, "hours": map[string]any{}, "calendar": map[string]any{}}
		}})
		if r.Confidence < 0 || r.Confidence > 1 || (r.Topic == nil) != (r.Classification.Topic == "") {
			t.Errorf("%q: %+v", s, r.Classification)
		}
	})
}
