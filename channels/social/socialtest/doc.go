// Package socialtest plays the networks for tests and the demo: the parts of their APIs
// that replies use, as http.Handlers, and webhooks signed as the networks sign them.
//
// What always holds:
//
//	A. A fake answers as its network does: the same paths, shapes, error codes and limits.
//	B. What was sent is kept in order, at most maxKept; OnSent hears of each.
//	C. Everything is safe for use by many goroutines.
package socialtest
