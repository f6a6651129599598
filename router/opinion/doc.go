// Package opinion asks two optional endpoints of the OpenAI form: chat completions for a
// second opinion on what a ticket is about, and embeddings for the vectors that a text model
// may have been trained with. Without them the desk works in full.
//
// What always holds:
//
//	A. What leaves the house is a customer's masked text, masked once more with phone numbers
//	   and mail addresses, at most 4,000 characters of it; the topics of the policy; nothing else.
//	B. Of an answer only one of the topics that were offered is taken, or "cannot tell"; of a
//	   vector only finite numbers, brought to length 1. Everything else is an error.
//	C. An error means "no answer". It holds neither key, address, text nor the endpoint's words.
//	D. A call ends within its timeout, reads a bounded answer and follows no redirect.
//	E. Calls at a time are bounded; who finds no place soon goes without. After four failures in
//	   a row, or when told to wait, no call is made for a while, and then one to see.
//	F. Never more calls a day (UTC) than the budget, whatever processes make them.
package opinion
