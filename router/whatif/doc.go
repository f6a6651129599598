// Package whatif answers what would have put a ticket first, or in another queue: the smallest change of
// one input that does. It tries changes through the same order and decide as the desk, and is pure.
//
// What always holds:
//
//	A. A change that is named does what is said: made, it puts the ticket first, or in that queue.
//	B. Nothing else is changed with it.
//	C. Changes come smallest first, by how far they are from what is (Effort); equal ones by their input's name.
package whatif
