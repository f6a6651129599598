// Package app is the composition root: the one place that knows every package. It
// opens what a desk needs in named steps, starts it, and stops it in the
// opposite order.
//
// What always holds:
//
//	A. A start that fails says which step failed, and stops what had started.
//	B. Receivers stop first and the store last: webhooks and pages, then adapters,
//	   then workers, then nudges, then the view, then Redis, then the store.
//	C. On embedded storage one server at a time uses the data folder.
package app
