// Package intake is the one writer of inbound messages: validate, mask, seal,
// store once, nudge.
//
// What always holds:
//
//	A. Nothing is written before it is masked: text, subject, name, HTML, file names and what was
//	   noted on the way, as the policy in force asks. HTML with a secret spread over its tags is dropped.
//	B. Raw input and attachments are stored only sealed (AES-256-GCM), before the message that names them.
//	C. When Accept answers without error, the message is durable; the same
//	   source and external id always answer the same message id, and the first text stands.
//	D. One bad Inbound of a list is refused by name; its neighbors are stored.
//	E. A nudge comes after the insert and may be lost.
package intake
