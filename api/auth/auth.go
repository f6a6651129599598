// Package auth knows who is calling: users with passwords, sessions of pages,
// bearer tokens of programs, and one-time links.
//
// What always holds:
//
//	A. Tokens, sessions and links are 160 random bits or more, stored only as SHA-256 hashes,
//	   and can be revoked; a link works once.
//	B. Passwords are stored as argon2id; a wrong name costs as much time as a wrong password.
//	C. The link that makes the first manager is dead once a manager exists.
//	D. Nothing of this package writes a secret into an error or a log.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

const (
	// SessionTime is how long a session lives after its last use.
	SessionTime = 14 * 24 * time.Hour
	// LinkTime is how long a one-time link works.
	LinkTime = 24 * time.Hour
	// touchEvery is how often a session's use is written at most.
	touchEvery = 10 * time.Minute
)

// Service answers who is calling.
type Service struct {
	Docs store.Docs
	Now  func() time.Time
	hash hasher
}

// New makes a service.
func New(d store.Docs, now func() time.Time) *Service {
	return &Service{Docs: d, Now: now, hash: newHasher()}
}

// Secret is a random token of 130 bits of entropy or more, safe in URLs and headers.
func Secret() string { return rand.Text() + rand.Text() }

// Digest is what is stored of a secret.
func Digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Token is a program's bearer token.
type Token struct {
	User      router.AgentID `json:"user"`
	CreatedAt time.Time      `json:"created_at"`
}

// Session is a signed-in page.
type Session struct {
	User      router.AgentID `json:"user"`
	CSRF      string         `json:"csrf"` // must come back in a header or form with every write
	CreatedAt time.Time      `json:"created_at"`
	ExpiresAt time.Time      `json:"expires_at"`
}

// Purpose says what a one-time link is for.
type Purpose string

// The purposes of links.
const (
	PurposePassword Purpose = "password"      // set a password and sign in
	PurposeFirst    Purpose = "first_manager" // make the first manager
	PurposeSignIn   Purpose = "sign_in"       // sign in, for the demo
)

// Link is a one-time link.
type Link struct {
	Purpose   Purpose        `json:"purpose"`
	User      router.AgentID `json:"user,omitempty"`
	ExpiresAt time.Time      `json:"expires_at"`
}

func (s *Service) users() store.Collection[router.User] { return store.Users(s.Docs) }

func (s *Service) tokens() store.Collection[Token] {
	return store.Collection[Token]{Docs: s.Docs, Kind: "token", Ref: func(t Token) string { return string(t.User) }}
}

func (s *Service) sessions() store.Collection[Session] {
	return store.Collection[Session]{Docs: s.Docs, Kind: "session", Ref: func(t Session) string { return string(t.User) }}
}

func (s *Service) links() store.Collection[Link] {
	return store.Collection[Link]{Docs: s.Docs, Kind: "link", Ref: func(t Link) string { return string(t.User) }}
}

var errWho = router.Fail("auth", router.CodeUnauthorized, "sign in first, or send a valid token")

// active reads a user who may act.
func (s *Service) active(ctx context.Context, id router.AgentID) (router.User, error) {
	r, err := s.users().Get(ctx, string(id))
	if router.IsCode(err, router.CodeNotFound) || err == nil && r.Value.Disabled {
		return router.User{}, errWho
	}
	r.Value.Version = r.Version
	return r.Value, err
}

// Bearer finds the user of a token. unauthorized.
func (s *Service) Bearer(ctx context.Context, secret string) (router.User, error) {
	t, err := s.tokens().Get(ctx, Digest(secret))
	if router.IsCode(err, router.CodeNotFound) {
		return router.User{}, errWho
	}
	if err != nil {
		return router.User{}, err
	}
	return s.active(ctx, t.Value.User)
}

