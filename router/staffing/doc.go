// Package staffing holds the formulas of waiting lines: how long customers wait
// with so many agents, and how many agents a promise needs. It is pure arithmetic.
//
// Words: load is arrivals × mean handling time, in erlangs (agents kept busy);
// rates are per hour; times are time.Duration. A Line with Patience zero is
// Erlang C (nobody gives up), with Patience it is Erlang A.
//
// What always holds (the tests quote the letters):
//
//	A. No result is NaN or infinite: input that has no answer (agents < 1, a
//	   negative rate, a line that grows for ever) is an error that names the field.
//	B. More agents never make a service level worse.
//	C. The formulas are stable up to thousands of agents: recursions and
//	   integrals of ratios, no factorials and no powers.
//	D. In one non-preemptive line with common exponential handling Σλ·W over the
//	   classes does not depend on the order (Conservation).
//
// Sources: Erlang 1917 (B, C); Cobham 1954 (priorities); Kleinrock 1964 and
// Stanford, Taylor, Ziedins 2014 (accumulating priority); Halfin, Whitt 1981;
// Garnett, Mandelbaum, Reiman 2002 (Erlang A); Baccelli, Hebuterne 1981 and
// Zeltyn, Mandelbaum 2005 (the density of the offered wait); Borst, Mandelbaum,
// Reiman 2004 (square root staffing); Eick, Massey, Whitt 1993, Jennings,
// Mandelbaum, Massey, Whitt 1996 and Feldman and others 2008 (rates that vary).
package staffing
