package classify

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// The texts are 500 characters long: some without any fact, and one made of facts.
var speedTexts = map[string]string{
	"en_plain": firstChars("Hello there, my name does not matter much but I would like to understand how your wallet works when somebody moves abroad, because my family is thinking about it and we have never used anything like this before. "),
	"zh_plain": firstChars("您好，我想了解一下你们钱包在国外能不能正常使用，因为家里人打算搬到国外生活，之前从来没有用过类似的软件，所以想先问问清楚有没有什么需要特别注意的地方，比如说换了地方之后账户会不会受到影响。"),
	"en_dense": firstChars("I paid 35.90 USD to John Smith yesterday at 14:30 for order AB99887766, card ending 4242, mail a@b.co, error code 5021, still pending, call +1 415 555 0132. "),
	"zh_dense": firstChars("昨天下午三点转给张三500元，订单号20261103118，一直显示处理中，卡尾号4242，电话13812345678，错误码10086，邮箱a@b.co，可以冻结。"),
}

func firstChars(s string) string {
	r := []rune(strings.Repeat(s, 500/utf8.RuneCountInString(s)+1))
	return string(r[:500])
}

func BenchmarkFacts(b *testing.B) {
	for _, name := range []string{"en_plain", "zh_plain", "en_dense", "zh_dense"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Entities(speedTexts[name], sent)
				ToneOf(speedTexts[name])
				DetectLanguage(speedTexts[name])
			}
		})
	}
}
