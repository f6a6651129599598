package web

import (
	"fmt"
	"strings"
	"testing"

	"switchyard/router"
)

// The agent sees the question that the desk asked by itself, marked so, and a topic that newer messages
// speak of, in his language.
func TestTheConversationShowsQuestionAndProposal(t *testing.T) {
	s := newSite(t)
	waiting := s.receive(router.KindMessage)
	if served, err := s.desk.Pull(t.Context(), *s.who.User, nil); err != nil || served.Ticket.ID != waiting.ID {
		t.Fatal(served.Empty, err)
	}
	ticket, err := s.desk.Store.Ticket(t.Context(), waiting.ID)
	if err != nil {
		t.Fatal(err)
	}
	ticket.Proposed = "account_security"
	if _, err := s.desk.Store.SaveTicket(t.Context(), ticket, ticket.ExpiresAt); err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string][]string{
		"en": {"sent automatically", "What was the amount?", "Newer messages speak of: <b>Account security</b>", `data-act="accept" data-topic="account_security"`},
		"zh": {"系统自动发送", "新消息像是在说: <b>账户安全</b>"},
	} {
		body := s.get("/agent/tickets/" + string(waiting.ID) + "?lang=" + lang)
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s lacks %q: %s", lang, w, body)
			}
		}
	}
}

// A manager looks through what is held, page by page; an auditor looks and cannot act.
func TestHeldPages(t *testing.T) {
	s := newSite(t)
	for i := range maxListed + 3 {
		s.receive(router.KindAutoReply, func(m *router.Message) {
			m.ExternalID = fmt.Sprint("auto", i)
			m.ID, m.ThreadKeys = router.NewMessageID("s", m.ExternalID), []string{m.ExternalID}
		})
	}
	first := s.get("/manager/held?lang=en")
	cursor := between(first, "/manager/held?cursor=", `"`)
	second := s.get("/manager/held?lang=en&cursor=" + cursor)
	if n, m := strings.Count(first, "/release"), strings.Count(second, "/release"); n != maxListed || m != 3 || strings.Contains(second, "cursor=") {
		t.Fatalf("%d and %d held tickets, next %q", n, m, cursor)
	}
	if !strings.Contains(first, "this is automatic mail; it enters no queue") || !strings.Contains(first, "refund please, charged twice") {
		t.Error("text or reason is missing:", first)
	}
	s.who.User.Role = router.RoleAuditor
	if body := s.get("/manager/held?lang=zh"); strings.Contains(body, "/release") || !strings.Contains(body, "这是自动邮件") {
		t.Error("an auditor's page:", body)
	}
	if live := s.get("/manager/live?lang=en"); !strings.Contains(live, `href="/manager/held"`) {
		t.Error("the live page leads nowhere")
	}
}

func between(s, from, to string) string {
	_, rest, _ := strings.Cut(s, from)
	out, _, _ := strings.Cut(rest, to)
	return out
}
