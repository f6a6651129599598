package app

import (
	"context"
	"encoding/json"
	"sort"
	"sync"
	"time"

	"switchyard/channels"
	"switchyard/channels/runner"
	"switchyard/cmd/internal/config"
	"switchyard/router"
	"switchyard/router/store"
)

// Sources opens sources from the file and from the store, and keeps them as the store says.
type Sources struct {
	app    *App
	kinds  map[string]channels.Kind
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu     sync.Mutex
	opened map[router.SourceName]int64 // from the store, by version
}

// storedSource is a source made through the admin API. Its keys are sealed, for secrets are among them.
type storedSource struct {
	Name   router.SourceName `json:"name"`
	Kind   string            `json:"kind"`
	Sealed []byte            `json:"sealed"`
}

func newSources(a *App) *Sources {
	return &Sources{app: a, kinds: Kinds(), opened: map[router.SourceName]int64{}}
}

func (s *Sources) docs() store.Collection[storedSource] {
	return store.Collection[storedSource]{Docs: s.app.Store, Kind: "source"}
}

func (s *Sources) blob(name router.SourceName) router.BlobID { return router.BlobID("source:" + name) }

// fromFile reports whether the configuration file has this source.
func (s *Sources) fromFile(name router.SourceName) bool {
	for _, c := range s.app.Config.Sources {
		if c.Name == name {
			return true
		}
	}
	return false
}

func (s *Sources) openAll(ctx context.Context) error {
	for _, c := range s.app.Config.Sources {
		src, err := s.open(c, true)
		if err != nil {
			return err
		}
		s.app.Runner.Set(src)
	}
	stored, err := s.docs().All(ctx, "")
	for _, r := range stored {
		if s.fromFile(r.Value.Name) {
			return router.FailField("app.sources", "sources", "the source %q is in the file and in the store; rename one", r.Value.Name)
		}
	}
	if err != nil {
		return err
	}
	return s.sync(ctx)
}

// open makes a source. private allows addresses in private networks.
func (s *Sources) open(c config.Source, private bool) (*channels.Source, error) {
	kind := s.kinds[c.Kind]
	src, err := kind.Open(channels.Config{Name: c.Name, Kind: c.Kind, Backlog: c.Backlog, Settings: c.Settings, Private: private}, s.deps(c.Name, private))
	if err != nil {
		return nil, router.Wrap("source "+string(c.Name), router.CodeInvalidField, err)
	}
	return src, nil
}

func (s *Sources) deps(name router.SourceName, private bool) channels.Deps {
	a := s.app
	return channels.Deps{Intake: watched{a.Intake, name, a.Runner}, Mask: func(s string) string { masked, _ := a.Intake.Mask(s); return masked }, Cursors: channels.StoreCursors{Docs: a.Store}, Streams: a.Store, Docs: a.Store, Bus: a.Bus,
		HTTP: channels.HTTPClient(private), Now: Now, Zone: time.LoadLocation, Log: a.Log,
		Health: func(h channels.Health) { a.Runner.Report(name, h) }, PublicURL: a.Config.PublicURL,
		Position: s.position, Attachment: func(ctx context.Context, id router.BlobID) (router.Attachment, []byte, error) {
			f, data, err := a.Intake.Open(ctx, id)
			return f.Attachment, data, err
		}}
}

// watched notes when a source last brought something, for its health.
type watched struct {
	channels.Intake
	name   router.SourceName
	runner *runner.Runner
}

func (w watched) Accept(ctx context.Context, ins []router.Inbound) []channels.Accepted {
	out := w.Intake.Accept(ctx, ins)
	for _, a := range out {
		if a.Err == nil {
			w.runner.Heard(w.name)
			break
		}
	}
	return out
}

func (s *Sources) position(ctx context.Context, source router.SourceName, h router.Handle) (channels.Position, bool) {
	t, err := s.app.Store.LatestTicket(ctx, source, h.Key(source))
	if err != nil {
		return channels.Position{}, false
	}
	ahead, wait, ok := s.app.Desk.Position(ctx, t)
	view := s.app.Desk.Live.View()
	return channels.Position{Ahead: ahead, Wait: view.Promise(wait), Notes: view.Told(true)}, ok
}

// watch follows the generation counter: sources made, changed or removed elsewhere.
func (s *Sources) watch(ctx context.Context) {
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.done.Add(1)
	go func() {
		defer s.done.Done()
		t := time.NewTicker(time.Second)
		defer t.Stop()
		last := int64(-1)
		for {
			select {
			case <-run.Done():
				return
			case <-t.C:
			}
			g, err := store.ReadGeneration(run, s.app.Store)
			if err != nil || g == last {
				continue
			}
			if err := s.sync(run); err != nil {
				s.app.Log.Warn("sources are not as the store says", "error", err)
				continue
			}
			last = g
		}
	}()
}

func (s *Sources) stop() {
	s.cancel()
	s.done.Wait()
}

