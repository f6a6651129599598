package phone

import (
	"context"
	"fmt"

	"switchyard/channels"
)

// pendingOf reports whether rows of a file are not taken yet.
func (f *following) pendingOf(t *tail) bool {
	for _, b := range f.bad {
		if b.t == t {
			return true
		}
	}
	for _, p := range f.calls.calls {
		if _, ok := p.at[t]; ok {
			return true
		}
	}
	return false
}

// save writes how far each file was read: up to the first row that the intake has not answered for.
func (f *following) save(ctx context.Context) error {
	safe := map[*tail]spot{}
	for _, t := range f.tails {
		safe[t] = t.open()
	}
	lower := func(t *tail, at spot) {
		if have, ok := safe[t]; ok && at.offset < have.offset {
			safe[t] = at
		}
	}
	for _, p := range f.calls.calls {
		for t, at := range p.at {
			lower(t, at)
		}
	}
	for _, b := range f.bad {
		lower(b.t, b.at)
	}
	next := cursor{FirstStart: f.cur.FirstStart}
	for _, t := range f.tails {
		m := t.mark
		m.Offset, m.Line = safe[t].offset, safe[t].line
		next.Files = append(next.Files, m)
	}
	if len(f.tails) == 0 {
		next.Files = f.cur.Files // not looked at yet
	}
	looks := fmt.Sprint(next)
	if looks == f.saved {
		return nil
	}
	if err := f.deps.Cursors.SaveCursor(ctx, f.cfg.Name, cursorName, next); err != nil {
		return err
	}
	f.saved = looks
	return nil
}

// report says how the source is, when that has changed.
func (f *following) report(trouble string) {
	h := channels.Health{State: channels.HealthOK, At: f.deps.Now(), LastInput: f.lastAt, Received: f.received}
	switch {
	case trouble != "":
		h.State, h.Detail = channels.HealthDegraded, trouble
	case len(f.tails) == 0:
		h.Detail = "there is no file yet"
	}
	if looks := fmt.Sprint(h.State, h.Detail, h.Received); looks != f.health {
		f.health = looks
		f.deps.Health(h)
	}
}
