package chat

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"switchyard/router"
)

const (
	maxSockets    = 5000 // of one source in one process
	maxPerSession = 3
	floodBurst    = 20 // messages
	floodWindow   = 10 * time.Second
	maxLimiters   = 20_000
)

// hub knows the sockets of one source in this process.
type hub struct {
	mu       sync.Mutex
	sockets  map[*socket]bool
	sessions map[string][]*socket // oldest first
	limits   map[string]*limit
	closed   bool
	done     sync.WaitGroup
}

// limit is how much a session may still send.
type limit struct {
	*rate.Limiter
	usedAt time.Time
}

func newHub() *hub {
	return &hub{sockets: map[*socket]bool{}, sessions: map[string][]*socket{}, limits: map[string]*limit{}}
}

// add makes room for a socket. unavailable: closed, or full.
func (h *hub) add(s *socket) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.sockets) >= maxSockets {
		return router.Fail("chat.socket", router.CodeUnavailable, "no more connections are taken now; try again soon")
	}
	h.sockets[s] = true
	h.done.Add(1)
	return nil
}

func (h *hub) remove(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sockets, s)
	mine := h.sessions[s.visit.Session]
	for i, o := range mine {
		if o == s {
			mine = append(mine[:i:i], mine[i+1:]...)
		}
	}
	if len(mine) == 0 {
		delete(h.sessions, s.visit.Session)
	} else {
		h.sessions[s.visit.Session] = mine
	}
	h.done.Done()
}

// join counts a socket to its session; the oldest makes room for it.
func (h *hub) join(s *socket) {
	h.mu.Lock()
	mine := append(h.sessions[s.visit.Session], s)
	var old *socket
	if len(mine) > maxPerSession {
		old, mine = mine[0], mine[1:]
	}
	h.sessions[s.visit.Session] = mine
	h.mu.Unlock()
	if old != nil {
		old.end(endReplaced)
	}
}

// allow counts one message of a session; false when it sends too many.
func (h *hub) allow(session string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.limits[session]
	if l == nil {
		if len(h.limits) >= maxLimiters {
			for k, o := range h.limits { // a full one needs no memory
				if now.Sub(o.usedAt) > floodWindow {
					delete(h.limits, k)
				}
			}
		}
		l = &limit{Limiter: rate.NewLimiter(rate.Every(floodWindow/floodBurst), floodBurst)}
		h.limits[session] = l
	}
	l.usedAt = now
	return l.AllowN(now, 1)
}

// close ends all sockets and waits for them.
func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	all := make([]*socket, 0, len(h.sockets))
	for s := range h.sockets {
		all = append(all, s)
	}
	h.mu.Unlock()
	for _, s := range all {
		s.end(endShutdown)
	}
	h.done.Wait()
}
