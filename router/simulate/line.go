package simulate

import (
	"switchyard/router/order"
)

const nobody = int32(-1)

// ticket is one in the pool; its slot is used again when it is gone.
type ticket struct {
	arrival    Arrival
	at         int64 // when it came
	age        int64 // business time of its line's clock from which uninterrupted waiting would have made its wait
	cutoff     int64 // 0: none
	target     int64
	line       int32 // where it stands
	truth      int32 // where it belongs
	prev, next int32 // in its line, by age
	agent      int32
	gen        uint32
	waits      bool
	counted    bool
	passing    bool // its agent cannot help and will pass it on
}

// line is a run: what waits in it, oldest first, and where its late and its guarded begin.
type line struct {
	cand  order.Candidate // of the ticket looked at; the run and the class's numbers stand
	clock *clock
	queue int32
	cost  int

	n           int
	head, tail  int32
	ripe, fresh int32     // the first that is not guarded, the first that is in time; nobody: past the end
	cuts        heap[cut] // by cut-off; those gone are dropped when they come up

	holder int32 // the agent who empties his hands for it; nobody: none

	after []int64 // per agent: the wait from which he may serve it; < 0: never
	spare []int   // per agent: skill that the run does not need
}

// cut is a ticket's cut-off in the heap of its line.
type cut struct {
	at, age int64
	slot    int32
	gen     uint32
}

func (c cut) before(o cut) bool {
	if c.at != o.at {
		return c.at < o.at
	}
	return c.age < o.age
}

// insert puts a ticket in its place: by age, then id, as heads are read from a store.
func (p *play) insert(l *line, slot int32) {
	t := &p.pool[slot]
	after := l.tail
	for after != nobody && (p.pool[after].age > t.age || p.pool[after].age == t.age && p.pool[after].arrival.ID > t.arrival.ID) {
		after = p.pool[after].prev
	}
	t.prev, t.waits = after, true
	if after == nobody {
		t.next, l.head = l.head, slot
	} else {
		t.next, p.pool[after].next = p.pool[after].next, slot
	}
	if t.next == nobody {
		l.tail = slot
	} else {
		p.pool[t.next].prev = slot
	}
	l.n++
	p.waiting++
	if t.cutoff > 0 {
		l.cuts.push(cut{t.cutoff, t.age, slot, t.gen})
	}
}

func (p *play) remove(l *line, slot int32) {
	t := &p.pool[slot]
	if t.prev == nobody {
		l.head = t.next
	} else {
		p.pool[t.prev].next = t.next
	}
	if t.next == nobody {
		l.tail = t.prev
	} else {
		p.pool[t.next].prev = t.prev
	}
	if l.ripe == slot {
		l.ripe = t.next
	}
	if l.fresh == slot {
		l.fresh = t.next
	}
	t.waits = false
	l.n--
	p.waiting--
}

// settle moves the marks of a line to where a wait passes the guard and the target now. A mark moves on as
// time passes and back when a class's target grows or an older ticket comes.
func (p *play) settle(l *line, target, guard int64) {
	l.ripe = p.mark(l, l.ripe, guard)
	l.fresh = p.mark(l, l.fresh, target)
}

func (p *play) mark(l *line, at int32, limit int64) int32 {
	now := l.clock.at(p.now)
	for at != nobody && now-p.pool[at].age > limit {
		at = p.pool[at].next
	}
	for {
		before := l.tail
		if at != nobody {
			before = p.pool[at].prev
		}
		if before == nobody || now-p.pool[before].age > limit {
			return at
		}
		at = before
	}
}

func (p *play) wait(l *line, slot int32) int64 { return l.clock.at(p.now) - p.pool[slot].age }

// stands reports whether a cut-off is still that of a ticket in this line.
func (p *play) stands(l *line, c cut) bool {
	t := &p.pool[c.slot]
	return t.gen == c.gen && t.waits && p.lines[t.line] == l
}
