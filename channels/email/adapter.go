package email

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"switchyard/channels"
	"switchyard/channels/email/parse"
	"switchyard/router"
)

// adapter reads the folders of one mailbox, one connection each.
type adapter struct {
	cfg  channels.Config
	set  Settings
	deps channels.Deps
	opts parse.Options
	dial dialer

	mu       sync.Mutex
	broken   map[string]string // folder → why it is not read now
	received int64
	lastAt   time.Time
	trouble  map[mailKey]int // mails that the server failed to give out, and how often
}

type mailKey struct {
	folder   string
	validity uint32
	uid      uint32
}

func newAdapter(cfg channels.Config, set Settings, deps channels.Deps, opts parse.Options) *adapter {
	return &adapter{cfg: cfg, set: set, deps: deps, opts: opts, dial: dialer{set.CAFile, cfg.Private},
		broken: map[string]string{}, trouble: map[mailKey]int{}}
}

// Run reads until ctx ends. Connections that break are made anew.
func (a *adapter) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, name := range a.set.Folders {
		wg.Go(func() { a.keep(ctx, name) })
	}
	wg.Wait()
	return nil
}

// steady is how long a connection must have lasted for its end to be nothing special.
const steady = time.Minute

// keep reads one folder, again and again.
func (a *adapter) keep(ctx context.Context, name string) {
	pause := backoff{}
	for ctx.Err() == nil {
		began := time.Now()
		err := a.session(ctx, name)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > steady {
			pause = backoff{}
		}
		wait := pause.next()
		a.deps.Log.Warn("a folder is not read", "folder", name, "error", err, "again_in", wait)
		a.report(name, detail(err))
		sleep(ctx, wait)
	}
}

// session reads one folder over one connection until that breaks.
func (a *adapter) session(ctx context.Context, name string) error {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer c.end()
	unhook := context.AfterFunc(ctx, func() { _ = c.raw.Close() })
	defer unhook()
	f := &folder{adapter: a, conn: c, name: name}
	if err := f.open(ctx); err != nil {
		return err
	}
	if err := f.catchUp(ctx); err != nil {
		return err
	}
	if err := f.reconcile(ctx); err != nil {
		return err
	}
	for {
		a.report(name, "")
		if err := f.wait(ctx); err != nil {
			return err
		}
		if err := f.catchUp(ctx); err != nil {
			return err
		}
	}
}

func detail(err error) string {
	if err == nil {
		return "the connection ended"
	}
	var last string
	for e := err; e != nil; {
		if own, ok := e.(*router.Error); ok {
			if own.Detail != "" {
				last = own.Detail
			}
			e = own.Err
			continue
		}
		break
	}
	if last == "" {
		return string(router.CodeOf(err))
	}
	return last
}

// report says how the source is, after this folder's state changed. why is empty when it is well.
func (a *adapter) report(name, why string) {
	a.mu.Lock()
	if why == "" {
		delete(a.broken, name)
	} else {
		a.broken[name] = why
	}
	h := channels.Health{State: channels.HealthOK, At: a.deps.Now(), LastInput: a.lastAt, Received: a.received}
	for _, f := range a.set.Folders {
		if w := a.broken[f]; w != "" {
			h.State, h.Detail = channels.HealthDegraded, w
		}
	}
	if len(a.broken) == len(a.set.Folders) {
		h.State = channels.HealthDown
	}
	a.mu.Unlock()
	a.deps.Health(h)
}

// took counts mails that the intake stored.
func (a *adapter) took(n int) {
	if n == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.received += int64(n)
	a.lastAt = a.deps.Now()
}

// backoff is a pause that grows, with jitter.
type backoff struct{ last time.Duration }

const (
	firstPause = 200 * time.Millisecond
	maxPause   = 2 * time.Minute
)

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, firstPause), maxPause)
	return b.last/2 + rand.N(b.last)
}

// sleep waits, and less if ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
