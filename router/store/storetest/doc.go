// Package storetest holds the one suite that every store passes, Flaky, a
// store that fails when a test says so, and what tests put into a store.
// Tests alone import it.
//
// What always holds:
//
//	A. Run asks only what package store promises; what it asks names the
//	   promise by its letter there.
//	B. Every case has a store of its own, and every order of goroutines is right or wrong,
//	   never lucky: no case waits for the clock.
//	C. Flaky changes nothing but what its fault function says.
package storetest
