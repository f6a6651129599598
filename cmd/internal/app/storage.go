package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"time"

	"switchyard/channels/intake"
	"switchyard/cmd/internal/config"
	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/router/store/mongostore"
	"switchyard/router/store/sqlitestore"
)

// OpenStore opens the configured store and brings it up to date. Commands and servers use it alike.
func OpenStore(ctx context.Context, c *config.Config) (store.Store, error) {
	var st store.Store
	var err error
	if c.Mongo.URI != "" {
		st, err = mongostore.Open(ctx, c.Mongo.URI, mongostore.Options{})
	} else {
		st, err = sqlitestore.Open(ctx, c.Data, sqlitestore.Options{})
	}
	if err != nil {
		return nil, err
	}
	if err := st.Migrate(ctx); err != nil {
		_ = st.Close()
		return nil, err
	}
	return st, nil
}

// StoreExists reports whether there is a store to open, without making one.
func StoreExists(c *config.Config) bool {
	if c.Mongo.URI != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(c.Data, sqlitestore.FileName))
	return err == nil
}

// OpenSealer reads the keys; on embedded storage without one it makes one in the data folder.
func OpenSealer(c *config.Config) (*intake.Sealer, error) {
	text := c.Privacy.Key
	if text == "" && c.Mongo.URI == "" {
		var err error
		if text, err = keyFile(c.Data); err != nil {
			return nil, err
		}
	}
	key, err := intake.ParseKey("privacy.key", text)
	if err != nil {
		return nil, err
	}
	var old [][]byte
	for _, k := range c.Privacy.OldKeys {
		b, err := intake.ParseKey("privacy.old_keys", k)
		if err != nil {
			return nil, err
		}
		old = append(old, b)
	}
	return intake.NewSealer(key, old...)
}

// keyFile reads the data folder's key, or makes it, readable by its owner only.
func keyFile(dir string) (string, error) {
	path := filepath.Join(dir, "privacy.key")
	if b, err := os.ReadFile(path); err == nil {
		return strings.TrimSpace(string(b)), nil
	} else if !os.IsNotExist(err) {
		return "", router.Wrap("app.key", router.CodeUnavailable, err)
	}
	key := make([]byte, intake.KeySize)
	if _, err := rand.Read(key); err != nil {
		return "", router.Wrap("app.key", router.CodeInternal, err)
	}
	text := base64.StdEncoding.EncodeToString(key)
	err := placeKey(dir, path, text)
	if os.IsExist(err) { // another command was a moment faster
		return keyFile(dir)
	}
	return text, router.Wrap("app.key", router.CodeUnavailable, err)
}

// placeKey writes a key beside its place and links it there whole: a full disk or a crash leaves no half
// key behind, and of two commands one wins.
func placeKey(dir, path, text string) error {
	f, err := os.CreateTemp(dir, ".privacy.key-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Link(f.Name(), path)
	}
	_ = os.Remove(f.Name()) // what is left over is no key
	return err
}

// firstPolicy is the policy that a store without one begins with: the configured file's or the default.
func firstPolicy(file string) (doc []byte, rules *decide.Ruleset, err error) {
	doc = policy.Default()
	if file != "" {
		if doc, err = os.ReadFile(file); err != nil {
			return nil, nil, router.FailField("app.policy", "policy", "cannot read %s", file)
		}
	}
	rules, err = decide.Compile(doc, time.LoadLocation)
	return doc, rules, err
}

// CheckProfile refuses queues and shifts that the policy in force, or the one a new store begins with, does not have.
func CheckProfile(ctx context.Context, st store.Store, file string, u router.User) error {
	rules, err := RulesInForce(ctx, st, file)
	if err != nil {
		return err
	}
	return rules.CheckProfile(u)
}

// RulesInForce is the policy in force, or the one a new store begins with: of a file, or the program's own.
func RulesInForce(ctx context.Context, st store.Store, file string) (*decide.Ruleset, error) {
	rules, err := policyInForce(ctx, st)
	if router.IsCode(err, router.CodeNotFound) {
		_, rules, err = firstPolicy(file)
	}
	return rules, err
}

// policyInForce compiles the policy in force. not_found: there is none yet.
func policyInForce(ctx context.Context, st store.Store) (*decide.Ruleset, error) {
	active, err := store.ActivePolicy(st).Get(ctx, "active")
	if err != nil {
		return nil, err
	}
	p, err := store.Policies(st).Get(ctx, active.Value.Version)
	if err != nil {
		return nil, err
	}
	return decide.Compile([]byte(p.Value.Doc), time.LoadLocation)
}

// EnsurePolicy makes sure that a policy is in force: the configured file's or the default. It
// answers whether the configured file differs from what is in force.
func EnsurePolicy(ctx context.Context, st store.Store, file string, now time.Time) (differs bool, err error) {
	doc, rules, err := firstPolicy(file)
	if err != nil {
		return false, err
	}
	active, err := store.ActivePolicy(st).Get(ctx, "active")
	if err == nil {
		return file != "" && active.Value.Version != rules.Version, nil
	}
	if !router.IsCode(err, router.CodeNotFound) {
		return false, err
	}
	if _, err := store.Policies(st).Ensure(ctx, rules.Version, store.PolicyVersion{Version: rules.Version, Doc: string(doc), Author: "switchyard", Note: "first start", At: now}); err != nil {
		return false, err
	}
	if _, err := store.ActivePolicy(st).Ensure(ctx, "active", store.Active{Version: rules.Version, By: "switchyard", At: now}); err != nil {
		return false, err
	}
	return false, store.BumpGeneration(ctx, st)
}

// MaskedBesides are the kinds that the policy in force masks besides the secrets; none where no policy is in force yet.
func MaskedBesides(ctx context.Context, st store.Store) ([]string, error) {
	active, err := store.ActivePolicy(st).Get(ctx, "active")
	if router.IsCode(err, router.CodeNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := store.Policies(st).Get(ctx, active.Value.Version)
	if err != nil {
		return nil, err
	}
	doc, err := policy.Parse([]byte(p.Value.Doc))
	return doc.Privacy.Mask, err
}

// LinkURL is the address of a one-time link; its token stands in the fragment, which no server logs.
func LinkURL(c *config.Config, secret string) string { return c.PublicURL + "/link#" + secret }
