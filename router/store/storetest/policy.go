package storetest

import (
	"context"
	"time"

	"switchyard/router/decide"
	"switchyard/router/store"
)

// UsePolicy stores a policy and puts it in force.
func UsePolicy(ctx context.Context, d store.Docs, doc []byte) (*decide.Ruleset, error) {
	rules, err := decide.Compile(doc, time.LoadLocation)
	if err != nil {
		return nil, err
	}
	if _, err := store.Policies(d).Ensure(ctx, rules.Version, store.PolicyVersion{Version: rules.Version, Doc: string(doc)}); err != nil {
		return nil, err
	}
	_, err = store.PutInForce(ctx, d, store.Active{Version: rules.Version})
	return rules, err
}
