// Package channeltest holds every kind of source to the adapter contract (see
// package channels): Run is the one suite they all pass, and the rest are the
// fakes of a desk that tests of a kind need.
//
// What always holds:
//
//	A. A fake keeps what it was given and never changes it.
//	B. The suite judges only what the desk and the outside can see: what was
//	   accepted, in which order cursors moved, what was logged or answered.
//	C. Each test of the suite has an outside of its own and leaves no goroutine behind.
//
// It is for tests; no part of the running desk imports it.
package channeltest
