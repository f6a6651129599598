package store

import (
	"context"
	"time"

	"switchyard/router"
)

// Lease is an expiring exclusive hold of one process on something: a mailbox, a
// log file, the sweep. Epoch rises with every new owner.
type Lease struct {
	Name      string    `json:"name"`
	Owner     string    `json:"owner"`
	Epoch     int64     `json:"epoch"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Leases gives leases on top of Docs. Clocks of processes must agree to well within a lease's time.
type Leases struct{ Docs Docs }

func (l Leases) collection() Collection[Lease] { return Collection[Lease]{Docs: l.Docs, Kind: "lease"} }

// Take takes or renews the lease for owner until now+ttl. held is false if another owner has it.
func (l Leases) Take(ctx context.Context, name, owner string, now time.Time, ttl time.Duration) (lease Lease, held bool, err error) {
	r, err := l.collection().Update(ctx, name, func(v *Lease) (bool, error) {
		held = v.Owner == owner || v.Owner == "" || !now.Before(v.ExpiresAt)
		if !held {
			return false, nil
		}
		if v.Owner != owner {
			v.Epoch++
		}
		v.Name, v.Owner, v.ExpiresAt = name, owner, now.Add(ttl)
		return true, nil
	})
	if router.IsCode(err, router.CodeConflict) || router.IsCode(err, router.CodeExists) {
		return r.Value, false, nil // others are faster; they have it
	}
	return r.Value, held && err == nil, err
}

// Release gives the lease back if owner has it.
func (l Leases) Release(ctx context.Context, name, owner string) error {
	_, err := l.collection().Update(ctx, name, func(v *Lease) (bool, error) {
		if v.Owner != owner {
			return false, nil
		}
		v.Owner, v.ExpiresAt = "", time.Time{}
		return true, nil
	})
	return err
}

// ReleaseAll gives back every lease, whoever has it: for a store that only one server can use, at its start.
func (l Leases) ReleaseAll(ctx context.Context) error {
	all, err := l.collection().All(ctx, "")
	for _, r := range all {
		if err == nil {
			err = l.Release(ctx, r.ID, r.Value.Owner)
		}
	}
	return err
}