// Cookie finds the user of a session and the session's CSRF value. unauthorized.
func (s *Service) Cookie(ctx context.Context, secret string) (router.User, Session, error) {
	r, err := s.sessions().Get(ctx, Digest(secret))
	if router.IsCode(err, router.CodeNotFound) || err == nil && !s.Now().Before(r.Value.ExpiresAt) {
		return router.User{}, Session{}, errWho
	}
	if err != nil {
		return router.User{}, Session{}, err
	}
	if r.Value.ExpiresAt.Sub(s.Now()) < SessionTime-touchEvery {
		r.Value.ExpiresAt = s.Now().Add(SessionTime)
		if _, err := s.sessions().Put(ctx, r); err != nil && !router.IsCode(err, router.CodeConflict) {
			return router.User{}, Session{}, err
		}
	}
	u, err := s.active(ctx, r.Value.User)
	return u, r.Value, err
}

// NewToken makes a bearer token; it is shown once.
func (s *Service) NewToken(ctx context.Context, user router.AgentID) (string, error) {
	secret := "sy_" + Secret()
	_, err := s.tokens().Put(ctx, store.Record[Token]{ID: Digest(secret), Value: Token{User: user, CreatedAt: s.Now()}})
	return secret, err
}

// NewSession signs a user in; the secret goes into the cookie.
func (s *Service) NewSession(ctx context.Context, user router.AgentID) (secret string, session Session, err error) {
	secret = Secret()
	session = Session{User: user, CSRF: Secret(), CreatedAt: s.Now(), ExpiresAt: s.Now().Add(SessionTime)}
	_, err = s.sessions().Put(ctx, store.Record[Session]{ID: Digest(secret), Value: session})
	return secret, session, err
}

// SignOut ends a session.
func (s *Service) SignOut(ctx context.Context, secret string) error {
	return s.sessions().Delete(ctx, Digest(secret))
}

// Revoke ends every session, token and link of a user.
func (s *Service) Revoke(ctx context.Context, user router.AgentID) error {
	for _, kind := range []string{"token", "session", "link"} {
		for {
			ds, err := s.Docs.ListDocs(ctx, kind, string(user), "", store.MaxLimit)
			if err != nil {
				return err
			}
			for _, d := range ds {
				if err := s.Docs.DeleteDoc(ctx, kind, d.ID, 0); err != nil {
					return err
				}
			}
			if len(ds) < store.MaxLimit {
				break
			}
		}
	}
	return nil
}

// SignIn checks a password. unauthorized, whatever was wrong.
func (s *Service) SignIn(ctx context.Context, name router.AgentID, password string) (router.User, error) {
	u, err := s.active(ctx, name)
	if err != nil && !router.IsCode(err, router.CodeUnauthorized) {
		return router.User{}, err
	}
	if !s.hash.check(ctx, u.Password, password) || err != nil {
		return router.User{}, router.Fail("auth.sign_in", router.CodeUnauthorized, "the name or the password is wrong")
	}
	return u, nil
}

// NewLink makes a one-time link's token; it is shown once.
func (s *Service) NewLink(ctx context.Context, p Purpose, user router.AgentID, life time.Duration) (string, error) {
	secret := Secret()
	_, err := s.links().Put(ctx, store.Record[Link]{ID: Digest(secret), Value: Link{Purpose: p, User: user, ExpiresAt: s.Now().Add(life)}})
	return secret, err
}

// Link looks at a link without using it. unauthorized: used, out of date, or never there.
func (s *Service) Link(ctx context.Context, secret string) (Link, error) {
	l, _, err := s.link(ctx, secret)
	return l, err
}

func (s *Service) link(ctx context.Context, secret string) (Link, int64, error) {
	gone := router.Fail("auth.link", router.CodeUnauthorized, "this link was used or is out of date; ask for a new one")
	r, err := s.links().Get(ctx, Digest(secret))
	if router.IsCode(err, router.CodeNotFound) || err == nil && !s.Now().Before(r.Value.ExpiresAt) {
		return Link{}, 0, gone
	}
	if err == nil && r.Value.Purpose == PurposeFirst {
		has, err := s.HasManager(ctx)
		if err != nil {
			return Link{}, 0, err
		}
		if has {
			return Link{}, 0, gone
		}
	}
	return r.Value, r.Version, err
}

