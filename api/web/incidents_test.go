package web

import (
	"strings"
	"testing"

	"switchyard/router"
)

func TestIncidentPages(t *testing.T) {
	s := newSite(t)
	w := s.receive(router.KindMessage)
	in, err := s.desk.OpenIncident(t.Context(), "boss", w.Topic, "", "", router.Sentence{ZH: "<故障>", EN: "<outage>"})
	if err != nil {
		t.Fatal(err)
	}
	link := func() error {
		_, err := s.desk.MoveIncidentTickets(t.Context(), in.ID, []router.TicketID{w.ID}, nil)
		return err
	}
	if err := link(); err != nil {
		t.Fatal(err)
	}
	for lang, text := range map[string]string{"zh": "&lt;故障&gt;", "en": "&lt;outage&gt;"} {
		q := "?lang=" + lang
		list, one := s.get("/manager/incidents"+q), s.get("/manager/incidents/"+in.ID+q)
		for _, want := range []string{text, say(router.Language(lang), "incident_open")} {
			if !strings.Contains(list, want) || !strings.Contains(one, want) {
				t.Errorf("%s: %q is missing", lang, want)
			}
		}
		if !strings.Contains(one, `data-remove="`+string(w.ID)) || !strings.Contains(one, "answer-incident") {
			t.Errorf("%s: its ticket, or the form of the common answer", lang)
		}
		if !strings.Contains(s.get("/agent/side"+q), say(router.Language(lang), "incident_open")) {
			t.Errorf("%s: the console has no banner", lang)
		}
		if !strings.Contains(s.get("/agent/tickets/"+string(w.ID)+q), say(router.Language(lang), "in_incident")) {
			t.Errorf("%s: the ticket does not say that it belongs to an incident", lang)
		}
	}
	s.who.User = &router.User{ID: "aud", Role: router.RoleAuditor}
	if one := s.get("/manager/incidents/" + in.ID + "?lang=en"); strings.Contains(one, "answer-incident") || strings.Contains(one, "data-remove") {
		t.Error("an auditor sees, and changes nothing")
	}
}
