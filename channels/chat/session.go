package chat

import (
	"context"
	"net/mail"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"switchyard/api/auth"
	"switchyard/channels"
	"switchyard/router"
	"switchyard/router/store"
)

const (
	// sessionLife is how long a visitor token speaks for its session.
	sessionLife = 30 * 24 * time.Hour
	maxName     = 200
	maxEmail    = 254
	maxAnswers  = 10
	maxQuestion = 100
	maxAnswer   = 1000
)

// visit is what is kept of a session, under the hash of its token.
type visit struct {
	Source    router.SourceName `json:"source"`
	Session   string            `json:"session"`
	Name      string            `json:"name,omitempty"`
	Email     string            `json:"email,omitempty"`
	Language  router.Language   `json:"language,omitempty"`
	Answers   []answer          `json:"answers,omitempty"`
	CreatedAt time.Time         `json:"created_at"`
	ExpiresAt time.Time         `json:"expires_at"`
}

type answer struct {
	Question string `json:"question"`
	Text     string `json:"text"`
}

func (d *desk) visits() store.Collection[visit] {
	return store.Collection[visit]{Docs: d.deps.Docs, Kind: "chat_visit", Ref: func(v visit) string { return visitRef(v.Source, v.Session) }}
}

func visitRef(source router.SourceName, session string) string { return string(source) + "/" + session }

// OpenSession checks the origin and makes a session. forbidden, invalid_field.
func (d *desk) OpenSession(ctx context.Context, r channels.SessionRequest) (channels.Session, error) {
	const op = "chat.session"
	if !d.allowed(r.Origin, "") {
		return channels.Session{}, router.Fail(op, router.CodeForbidden, "pages of this origin may not open a chat; list it under origins")
	}
	v, err := d.newVisit(r)
	if err != nil {
		return channels.Session{}, err
	}
	token := "sv_" + auth.Secret()
	if _, err := d.visits().Put(ctx, store.Record[visit]{ID: auth.Digest(token), Value: v}); err != nil {
		return channels.Session{}, router.Wrap(op, router.CodeUnavailable, err)
	}
	return channels.Session{ID: v.Session, Token: token}, nil
}

func (d *desk) newVisit(r channels.SessionRequest) (visit, error) {
	const op = "chat.session"
	now := d.deps.Now()
	v := visit{Source: d.name, Session: router.HashID("s", auth.Secret()), CreatedAt: now, ExpiresAt: now.Add(sessionLife)}
	r.Name, r.Email = strings.TrimSpace(r.Name), strings.TrimSpace(r.Email)
	switch {
	case !plainLine(r.Name, maxName):
		return v, router.FailField(op, "name", "must be one line of at most %d bytes", maxName)
	case r.Email != "" && !validEmail(r.Email):
		return v, router.FailField(op, "email", "must be a mail address")
	case len(r.Answers) > maxAnswers:
		return v, router.FailField(op, "answers", "are more than %d", maxAnswers)
	}
	switch r.Language {
	case "":
	case "zh", "en":
		v.Language = router.Language(r.Language)
	default:
		return v, router.FailField(op, "language", "must be zh or en")
	}
	for q, text := range r.Answers {
		if q == "" || !plainLine(q, maxQuestion) || len(text) > maxAnswer || !utf8.ValidString(text) {
			return v, router.FailField(op, "answers", "must be texts of at most %d bytes under names of at most %d", maxAnswer, maxQuestion)
		}
		if text = strings.TrimSpace(text); text != "" {
			v.Answers = append(v.Answers, answer{d.deps.Mask(q), d.deps.Mask(text)})
		}
	}
	sort.Slice(v.Answers, func(i, j int) bool { return v.Answers[i].Question < v.Answers[j].Question })
	v.Name, v.Email = d.deps.Mask(r.Name), d.deps.Mask(r.Email)
	return v, nil
}

// plainLine reports whether s is valid text without control characters and not too long.
func plainLine(s string, limit int) bool {
	return len(s) <= limit && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func validEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= maxEmail && plainLine(s, maxEmail)
}

// visit finds the session a token speaks for. unauthorized.
func (d *desk) visit(ctx context.Context, token string) (visit, error) {
	const op = "chat.visitor"
	gone := router.Fail(op, router.CodeUnauthorized, "this chat session is over; begin a new one")
	if token == "" || len(token) > 200 {
		return visit{}, gone
	}
	r, err := d.visits().Get(ctx, auth.Digest(token))
	switch {
	case router.IsCode(err, router.CodeNotFound), err == nil && r.Value.Source != d.name:
		return visit{}, gone
	case err != nil:
		return visit{}, router.Wrap(op, router.CodeUnavailable, err)
	case !d.deps.Now().Before(r.Value.ExpiresAt):
		_ = d.deps.Docs.DeleteDoc(ctx, "chat_visit", r.ID, r.Version)
		return visit{}, gone
	}
	return r.Value, nil
}

// Visitor finds the handle a visitor token speaks for. unauthorized.
func (d *desk) Visitor(ctx context.Context, token string) (router.Handle, error) {
	v, err := d.visit(ctx, token)
	return v.handle(), err
}

// Revoke ends a session: its token speaks for nobody from now on, and its sockets end.
func (d *desk) Revoke(ctx context.Context, session string) error {
	all, err := d.visits().All(ctx, visitRef(d.name, session))
	for _, r := range all {
		if err == nil {
			err = d.visits().Delete(ctx, r.ID)
		}
	}
	d.publish(ctx, session, news{Kind: newsRevoked})
	return err
}

func (v visit) handle() router.Handle {
	if v.Session == "" {
		return router.Handle{}
	}
	return router.Handle{Channel: router.ChannelChat, Address: v.Session}
}

// preface is what the visitor told before the first message, as lines under it.
func (v visit) preface() string {
	var b strings.Builder
	if v.Email != "" {
		b.WriteString("\n[email: " + v.Email + "]")
	}
	for _, a := range v.Answers {
		b.WriteString("\n[" + a.Question + ": " + a.Text + "]")
	}
	return b.String()
}
