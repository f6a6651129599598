package policy

import (
	"fmt"
	"regexp"

	"switchyard/router"
	"switchyard/router/fold"
)

// maxQuestion bounds one line of an automatic question, in characters.
const maxQuestion = 500

// ask checks the automatic first question of a topic.
func (c *compiler) ask(path string, t TopicDoc) {
	for i, f := range t.Facts {
		c.question(fmt.Sprintf("%s.facts[%d].ask", path, i), f.Ask)
	}
	if t.Ask == nil {
		return
	}
	if t.Spam {
		c.bad(path+".ask", "spam is not answered")
	}
	c.question(path+".ask.text", t.Ask.Text)
	if len(t.Ask.Facts) == 0 {
		c.bad(path+".ask.facts", "must name what is asked; leave ask out where nothing is")
	}
	seen := map[string]bool{}
	for i, name := range t.Ask.Facts {
		at := fmt.Sprintf("%s.ask.facts[%d]", path, i)
		f := t.Fact(name)
		switch {
		case f == nil:
			c.bad(at, "%q is not a fact of this topic", name)
		case seen[name]:
			c.bad(at, "%q is asked twice", name)
		case f.Ask == (router.Sentence{}):
			c.bad(at, "the fact %q has no question: give its ask in zh and en", name)
		case f.Signal == "":
			c.bad(at, "the fact %q has no signal: an answer would not be recognized", name)
		}
		seen[name] = true
	}
}

// maxAnswer bounds the automatic answer of a topic, in characters.
const maxAnswer = 2000

// answer checks the answer that a topic gives while the desk is overloaded.
func (c *compiler) answer(path string, t TopicDoc) {
	if t.Answer == (router.Sentence{}) {
		return
	}
	if t.Spam {
		c.bad(path+".answer", "spam is not answered")
	}
	c.line(path+".answer", t.Answer, maxAnswer)
}

// question checks one line, which may be left out as a whole.
func (c *compiler) question(path string, s router.Sentence) { c.line(path, s, maxQuestion) }

func (c *compiler) line(path string, s router.Sentence, most int) {
	if (s.ZH == "") != (s.EN == "") {
		c.bad(path, "must be given in zh and en")
	}
	for _, line := range []struct{ lang, text string }{{"zh", s.ZH}, {"en", s.EN}} {
		switch {
		case len([]rune(line.text)) > most:
			c.bad(path+"."+line.lang, "has more than %d characters", most)
		case AsksSecret(line.text):
			c.bad(path+"."+line.lang, "speaks of a password, code, PIN, CVV or full card number, which customers must never send; the warning is added by itself")
		}
	}
}

var (
	// harmless are words that contain a suspicious one and are no secret.
	harmless = regexp.MustCompile(`\b(error|status|country|postal|post|zip|area|currency|reason|response|promo|discount|coupon|referral|order|tracking|qr|bar|merchant|swift|bic|branch|bank|sort) codes?\b` +
		`|错误码|代码|状态码|返回码|二维码|条形码|条码|扫码|号码|编码|优惠码|邀请码|取件码`)
	// secret are words of what nobody may be asked for.
	secret = regexp.MustCompile(`\b(pass ?(words?|codes?|phrases?)|passwd|pwd|pins?|cvv2?|cvc2?|cvn2?|otps?|2fa|codes?|(seed|recovery) phrases?|private keys?|secret (words?|answers?)|digits on the back|(full|whole|complete|entire) (bank |debit |credit )?card)\b` +
		`|码|口令|助记词|私钥|卡背面|背面的?三位|(完整|全部|整个|整张)的?(银行|信用)?卡`)
	card     = regexp.MustCompile(`\bcard (number|no)s?\b|\bnumbers? (of|on) (the|your) (bank |debit |credit )?card|卡号`)
	lastFour = regexp.MustCompile(`\b(last|final) (four|4)\b|尾号|[后末]的?[四4]位|最后[四4]`)
)

// AsksSecret reports whether a line speaks of something that no customer may be asked to send. It looks
// at words alone: a line that warns of it is found as well. The last four of a card are no secret.
func AsksSecret(line string) bool {
	text := harmless.ReplaceAllString(fold.Text(line, maxQuestion), " ")
	return secret.MatchString(text) || card.MatchString(text) && !lastFour.MatchString(text)
}
