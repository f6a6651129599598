package workers

import (
	"context"
	"time"

	"switchyard/router/store"
)

// aloneLease is how long after its owner's death another process goes on with long work.
const aloneLease = time.Minute

// alone does long work under a lease, which the work renews by mine as it goes: a second nudge while somebody
// works, in this process or in another, does nothing; the sweep comes back to what is left.
func (s *Server) alone(ctx context.Context, name string, work func(ctx context.Context, mine func(context.Context) (bool, error)) error) error {
	if _, twice := s.working.LoadOrStore(name, true); twice {
		return nil
	}
	defer s.working.Delete(name)
	leases := store.Leases{Docs: s.Store}
	mine := func(ctx context.Context) (bool, error) {
		_, held, err := leases.Take(ctx, name, s.Owner, s.Now(), aloneLease)
		return held, err
	}
	if held, err := mine(ctx); err != nil || !held {
		return err
	}
	err := work(ctx, mine)
	if freed := leases.Release(context.WithoutCancel(ctx), name, s.Owner); err == nil {
		err = freed
	}
	return err
}
