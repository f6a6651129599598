package auth

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/store/sqlitestore"
)

type house struct {
	*Service
	t   *testing.T
	dir string
	now time.Time
}

func open(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), now: time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)}
	st, err := sqlitestore.Open(t.Context(), h.dir, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Service = New(st, func() time.Time { return h.now })
	return h
}

func (h *house) add(name string, role router.Role) {
	h.t.Helper()
	if _, err := h.AddUser(h.t.Context(), router.User{ID: router.AgentID(name), Role: role}); err != nil {
		h.t.Fatal(err)
	}
}

// Invariant A: nothing that opens a door is stored as it is.
func TestSecretsAreStoredAsHashes(t *testing.T) {
	h, ctx := open(t), t.Context()
	h.add("ann", router.RoleAgent)
	token, err := h.NewToken(ctx, "ann")
	if err != nil {
		t.Fatal(err)
	}
	session, _, err := h.NewSession(ctx, "ann")
	if err != nil {
		t.Fatal(err)
	}
	link, err := h.NewLink(ctx, PurposePassword, "ann", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.SetPassword(ctx, "ann", "correct horse"); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(h.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for name, secret := range map[string]string{"token": strings.TrimPrefix(token, "sy_"), "session": session, "link": link, "password": "correct horse"} {
			if bytes.Contains(body, []byte(secret)) {
				t.Errorf("the %s stands in %s", name, filepath.Base(f))
			}
		}
	}
	if u, err := h.Bearer(ctx, token); err != nil || u.ID != "ann" {
		t.Fatal(u, err)
	}
	if err := h.Revoke(ctx, "ann"); err != nil {
		t.Fatal(err)
	}
	_, _, cookieErr := h.Cookie(ctx, session)
	_, bearerErr := h.Bearer(ctx, token)
	_, linkErr := h.UseLink(ctx, link)
	for what, err := range map[string]error{"session": cookieErr, "token": bearerErr, "link": linkErr} {
		if !router.IsCode(err, router.CodeUnauthorized) {
			t.Errorf("a revoked %s still works: %v", what, err)
		}
	}
}

// Invariant B.
func TestPasswords(t *testing.T) {
	h, ctx := open(t), t.Context()
	h.add("ann", router.RoleAgent)
	if _, err := h.SignIn(ctx, "ann", ""); !router.IsCode(err, router.CodeUnauthorized) {
		t.Error("a user without a password signed in:", err)
	}
	if err := h.SetPassword(ctx, "ann", "short"); !router.IsCode(err, router.CodeInvalidField) {
		t.Error(err)
	}
	if err := h.SetPassword(ctx, "nobody", "long enough here"); !router.IsCode(err, router.CodeNotFound) {
		t.Error(err)
	}
	if err := h.SetPassword(ctx, "ann", "long enough here"); err != nil {
		t.Fatal(err)
	}
	if u, err := h.SignIn(ctx, "ann", "long enough here"); err != nil || u.ID != "ann" {
		t.Fatal(err)
	}
	for _, try := range [][2]string{{"ann", "long enough hers"}, {"bob", "long enough here"}} {
		if _, err := h.SignIn(ctx, router.AgentID(try[0]), try[1]); !router.IsCode(err, router.CodeUnauthorized) {
			t.Error(try, err)
		}
	}
}

// Invariant C, and links that work once and not for ever.
func TestLinks(t *testing.T) {
	h, ctx := open(t), t.Context()
	first, err := h.NewLink(ctx, PurposeFirst, "", LinkTime)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Link(ctx, first); err != nil {
		t.Fatal(err)
	}
	h.add("boss", router.RoleManager)
	if _, err := h.UseLink(ctx, first); !router.IsCode(err, router.CodeUnauthorized) {
		t.Error("the first manager's link works beside a manager")
	}
	link, err := h.NewLink(ctx, PurposePassword, "boss", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.UseLink(ctx, link); err != nil {
		t.Fatal(err)
	}
	if _, err := h.UseLink(ctx, link); !router.IsCode(err, router.CodeUnauthorized) {
		t.Error("a link worked twice")
	}
	late, err := h.NewLink(ctx, PurposePassword, "boss", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(2 * time.Hour)
	if _, err := h.UseLink(ctx, late); !router.IsCode(err, router.CodeUnauthorized) {
		t.Error("a link worked after its time")
	}
}

func TestSessionsEnd(t *testing.T) {
	h, ctx := open(t), t.Context()
	h.add("ann", router.RoleAgent)
	secret, _, err := h.NewSession(ctx, "ann")
	if err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(SessionTime - time.Hour)
	if _, _, err := h.Cookie(ctx, secret); err != nil {
		t.Fatal("used within its time:", err)
	}
	h.now = h.now.Add(SessionTime - time.Hour) // its use has prolonged it
	if _, _, err := h.Cookie(ctx, secret); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(SessionTime + time.Hour)
	if _, _, err := h.Cookie(ctx, secret); !router.IsCode(err, router.CodeUnauthorized) {
		t.Error("a session outlived its time")
	}
}

func TestUsersAreChecked(t *testing.T) {
	h, ctx := open(t), t.Context()
	for field, u := range map[string]router.User{"name": {ID: "Big Name", Role: router.RoleAgent}, "role": {ID: "a", Role: "king"},
		"languages": {ID: "a", Role: router.RoleAgent, Languages: []router.Language{"fr"}}, "skills": {ID: "a", Role: router.RoleAgent, Skills: map[router.Skill]int{"x": 11}}} {
		_, err := h.AddUser(ctx, u)
		e, ok := err.(*router.Error)
		if !ok || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	h.add("ann", router.RoleAgent)
	if _, err := h.AddUser(ctx, router.User{ID: "ann", Role: router.RoleAgent}); !router.IsCode(err, router.CodeInvalidField) {
		t.Error("a name was given twice:", err)
	}
}
