package learn

import (
	"context"
	"strings"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/router/textmodel"
)

// How a model came in force, as the audit log calls it.
const (
	ActPromote   = "promote_model"
	ActOverride  = "override_model" // against its check, with a reason
	ActRollback  = "rollback_model" // it had been in force before
	ActUnchanged = "activate_model" // it was in force already
)

// Change is what became of the model in force.
type Change struct {
	Act    string
	Before string   // version
	Worse  []string // topics that get worse
}

// Activate puts a stored model in force. One that was in force before always may return; another must have been checked
// beside the one in force now, with no topic worse than the margin, unless a reason is given.
// not_found; unreadable: its file is broken; invalid_transition: its check speaks against it.
func Activate(ctx context.Context, st store.Store, rules policy.Learning, version string, by router.AgentID, reason string, now time.Time) (Change, error) {
	r, err := store.TextModels(st).Get(ctx, version)
	if err != nil {
		return Change{}, err
	}
	active, err := store.ActiveModel(st).Get(ctx, "active")
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return Change{}, err
	}
	c := Change{Act: ActUnchanged, Before: active.Value.Version}
	if c.Before == version {
		return c, store.BumpGeneration(ctx, st)
	}
	if err := c.judge(r.Value, rules, reason); err != nil {
		return c, err
	}
	if err := readable(ctx, st, version); err != nil {
		return c, err
	}
	r.Value.UsedAt = now
	if _, err := store.TextModels(st).Put(ctx, r); err != nil { // first: what may be in force is never forgotten
		return c, err
	}
	_, changed, err := store.Activate(ctx, st, store.Active{Version: version, By: by, At: now},
		func(a store.Active) bool { return a.Version == c.Before })
	if err == nil && !changed {
		err = router.Fail("learn.activate", router.CodeConflict, "another model came in force at this moment; look again")
	}
	return c, err
}

// judge says how the model comes in force, or why it may not.
func (c *Change) judge(t store.TextModel, rules policy.Learning, reason string) error {
	if !t.UsedAt.IsZero() {
		c.Act = ActRollback
		return nil
	}
	check, err := CheckOf(t)
	if err != nil {
		return err
	}
	against := ""
	switch {
	case check == nil:
		against = "it has not been checked"
	case check.Against != c.Before:
		against = "it was checked beside a model that is no longer in force; train again"
	default:
		if c.Worse = check.WorseBy(rules); len(c.Worse) > 0 {
			against = "it gets worse at " + strings.Join(c.Worse, ", ")
		}
	}
	switch {
	case against == "":
		c.Act = ActPromote
	case reason == "":
		return router.Fail("learn.activate", router.CodeInvalidTransition, "the model is not put in force: %s. Give a reason to do it all the same", against)
	default:
		c.Act = ActOverride
	}
	return nil
}

func readable(ctx context.Context, st store.Store, version string) error {
	file, err := st.Blob(ctx, store.ModelBlob(version))
	if err == nil {
		_, err = textmodel.Decode(file)
	}
	if router.IsCode(err, router.CodeInvalidField) || router.IsCode(err, router.CodeNotFound) {
		return &router.Error{Op: "learn.activate", Code: router.CodeUnreadable, Detail: "the model's file is broken or was made by a newer program", Err: err}
	}
	return err
}
