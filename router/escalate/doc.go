// Package escalate says which of the policy's escalations a ticket is due for,
// and when the next one will be.
//
// What always holds:
//
//	A. An escalation is due once in a case: what stands in Ticket.Escalated is not due again.
//	B. Time counts as the ticket's clock counts it: business time of the queue it stands
//	   in, against the target that was frozen when the clock was started. So a ticket and
//	   a ruleset alone say when it is due, whatever the load is.
//	C. NextAt is the earliest moment at which Due is not empty: not empty at it, empty before.
//	D. The wait escalates while nobody has acted: waiting tickets, and claimed ones whose
//	   agent has not. The other clocks escalate claimed tickets as well.
//	E. Marked moves no ticket out of its agent's hands: class and queue are marks that a
//	   decision keeps for this case. No ticket is moved more often than the policy says.
package escalate