// sync makes the runner's sources be those of the store, beside those of the file.
func (s *Sources) sync(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored, err := s.docs().All(ctx, "")
	if err != nil {
		return err
	}
	there := map[router.SourceName]bool{}
	for _, r := range stored {
		name := r.Value.Name
		there[name] = true
		if s.opened[name] == r.Version {
			continue
		}
		src, err := s.reopen(r.Value)
		if err != nil { // one that cannot be opened keeps neither the desk nor the others down
			s.app.Log.Error("a source of the store cannot be opened; put it again or delete it", "source", name, "error", err)
			s.app.Runner.Report(name, channels.Health{State: channels.HealthDown, Detail: string(router.CodeOf(err))})
			s.opened[name] = r.Version
			continue
		}
		if old := s.app.Runner.Source(name); old != nil {
			endSockets(old)
		}
		s.app.Runner.Set(src)
		s.opened[name] = r.Version
	}
	for name := range s.opened {
		if !there[name] {
			if old := s.app.Runner.Source(name); old != nil {
				endSockets(old)
			}
			s.app.Runner.Remove(name)
			delete(s.opened, name)
		}
	}
	return nil
}

// reopen makes a source from what the store has of it.
func (s *Sources) reopen(v storedSource) (*channels.Source, error) {
	c, err := s.unseal(v)
	if err != nil {
		return nil, err
	}
	if s.kinds[c.Kind].Local {
		return nil, router.FailField("app.source", "kind", "reads files of this machine, which only the configuration file may name")
	}
	return s.open(c, false)
}

func (s *Sources) unseal(v storedSource) (config.Source, error) {
	body, err := s.app.Intake.Sealer.Open(s.blob(v.Name), v.Sealed)
	if err != nil {
		return config.Source{}, err
	}
	var keys map[string]any
	if err := json.Unmarshal(body, &keys); err != nil {
		return config.Source{}, router.Wrap("app.source", router.CodeInternal, err)
	}
	c, ps := config.ParseSource("source", keys, s.kinds)
	if len(ps) > 0 {
		return c, router.FailField("app.source", ps[0].Path, "%s", ps[0].Detail)
	}
	return c, nil
}

// Info is a source as managers see it: never with secrets.
type Info struct {
	Name     router.SourceName `json:"name"`
	Kind     string            `json:"kind"`
	Channel  router.Channel    `json:"channel"`
	ReadOnly bool              `json:"read_only"`
	Replies  bool              `json:"replies"`
	Files    bool              `json:"files"`
	Health   runner.Health     `json:"health"`
}

// List is all sources with their health.
func (s *Sources) List(ctx context.Context) (any, error) {
	health, err := s.app.Runner.Health(ctx)
	if err != nil {
		return nil, err
	}
	out := []Info{}
	for _, src := range s.app.Runner.Sources() {
		h := health[src.Name]
		if h.State == "" {
			h.State = channels.HealthIdle
			if src.Adapter == nil {
				h.State = channels.HealthOK
			}
		}
		out = append(out, Info{Name: src.Name, Kind: src.Kind, Channel: src.Channel, ReadOnly: s.fromFile(src.Name), Replies: src.Sender != nil, Files: src.Files, Health: h})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, nil
}

// Put makes or replaces a source of the store after checking it as a whole. invalid_field, forbidden.
func (s *Sources) Put(ctx context.Context, keys map[string]any) (router.SourceName, error) {
	c, ps := config.ParseSource("", keys, s.kinds)
	if len(ps) > 0 {
		return "", router.FailField("app.source", trimDot(ps[0].Path), "%s", ps[0].Detail)
	}
	if s.fromFile(c.Name) {
		return c.Name, router.Fail("app.source", router.CodeForbidden, "the source %s stands in the configuration file; change it there", c.Name)
	}
	if s.kinds[c.Kind].Local {
		return c.Name, router.FailField("app.source", "kind", "reads files of this machine, which only the configuration file may name")
	}
	if _, err := s.open(c, false); err != nil {
		return c.Name, err
	}
	body, err := json.Marshal(keys)
	if err != nil {
		return c.Name, router.Wrap("app.source", router.CodeInternal, err)
	}
	sealed, err := s.app.Intake.Sealer.Seal(s.blob(c.Name), body)
	if err != nil {
		return c.Name, err
	}
	_, err = s.docs().Update(ctx, string(c.Name), func(v *storedSource) (bool, error) {
		*v = storedSource{Name: c.Name, Kind: c.Kind, Sealed: sealed}
		return true, nil
	})
	if err != nil {
		return c.Name, err
	}
	if err := store.BumpGeneration(ctx, s.app.Store); err != nil {
		return c.Name, err
	}
	return c.Name, s.sync(ctx)
}

func trimDot(path string) string {
	if len(path) > 0 && path[0] == '.' {
		return path[1:]
	}
	return path
}

// Delete removes a source of the store. not_found, forbidden.
func (s *Sources) Delete(ctx context.Context, name router.SourceName) error {
	if s.fromFile(name) {
		return router.Fail("app.source", router.CodeForbidden, "the source %s stands in the configuration file; remove it there", name)
	}
	if _, err := s.docs().Get(ctx, string(name)); err != nil {
		return err
	}
	if err := s.docs().Delete(ctx, string(name)); err != nil {
		return err
	}
	if err := store.BumpGeneration(ctx, s.app.Store); err != nil {
		return err
	}
	return s.sync(ctx)
}

// Sender implements workers.Senders.
func (s *Sources) Sender(name router.SourceName) channels.Sender { return s.app.Runner.Sender(name) }

// OpenFile implements workers.Senders.
func (s *Sources) OpenFile(ctx context.Context, id router.BlobID) ([]byte, error) {
	return s.app.Intake.OpenRaw(ctx, id)
}
