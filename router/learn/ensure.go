package learn

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/store"
	"switchyard/router/textmodel"
)

// enoughTopics is how many of its topics a policy must have for the program's own model to be of use.
const enoughTopics = 2

// Ensure makes sure that a text model is in force: the one that comes with the program, if the policy has
// topics of it. A newer program brings its newer model; one that a manager chose stays. It may run any
// number of times and in several processes at once.
func Ensure(ctx context.Context, st store.Store, topics []string, now time.Time, log *slog.Logger) error {
	active, err := store.ActiveModel(st).Get(ctx, "active")
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return err
	}
	version := textmodel.VersionOf(Wallet())
	ours := func(a store.Active) bool { return a.By == "" && a.Version != version }
	if !ours(active.Value) {
		return nil
	}
	m, err := textmodel.Decode(Wallet())
	if err != nil {
		return err
	}
	shared := 0
	for _, t := range m.Topics {
		if slices.Contains(topics, t) {
			shared++
		}
	}
	if shared < enoughTopics {
		return nil
	}
	if err := st.PutBlob(ctx, store.ModelBlob(version), Wallet()); err != nil {
		return err
	}
	_, err = store.TextModels(st).Ensure(ctx, version, store.TextModel{Version: version, Info: m.Info, Note: "came with the program", At: now, UsedAt: now})
	if err != nil {
		return err
	}
	before, changed, err := store.Activate(ctx, st, store.Active{Version: version, At: now}, ours)
	if err != nil || !changed || before.Version == "" {
		return err
	}
	log.Info("the program brought a newer text model, which is in force now", "version", version, "before", before.Version)
	_, err = store.AppendJSON(ctx, st, store.AuditStream, rand.Text(), now,
		store.AuditEntry{Act: "program_model", Target: version, Note: "before: " + before.Version})
	return err
}
