// Package workers runs the desk's tasks: an Asynq server with a lane for each
// urgency, the sweep that finds what was forgotten, delivery of replies, and
// Asynq's own dashboard. Handlers hold no opinion: they load, call, and save.
//
// What always holds:
//
//	A. Redis only hurries. With all of it lost, the sweep brings every message
//	   and ticket forward from the store alone; so the sweep is no task itself, but a
//	   loop of the process that holds its lease.
//	B. A message that fails inside a batch is tried again alone, later, and holds up nobody.
//	C. What failed too often becomes a dead letter that a manager can see and try again.
//	D. Everything is bounded: workers, batches, attempts, pauses.
//	E. Start and Stop are safe twice. Stop lets running handlers finish within its context.
package workers
