package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"switchyard/router"
)

// The cost of a password: argon2id with 19 MiB, 2 passes, 1 lane (OWASP's password storage cheat sheet).
const (
	argonMemory = 19 * 1024
	argonTime   = 2
	argonLanes  = 1
	argonKey    = 32
)

// hasher bounds how many passwords are worked on at once, for memory's sake.
type hasher struct {
	sem   chan struct{}
	decoy string
}

func newHasher() hasher {
	h := hasher{sem: make(chan struct{}, 2)}
	h.decoy = encode(make([]byte, 16), make([]byte, argonKey))
	return h
}

func (h hasher) hold(ctx context.Context) error {
	select {
	case h.sem <- struct{}{}:
		return nil
	case <-ctx.Done():
		return router.Wrap("auth.password", router.CodeUnavailable, ctx.Err())
	}
}

func encode(salt, sum []byte) string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argonMemory, argonTime, argonLanes, b.EncodeToString(salt), b.EncodeToString(sum))
}

func (h hasher) make(ctx context.Context, password string) (string, error) {
	if err := h.hold(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.sem }()
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", router.Wrap("auth.password", router.CodeInternal, err)
	}
	return encode(salt, argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, argonKey)), nil
}

// check compares in constant time; with no stored hash it works as long and says no.
func (h hasher) check(ctx context.Context, stored, password string) bool {
	if err := h.hold(ctx); err != nil {
		return false
	}
	defer func() { <-h.sem }()
	known := stored != ""
	if !known {
		stored = h.decoy
	}
	parts := strings.Split(stored, "$")
	var m, t uint32
	var p uint8
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &p); err != nil || m > 1<<20 || t > 10 {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, t, m, p, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && known
}
