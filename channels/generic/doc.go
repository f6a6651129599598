// Package generic is our own signed webhook, in and out: any channel without an
// adapter of its own can be connected with it (INTERFACES §4).
//
// What always holds:
//
//	A. The signature is checked in constant time over timestamp, dot and raw body
//	   before anything is parsed; five minutes off either way is refused.
//	B. Answers come in the order of the elements; a bad element is named and
//	   harms no other; an answer without error means durable.
//	C. Out, the same reply carries the same message id however often it is tried; redirects are not followed.
package generic
