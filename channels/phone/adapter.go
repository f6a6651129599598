package phone

import (
	"context"
	"os"
	"sort"
	"time"

	"switchyard/channels"
	"switchyard/router"
)

const (
	pollEvery = 500 * time.Millisecond
	// longAgo is how old a leg is when no further legs of its call can come.
	longAgo = time.Hour
	// maxOpen bounds the calls whose legs have not settled; beyond it the oldest are decided.
	maxOpen = 5000
	// acceptAtOnce is how many calls one Accept carries.
	acceptAtOnce = 100
)

type adapter struct {
	name    router.SourceName
	path    string
	columns int
	zone    *time.Location
	settle  time.Duration
	backlog channels.Backlog
	rules   rules
	deps    channels.Deps
}

// cursor is what is kept between runs.
type cursor struct {
	FirstStart time.Time `json:"first_start"`
	Marks      []mark    `json:"marks"`
}

const cursorName = "files"

// tailing is one run of the adapter.
type tailing struct {
	*adapter
	cursor    cursor
	followers map[string]*follower           // by path
	calls     map[*follower]map[string]*call // not settled, by file and key
	received  int64
	lastInput time.Time
}

// Run implements channels.Adapter.
func (a *adapter) Run(ctx context.Context) error {
	t := &tailing{adapter: a, followers: map[string]*follower{}, calls: map[*follower]map[string]*call{}}
	found, err := a.deps.Cursors.LoadCursor(ctx, a.name, cursorName, &t.cursor)
	if err != nil {
		return err
	}
	if !found {
		t.cursor.FirstStart = a.deps.Now()
		if err := a.deps.Cursors.SaveCursor(ctx, a.name, cursorName, t.cursor); err != nil {
			return err
		}
	}
	defer t.close()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := t.round(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (t *tailing) close() {
	for _, f := range t.followers {
		_ = f.file.Close()
	}
}

// round reads what is new, decides what has settled, and saves how far that is.
func (t *tailing) round(ctx context.Context) error {
	for _, path := range t.paths(t.cursor.Marks) {
		t.follow(path)
	}
	before := len(t.followers)
	for path, f := range t.followers {
		if err := f.read(ctx, func(r row, at int64) { t.leg(f, r, at) }, t.refuse); err != nil {
			return err
		}
		if t.replaced(path, f) && len(t.calls[f]) == 0 {
			_ = f.file.Close()
			delete(t.followers, path)
			delete(t.calls, f)
		}
	}
	moved, err := t.decide(ctx)
	if err != nil {
		return err
	}
	t.report(before)
	if advanced := t.advanced(); !moved && !advanced {
		return nil
	}
	return t.deps.Cursors.SaveCursor(ctx, t.name, cursorName, t.cursor)
}

// follow begins to read a file that is not read yet; a rotated one is read to its end under its old name.
func (t *tailing) follow(path string) {
	if f := t.followers[path]; f != nil && !t.replaced(path, f) {
		return
	} else if f != nil {
		t.followers[path+"\x00rotated"] = f
		delete(t.followers, path)
	}
	f, err := t.openFollower(path, t.cursor.Marks)
	if err != nil {
		return // it is gone again; the next round looks anew
	}
	for _, have := range t.followers {
		if have.mark.Inode == f.mark.Inode && have.mark.Device == f.mark.Device {
			_ = f.file.Close()
			return // the same file under another name
		}
	}
	t.followers[path] = f
}

// replaced reports whether a path is another file now, or none.
func (t *tailing) replaced(path string, f *follower) bool {
	here, err := os.Stat(path)
	if err != nil {
		return true
	}
	mine, err := f.file.Stat()
	return err != nil || !os.SameFile(here, mine)
}

func (t *tailing) refuse(b bad) {
	t.deps.Log.Warn("a call record could not be read", "line", b.line, "code", string(router.CodeOf(b.err)))
}

func (t *tailing) leg(f *follower, r row, at int64) {
	if t.calls[f] == nil {
		t.calls[f] = map[string]*call{}
	}
	c := t.calls[f][r.key()]
	if c == nil {
		c = &call{key: r.key(), offset: at}
		t.calls[f][r.key()] = c
	}
	c.legs = append(c.legs, r)
	c.seenAt = t.deps.Now()
}

func (t *tailing) settled(c *call, now time.Time) bool {
	last := c.legs[len(c.legs)-1].end
	return now.Sub(last) > longAgo || now.Sub(c.seenAt) >= t.settle
}

// decide hands on every call that has settled; what could not be stored now stays.
func (t *tailing) decide(ctx context.Context) (moved bool, err error) {
	now := t.deps.Now()
	for f, calls := range t.calls {
		var ready []*call
		for _, c := range calls {
			if t.settled(c, now) || len(calls) > maxOpen {
				ready = append(ready, c)
			}
		}
		sort.Slice(ready, func(i, j int) bool { return ready[i].offset < ready[j].offset })
		for len(ready) > 0 && ctx.Err() == nil {
			n := min(len(ready), acceptAtOnce)
			if !t.accept(ctx, f, ready[:n]) {
				return moved, nil // the desk cannot store now: the next round tries again
			}
			moved, ready = true, ready[n:]
		}
	}
	return moved, nil
}

// accept reports whether all of the calls were answered for.
func (t *tailing) accept(ctx context.Context, f *follower, ready []*call) bool {
	ins := make([]router.Inbound, len(ready))
	for i, c := range ready {
		ins[i] = t.rules.inbound(*c)
		ins[i].History = t.backlog.IsHistory(c.legs[len(c.legs)-1].end, t.cursor.FirstStart)
	}
	all := true
	for i, a := range t.deps.Intake.Accept(ctx, ins) {
		switch {
		case router.IsCode(a.Err, router.CodeUnavailable):
			all = false
			continue
		case a.Err != nil:
			t.deps.Log.Warn("a call was refused", "code", string(router.CodeOf(a.Err)))
		default:
			t.received++
			t.lastInput = t.deps.Now()
		}
		delete(t.calls[f], ready[i].key)
	}
	return all
}

// advanced moves the marks to before the first row that is not accepted, and says whether any moved.
func (t *tailing) advanced() bool {
	var marks []mark
	for _, f := range t.followers {
		var open []*call
		for _, c := range t.calls[f] {
			open = append(open, c)
		}
		marks = append(marks, f.safe(open))
	}
	sort.Slice(marks, func(i, j int) bool { return marks[i].Inode < marks[j].Inode })
	changed := len(marks) != len(t.cursor.Marks)
	for i := range marks {
		changed = changed || marks[i] != t.cursor.Marks[i]
	}
	if len(marks) > 0 {
		t.cursor.Marks = marks
	}
	return changed && len(marks) > 0
}

func (t *tailing) report(files int) {
	h := channels.Health{State: channels.HealthOK, LastInput: t.lastInput, Received: t.received}
	if files == 0 {
		h.State, h.Detail = channels.HealthDegraded, "no file matches the path yet"
	}
	t.deps.Health(h)
}
