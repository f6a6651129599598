// Package backtest replays a desk's past through the live code under a policy, and under another beside it: the
// same decide, order and match as a running desk, on a virtual clock. It is pure: tickets of the past, people and a
// policy in, what would have become of each ticket out.
//
// What always holds:
//
//	A. The same tickets, people and policy give the same report, byte for byte.
//	B. A recorded ticket keeps its stored classification; everything after it is decided anew.
//	C. Two policies are compared ticket by ticket on the same arrivals, service times and patience, and judged by
//	   the targets of the policy in force: longer promises win nothing.
//	D. A history with a row that cannot be read is refused as a whole, each such row named by its line.
//
// What it assumes, and says in its report: agents are there through their shifts and take what comes first as soon
// as they have room; a ticket without a recorded service time takes what its class is expected to take; customers
// without a recorded patience wait.
package backtest
