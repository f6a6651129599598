// Package channels is the contract between the desk and the doors customers
// come through. Each kind of source is one package below this one; it exports
// one Kind, and one line in the composition root makes it known.
//
// The adapter contract (channeltest holds every kind to it):
//
//	A. An adapter verifies who is calling before it parses, parses without
//	   trusting, and hands on router.Inbound with a stable external id: what
//	   is delivered twice has the same id twice.
//	B. It acknowledges to the outside, or moves its cursor, only after
//	   Intake.Accept has answered for that message; a refusal (the message can
//	   never be stored) counts as answered, a passing failure does not.
//	C. One bad message stops neither its neighbors nor the source. What
//	   cannot be read goes to the intake with Failure set and its raw bytes.
//	D. Run returns when its context ends, with everything it started stopped,
//	   and may be called again. It resumes where its cursor says.
//	E. Sizes, counts and times are bounded; reconnects back off with jitter.
//	F. A Sender may be called twice for the same message and gives the
//	   outside the same key both times.
//	G. No secret, message text or handle stands in an error, a log or a health report.
package channels
