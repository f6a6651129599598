// Package email is the door for mail: it reads IMAP folders, answers over SMTP
// and reads mail files. Reading a mail itself is the business of package parse.
//
// What always holds:
//
//	A. A folder is opened read-only: nothing is marked, moved or deleted.
//	B. The cursor of a folder (UIDVALIDITY, last UID, the UIDs handled lately) moves only after the
//	   intake has answered. A folder that was made anew is read again; the external ids do not
//	   change, so nothing is taken twice.
//	C. A mail that cannot be read, is too large, or that the server cannot give out becomes an Inbound
//	   with Failure; the next mail comes all the same.
//	D. Our own mail that comes back is not taken in.
//	E. Passwords go over TLS unless the configuration says tls: none in so many words.
//	F. A reply that is sent twice carries the same Message-ID. No text of the desk can add a header.
//	G. Errors, logs and health reports name no address, text or password, and repeat nothing of what
//	   a server said but its codes.
package email
