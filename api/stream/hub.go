// Package stream carries live news from the bus to the event streams of browsers.
//
// What always holds:
//
//	A. One subscription of the bus serves every listener, and each listener has a bounded buffer.
//	B. A slow listener never holds up another one or the bus: it misses events, and is told so once it reads on.
//	C. There are at most MaxListeners.
//	D. Close ends every listener's channel and returns when the hub's goroutine has.
package stream

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	"switchyard/channels"
	"switchyard/router"
)

// MaxListeners bounds how many listen at once.
const MaxListeners = 2000

// buffered is how many events a listener may leave unread.
const buffered = 64

// Event is one thing that happened: a name and a JSON document.
type Event struct {
	Name string
	Data []byte
}

// Missed is the event of a listener that was too slow: it should read again what it shows.
const Missed = "missed"

// Hub hands events to listeners.
type Hub struct {
	log    *slog.Logger
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu        sync.Mutex
	listeners map[*listener]bool
	closed    bool
}

type listener struct {
	events chan Event
	missed bool
}

// New starts to listen to a topic of the bus. News name their kind in the member kind; that becomes the event's name.
func New(bus channels.Bus, topic string, log *slog.Logger) *Hub {
	ctx, cancel := context.WithCancel(context.Background())
	h := &Hub{log: log, cancel: cancel, listeners: map[*listener]bool{}}
	news, stop := bus.Subscribe(ctx, topic)
	h.done.Add(1)
	go func() {
		defer h.done.Done()
		defer stop()
		for {
			select {
			case <-ctx.Done():
				return
			case data, ok := <-news:
				if !ok {
					return
				}
				h.hear(data)
			}
		}
	}()
	return h
}

func (h *Hub) hear(data []byte) {
	var n struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(data, &n); err != nil || n.Kind == "" {
		h.log.Debug("news that cannot be read", "error", err)
		return
	}
	h.Tell(Event{Name: n.Kind, Data: data})
}

// Tell hands an event to every listener that has room for it.
func (h *Hub) Tell(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.listeners {
		l.tell(e)
	}
}

// Remind tells listeners that were too slow so, if they have read on since; without it they would
// learn of it only with the next event.
func (h *Hub) Remind() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.listeners {
		l.caughtUp()
	}
}

// caughtUp reports whether a listener may get events: one that missed some is told first, once there is room.
func (l *listener) caughtUp() bool {
	if l.missed && len(l.events) <= buffered/2 {
		l.events <- Event{Name: Missed, Data: []byte("{}")} // the hub alone writes, under its lock
		l.missed = false
	}
	return !l.missed
}

func (l *listener) tell(e Event) {
	if !l.caughtUp() {
		return
	}
	select {
	case l.events <- e:
	default:
		l.missed = true
	}
}

// Listen adds a listener until stop is called. The channel is closed when the hub closes. unavailable: too many listen, or the hub is closed.
func (h *Hub) Listen() (events <-chan Event, stop func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.listeners) >= MaxListeners {
		return nil, nil, router.Fail("stream.listen", router.CodeUnavailable, "too many listen already; try again later")
	}
	l := &listener{events: make(chan Event, buffered)}
	h.listeners[l] = true
	return l.events, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.listeners, l)
	}, nil
}

// Listeners is how many listen now.
func (h *Hub) Listeners() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.listeners)
}

// Close ends all listening; safe twice.
func (h *Hub) Close() {
	h.cancel()
	h.done.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	for l := range h.listeners {
		close(l.events)
	}
	clear(h.listeners)
}
