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

// Objection is what speaks against putting a model in force.
type Objection string

// The objections; a reason overrides each.
const (
	Unchecked Objection = "unchecked" // nobody knows how good it is
	Stale     Objection = "stale"     // it was checked beside a model that is no longer in force
	Worse     Objection = "worse"     // a topic gets worse by more than the margin
)

// Verdict is how a model would come in force.
type Verdict struct {
	Act       string    // with a reason, where there is an objection
	Objection Objection // empty: none
	Worse     []string  // the topics
}

// Judge says how a model would come in force beside the one that is (its version; empty: none).
func Judge(t store.TextModel, inForce string, rules policy.Learning) (Verdict, error) {
	switch {
	case t.Version == inForce:
		return Verdict{Act: ActUnchanged}, nil
	case !t.UsedAt.IsZero():
		return Verdict{Act: ActRollback}, nil
	}
	check, err := CheckOf(t)
	v := Verdict{Act: ActOverride}
	switch {
	case err != nil:
		return v, err
	case check == nil:
		v.Objection = Unchecked
	case check.Against != inForce:
		v.Objection = Stale
	default:
		if v.Worse = check.WorseBy(rules); len(v.Worse) > 0 {
			v.Objection = Worse
		} else {
			v.Act = ActPromote
		}
	}
	return v, nil
}

// refusal says an objection in a sentence.
func (v Verdict) refusal() error {
	why := map[Objection]string{Unchecked: "it has not been checked", Stale: "it was checked beside a model that is no longer in force; train again",
		Worse: "it gets worse at " + strings.Join(v.Worse, ", ")}[v.Objection]
	return router.Fail("learn.activate", router.CodeInvalidTransition, "the model is not put in force: %s. Give a reason to do it all the same", why)
}

// Change is what became of the model in force.
type Change struct {
	Verdict
	Before string // version
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
	c := Change{Before: active.Value.Version}
	if c.Verdict, err = Judge(r.Value, c.Before, rules); err != nil {
		return c, err
	}
	if c.Act == ActUnchanged {
		return c, store.BumpGeneration(ctx, st)
	}
	if c.Objection != "" && reason == "" {
		return c, c.refusal()
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
