// Package emailtest is a mail server in one process: an IMAP box that one reads
// and an SMTP door through which mail leaves, for tests and for the demo.
//
// What always holds:
//
//	A. Nothing leaves the process: mail sent is kept and told to OnMail.
//	B. It misbehaves only when told to, a stated number of times.
//	C. Close ends every connection and goroutine it started.
package emailtest
