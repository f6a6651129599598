package dispatch

import (
	"context"

	"switchyard/router"
	"switchyard/router/store"
	"switchyard/router/textmodel"
)

// readModel takes the text model that the store names. One that is broken or gone leaves the old one in force;
// one that cannot be had right now is asked for again at the next refresh.
func (l *Live) readModel(ctx context.Context) error {
	active, err := store.ActiveModel(l.store).Get(ctx, "active")
	if router.IsCode(err, router.CodeNotFound) || err == nil && active.Value.Version == "" {
		l.model = nil
		return nil
	}
	if err != nil {
		return err
	}
	m, err := l.loadModel(ctx, active.Value.Version)
	if err != nil && !router.IsCode(err, router.CodeInvalidField) && !router.IsCode(err, router.CodeNotFound) {
		return err
	}
	if err != nil {
		l.log.Error("the text model in force cannot be read; the old one stays", "version", active.Value.Version, "error", err)
		return nil
	}
	l.model = m
	return nil
}

// keptModels bounds the models of old decisions that stay in memory.
const keptModels = 2

func (l *Live) loadModel(ctx context.Context, version string) (*textmodel.Model, error) {
	if m := l.models[version]; m != nil {
		return m, nil
	}
	file, err := l.store.Blob(ctx, store.ModelBlob(version))
	if err != nil {
		return nil, err
	}
	m, err := textmodel.Decode(file)
	if err != nil {
		return nil, err
	}
	if len(l.models) >= keptModels {
		clear(l.models)
	}
	l.models[version] = m
	return m, nil
}

// Model reads a stored text model, for making an old decision again; "" is none. not_found.
func (l *Live) Model(ctx context.Context, version string) (*textmodel.Model, error) {
	if version == "" {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.loadModel(ctx, version)
}
