package app

import (
	"context"

	"switchyard/api/auth"
)

// FirstManagerLink is the address that makes the first manager, empty once one exists.
func (a *App) FirstManagerLink(ctx context.Context) (string, error) {
	has, err := a.Auth.HasManager(ctx)
	if err != nil || has {
		return "", err
	}
	secret, err := a.Auth.NewLink(ctx, auth.PurposeFirst, "", auth.LinkTime)
	if err != nil {
		return "", err
	}
	return LinkURL(a.Config, secret), nil
}
