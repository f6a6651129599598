package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"switchyard/channels"
	"switchyard/router/store"
)

const (
	// lookEvery is how often the log and the line are looked at without news.
	lookEvery = 2 * time.Second
	// restlessFor is how long after a message the place in line is asked for at every look.
	restlessFor = time.Minute
	// calmLooks is at how many looks it is asked for otherwise.
	calmLooks  = 15
	replayPage = 200
)

// pump sends what stands in the session's log and where the visitor stands in line.
func (s *socket) pump(ctx context.Context) {
	bus, stop := s.desk.deps.Bus.Subscribe(ctx, s.desk.stream(s.visit.Session))
	defer stop()
	t := time.NewTimer(0)
	defer t.Stop()
	p := place{ahead: -1}
	for look := 0; ; {
		select {
		case <-ctx.Done():
			return
		case b, ok := <-bus:
			if !ok {
				bus = nil // ctx ends soon; until then the timer looks
				continue
			}
			if !s.hear(ctx, b) {
				continue
			}
		case <-s.wake:
		case <-t.C:
			t.Reset(lookEvery + rand.N(lookEvery/4))
			if p.ahead >= 0 || s.restless() || look%calmLooks == 0 {
				s.position(ctx, &p)
			}
			look++
		}
		if !s.replay(ctx) {
			return
		}
	}
}

// hear acts on news; true when the log should be looked at.
func (s *socket) hear(ctx context.Context, b []byte) bool {
	var n news
	if json.Unmarshal(b, &n) != nil {
		return false
	}
	switch n.Kind {
	case newsMessage:
		return true
	case newsTyping:
		if n.From == fromAgent {
			s.send(ctx, serverFrame{Type: frameTyping, From: fromAgent})
		}
	case newsRevoked:
		s.end(endRevoked)
	}
	return false
}

// replay sends what the visitor has not seen; false when the connection is gone.
func (s *socket) replay(ctx context.Context) bool {
	for {
		entries, err := s.desk.deps.Streams.ReadStream(ctx, s.desk.stream(s.visit.Session), s.after, replayPage)
		if err != nil {
			return ctx.Err() == nil // looked at again soon
		}
		for _, e := range entries {
			if !s.send(ctx, messageFrame(e)) {
				return false
			}
			s.after = e.Seq
		}
		if len(entries) < replayPage {
			return true
		}
	}
}

func messageFrame(e store.Entry) serverFrame {
	var l line
	if err := json.Unmarshal(e.Body, &l); err != nil {
		l = line{From: fromAgent}
	}
	return serverFrame{Type: frameMessage, Seq: e.Seq, ID: e.ID, Text: &l.Text, From: l.From, ClientID: l.ClientID, Files: l.Files, At: e.At.UTC().Format(time.RFC3339)}
}

// restless reports whether the visitor wrote a short while ago.
func (s *socket) restless() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.sentAt.IsZero() && s.desk.deps.Now().Sub(s.sentAt) < restlessFor
}

// place is what the visitor was last told of the line; ahead < 0: not in it.
type place struct {
	ahead, wait int
	notes       string // the sentences told with it, as one
}

// position tells the visitor's place in line when it has changed.
func (s *socket) position(ctx context.Context, last *place) {
	pos, waits := channels.Position{}, false
	if s.desk.deps.Position != nil {
		pos, waits = s.desk.deps.Position(ctx, s.desk.name, s.visit.handle())
	}
	now := place{ahead: -1}
	if waits {
		now = place{max(pos.Ahead, 0), int(pos.Wait.Round(time.Minute) / time.Second), fmt.Sprint(pos.Notes)}
		if pos.Wait > 0 && now.wait == 0 {
			now.wait = 60
		}
	}
	if now == *last {
		return
	}
	f := serverFrame{Type: framePosition, Ahead: &now.ahead, Waiting: &waits}
	if !waits {
		f.Ahead = new(int)
	} else if now.wait > 0 {
		f.Wait = &now.wait
	}
	if waits {
		f.Notes = pos.Notes
	}
	if s.send(ctx, f) {
		*last = now
	}
}
