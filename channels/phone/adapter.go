package phone

import (
	"context"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"switchyard/channels"
	"switchyard/router"
)

const (
	cursorName = "files"
	maxPending = 20_000 // calls that are gathered at a time
	batchSize  = 100
	staleOpen  = 10 * time.Second // an open quote with nothing after it for so long is a broken row
)

// cursor is how far the source was read.
type cursor struct {
	FirstStart time.Time `json:"first_start"`
	Files      []mark    `json:"files"`
}

// adapter follows the files of one source.
type adapter struct {
	cfg  channels.Config
	set  Settings
	deps channels.Deps
	opts Options
}

// following is one run of the adapter.
type following struct {
	*adapter
	rules    rules
	cur      cursor
	saved    string // what the saved cursor looks like
	tails    []*tail
	calls    *gather
	bad      []badRow
	missed   map[string]bool // calls decided as unanswered in this run
	received int64
	lastAt   time.Time
	health   string
}

// badRow is a row that could not be read, not taken yet.
type badRow struct {
	in router.Inbound
	t  *tail
	at spot
}

// Run follows the files until ctx ends.
func (a *adapter) Run(ctx context.Context) error {
	f := &following{adapter: a, rules: a.opts.rules(), calls: newGather(), missed: map[string]bool{}, health: "?"}
	defer f.close()
	found, err := a.deps.Cursors.LoadCursor(ctx, a.cfg.Name, cursorName, &f.cur)
	if err != nil {
		return err
	}
	if !found || f.cur.FirstStart.IsZero() {
		f.cur.FirstStart = a.deps.Now()
		if err := f.save(ctx); err != nil {
			return err
		}
	}
	f.findMoved()
	pause := backoff{}
	for ctx.Err() == nil {
		more, err := f.step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			f.report(string(router.CodeOf(err)))
			sleep(ctx, min(pause.next(), 5*time.Second))
			continue
		case more:
			continue
		}
		pause = backoff{}
		sleep(ctx, a.set.Poll)
	}
	return nil
}

func (f *following) close() {
	for _, t := range f.tails {
		_ = t.f.Close()
	}
}

// step looks at every file once, hands on what is settled, and saves how far it is.
func (f *following) step(ctx context.Context) (more bool, err error) {
	trouble := f.refresh()
	now := f.deps.Now()
	for _, t := range f.tails {
		if len(f.calls.calls) >= maxPending || len(f.bad) >= maxPending {
			break
		}
		ps, again, err := t.read(now)
		more = more || again
		if err != nil {
			trouble = "a file cannot be read"
		}
		if t.whole && now.Sub(t.grewAt) >= max(staleOpen, f.set.Settle) {
			ps = append(ps, t.giveUp()...)
		}
		for _, p := range ps {
			f.take(t, p, now)
		}
	}
	if err := f.handBad(ctx); err != nil {
		return false, err
	}
	if err := f.handCalls(ctx); err != nil {
		return false, err
	}
	f.drop(now)
	f.report(trouble)
	return more && len(f.calls.calls) < maxPending, f.save(ctx)
}

// take adds a row to its call, or notes that it cannot be read.
func (f *following) take(t *tail, p piece, now time.Time) {
	at := spot{p.offset, p.line - 1}
	l, err := readLeg(p, f.opts.zone())
	if err == nil && l.call != "" {
		l.id = rowID(p.raw, 1) // the same row again is the same leg
		f.calls.add(l, now, t, at)
		return
	}
	id := router.HashID("r", string(p.raw))
	if len(t.seen) > maxPending {
		t.seen = map[string]int{}
	}
	t.seen[id]++
	if err == nil {
		l.id = rowID(p.raw, t.seen[id])
		f.calls.add(l, now, t, at)
		return
	}
	why := "a call record cannot be read"
	if own, ok := err.(*router.Error); ok {
		why += ": " + own.Detail
	}
	f.bad = append(f.bad, badRow{t: t, at: at, in: router.Inbound{Source: f.cfg.Name, Channel: router.ChannelPhone, Kind: router.KindCall, ExternalID: rowID(p.raw, t.seen[id]),
		Handle: router.Handle{Channel: router.ChannelPhone, Address: "unreadable:" + string(f.cfg.Name)}, SentAt: now, Raw: p.raw, Failure: why}})
}

var errDown = router.Fail("phone.accept", router.CodeUnavailable, "the intake does not take messages now")

// handBad hands on rows that could not be read.
func (f *following) handBad(ctx context.Context) error {
	for len(f.bad) > 0 {
		n := min(len(f.bad), batchSize)
		ins := make([]router.Inbound, n)
		for i := range ins {
			ins[i] = f.bad[i].in
		}
		answers := f.deps.Intake.Accept(ctx, ins)
		for i := range ins {
			if i >= len(answers) || router.IsCode(answers[i].Err, router.CodeUnavailable) {
				f.bad = f.bad[i:]
				return errDown
			}
		}
		f.bad = f.bad[n:]
	}
	return nil
}

