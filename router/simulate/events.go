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

func (e event) before(o event) bool {
	if e.at != o.at {
		return e.at < o.at
	}
	return e.seq < o.seq
}

// agenda is the events to come.
type agenda struct {
	heap heap[event]
	seq  uint64
}

func (a *agenda) add(e event) {
	a.seq++
	e.seq = a.seq
	a.heap.push(e)
}
