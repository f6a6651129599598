// Package thread says which ticket a message joins. It is pure: what the store
// knows about keys and handles comes in, a resolution comes out.
//
// What always holds:
//
//	A. A known key, of this source and handle, joins its ticket; unknown keys start one.
//	B. Without keys the newest ticket of the handle on that source is joined
//	   if it is open, or resolved within the window.
//	C. Outside the window a new ticket names the old one as its previous.
package thread

import (
	"time"

	"switchyard/router"
)

// Key names a thread key of a source and handle in the store.
func Key(source router.SourceName, h router.Handle, key string) string {
	return router.HashID("k", string(source), h.Key(source), key)
}

// TicketKey is the key of a ticket itself, as a plus-address carries it.
func TicketKey(id router.TicketID) string { return "ticket:" + string(id) }

// Keys are the store's names of all of a message's thread keys, its own first.
func Keys(m router.Message) []string {
	out := make([]string, len(m.ThreadKeys))
	for i, k := range m.ThreadKeys {
		out[i] = Key(m.Source, m.Handle, k)
	}
	return out
}

// Resolution says what to do with a message.
type Resolution struct {
	Join     router.TicketID // join this ticket, or
	New      bool            // start one,
	Previous router.TicketID // which follows this one
	Keyless  bool            // joined by handle: only one may be open
}

// Resolve decides. known is the ticket that the message's keys or, without keys,
// its handle lead to; nil if there is none.
func Resolve(m router.Message, known *router.Ticket, window time.Duration, now time.Time) Resolution {
	r := Resolution{Keyless: len(m.ThreadKeys) == 0}
	if known == nil {
		r.New = true
		return r
	}
	if known.State != router.StateResolved || now.Sub(known.ResolvedAt) <= window || known.HasApplied(m.ID) {
		r.Join = known.ID
		return r
	}
	r.New, r.Previous = true, known.ID
	return r
}
