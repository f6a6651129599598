// Package decide is the whole triage of one ticket as one pure function:
// classify, then prioritize, then route.
//
// What always holds:
//
//	A. Decide(in) depends on in alone. From the stored Record, the messages, the
//	   snapshot and the policy it names, the same build gives the same bytes,
//	   on any process.
//	B. Every decision says why, in one sentence of Chinese and one of English,
//	   and lists every rule it looked at.
//	C. A decision is either "waiting" in a queue of the ruleset, or "held".
//	D. A question is asked only of a new ticket that waits, never of a machine,
//	   and never twice; its text is a function of the ruleset and the decision.
package decide
