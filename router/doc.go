// Package router is the domain of Switchyard: what a message, a ticket, a
// contact, an agent and a decision are, which changes of state are allowed, and
// what an error says. It does no I/O, starts no goroutine and never asks for
// the time: whoever needs the time, a random number or a zone passes it in.
//
// What always holds:
//
//	A. A message never changes its text, sender or ticket once triaged; only its stage moves.
//	B. Ids of inbound things are functions of what identifies them outside
//	   (source and external id; channel and address), so a step that runs
//	   twice names the same thing twice.
//	C. A ticket changes state only along the table in state.go.
//	D. A ticket's epoch rises with every new claim and never falls; a write
//	   that carries an older epoch is refused.
//	E. The zero value of an enumeration is invalid.
//	F. A wait is business time of the calendar of the queue the ticket stands in.
package router
