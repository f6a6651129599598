// Package chat is the web chat: sessions, their sockets, and the widget that a page embeds.
//
// What always holds:
//
//	A. A visitor token is random, stored only as its hash, ends after sessionLife and can be
//	   revoked; a socket serves the one session its token speaks for and nothing before hello.
//	B. A message is acknowledged after the intake has it and it stands in the session's log;
//	   the same client_id is acknowledged again with the same message id.
//	C. The session's log is the truth for what a visitor sees: replayed after a lost connection
//	   from the last number seen, in order, without holes; news of the bus only hurries it.
//	D. What stands in the log is masked like everything the desk writes.
//	E. A listed origin, the desk's own and a missing one may open a session or a socket; no other.
//	F. Sockets, frames, messages in a time, and waits are bounded; the newest socket of a session wins.
//	G. Close ends every socket and returns when all have ended.
package chat
