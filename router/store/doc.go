// Package store is the contract that both stores fulfil: mongostore for a desk
// of many processes, sqlitestore for one. It holds interfaces, the few helpers
// that need nothing but those interfaces, and no I/O of its own.
//
// The store is the truth; Redis only hurries things along. Every method may be
// called twice for the same step. Uniqueness comes from ids and indexes, change
// from compare-and-set on Version, never from look-then-write.
//
// What always holds:
//
//	A. A method that returned without error has made its write durable
//	   (SQLite: WAL with synchronous FULL; MongoDB: majority). A method that
//	   returned an error may or may not have written.
//	B. Insert… of an id that exists changes nothing and says so.
//	C. Save… writes if and only if the stored Version is the one given, and
//	   stores Version+1; otherwise it fails with code conflict. Nothing else
//	   changes a stored thing.
//	D. Of two open tickets with the same OpenKey the second is refused with code exists.
//	E. Every query has a limit and an index; none sorts what it has not limited.
//	F. No multi-document transaction is needed: a crash between two writes is
//	   mended by running the step again.
//
// Errors carry the codes of package router: not_found, conflict, exists,
// too_large, unavailable (the store cannot be reached, or its disk is full).
package store
