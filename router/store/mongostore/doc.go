// Package mongostore keeps a desk in MongoDB, for a desk of many processes. It
// is the only package that imports the MongoDB driver. A replica set, a sharded
// cluster and a standalone will do: nothing here needs transactions, sessions,
// change streams, TTL, update pipelines or partial indexes.
//
// What always holds:
//
//	A. Writes are acknowledged by a majority; reads are of what a majority has.
//	B. A document is the thing itself, encoded in body, beside the fields that
//	   indexes need. A field that an index serves is absent where the thing is
//	   not to be found by it, and the index is sparse; "unique while open" is a
//	   field that is there while the ticket is open, under a sparse unique index.
//	C. Every query names its index with a hint, or is by _id, and has a limit.
//	D. A run is in the collection runs before a ticket waits in it, and for
//	   longer than a write may take after the last one does.
//	E. No error carries what the driver says of a duplicate key: it holds the
//	   key, which may be a customer's address.
package mongostore
