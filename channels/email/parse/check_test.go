package parse

import (
	"strings"
	"testing"
	"unicode/utf8"

	"switchyard/router"
)

// checkMail is what holds of every mail.
func checkMail(t testing.TB, m Mail) {
	t.Helper()
	for what, s := range map[string]string{"subject": m.Subject, "name": m.Name, "text": m.Text, "full": m.Full, "html": m.HTML} {
		if !utf8.ValidString(s) {
			t.Errorf("%s is not UTF-8", what)
		}
	}
	if m.ExternalID == "" || len(m.ExternalID) > maxID+40 {
		t.Errorf("external id has %d bytes", len(m.ExternalID))
	}
	if !m.Kind.Valid() || (m.Kind == router.KindBounce) != (m.Bounce != nil) {
		t.Errorf("kind %q with bounce %v", m.Kind, m.Bounce)
	}
	if m.Handle.Address != strings.ToLower(m.Handle.Address) {
		t.Error("the handle is not in lower case")
	}
	if len(m.ThreadKeys) > MaxKeys || len(m.Warnings) > maxWarnings || len(m.Attachments) > MaxParts {
		t.Error("a list is too long")
	}
	if len(m.Text) > MaxText || len(m.Full) > MaxText {
		t.Error("the text is too long")
	}
	if strings.ContainsAny(m.Subject+m.Name, "\r\n") {
		t.Error("a line end in subject or name")
	}
	low := strings.ToLower(m.HTML)
	for _, bad := range []string{"<script", "<style", "<form", "<img", "<iframe", "<object", "javascript:", " style=", " onload="} {
		if strings.Contains(low, bad) && !strings.Contains(low, "&lt;"+bad[1:]) && (bad[0] == '<') {
			t.Errorf("HTML has %s", bad)
		}
	}
	for _, a := range m.Attachments {
		if a.Name == "" || a.Type == "" || strings.ContainsAny(a.Name, "/\\\r\n\x00") {
			t.Errorf("file %q of type %q", a.Name, a.Type)
		}
	}
}
