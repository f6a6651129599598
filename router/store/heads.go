package store

import (
	"math"

	"switchyard/router"
)

// Span is a range of stamps of AgeAt, From included, To not: the guarded, the late or the feasible.
type Span struct{ From, To int64 }

func (s Span) holds(h router.Head) bool {
	at := Stamp(h.AgeAt)
	return s.From <= at && at < s.To
}

// Aged is the stamp before which AgeAt must lie.
func (q HeadQuery) Aged() int64 {
	if q.AgedTo.IsZero() {
		return math.MaxInt64
	}
	return Stamp(q.AgedTo) + 1
}

// kinds are the spans of the feasible, the late and the guarded.
func (q HeadQuery) kinds() [3]Span {
	guard, aged := Stamp(q.GuardAt), q.Aged()
	late := max(Stamp(q.LateAt), guard)
	return [3]Span{{late, aged}, {guard, min(late, aged)}, {math.MinInt64, min(guard, aged)}}
}

// asks reports whether the oldest of a run do not answer a kind. They are everything up to the last of them, if
// there are Limit of them: only the kinds from there on need a look of their own.
func (q HeadQuery) asks(kind Span, oldest []router.Head) bool {
	limit := Page(q.Limit)
	return len(oldest) == limit && Stamp(oldest[limit-1].AgeAt) < kind.To && kind.From < kind.To && len(within(oldest, kind)) < limit
}

// Sought are the spans to look into when the oldest of any kind, at most Limit, are known.
func (q HeadQuery) Sought(oldest []router.Head) (spans []Span) {
	for _, kind := range q.kinds() {
		if q.asks(kind, oldest) {
			spans = append(spans, kind)
		}
	}
	return spans
}

// Answer puts the heads of one run together: those in the window of cut-offs, the oldest of any kind, and what was
// found in each span that was sought, at most Limit of each.
func (q HeadQuery) Answer(window, oldest []router.Head, found [][]router.Head) []router.Head {
	heads := window
	for _, kind := range q.kinds() {
		if q.asks(kind, oldest) {
			heads, found = addNew(heads, found[0]), found[1:]
		} else {
			heads = addNew(heads, within(oldest, kind))
		}
	}
	return heads
}

// within is the part of heads in the order of their ages that lies in a span.
func within(heads []router.Head, s Span) []router.Head {
	from := 0
	for from < len(heads) && !s.holds(heads[from]) {
		from++
	}
	to := from
	for to < len(heads) && s.holds(heads[to]) {
		to++
	}
	return heads[from:to]
}

func addNew(heads, found []router.Head) []router.Head {
	seen := heads
	for i := range found {
		known := false
		for k := range seen {
			known = known || seen[k].TicketID == found[i].TicketID
		}
		if !known {
			heads = append(heads, found[i])
		}
	}
	return heads
}
