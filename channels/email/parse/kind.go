package parse

import (
	"regexp"
	"strings"

	"switchyard/router"
)

var (
	autoSubject = regexp.MustCompile(`(?i)^\s*(auto(matic)?[ -]?(reply|response|antwort)|autoreply|auto:|out of (the )?office|` +
		`i am (currently )?out of|on vacation|away from (the )?(office|my mail)|abwesenheit|réponse automatique|respuesta automática|risposta automatica|` +
		`自动回复|自動回覆|自动答复|自動答覆|自動回應|自动回覆|【自动回复】|\[自动回复\]|不在办公室|不在辦公室|外出自动回复|休假自动回复|假期自动回复|自動応答|自動返信)`)
	bounceSubject = regexp.MustCompile(`(?i)(undeliver(ed|able)|delivery status notification|delivery (has )?failed|delivery failure|mail delivery (failed|failure|subsystem|system)|` +
		`failure notice|returned mail|returned to sender|non[- ]?delivery|could not be delivered|message not delivered|` +
		`退信|未送达|无法送达|无法投递|投递失败|发送失败|未傳遞|無法傳遞|無法傳送|傳送失敗|送达失败)`)
	daemon = regexp.MustCompile(`(?i)^(mailer-?daemon|postmaster|mail-?daemon|mdaemon|bounces?)([+=_.-].*)?@`)
)

// kind tells a customer's words from what machines send.
func (p *parser) kind(root *part, m *Mail) {
	h := root.header
	if b := p.bounce(root, m); b != nil {
		m.Kind, m.Bounce = router.KindBounce, b
		return
	}
	switch {
	case isAuto(root, m.Subject):
		m.Kind = router.KindAutoReply
	case p.isList(h):
		m.Kind = router.KindList
	default:
		m.Kind = router.KindMessage
	}
}

func word(v string) string {
	w := strings.ToLower(strings.TrimSpace(stripComments(v)))
	w, _, _ = strings.Cut(w, ";")
	return strings.TrimSpace(w)
}

func isAuto(root *part, subject string) bool {
	h := root.header
	if v := word(h.get("Auto-Submitted")); v != "" && v != "no" {
		return true
	}
	for _, name := range []string{"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Auto-Response"} {
		if v := word(h.get(name)); h.has(name) && v != "no" && v != "false" {
			return true
		}
	}
	switch word(h.get("Precedence")) {
	case "auto_reply", "auto-reply", "autoreply", "junk":
		return true
	}
	if root.ctype == "multipart/report" {
		return true // read receipts and reports that are no failure
	}
	return autoSubject.MatchString(subject)
}

func (p *parser) isList(h header) bool {
	bulk := false
	switch word(h.get("Precedence")) {
	case "bulk", "list":
		bulk = true
	}
	listed := h.has("List-Id") || h.has("List-Unsubscribe")
	if p.deskList(h) {
		return false
	}
	return bulk || listed && h.has("List-Id") || listed && (bulk || h.has("Feedback-ID") || h.has("X-Campaign") || h.has("List-Unsubscribe-Post"))
}

// deskList reports whether the list is the desk's own address, as with group mailboxes.
func (p *parser) deskList(h header) bool {
	for _, name := range []string{"List-Post", "List-Id"} {
		v := strings.ToLower(h.get(name))
		for _, d := range p.opts.Desk {
			d = strings.ToLower(d)
			if d != "" && v != "" && (strings.Contains(v, "mailto:"+d) || strings.Contains(v, "<"+strings.Replace(d, "@", ".", 1)+">")) {
				return true
			}
		}
	}
	return false
}