// UseLink uses a link up. unauthorized.
func (s *Service) UseLink(ctx context.Context, secret string) (Link, error) {
	l, version, err := s.link(ctx, secret)
	if err != nil {
		return l, err
	}
	if err := s.Docs.DeleteDoc(ctx, "link", Digest(secret), version); err != nil {
		return l, router.Fail("auth.link", router.CodeUnauthorized, "this link was used just now")
	}
	return l, nil
}

// HasManager reports whether somebody governs the desk.
func (s *Service) HasManager(ctx context.Context) (bool, error) {
	all, err := s.users().All(ctx, "")
	for _, u := range all {
		if u.Value.Role == router.RoleManager && !u.Value.Disabled {
			return true, err
		}
	}
	return false, err
}

var userName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

// CheckUser says what is wrong with a user, by field.
func CheckUser(u router.User) error {
	switch {
	case !userName.MatchString(string(u.ID)):
		return router.FailField("auth.user", "name", "must be small letters, digits and . _ @ - only, at most 64")
	case !u.Role.Valid():
		return router.FailField("auth.user", "role", "must be agent, manager, auditor or machine")
	}
	for _, l := range u.Languages {
		if l != router.LanguageZH && l != router.LanguageEN {
			return router.FailField("auth.user", "languages", "must be zh or en")
		}
	}
	for k, level := range u.Skills {
		if k == "" || level < 1 || level > 10 {
			return router.FailField("auth.user", "skills", "must be names with levels from 1 to 10")
		}
	}
	for q, w := range u.Weights {
		if !u.Covers(q) || !(w >= 0.01 && w <= 100) {
			return router.FailField("auth.user", "queue_weights", "must be queues of the agent with weights from 0.01 to 100")
		}
	}
	return nil
}

// AddUser makes a user. exists, invalid_field.
func (s *Service) AddUser(ctx context.Context, u router.User) (router.User, error) {
	if err := CheckUser(u); err != nil {
		return u, err
	}
	u.CreatedAt = s.Now()
	r, err := s.users().Put(ctx, store.Record[router.User]{ID: string(u.ID), Value: u})
	if router.IsCode(err, router.CodeExists) {
		return u, &router.Error{Op: "auth.user", Code: router.CodeInvalidField, Field: "name", Detail: "is taken"}
	}
	if err != nil {
		return u, err
	}
	u.Version = r.Version
	return u, store.BumpGeneration(ctx, s.Docs)
}

// CheckPassword says what is wrong with a password. invalid_field: shorter than ten characters.
func CheckPassword(password string) error {
	if len(password) < 10 || len(password) > 256 {
		return router.FailField("auth.password", "password", "must have 10 to 256 characters")
	}
	return nil
}

// SetPassword sets a user's password. invalid_field: shorter than ten characters.
func (s *Service) SetPassword(ctx context.Context, user router.AgentID, password string) error {
	if err := CheckPassword(password); err != nil {
		return err
	}
	encoded, err := s.hash.make(ctx, password)
	if err != nil {
		return err
	}
	_, err = s.users().Update(ctx, string(user), func(u *router.User) (bool, error) {
		if u.ID == "" {
			return false, router.Fail("auth.password", router.CodeNotFound, "there is no such user")
		}
		u.Password = encoded
		return true, nil
	})
	return err
}

// ChangeUser changes a user and checks the result as a whole. not_found, invalid_field.
func (s *Service) ChangeUser(ctx context.Context, id router.AgentID, change func(*router.User)) (router.User, error) {
	r, err := s.users().Update(ctx, string(id), func(u *router.User) (bool, error) {
		if u.ID == "" {
			return false, router.Fail("auth.user", router.CodeNotFound, "there is no such user")
		}
		change(u)
		return true, CheckUser(*u)
	})
	if err != nil {
		return r.Value, err
	}
	r.Value.Version = r.Version
	return r.Value, store.BumpGeneration(ctx, s.Docs)
}
