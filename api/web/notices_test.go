package web

import (
	"strings"
	"testing"

	"switchyard/router"
)

func TestNoticesAndClocksAreShown(t *testing.T) {
	s := newSite(t)
	ticket := s.receive(router.KindMessage)
	if err := s.desk.Notice(t.Context(), "escalation", "one", router.Sentence{ZH: "等了<很>久", EN: "it waited <long>"}, ticket.ID); err != nil {
		t.Fatal(err)
	}
	live := s.get("/manager/live?lang=en")
	if !strings.Contains(live, "it waited &lt;long&gt;") || !strings.Contains(live, `href="/agent#`+string(ticket.ID)+`"`) || !strings.Contains(live, "Escalation") {
		t.Error("the manager's page lacks the notice")
	}
	if zh := s.get("/manager/live?lang=zh"); !strings.Contains(zh, "等了&lt;很&gt;久") {
		t.Error("the notice is not shown in Chinese")
	}
	page := s.get("/agent/tickets/" + string(ticket.ID) + "?lang=en")
	if !strings.Contains(page, "First answer <b class=\"\">0</b> / 45 min") || !strings.Contains(page, "Resolution") || strings.Contains(page, "Next answer") {
		t.Errorf("the clocks of the ticket: %s", page)
	}
	ann := router.User{ID: "ann", Role: router.RoleManager}
	served, err := s.desk.Pull(t.Context(), ann, nil)
	if err != nil || served.Ticket.ID != ticket.ID {
		t.Fatal(served.Empty, err)
	}
	if _, err := s.desk.Resolve(t.Context(), ann.ID, ticket.ID, served.Ticket.Epoch, "", "", ""); err != nil {
		t.Fatal(err)
	}
	if page = s.get("/agent/tickets/" + string(ticket.ID) + "?lang=en"); !strings.Contains(page, "/ 45 min ✓") {
		t.Errorf("the met clock of the resolved ticket: %s", page)
	}
}
