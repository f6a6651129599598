// Package hours measures business time: calendars of several intervals a day,
// over midnight, in any time zone, with holidays, through changes of the clock.
//
// What always holds (the tests quote the letters):
//
//	A. Between(a, c) = Between(a, b) + Between(b, c) for a ≤ b ≤ c.
//	B. Between(Before(t, d), t) = d = Between(t, After(t, d)) wherever the calendar has that much business time within its horizon.
//	C. An interval that opens on a day belongs to that day, also when it closes on the next.
//	D. A day in which the clock changes has the hours its zone gives it: an
//	   interval is the real time between its two wall-clock edges.
//	E. NextEdge(t) > t, and Open does not change between t and NextEdge(t).
package hours
