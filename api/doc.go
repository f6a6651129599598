// Package api is the desk's HTTP API: one route table, the middleware around it, and
// handlers that turn requests into calls of the services and their answers into JSON.
// It decides nothing about tickets itself.
//
// What always holds:
//
//	A. Every route stands once in the table of routes.go with its permission; openapi.yaml
//	   has the same operations, and the server fulfils the interface generated from it.
//	B. No handler runs before its caller is known and permitted, and a caller who came with a
//	   cookie has shown its CSRF value with every write.
//	C. Every error is a problem document with a stable code; nothing of a cause, a handle or a
//	   message's text stands in it or in a log line.
//	D. Everything that grows is bounded: bodies, lists, limiter maps, event listeners, uploads
//	   at once, remembered answers.
//	E. The same Idempotency-Key of one caller on one route acts once; of two at the same time
//	   one waits for the other.
//	F. Every write of a manager, and every reading of raw input, stands in the audit stream.
package api
