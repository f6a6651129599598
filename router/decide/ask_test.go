package decide

import (
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// Invariant D: the text is a function of ruleset and decision; it names what is missing, and what never to send.
func TestQuestion(t *testing.T) {
	rs := rules(t)
	d := router.Decision{Classification: router.Classification{Topic: "payment_error"}, Ask: []string{"time", "payee"}, AskLanguage: "en"}
	want := `Hello, your message has arrived and is waiting in line for an agent. To help you faster, please reply with the following:

- When was the payment made?
- Who was it paid to (the name of the person or shop)?

Please do not send passwords, codes, CVVs or full card numbers; we never ask for them. You keep your place in line, and an agent will help you even if you cannot answer this.
(This message was sent automatically.)`
	if got := Question(rs, d); got != want {
		t.Errorf("got\n%s", got)
	}
	d.AskLanguage = "zh"
	want = `您好，您的消息已收到，正在排队等待客服处理。为了更快帮到您，请直接回复以下信息：

- 是什么时候付的款？
- 付给了谁（对方的名称或商户名）？

请不要发送密码、验证码、CVV 或完整卡号，我们绝不会索要这些。您的排队位置保持不变，不回复也会有客服为您处理。
（这是系统自动发送的消息）`
	if got := Question(rs, d); got != want {
		t.Errorf("got\n%s", got)
	}
	d.Ask = nil
	if got := Question(rs, d); got != "" {
		t.Errorf("nothing is asked, and yet: %s", got)
	}

	doc := strings.Replace(string(policy.Default()), "ask: {facts: [time, amount, payee]}", "ask: {facts: [amount], text: {zh: 请补充：, en: 'One thing, please:'}}", 1)
	own, err := Compile([]byte(doc), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	d.Ask = []string{"amount"}
	if got := Question(own, d); !strings.HasPrefix(got, "请补充：\n\n- 金额是多少？\n\n请不要发送密码") {
		t.Errorf("got\n%s", got)
	}
}

// What the questions ask for is recognized in the answers they suggest.
func TestAnswersAreRecognized(t *testing.T) {
	rs := rules(t)
	now := time.Date(2026, 5, 4, 3, 0, 0, 0, time.UTC)
	for _, c := range []struct{ first, answer string }{
		{"I was charged twice, refund please", "yesterday at 14:30, 35.90 USD, paid to Ann Lee"},
		{"重复扣款了，请退款", "昨天下午两点半，259 元，收款人：张敏"},
		{"my withdrawal has not arrived", "1,200 USD, card ending 4242, on Tuesday"},
		{"提现没到账", "5000 元，尾号 4242，三天前"},
		{"I was hacked", "since this morning. yes, freeze it"},
		{"I was hacked", "since yesterday, do not freeze it"},
		{"账户被盗刷", "今天早上开始的，可以冻结"},
		{"账户被盗刷", "昨天晚上，不要冻结"},
		{"forgot my password", "+44 7700 900123 and ann@example.com"},
		{"忘记密码", "13800138000，lina@example.cn"},
	} {
		messages := []router.Message{
			{ID: "m1", Channel: router.ChannelChat, Direction: router.DirectionIn, Kind: router.KindMessage, Text: c.first, SentAt: now, ReceivedAt: now},
			{ID: "m2", Channel: router.ChannelChat, Direction: router.DirectionIn, Kind: router.KindMessage, Text: c.answer, SentAt: now, ReceivedAt: now},
		}
		in := Input{MayAsk: true, Ticket: router.Ticket{ID: "t1", State: router.StateNew, Channel: router.ChannelChat}, Messages: messages[:1], Snapshot: snapshot(t, rs, now), Rules: rs, Now: now}
		d, err := Decide(in)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Ask) == 0 {
			t.Errorf("%q is asked nothing (%s)", c.first, d.Classification.Topic)
		}
		in.Messages = messages
		if d, err = Decide(in); err != nil {
			t.Fatal(err)
		}
		if len(d.Ask) > 0 {
			t.Errorf("after %q %v is still missing: %+v", c.answer, d.Ask, d.Classification.Signals)
		}
	}
}
