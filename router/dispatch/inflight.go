package dispatch

import (
	"sync"

	"switchyard/router"
)

// inFlight knows the heads that pulls of this process are claiming, so that they do not all try the same one.
type inFlight struct {
	mu   sync.Mutex
	ids  map[router.TicketID]bool
	runs map[router.RunKey]int
	next chan struct{} // closed when a head is dropped
}

func (f *inFlight) take(h router.Head) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ids == nil {
		f.ids, f.runs = map[router.TicketID]bool{}, map[router.RunKey]int{}
	}
	if f.ids[h.TicketID] {
		return false
	}
	f.ids[h.TicketID] = true
	f.runs[h.Run.Key]++
	return true
}

func (f *inFlight) drop(h router.Head) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.ids, h.TicketID)
	if f.runs[h.Run.Key]--; f.runs[h.Run.Key] <= 0 {
		delete(f.runs, h.Run.Key)
	}
	if f.next != nil {
		close(f.next)
		f.next = nil
	}
}

func (f *inFlight) has(id router.TicketID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ids[id]
}

// of is how many heads of a run are being claimed now: so many more must be looked at.
func (f *inFlight) of(run router.RunKey) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.runs[run]
}

// dropped is closed when a head is dropped from now on.
func (f *inFlight) dropped() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.next == nil {
		f.next = make(chan struct{})
	}
	return f.next
}

// lockAgent serializes the pulls of one agent in this process.
func (s *Service) lockAgent(id router.AgentID) func() {
	m, _ := s.pulling.LoadOrStore(id, &sync.Mutex{})
	m.(*sync.Mutex).Lock()
	return m.(*sync.Mutex).Unlock
}
