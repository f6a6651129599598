// Package demo runs the whole desk with synthetic customers in front of one's
// eyes: a mailbox on a mail server in process, signed webhooks, chat sockets and a
// growing call-record file, all through the real adapters.
//
// What always holds:
//
//	A. What customers do is a function of the seed: who writes, when, on which channel, what.
//	B. Everything stays on this machine.
//	C. Synthetic agents leave work for the one who watches.
//	D. The past of a new desk is made up and said to be: contacts are a function of the seed and the day, decisions
//	   on them are the desk's own and can be made again. A folder that has one gets no second.
package demo
