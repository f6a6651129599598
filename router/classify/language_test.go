package classify

import (
	"strings"
	"testing"

	"switchyard/router"
)

func TestLanguagesOfMessages(t *testing.T) {
	for want, texts := range map[router.Language][]string{
		"zh": {"退款", "我的 PayPal 账户登录不了", "iPhone 15 上 app 打不开", "你好，订单 AB99887766 一直没到账，请查一下 transaction failed，谢谢，我已经等了三天了，客服电话也打不通", "验证码收不到，OTP 也没有", "轉賬失敗了怎麼辦",
			"我的Revolut账户登录不了", "网址是 https://wallet-help.example.top/login ，做得跟真的一样", "支付宝转账，对方说没收到，截图显示 HTTP 502", "嗯"},
		"en":    {"Hello 李", "I sent the money to 王小明 yesterday and he never got it", "refund", "pending", "ok", "qwerty zzz", "no way to pay", "My café order was charged twice", "where is my money", "I paid Hotel El Dorado and they never got it", "Is the app down?", "hi", "Señor Gomez has not received the payment I made"},
		"mixed": {"我的withdrawal一直pending怎么办", "我要withdraw", "The order 退款失败了 is really not what I wanted from your company at all", "昨天的 transfer 还是 processing，please help me check 一下", "refund还没收到，my bank says nothing arrived"},
		"other": {"", "😀😀", "12345 !!!", "AB99887766", "ERR_4012", "Привет, как дела", "Hola, no puedo entrar en mi cuenta", "Bonjour, je n'ai pas reçu mon argent", "Guten Tag, mein Geld ist nicht angekommen", "Olá, meu dinheiro não chegou", "Uang saya belum masuk, tolong dibantu",
			"Tôi chưa nhận được tiền", "Hindi ko pa natanggap ang pera ko", "お金が届いていません", "出金できません、助けてください", "돈이 아직 안 왔어요", "Gracias", "مرحبا لم يصل المال", "شكرا PayPal"},
	} {
		for _, text := range texts {
			if got := DetectLanguage(text); got != want {
				t.Errorf("%q is %s, want %s: %+v", text, got, want, lettersOf(text))
			}
			if got := DetectLanguage(Normalize(text)); got != want {
				t.Errorf("normalized %q is %s, want %s", text, got, want)
			}
		}
	}
}

func TestTones(t *testing.T) {
	type band struct{ lo, hi float64 }
	for _, c := range []struct {
		text      string
		urgency   band
		sentiment band
	}{
		{"How do I change my limit?", band{0, 0.1}, band{0.45, 0.6}},
		{"请问手续费怎么算", band{0, 0.1}, band{0.45, 0.65}},
		{"", band{0, 0}, band{0.5, 0.5}},
		{"Stop it right now, someone is draining my wallet!!!", band{0.7, 1}, band{0.2, 0.5}},
		{"马上冻结！！！钱正在被转走", band{0.7, 1}, band{0.2, 0.5}},
		{"I NEED MY MONEY BACK THIS IS RIDICULOUS", band{0.3, 1}, band{0, 0.2}},
		{"你们就是骗子公司，气死我了", band{0.2, 1}, band{0, 0.2}},
		{"Thank you so much, great service", band{0, 0.1}, band{0.8, 1}},
		{"太棒了，解决了，谢谢", band{0, 0.1}, band{0.8, 1}},
		{"not urgent, just curious", band{0, 0.05}, band{0.45, 0.6}},
		{"不急，有空帮我看一下", band{0, 0.05}, band{0.45, 0.6}},
		{"I am not happy with this", band{0, 0.2}, band{0.1, 0.45}},
		{"我不满意", band{0, 0.2}, band{0.1, 0.45}},
		{"it is not bad", band{0, 0.2}, band{0.55, 0.9}},
		{"My mother is in hospital and needs medicine", band{0.4, 1}, band{0.35, 0.55}},
		{"老人等着看病，明天就要交钱，急用", band{0.6, 1}, band{0.3, 0.55}},
		{"快递单号在这里", band{0, 0.1}, band{0.45, 0.55}},
		{"ORDER AB99887766", band{0, 0.35}, band{0.3, 0.55}},
		{strings.Repeat("urgent! ", 5000), band{0.5, 1}, band{0.3, 0.55}},
	} {
		got := ToneOf(c.text)
		if got.Urgency < c.urgency.lo || got.Urgency > c.urgency.hi || got.Sentiment < c.sentiment.lo || got.Sentiment > c.sentiment.hi {
			t.Errorf("%.40q: %+v, want urgency %v, sentiment %v", c.text, got, c.urgency, c.sentiment)
		}
	}
	if got := ToneOf("緊急！I am FURIOUS"); strings.Join(got.Words, ",") != "緊急,FURIOUS" {
		t.Errorf("words %v", got.Words)
	}
}
