package decide

import (
	"strings"
	"unicode"

	"switchyard/router"
	"switchyard/router/classify"
)

// ask decides the automatic first question: once, on a new ticket of a person who can answer, about a sure
// topic whose policy asks for something that is missing.
func (in Input) ask(f facts, c classify.Result, d *router.Decision) {
	if !in.MayAsk || in.Ticket.State != router.StateNew || len(in.Ticket.Asked) > 0 || !textual(in.Ticket.Channel) {
		return
	}
	if c.Topic == nil || c.Rejected || f.failure || len(f.kinds) != 1 || f.kinds[router.KindMessage] == 0 || answersNobody(in.Ticket.Handle) {
		return
	}
	if in.answers(c) {
		d.Answer, d.AskLanguage = true, answerLanguage(c.Language, f.text)
		d.Reasons = append(d.Reasons, router.Reason{Step: "ask", Rule: "overload-answer", Matched: true, Value: string(c.Topic.Name), Why: router.Sentence{
			ZH: "超负荷期间，先自动发送这个主题的常用答复", EN: "while the desk is overloaded, the topic's answer is sent at once, automatically"}})
	}
	var zh, en []string
	if c.Topic.Ask != nil {
		for _, name := range c.Topic.Ask.Facts {
			if fact := c.Topic.Fact(name); fact != nil && !fact.MetBy(c.Signals) {
				d.Ask, zh, en = append(d.Ask, name), append(zh, fact.Title.ZH), append(en, fact.Title.EN)
			}
		}
	}
	if len(d.Ask) == 0 {
		return
	}
	d.AskLanguage = answerLanguage(c.Language, f.text)
	d.Reasons = append(d.Reasons, router.Reason{Step: "ask", Rule: "first-question", Matched: true, Value: strings.Join(d.Ask, ","), Why: router.Sentence{
		ZH: "自动询问一次还缺的信息：" + strings.Join(zh, "、"), EN: "what is missing is asked for once, automatically: " + strings.Join(en, ", ")}})
}

// textual reports whether a question can be read and answered on the channel.
func textual(c router.Channel) bool {
	return c == router.ChannelEmail || c == router.ChannelChat || c == router.ChannelSocial
}

// answersNobody reports whether a mail address says that nobody reads it: an answer could only start a loop.
func answersNobody(h router.Handle) bool {
	local, _, _ := strings.Cut(strings.ToLower(h.Address), "@")
	if h.Channel != router.ChannelEmail {
		return false
	}
	switch letters := strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, local); {
	case strings.HasPrefix(letters, "noreply"), strings.HasPrefix(letters, "donotreply"), strings.HasSuffix(letters, "noreply"):
		return true
	default:
		return letters == "mailerdaemon" || letters == "postmaster" || letters == "bounce" || letters == "bounces"
	}
}

// answerLanguage is the language in which a customer is written to: his own where it is Chinese or English; of
// a mixture Chinese if it has at least as many Chinese characters as Latin words; else English.
func answerLanguage(l router.Language, text string) router.Language {
	if l == router.LanguageZH || l == router.LanguageEN {
		return l
	}
	han, words, in := 0, 0, false
	for _, r := range text {
		latin := unicode.Is(unicode.Latin, r)
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case latin && !in:
			words++
		}
		in = latin
	}
	if han > 0 && han >= words {
		return router.LanguageZH
	}
	return router.LanguageEN
}

// frames are the sentences around the questions, by language.
var frames = map[router.Language]struct{ opening, busy, besides, closing string }{
	router.LanguageZH: {"您好，您的消息已收到，正在排队等待客服处理。为了更快帮到您，请直接回复以下信息：",
		"您好，您的消息已收到，正在排队等待客服处理。目前咨询量很大，等候时间比平时长。下面的说明也许已经能帮到您：",
		"为了更快帮到您，请直接回复以下信息：",
		"请不要发送密码、验证码、CVV 或完整卡号，我们绝不会索要这些。您的排队位置保持不变，不回复也会有客服为您处理。\n（这是系统自动发送的消息）"},
	router.LanguageEN: {"Hello, your message has arrived and is waiting in line for an agent. To help you faster, please reply with the following:",
		"Hello, your message has arrived and is waiting in line for an agent. Very many people are writing to us now, so it takes longer than usual. This may help you already:",
		"To help you faster, please reply with the following:",
		"Please do not send passwords, codes, CVVs or full card numbers; we never ask for them. You keep your place in line, and an agent will help you even if you cannot answer this.\n(This message was sent automatically.)"},
}

// Question is the text of the automatic message that a decision sends, empty if it sends none: the topic's answer while
// the desk is overloaded, what is missing, what never to send, and that the place in line is kept.
func Question(rules *Ruleset, d router.Decision) string {
	topic, frame := rules.Topic(d.Classification.Topic), frames[d.AskLanguage]
	if topic == nil || topic.Ask == nil && len(d.Ask) > 0 || len(d.Ask) == 0 && !d.Answer {
		return ""
	}
	say := func(s router.Sentence) string {
		if d.AskLanguage == router.LanguageZH {
			return s.ZH
		}
		return s.EN
	}
	var lines []string
	if d.Answer {
		lines = append(lines, frame.busy, "", say(topic.Answer), "")
	}
	if len(d.Ask) > 0 {
		switch own := say(topic.Ask.Text); {
		case own != "":
			lines = append(lines, own, "")
		case d.Answer:
			lines = append(lines, frame.besides, "")
		default:
			lines = append(lines, frame.opening, "")
		}
	}
	for _, name := range d.Ask {
		if fact := topic.Fact(name); fact != nil {
			lines = append(lines, "- "+say(fact.Ask))
		}
	}
	if len(d.Ask) > 0 {
		lines = append(lines, "")
	}
	return strings.Join(append(lines, frame.closing), "\n")
}
