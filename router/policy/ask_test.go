package policy

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestNoQuestionAsksForASecret(t *testing.T) {
	for _, bad := range []string{
		"What is your password?", "Please send the code we texted you", "Your PIN?", "the CVV on the card", "your one-time passcode", "What's the OTP",
		"your verification code", "Your full card number please", "What is the card number?", "the number on your card", "all codes", "ＰＡＳＳＷＯＲＤ?", "seed phrase",
		"full card number and the last four", "三位数安全码", "您的密码是什么？", "请把验证码发给我们", "密碼", "银行卡号是多少", "完整卡号和后四位", "短信里的码", "支付口令", "卡背面三位", "PIN码", "账户助记词",
	} {
		if !AsksSecret(bad) {
			t.Errorf("%q may be asked", bad)
		}
	}
	for _, good := range []string{
		"", "What are the last four digits of your card?", "The last 4 of the card number, please", "Which error code do you see?", "Spinning? Opinion? Pinterest?", "When was the payment made?",
		"卡号后四位是多少？", "银行卡号（只要后四位）", "银行卡尾号是多少？", "显示什么错误码？", "注册手机号码", "付款二维码还在吗", "是否可以先冻结您的账户？",
	} {
		if AsksSecret(good) {
			t.Errorf("%q is refused", good)
		}
	}
}

// Invariant A for questions.
func TestProblemsOfQuestionsAreNamedByPath(t *testing.T) {
	doc := strings.Replace(string(Default()), "ask: {facts: [freeze, since]}", "ask: {facts: [freeze, freeze, mood, transactions], text: {zh: 请告诉我们密码}}", 1)
	doc = strings.Replace(doc, "What was the amount?", "What was the amount and your PIN?", 1)
	doc = strings.Replace(doc, "ask: {facts: [phone, email]}", "ask: {}", 1)
	doc = strings.Replace(doc, "spam: true\n", "spam: true\n    facts: [{name: why, signal: status, ask: {zh: 为什么, en: why}}, {name: how, ask: {zh: 怎么, en: how}}]\n    ask: {facts: [why, how]}\n", 1)
	_, err := Compile([]byte(doc), time.LoadLocation)
	var ps Problems
	if !errors.As(err, &ps) {
		t.Fatalf("got %v", err)
	}
	for _, path := range []string{"topics[0].ask.facts[1]: \"freeze\" is asked twice", "topics[0].ask.facts[2]: \"mood\"", "topics[0].ask.facts[3]: the fact \"transactions\" has no question",
		"topics[0].ask.text: must be given in zh and en", "topics[0].ask.text.zh:", "topics[1].facts[1].ask.en:", "topics[3].ask.facts:", "topics[5].ask: spam", "topics[5].ask.facts[1]: the fact \"how\" has no signal"} {
		if !strings.Contains(ps.Error(), path) {
			t.Errorf("%s is not named in: %s", path, ps)
		}
	}
}

// The wallet desk asks for what its agents need, and for nothing in general questions.
func TestWalletDeskAsks(t *testing.T) {
	r, err := Compile(Default(), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range r.Topics {
		if asks := topic.Ask != nil; asks != (topic.Name != "general" && topic.Name != "spam") {
			t.Errorf("%s asks: %v", topic.Name, asks)
		}
	}
}
