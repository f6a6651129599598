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

// Answer puts the heads of one run together from those in the window of
// cut-offs and the oldest of any kind, both at most Limit. The oldest are
// everything up to the last of them, so that only the kinds from there on, if
// any, are sought by themselves: seek gives the oldest of a span, at most Limit.
func (q HeadQuery) Answer(window, oldest []router.Head, seek func(Span) ([]router.Head, error)) ([]router.Head, error) {
	heads := window
	if len(oldest) == 0 {
		return heads, nil
	}
	limit := Page(q.Limit)
	guard := Stamp(q.GuardAt)
	late := max(Stamp(q.LateAt), guard)
	last, aged := Stamp(oldest[len(oldest)-1].AgeAt), q.Aged()
	for _, kind := range []Span{{late, math.MaxInt64}, {guard, late}, {math.MinInt64, guard}} {
		kind.To = min(kind.To, aged)
		found := within(oldest, kind)
		if len(oldest) == limit && len(found) < limit && last < kind.To && kind.From < kind.To {
			var err error
			if found, err = seek(kind); err != nil {
				return nil, err
			}
		}
		heads = addNew(heads, found)
	}
	return heads, nil
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
