package simulate

// What the clock can bring. Arrivals come from the Source and stand beside the heap.
const (
	served uint8 = iota + 1 // an agent is done with a ticket
	gaveUp                  // a customer's patience ends
	edge                    // a shift begins or ends
	tick                    // Setup.Every has passed
	dayEnd                  // a local day is over
)

// event is due at an instant, in nanoseconds since Start; equal ones in the order they were made.
type event struct {
	at   int64
	seq  uint64
	kind uint8
	who  int32  // a ticket's slot or an agent's number
	gen  uint32 // of the ticket in that slot
}

// agenda is a binary heap of events.
type agenda struct {
	heap []event
	seq  uint64
}

func (a *agenda) before(i, j int) bool {
	if a.heap[i].at != a.heap[j].at {
		return a.heap[i].at < a.heap[j].at
	}
	return a.heap[i].seq < a.heap[j].seq
}

func (a *agenda) add(e event) {
	a.seq++
	e.seq = a.seq
	a.heap = append(a.heap, e)
	for i := len(a.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !a.before(i, up) {
			return
		}
		a.heap[i], a.heap[up] = a.heap[up], a.heap[i]
		i = up
	}
}

func (a *agenda) next() event {
	first, last := a.heap[0], len(a.heap)-1
	a.heap[0] = a.heap[last]
	a.heap = a.heap[:last]
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < last; c++ {
			if a.before(c, least) {
				least = c
			}
		}
		if least == i {
			return first
		}
		a.heap[i], a.heap[least] = a.heap[least], a.heap[i]
		i = least
	}
}