// handCalls hands on the calls that have settled.
func (f *following) handCalls(ctx context.Context) error {
	keys := f.calls.settled(f.deps.Now(), f.set.Settle, false)
	for len(keys) > 0 {
		n := min(len(keys), batchSize)
		ins := make([]router.Inbound, n)
		for i, k := range keys[:n] {
			ins[i] = f.call(k, f.calls.calls[k])
		}
		answers := f.deps.Intake.Accept(ctx, ins)
		down := false
		for i, k := range keys[:n] {
			if i >= len(answers) || router.IsCode(answers[i].Err, router.CodeUnavailable) {
				down = true
				continue
			}
			if answers[i].Err != nil {
				f.deps.Log.Warn("a call was refused", "code", router.CodeOf(answers[i].Err))
			} else if !answers[i].Duplicate {
				f.received++
				f.lastAt = f.deps.Now()
			}
			f.remember(k, ins[i])
			delete(f.calls.calls, k)
		}
		if down {
			return errDown
		}
		keys = keys[n:]
	}
	return nil
}

// call makes a settled call's message. An answer that comes after a call was decided as missed
// is a message of its own: it settles the call-back.
func (f *following) call(key string, p *pending) router.Inbound {
	if p.ready == nil {
		in := f.rules.call(f.cfg.Name, p.legs)
		in.History = f.cfg.Backlog.IsHistory(in.SentAt, f.cur.FirstStart)
		if f.missed[key] && in.Call.Incoming && in.Call.Outcome == router.CallAnswered {
			in.ExternalID += "-answered"
		}
		p.ready = &in
	}
	return *p.ready
}

func (f *following) remember(key string, in router.Inbound) {
	if len(f.missed) >= maxPending {
		clear(f.missed)
	}
	if in.Call.NeedsCallback() {
		f.missed[key] = true
	}
}

// paths are the files of the source, in order.
func (f *following) paths() []string {
	if !strings.ContainsAny(f.set.Path, "*?[") {
		return []string{f.set.Path}
	}
	found, _ := filepath.Glob(f.set.Path) // the pattern was checked
	sort.Strings(found)
	return found[:min(len(found), maxFiles)]
}

// refresh opens files that are new, and notices which were moved or emptied. It answers what is wrong, if anything.
func (f *following) refresh() (trouble string) {
	now := f.deps.Now()
	for _, t := range f.tails {
		if !t.gone {
			t.gone, t.goneAt = true, now // until a path leads to it
		}
		if t.truncated() {
			f.emptied(t)
		}
	}
	for _, path := range f.paths() {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			if err != nil && !os.IsNotExist(err) {
				trouble = "a file cannot be opened"
			}
			continue
		}
		if t := f.tailOf(info); t != nil {
			t.gone, t.Path = false, path
			continue
		}
		t, err := openTail(path, f.opts.Columns, f.known(path), now)
		if err != nil {
			trouble = "a file cannot be opened"
			continue
		}
		f.tails = append(f.tails, t)
	}
	return trouble
}

func (f *following) tailOf(info os.FileInfo) *tail {
	for _, t := range f.tails {
		if os.SameFile(t.info, info) {
			return t
		}
	}
	return nil
}

// known finds the mark of a file that was read before, and uses it up.
func (f *following) known(path string) *mark {
	for i, m := range f.cur.Files {
		if m.at(path, func(os.FileInfo) bool { return false }) {
			f.cur.Files = append(f.cur.Files[:i:i], f.cur.Files[i+1:]...)
			return &m
		}
	}
	return nil
}

// findMoved opens files that were read before and have another name now, to read their rest.
func (f *following) findMoved() {
	_ = f.refresh()
	for _, m := range f.cur.Files {
		f.rest(m)
	}
	f.cur.Files = nil
}

// rest follows a file that went elsewhere from where it was read to.
func (f *following) rest(m mark) {
	path := m.sibling(func(info os.FileInfo) bool { return f.tailOf(info) != nil })
	if path == "" {
		f.deps.Log.Warn("a file of call records is not there any more; what was added to it after the last look is not known", "bytes_read", m.Offset)
		return
	}
	if t, err := openTail(path, f.opts.Columns, &m, f.deps.Now()); err == nil {
		t.gone, t.goneAt = true, f.deps.Now()
		f.tails = append(f.tails, t)
	}
}

// emptied begins a file anew and reads the rest of what it was from its copy.
func (f *following) emptied(t *tail) {
	old := t.mark
	t.restart(f.opts.Columns)
	for _, p := range f.calls.calls {
		delete(p.at, t)
	}
	f.rest(old)
}

// drop closes files that no path leads to, once they are read and nothing of them is pending.
func (f *following) drop(now time.Time) {
	kept := f.tails[:0]
	for _, t := range f.tails {
		if t.gone && t.whole && t.size == 0 && len(t.split.held) == 0 && now.Sub(t.goneAt) >= f.set.Settle && now.Sub(t.grewAt) >= f.set.Settle && !f.pendingOf(t) {
			_ = t.f.Close()
			continue
		}
		kept = append(kept, t)
	}
	clear(f.tails[len(kept):])
	f.tails = kept
}
