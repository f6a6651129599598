// Package dispatch moves tickets: it decides them, serves them to agents, and
// carries out what agents and managers do with them. Decisions and orders are
// the pure packages' business; here their results are written by compare-and-set.
//
// What always holds:
//
//	A. No two agents hold one ticket, and no agent holds more than his
//	   capacity, whatever processes they pull through.
//	B. An act under a claim that has ended writes nothing but the agent's text, as a draft.
//	C. A reply exists from the moment the ticket's compare-and-set names it in
//	   its outbox, and only from then; the same key commits it once. An automatic
//	   question is committed so by the write that stores its ticket, and is
//	   nobody's act: place in line, case and claim stay as they are.
//	D. A pull looks at a bounded number of heads per run and never sorts what waits.
//	   Pulls that wait at the same moment share one look, which begins after
//	   the last of them came; each is served as if they came one after another.
//	E. Every change of a ticket is told on the bus after it is stored, never before.
//	F. What was asked outside (a second opinion, a vector) is stored with the
//	   decision's input: made again, a decision asks nobody and gives the same
//	   bytes. Nobody is asked twice about the same messages of a ticket, no
//	   failure outside is one of triage, and no answer makes spam of a ticket.
//	G. SLA clocks follow from what a ticket was and became (router.Ticket.Clocked), in the
//	   write that made it so; a step that runs again moves none.
//	H. An escalation acts once in a case: its marks are one write with what they change, and its
//	   notice and call have ids of their own, written after it however often that takes. It takes no
//	   ticket from its agent.
//	I. A ticket is offered to one agent at a time, and to each at most once in a case; the moment an
//	   offer ends is stored with it. What is kept for a last agent is not offered meanwhile.
//	J. A common answer of an incident is committed to each ticket once, whatever crashes, and takes no
//	   ticket from its agent. Nobody is closed by an answer that could not be sent to him.
package dispatch
