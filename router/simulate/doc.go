// Package simulate plays a desk under a virtual clock: tickets arrive, agents serve them, and whom they serve is
// decided by package order, as in a pull. It is pure: a scenario, a rule and a seed in, an outcome out.
//
// What always holds:
//
//	A. The same setup, arrivals and seed give the same outcome, byte for byte.
//	B. Arrivals of a seed are the same under every rule: rules are compared on common random numbers.
//	C. No agent is preempted, and none is idle beside a ticket that he may serve, unless a reserve,
//	   a reservation or a ring says so.
//	D. A service start looks at the heads of runs, never at all that waits; memory is bounded by what
//	   waits and by the groups that are reported, not by the number of tickets that came.
//	E. Every ticket is counted once: served, abandoned or, at the end of the time given to finish, unserved.
//
// Words of its own: a Setup is a desk ready to play; a Source gives its arrivals; an Outcome is what one seed
// gave; a Trial is a rule with its parameters; a Result sums up the outcomes of a trial over seeds.
//
// A wait is business time by the calendar of the queue, judged against the target frozen at arrival when an agent
// who can help starts. Who leaves after his target was missed; who leaves before it is not judged.
// An agent who finds that a ticket stands in the wrong class and cannot help passes it on after a stated time; its wait goes on.
//
// Sources: the reference experiment and its published rows are this project's routing specification (§2), the laws
// that the tests hold it to its §5. The confidence interval of a mean over seeds is Student's (1908).
package simulate
