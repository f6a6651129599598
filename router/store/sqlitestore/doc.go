// Package sqlitestore keeps a desk in one SQLite file, for a desk that is one
// process. It is the only package that imports SQLite.
//
// What always holds:
//
//	A. One goroutine writes. It gathers the writes that wait, runs each in a
//	   savepoint of one IMMEDIATE transaction, commits once (WAL, synchronous
//	   FULL) and only then answers them.
//	B. The file is never locked exclusively, so that a command in a second
//	   process works beside the server. That one server runs is the business of
//	   LockServer, whose lock ends with the process.
//	C. Counters (messages by stage, tickets by state, waiting tickets by run)
//	   change in the transaction of what they count.
//	D. Only waiting tickets stand in the table waiting, and of these only those with a
//	   cut-off in the table cutoffs; Heads seeks in nothing else.
//	E. A column that an index serves is NULL where the thing is not to be found by it.
//	F. The schema is a list of migrations that only grows; each can run again.
package sqlitestore
